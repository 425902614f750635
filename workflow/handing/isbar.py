"""What a handover says: ISBAR, field by field, and which profession answers for it (domain/quality.md 5.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NURSING, MEDICAL, THERAPY = PROFESSIONS = ("nursing", "medical", "therapy")
SIGNED = "signed:"
YES, NO, UNKNOWN = ANSWERS = ("Ja", "Nej", "Ved ikke")  # as they stand in what is sent


@dataclass(frozen=True)
class Field:
    """One field of the form: part and name, and the profession that fills it in.

    `stated` begins with yes, no or unknown, and says what; `confirmed` is yes, or nothing.
    """

    key: str
    profession: str
    stated: bool = False
    confirmed: bool = False


FIELDS = {
    field.key: field
    for field in (
        Field("I.relatives", NURSING),
        Field("I.may_inform_relatives", NURSING),
        Field("I.interpreter", NURSING),
        Field("I.general_practice", NURSING),
        Field("S.reason", NURSING),
        Field("S.discharge", NURSING),
        Field("S.treatment_responsibility", MEDICAL),
        Field("S.infection_precautions", NURSING, stated=True),
        Field("S.treatment_level", MEDICAL, stated=True),
        Field("B.history", MEDICAL),
        Field("B.allergies", MEDICAL, stated=True),
        Field("B.usual_function", NURSING),
        Field("B.home", NURSING),
        Field("B.services_before", NURSING),
        Field("A.function", NURSING),
        Field("A.vital_signs", NURSING),
        Field("A.risks", NURSING),
        Field("A.worries", NURSING),
        Field("A.mobility", THERAPY),
        Field("R.actions", NURSING),
        Field("R.medicine", MEDICAL),
        Field("R.medicine_list", MEDICAL, confirmed=True),
        Field("R.medicine_48h", NURSING, confirmed=True),
        Field("R.discharge_letter", MEDICAL, confirmed=True),
        Field("R.aids", THERAPY),
        Field("R.aids_ordered", THERAPY, confirmed=True),
        Field("R.rehabilitation", THERAPY),
        Field("R.rehabilitation_plan", THERAPY, confirmed=True),
        Field("R.appointments", NURSING),
        Field("R.when_to_call", NURSING),
        Field("R.told", NURSING),
        Field("R.to_citizen", NURSING),
    )
}
STATED = tuple(key for key, field in FIELDS.items() if field.stated)
CONFIRMED = tuple(key for key, field in FIELDS.items() if field.confirmed)
ITEMS = (*FIELDS, *(SIGNED + profession for profession in PROFESSIONS))  # in the order of the form


def missing(content: Mapping[str, Any], signed_by: Iterable[str], requires: Iterable[str]) -> tuple[str, ...]:
    """Which required items are not there, in the order of the form: empty fields, professions that have not signed."""
    signed = {SIGNED + profession for profession in signed_by}
    gone = {item for item in requires if item not in signed and not _is_said(content, item)}
    return tuple(sorted(gone, key=ITEMS.index))


def _is_said(content: Mapping[str, Any], item: str) -> bool:
    """Whether a field says something; that there is an allergy says nothing before it says which."""
    text = str(content.get(item) or "").strip()
    return bool(text) and not (item in STATED and text == YES)


def unclear(content: Mapping[str, Any]) -> tuple[str, ...]:
    """What every receiver must know (allergy, infection, treatment level), and is not said or not known."""
    return tuple(key for key in STATED if not _is_said(content, key) or content[key].startswith(UNKNOWN))


def stated(answer: str, text: str) -> str:
    """A `stated` field from its two parts: `Ja: penicillin`, `Nej`; without an answer the text alone."""
    if answer not in ANSWERS or text == answer:
        return text if answer not in ANSWERS else answer
    return f"{answer}: {text}" if text else answer


def parts_of(said: str) -> tuple[str, str]:
    """The answer and the text of a `stated` field; no answer where it was written as text alone."""
    answer, _, text = said.partition(": ")
    return (answer, text) if answer in ANSWERS else ("", said)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields that say something else than in the version before: what is marked NYT."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
