"""What a handover says: ISBAR, field by field, and which profession answers for it (domain/quality.md 5.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NURSING, MEDICAL, THERAPY = PROFESSIONS = ("nursing", "medical", "therapy")
SIGNED = "signed:"


@dataclass(frozen=True)
class Field:
    """One field of the form: part and name, and the profession that fills it in."""

    key: str
    profession: str


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
        Field("S.infection_precautions", NURSING),
        Field("S.treatment_level", MEDICAL),
        Field("B.history", MEDICAL),
        Field("B.allergies", MEDICAL),
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
        Field("R.aids", THERAPY),
        Field("R.rehabilitation", THERAPY),
        Field("R.appointments", NURSING),
        Field("R.when_to_call", NURSING),
        Field("R.told", NURSING),
    )
}
ITEMS = (*FIELDS, *(SIGNED + profession for profession in PROFESSIONS))  # in the order of the form


def missing(content: Mapping[str, Any], signed_by: Iterable[str], requires: Iterable[str]) -> tuple[str, ...]:
    """Which required items are not there, in the order of the form: empty fields, professions that have not signed."""
    signed = {SIGNED + profession for profession in signed_by}
    gone = {item for item in requires if item not in signed and not str(content.get(item) or "").strip()}
    return tuple(sorted(gone, key=ITEMS.index))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields that say something else than in the version before: what is marked NYT."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
