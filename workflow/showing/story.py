"""One episode as a reader sees it: everything that hangs on it, read in a few statements however much it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer, joinedload

from workflow import agreements, episodes, misses, obligations, timeline
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.misses import Judged
from workflow.parties import pathway_of
from workflow.pathway import Transition
from workflow.rows import Sheet
from workflow.seeing import access, objections, relations
from workflow.showing import way
from workflow.tables import (
    ContactAttempt,
    Deadline,
    Episode,
    Handover,
    HandoverVersion,
    HistoryEntry,
    Objection,
    Organisation,
    PlaceStay,
    Task,
    Unit,
)
from workflow.vocabulary import Circumstance, EntryKind, HandoverState, Party, StayState, TaskState

One = TypeVar("One", Handover, Task)
Many = TypeVar("Many", HandoverVersion, ContactAttempt)
CALL = "follow_up_call"
OTHERS = 20  # episodes of the same citizen that are listed, the newest first


@dataclass(frozen=True)
class Line:
    """One entry of the history, with what was later said of it. `at` is when it happened, as we know it now."""

    entry: HistoryEntry
    at: datetime
    corrections: tuple[HistoryEntry, ...]
    cancelled: HistoryEntry | None
    in_force: bool  # an event that nothing has cancelled or taken back


@dataclass(frozen=True)
class Possible:
    """Something that can happen now and that the reader may record, with what it asks for and has not got."""

    transition: Transition
    asks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the page of an episode is written from."""

    case: CaseFile
    lines: tuple[Line, ...]  # the newest first
    versions: Mapping[int, Sequence[HandoverVersion]]  # of each handover, the newest first, without what they say
    attempts: Mapping[int, Sequence[ContactAttempt]]  # of each task, in order
    misses: Sequence[Judged]
    units: Mapping[int, Unit]
    home: Organisation  # where the citizen lives
    lives_elsewhere: bool  # and not where the district is that receives
    objection: Objection | None
    place: PlaceStay | None
    others: Sequence[Episode]  # of the same citizen, for who may see them
    steps: tuple[way.Step, ...]
    lines_end_at: Mapping[str, datetime]  # until when what nobody owes holds (the 72 hours), by rule
    responsible_since: datetime

    @property
    def episode(self) -> Episode:
        return self.case.episode

    @property
    def call(self) -> Task | None:
        """The newest follow-up call."""
        return _call(self.case.tasks)

    @property
    def contacts(self) -> list[Unit]:
        """The units that are somebody to the episode, each once: ward, facility, district, practice."""
        episode = self.episode
        parties = (episode.ward_id, episode.facility_id, episode.district_id, episode.practice_id)
        return [self.units[unit_id] for unit_id in dict.fromkeys(parties) if unit_id is not None]

    def in_state_of(self, party: Party) -> bool:
        """Whether the present state is one in which that party acts next."""
        return self.case.pathway.state(self.episode.state).owner == party

    def due_at(self, *, handover: Handover | None = None) -> datetime | None:
        """By when the handover must be sent or answered; of none: by when the state must be left or looked at."""
        wanted = handover.id if handover is not None else None
        return next((d.due_at for d in self.case.deadlines if d.task_id is None and d.handover_id == wanted), None)

    def possible(self, by: Actor, *, at: datetime) -> list[Possible]:
        """What can happen now, of what this person may record."""
        return [
            Possible(transition, episodes.asked_for(self.case, transition, at=at))
            for transition in self.case.pathway.leaving(self.episode.state)
            if access.may_report(by, self.episode, transition)
        ]

    def may_amend(self, by: Actor, line: Line) -> bool:
        """Whether this person may correct when it happened, or cancel it."""
        entry = line.entry
        transition = self.case.pathway.transition(entry.source or "", entry.trigger or "")
        if transition is None:
            return line.in_force and access.is_party(by, self.episode)
        return line.in_force and access.may_report(by, self.episode, transition)

    def is_newest_event(self, line: Line) -> bool:
        """Whether this is the event that can be cancelled: the opening cannot."""
        return line.entry.number == self.case.timeline.last.number and line.entry.source is not None

    def needs_asked_about(self, at: datetime) -> list[str]:
        """What the agreement asks about and people record, in order."""
        by_message = {obligations.REPORT_ASKED, obligations.REPORT_NOT_ASKED}
        conditions = (c for rule in self.case.terms.when(at).values() for c in rule.when)
        return list(dict.fromkeys(c for c in conditions if c not in {*Circumstance, *by_message}))


def read(session: Session, episode: Episode, *, at: datetime) -> Story:
    """The story of an episode that the reader may see (`sight.require`)."""
    entries = list(
        session.scalars(select(HistoryEntry).where(HistoryEntry.episode_id == episode.id).order_by(HistoryEntry.number))
    )
    handovers, versions = _grouped(session, _HANDOVERS.where(Handover.episode_id == episode.id))
    tasks, attempts = _grouped(session, _TASKS.where(Task.episode_id == episode.id))
    live = select(Deadline).where(Deadline.episode_id == episode.id, Deadline.ended_at.is_(None))
    told, terms = timeline.fold(entries), agreements.terms_for(session, episode, at=at)
    missed = misses.of_episode(session, episode)
    case = CaseFile(
        episode, terms, list(entries), told, tasks, handovers, list(session.scalars(live.order_by(Deadline.id))),
        Sheet(), missed=bool(missed),
    )  # fmt: skip
    units = _units(session, case, entries)
    home = session.get_one(Organisation, episode.citizen.municipality_id or episode.municipality_id)
    return Story(
        case=case, lines=_lines(entries, case), versions=versions, attempts=attempts, misses=missed, units=units,
        home=home, lives_elsewhere=home.id != episode.municipality_id,
        objection=objections.standing(session, episode.citizen_id), place=_place(session, episode),
        others=_others(session, episode), steps=way.steps(_facts(case), at=at),
        lines_end_at=obligations.window_ends(terms, told, case.situation),
        responsible_since=_responsible_since(entries, case),
    )  # fmt: skip


