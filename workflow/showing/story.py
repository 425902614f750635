"""One episode as a reader sees it: what hangs on it, and what follows from that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import agreements, deadlines, episodes, misses, obligations, observations, timeline
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.misses import Judged
from workflow.parties import pathway_of
from workflow.pathway import Transition
from workflow.rows import Sheet
from workflow.seeing import access, relations
from workflow.showing import hanging, way
from workflow.showing.choices import Destination
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
from workflow.vocabulary import Concerns, EntryKind, HandoverState, Party, TaskState, UnitKind

CALL = "follow_up_call"
_SAID_AGAIN = frozenset({EntryKind.CORRECTED, EntryKind.CANCELLED, EntryKind.ANSWERED})


@dataclass(frozen=True)
class Line:
    """One entry of the history, with what was later said of it. `at` is when it happened, as we know it now."""

    entry: HistoryEntry
    at: datetime
    corrections: tuple[HistoryEntry, ...]
    cancelled: HistoryEntry | None
    in_force: bool  # an event that nothing has cancelled or taken back
    answer: HistoryEntry | None = None  # to what it asks


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
    facilities: Sequence[Destination]  # where the citizen could be sent, by name
    wards: Sequence[Unit]  # where the citizen could lie, by name
    home: Organisation  # where the citizen lives
    lives_elsewhere: bool  # and not where the district is that receives
    objects: bool  # to being passed on; `objection` is what they said, for who may read it
    objection: Objection | None
    place: PlaceStay | None
    others: Sequence[Episode]  # of the same citizen, for who may see them
    steps: tuple[way.Step, ...]
    lines_end_at: Mapping[str, datetime]  # until when what nobody owes holds (the 72 hours), by rule
    no_line_for: frozenset[str]  # why the 72 hours do not hold after the discharge: what was not so
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
        live = self.case.deadline_of(handover=handover)
        return live.due_at if live is not None else None

    @property
    def accepted_by(self) -> int | None:
        """The unit that has accepted, and has the responsibility from the event to come."""
        handover = self.case.under_way
        accepted = handover is not None and handover.state == HandoverState.ACCEPTED
        return handover.to_unit_id if handover is not None and accepted else None

    @property
    def leaves_at(self) -> datetime | None:
        """By when a receiver must have accepted, because the citizen is expected to leave the hospital then."""
        live = self.case.deadline_of(concerns=Concerns.HANDOVER_SENDING)
        return live.due_at if live is not None else None

    def most_urgent(self, unit_ids: Collection[int]) -> Deadline | None:
        """The deadline by which these units' lists place and colour the episode."""
        return deadlines.most_urgent(self.case.deadlines, unit_ids)

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

    def askable(self, by: Actor) -> list[Unit]:
        """Whom this person can ask about what they observe; nobody while the citizen objects."""
        if self.objection is not None:
            return []
        return [self.units[unit_id] for unit_id in observations.askable(self.episode, by)]

    def may_answer(self, by: Actor, line: Line) -> bool:
        """Whether this person's unit was asked here, and nobody has answered."""
        open_question = line.entry.kind == EntryKind.OBSERVED and line.answer is None
        return open_question and observations.may_answer(by, self.episode, line.entry)

    @property
    def tobs(self) -> Line | None:
        """The newest TOBS; of two at one time, the one that was written last."""
        scored = [line for line in self.lines if line.entry.kind == EntryKind.OBSERVED and "score" in line.entry.facts]
        return max(scored, key=lambda line: (line.at, line.entry.number), default=None)

    def is_newest_event(self, line: Line) -> bool:
        """Whether this is the event that can be cancelled: the opening cannot."""
        return line.entry.number == self.case.timeline.last.number and line.entry.source is not None

    def needs_asked_about(self, at: datetime) -> list[str]:
        """What can be recorded, in order."""
        return obligations.needs_asked_about(self.case.terms, at)


