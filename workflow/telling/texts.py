"""The texts of what people are told: which there are, what Overgang says in them, what another wording must keep."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from workflow import cpr
from workflow.errors import Invalid, NotFound
from workflow.pathways import PATHWAYS
from workflow.sentences import word
from workflow.vocabulary import Concerns, Language, NoticeKind


class Blank(StrEnum):
    """What is filled in where a text has its name in braces; a word of `workflow.sentences` with `blank:` before it.

    None of them is about a citizen.
    """

    UNIT = "unit"  # that is told
    TIME = "time"  # when what is told was written
    LINE = "line"  # the notice itself, as its own text says it
    KIND = "kind"
    LINK = "link"  # where to read on


BOTH = (Language.DANISH, Language.ENGLISH)
KINDS = {
    NoticeKind.NOTICE: "Besked",
    NoticeKind.REMINDER: "Påmindelse",
    NoticeKind.ESCALATION: "Til lederen",
    NoticeKind.MISS: "Ikke gjort i tide",
}
SUBJECT, BODY, SHORT = "mail_subject", "mail_body", "sms"
_SHIPPED = {
    SUBJECT: "Overgang – {slags}: {besked}",
    BODY: "{slags}: {besked}\n{enhed}\n\nLog ind og læs: {link}",
    SHORT: "{slags}: {besked} ({enhed}). Log ind og læs: {link}",
}
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text. `longest` counts characters; one that `may_break` has several lines."""

    code: str
    blanks: tuple[Blank, ...]
    needs: tuple[Blank, ...] = ()  # those of the blanks that a wording cannot do without
    longest: int
    may_break: bool = False
    languages: tuple[Language, ...] = BOTH

    def shipped(self, language: Language) -> str:
        """What Overgang came with."""
        return _SHIPPED[self.code] if self.code in _SHIPPED else word(self.code, language)

    def checked(self, typed: str, language: Language) -> str:
        """Another wording as it is kept: without what cannot be seen, and needless blanks. Raises Invalid."""
        kept = _tidy(typed, self.may_break)
        if not kept:
            raise Invalid("wording_needed")
        if len(kept) > self.longest:
            raise Invalid("text_too_long", most=self.longest)
        if cpr.stands_in(kept):
            raise Invalid("cpr_in_wording")
        known = names(self.blanks, language)
        found = {match[0] for match in _BRACES.finditer(kept)}
        if strangers := sorted(found - set(known.values())):
            raise Invalid("no_such_blank", blanks=strangers, known=known.values())
        if lacking := [known[blank] for blank in self.needs if known[blank] not in found]:
            raise Invalid("blank_needed", blanks=lacking)
        return kept

    def filled(self, wording: str, language: Language, values: Mapping[Blank, str]) -> str:
        """A wording with its blanks filled in. Braces in a value are only braces, and its breaks are blanks."""
        by_name = {name(blank, language): " ".join(value.split()) for blank, value in values.items()}
        return _BRACES.sub(lambda found: by_name.get(found[0], found[0]), wording)


def _tidy(typed: str, may_break: bool) -> str:
    lines = typed.splitlines() if may_break else [typed]
    seen = (" ".join("".join(c if c.isprintable() or c.isspace() else "" for c in line).split()) for line in lines)
    return "\n".join(seen).strip()


def name(blank: Blank, language: Language) -> str:
    """As it stands in a text of that language, braces included."""
    return f"{{{word(f'blank:{blank}', language)}}}"


def names(blanks: Iterable[Blank], language: Language) -> dict[Blank, str]:
    """The name of each."""
    return {blank: name(blank, language) for blank in blanks}


def _events() -> list[str]:
    """What happens to a citizen, in the order of the pathways."""
    found: dict[str, None] = {}
    for pathway in PATHWAYS.values():
        found |= dict.fromkeys(way.trigger for way in pathway.ways_in)
        found |= dict.fromkeys(transition.trigger for transition in pathway.transitions)
    return list(found)


def _owed() -> list[str]:
    """What somebody is reminded of: every task, and what else a time is put on."""
    tasks = dict.fromkeys(rule.task for pathway in PATHWAYS.values() for rule in pathway.rules() if rule.task)
    named = {Concerns.TASK, Concerns.QUESTION, Concerns.WINDOW}  # by their tasks, or nobody is reminded of them
    return [*tasks, *(concern.value for concern in Concerns if concern not in named)]


_TOLD = (
    "handover_sent", "handover_accepted", "handover_rejected", "call_completed", "tried_in_vain", "agreed",
    "claim_waits", "claim_confirmed", "claim_refused",
    "discharge_expected", "time_corrected", "event_cancelled", "transferred", "unit_succeeded", "rerouted",
    "hospital_disagrees", "told_after_death", "stays_in_parallel", "correspondence", "message_not_received", "question",
    "question_answered",
)  # fmt: skip
_OF_LINE, _LONGEST_LINE = (Blank.UNIT, Blank.TIME), 200


def _lines(topics: Iterable[str]) -> dict[str, Text]:
    return {topic: Text(code=topic, blanks=_OF_LINE, longest=_LONGEST_LINE) for topic in topics}


EVENTS, OWED, TOLD = _lines(_events()), _lines(_owed()), _lines(_TOLD)
LINES = EVENTS | OWED | TOLD
_LETTER = (Blank.LINE, Blank.KIND, Blank.UNIT, Blank.TIME)
LETTERS = {
    text.code: text
    for text in (
        Text(code=SUBJECT, blanks=_LETTER, needs=(Blank.LINE,), longest=120, languages=(Language.DANISH,)),
        Text(
            code=BODY, blanks=(*_LETTER, Blank.LINK), needs=(Blank.LINE, Blank.LINK), longest=2_000, may_break=True,
            languages=(Language.DANISH,),
        ),
        Text(
            code=SHORT, blanks=(*_LETTER, Blank.LINK), needs=(Blank.LINE, Blank.LINK), longest=300,
            languages=(Language.DANISH,),
        ),
    )
}  # fmt: skip


EVERY = LINES | LETTERS


def line(topic: str) -> Text:
    """What a notice says in one line; also of a task that only an agreement knows."""
    return LINES.get(topic) or Text(code=topic, blanks=_OF_LINE, longest=_LONGEST_LINE)


def fetch(code: str, language: Language | None = None) -> Text:
    """The text of that code, where it is told in that language. Raises NotFound."""
    found = EVERY.get(code)
    if found is None or (language is not None and language not in found.languages):
        raise NotFound("no_such_text")
    return found
