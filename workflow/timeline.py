"""What has happened to an episode and is still in force: the history with corrections and cancellations applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from workflow import db
from workflow.agreed import Agreed
from workflow.tables import Episode
from workflow.vocabulary import EntryKind, Party

_TELLING = (
    EntryKind.OPENED, EntryKind.EVENT, EntryKind.CORRECTED, EntryKind.CANCELLED, EntryKind.REVIEWED,
    EntryKind.TRANSFERRED, EntryKind.ATTEMPT, EntryKind.OBSERVED, EntryKind.ANSWERED,
    EntryKind.UNIT_SUCCEEDED,
)  # fmt: skip
_COLUMNS = (
    "number", "kind", "trigger", "source", "dest", "about", "effective_at", "recorded_at", "responsible_unit_id",
    "case when kind in ('attempt', 'observed', 'unit_succeeded') then facts end as facts",
)  # fmt: skip


class Entry(Protocol):
    """The columns of a history entry that say what happened."""

    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> EntryKind: ...
    @property
    def trigger(self) -> str | None: ...
    @property
    def source(self) -> str | None: ...
    @property
    def dest(self) -> str: ...
    @property
    def about(self) -> int | None: ...
    @property
    def effective_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def responsible_unit_id(self) -> int | None: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Happened:
    """An event in force: the number of its entry, and when it happened as we know it now."""

    number: int
    trigger: str
    source: str | None
    dest: str
    effective_at: datetime
    recorded_at: datetime


@dataclass(frozen=True)
class Question:
    """What a unit asked another: the number of its entry, who they are to the episode, and when it was asked."""

    number: int
    asked: Party
    asked_by: Party | None  # None: of an older entry, which does not say
    at: datetime


@dataclass(frozen=True)
class Timeline:
    """The events in force, the opening first; and which numbers are no longer in force, and why."""

    events: tuple[Happened, ...]
    cancelled: frozenset[int]
    taken_back: frozenset[int]
    opened_responsible: int  # the ward that opened it, or that the citizen was transferred to
    reviewed: tuple[int, datetime] | None  # the last review of the present state: its entry, and when it was
    agreed: tuple[tuple[int, Agreed], ...] = ()  # in conversations: counted from which entry, and what
    questions: tuple[Question, ...] = ()  # that nobody has answered
    succeeded: tuple[tuple[int, int], ...] = ()  # units that have closed, each with its successor, in order

    def now(self, unit_id: int) -> int:
        """Who has now what this unit had."""
        for old, new in self.succeeded:
            unit_id = new if unit_id == old else unit_id
        return unit_id

    @property
    def last(self) -> Happened:
        return self.events[-1]

    @property
    def state(self) -> str:
        return self.events[-1].dest

    @property
    def state_since(self) -> tuple[int, datetime]:
        """From which entry, and from when, the time of the present state runs: its last review, else what led to it."""
        entered = (self.last.number, self.last.effective_at)
        return max(self.reviewed, entered, key=lambda since: since[1]) if self.reviewed is not None else entered

    def latest(self, trigger: str) -> Happened | None:
        """The last event of this kind that is in force."""
        return next((event for event in reversed(self.events) if event.trigger == trigger), None)

    def after(self, number: int) -> tuple[Happened, ...]:
        return tuple(event for event in self.events if event.number > number)

    def numbered(self, number: int) -> Happened | None:
        return next((event for event in self.events if event.number == number), None)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An entry that is about to be written."""

    number: int
    kind: EntryKind
    trigger: str | None = None
    source: str | None = None
    dest: str
    about: int | None = None
    effective_at: datetime
    recorded_at: datetime
    responsible_unit_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def fold(entries: Iterable[Entry]) -> Timeline:
    """Replay entries in the order of their numbers."""
    rows = list(entries)
    cancelled = frozenset(row.about for row in rows if row.kind == EntryKind.CANCELLED and row.about is not None)
    corrected = {row.about: row.effective_at for row in rows if row.kind == EntryKind.CORRECTED}
    events: list[Happened] = []
    taken_back: set[int] = set()
    agreed: list[tuple[int, Agreed]] = []
    questions: dict[int, Question] = {}
    succeeded: list[tuple[int, int]] = []
    reviewed: tuple[int, datetime] | None = None
    responsible = rows[0].responsible_unit_id or 0
    for row in rows:
        if row.kind == EntryKind.TRANSFERRED:
            responsible = row.responsible_unit_id or responsible
        if row.kind == EntryKind.UNIT_SUCCEEDED:
            succeeded.append((row.facts["from"], row.facts["to"]))
        if row.kind == EntryKind.REVIEWED:
            reviewed = (row.number, row.effective_at)
        if row.kind == EntryKind.ATTEMPT:
            agreed += [(row.facts["anchor"], Agreed.from_json(said)) for said in row.facts.get("agreed", ())]
        if row.kind == EntryKind.OBSERVED and "asks_as" in row.facts:
            asked_by = row.facts.get("asked_by_as")
            questions[row.number] = Question(
                row.number, Party(row.facts["asks_as"]), Party(asked_by) if asked_by else None, row.recorded_at
            )
        if row.kind == EntryKind.ANSWERED:
            questions.pop(row.about or 0, None)
        if row.kind not in {EntryKind.OPENED, EntryKind.EVENT} or row.number in cancelled:
            continue
        if row.about is not None:
            taken_back |= {event.number for event in events if event.number >= row.about}
            events = [event for event in events if event.number < row.about]
        effective_at = corrected.get(row.number, row.effective_at)
        reviewed = None
        events.append(Happened(row.number, row.trigger or "", row.source, row.dest, effective_at, row.recorded_at))
    return Timeline(
        tuple(events), cancelled, frozenset(taken_back), responsible, reviewed, tuple(agreed),
        tuple(questions.values()), tuple(succeeded),
    )  # fmt: skip


def entries_and(*besides: str) -> str:
    """The statement for the entries of an `episode` that say what happened, in order, with other columns besides."""
    telling = ", ".join(f"'{kind}'" for kind in _TELLING)
    columns = ", ".join(_COLUMNS + besides)
    return (
        f"select {columns} from history where episode_id = %(episode)s and kind in ({telling})"
        " and (kind <> 'attempt' or facts ? 'agreed') and (kind <> 'observed' or facts ? 'asks_as') order by number"
    )


def entries(session: Session, episode: Episode) -> list[Entry]:
    """The entries of an episode that say what happened, in order."""
    with db.driver(session).cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(entries_and(), {"episode": episode.id}).fetchall()
    return rows