def read(session: Session, episode: Episode, *, at: datetime) -> Story:
    """The story of an episode that the reader may see (`sight.require`)."""
    written = hanging.entries(session, episode)
    handovers, versions = hanging.handovers(session, episode)
    tasks, attempts = hanging.tasks(session, episode)
    now, told = hanging.now(session, episode), timeline.fold(written.all)
    terms = agreements.terms_for(session, episode, at=at, newest_known=written.newest_agreement)
    case = CaseFile(
        episode, terms, list(written.all), told, tasks, handovers, now.deadlines, Sheet(), missed=written.missed
    )
    places = hanging.units(session, episode, _named(case, written.all), at=at)
    offered = [Destination(unit, free) for unit, free in places if unit.organisation_id == episode.municipality_id]
    return Story(
        case=case, lines=_lines(written.all, case), versions=versions, attempts=attempts,
        misses=misses.of_episode(session, episode) if written.missed else [],
        units={unit.id: unit for unit, _ in places},
        facilities=[one for one in offered if one.unit.kind == UnitKind.FACILITY],
        wards=[u for u, _ in places if (u.organisation_id, u.kind) == (episode.hospital_id, UnitKind.WARD)],
        home=now.home, lives_elsewhere=now.home.id != episode.municipality_id, objects=now.objects,
        objection=now.objection,
        place=now.place, others=hanging.others(session, episode), steps=way.steps(_facts(case), at=at),
        lines_end_at=obligations.window_ends(terms, told, case.situation),
        no_line_for=obligations.unheld_windows(terms, told, case.situation),
        responsible_since=_responsible_since(written.all, case),
    )  # fmt: skip


def _named(case: CaseFile, entries: Sequence[HistoryEntry]) -> set[int | None]:
    """Every unit that the page names."""
    episode = case.episode
    numbers = {*episode.related, *(entry.unit_id for entry in entries), *relations.parties(episode)}
    numbers |= {entry.facts["asks"] for entry in entries if "asks" in entry.facts}
    numbers |= {entry.facts["unit"] for entry in entries if entry.kind == EntryKind.CHASED}
    numbers |= {unit_id for h in case.handovers for unit_id in (h.from_unit_id, h.to_unit_id)}
    return numbers | {unit_id for t in case.tasks for unit_id in (t.unit_id, t.counterpart_unit_id)}


def _lines(entries: Sequence[HistoryEntry], case: CaseFile) -> tuple[Line, ...]:
    about: dict[int, list[HistoryEntry]] = {}
    for entry in entries:
        if entry.about is not None and entry.kind in _SAID_AGAIN:
            about.setdefault(entry.about, []).append(entry)
    in_force = {event.number: event.effective_at for event in case.timeline.events}
    lines = []
    for entry in reversed(entries):
        said = about.get(entry.number, [])
        corrections = tuple(one for one in said if one.kind == EntryKind.CORRECTED)
        cancelled = next((one for one in said if one.kind == EntryKind.CANCELLED), None)
        answer = next((one for one in said if one.kind == EntryKind.ANSWERED), None)
        at = corrections[-1].effective_at if corrections else entry.effective_at
        lines.append(Line(entry, at, corrections, cancelled, entry.number in in_force, answer))
    return tuple(lines)


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
        early=reception is not None and way.accepted_early(reception),
        expected_discharge_at=case.episode.expected_discharge_at,
        call=call.state if call is not None else None, call_due_at=call.due_at if call is not None else None,
        called_at=call.done_at if call is not None else None,
    )  # fmt: skip


def _responsible_since(entries: Sequence[HistoryEntry], case: CaseFile) -> datetime:
    """Since when the unit that has the responsibility has had it."""
    responsible = case.episode.responsible_unit_id
    passed = [h.passed_at for h in case.handovers if h.passed_at is not None and h.to_unit_id == responsible]
    since = case.timeline.events[0].effective_at
    for entry in entries:
        moved = entry.kind in {EntryKind.TRANSFERRED, EntryKind.UNIT_SUCCEEDED}
        if moved and entry.responsible_unit_id == responsible:
            since = entry.effective_at
    return max([since, *passed])