_HANDOVERS = (
    select(Handover, HandoverVersion)
    .outerjoin(HandoverVersion, HandoverVersion.handover_id == Handover.id)
    .options(defer(HandoverVersion.content))
    .order_by(Handover.id, HandoverVersion.version.desc())
)
_TASKS = (
    select(Task, ContactAttempt)
    .outerjoin(ContactAttempt, ContactAttempt.task_id == Task.id)
    .order_by(Task.id, ContactAttempt.number)
)


def _grouped(session: Session, asked: Select[One, Many]) -> tuple[list[One], dict[int, list[Many]]]:
    """Rows in order, and what hangs on each, by its number."""
    rows: list[One] = []
    hanging: dict[int, list[Many]] = {}
    for row, below in session.execute(asked):
        if not rows or rows[-1] is not row:
            rows.append(row)
            hanging[row.id] = []
        if below is not None:
            hanging[row.id].append(below)
    return rows, hanging


def _lines(entries: Sequence[HistoryEntry], case: CaseFile) -> tuple[Line, ...]:
    about: dict[int, list[HistoryEntry]] = {}
    for entry in entries:
        if entry.about is not None and entry.kind in {EntryKind.CORRECTED, EntryKind.CANCELLED}:
            about.setdefault(entry.about, []).append(entry)
    in_force = {event.number: event.effective_at for event in case.timeline.events}
    lines = []
    for entry in reversed(entries):
        said = about.get(entry.number, [])
        corrections = tuple(one for one in said if one.kind == EntryKind.CORRECTED)
        cancelled = next((one for one in said if one.kind == EntryKind.CANCELLED), None)
        at = corrections[-1].effective_at if corrections else entry.effective_at
        lines.append(Line(entry, at, corrections, cancelled, entry.number in in_force))
    return tuple(lines)


def _units(session: Session, case: CaseFile, entries: Sequence[HistoryEntry]) -> dict[int, Unit]:
    """Every unit that the page names, with its organisation."""
    episode = case.episode
    numbers = {*episode.related, *(entry.unit_id for entry in entries), *relations.parties(episode)}
    numbers |= {unit_id for h in case.handovers for unit_id in (h.from_unit_id, h.to_unit_id)}
    numbers |= {unit_id for t in case.tasks for unit_id in (t.unit_id, t.counterpart_unit_id)}
    named = select(Unit).where(Unit.id.in_(numbers - {None})).options(joinedload(Unit.organisation))
    return {unit.id: unit for unit in session.scalars(named)}


def _place(session: Session, episode: Episode) -> PlaceStay | None:
    stays = select(PlaceStay).where(
        PlaceStay.episode_id == episode.id, PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN])
    )
    return session.scalar(stays.options(joinedload(PlaceStay.place)))


def _others(session: Session, episode: Episode) -> Sequence[Episode]:
    same = select(Episode).where(Episode.citizen_id == episode.citizen_id, Episode.id != episode.id)
    return session.scalars(same.order_by(Episode.opened_at.desc(), Episode.id.desc()).limit(OTHERS)).all()


def _call(tasks: Sequence[Task]) -> Task | None:
    calls = [task for task in tasks if task.kind == CALL]
    return next((task for task in reversed(calls) if task.state != TaskState.WITHDRAWN), None)


def _facts(case: CaseFile) -> way.Facts:
    """What the way is drawn from; of a deadline, what is still running."""
    pathway = pathway_of(case.episode)
    receptions = [
        h for h in case.handovers if h.state != HandoverState.WITHDRAWN and way.is_reception(pathway, h.trigger)
    ]
    reception, call = receptions[-1] if receptions else None, _call(case.tasks)
    due = next((d.due_at for d in case.deadlines if reception is not None and d.handover_id == reception.id), None)
    return way.Facts(
        pathway=pathway, state=case.episode.state,
        reached={event.dest: event.effective_at for event in case.timeline.events},
        handover=reception.state if reception is not None else None, handover_due_at=due,
        handed_over_at=(reception.passed_at or reception.answered_at) if reception is not None else None,
        call=call.state if call is not None else None, call_due_at=call.due_at if call is not None else None,
        called_at=call.done_at if call is not None else None,
    )  # fmt: skip


def _responsible_since(entries: Sequence[HistoryEntry], case: CaseFile) -> datetime:
    """Since when the unit that has the responsibility has had it."""
    responsible = case.episode.responsible_unit_id
    passed = [h.passed_at for h in case.handovers if h.passed_at is not None and h.to_unit_id == responsible]
    since = case.timeline.events[0].effective_at
    for entry in entries:
        if entry.kind == EntryKind.TRANSFERRED and entry.responsible_unit_id == responsible:
            since = entry.effective_at
    return max([since, *passed])
