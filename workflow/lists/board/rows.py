"""The rows of a page of the board, drawn: citizen, way, from whom to whom, and the one next step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from workflow import agreements, db, obligations
from workflow.actor import Actor
from workflow.lists.board.picking import Picked
from workflow.parties import pathway_of, unit_as, units
from workflow.seeing import access
from workflow.seeing.sight import Sight
from workflow.showing import way
from workflow.showing.way import Facts, Step
from workflow.tables import Citizen, Deadline, Episode, Handover, HistoryEntry, Place, PlaceStay, Task, Unit
from workflow.vocabulary import Concerns, DoneBy, EntryKind, HandoverState, Party, StayState, TaskState

_CALL, _HANDOVER = "follow_up_call", "board:handover"
_OfEpisode = TypeVar("_OfEpisode", Handover, Task)


class Do(StrEnum):
    """What comes next. The first three are done on the board itself; the others have a page of their own."""

    ACCEPT = "accept"
    ARRIVE = "arrive"
    REVIEW = "review"
    SEND = "send"
    CALL = "call"
    ANSWER = "answer"
    RECORD = "record"
    MOVE_ON = "move_on"
    WAIT = "wait"  # for somebody else


@dataclass(frozen=True, kw_only=True)
class Next:
    """The next step of an episode, for who looks: with whom, and by which task or handover."""

    do: Do
    unit: Unit | None = None  # whom one waits for, or calls
    task: Task | None = None
    handover: Handover | None = None


@dataclass(frozen=True)
class Chased:
    """When somebody last asked a unit again for what it owes, and who."""

    unit_id: int
    matter: str  # the task's or handover's public number, or what else a deadline concerns
    at: datetime
    by: str

    @classmethod
    def read(cls, said: Sequence[Any]) -> "Chased":
        """What the history says."""
        unit_id, matter, at, by = said
        return cls(unit_id, matter, datetime.fromisoformat(at), by)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. `what` is a word: what is due, or what was done."""

    at: datetime
    number: int
    what: str
    episode: Episode
    steps: tuple[Step, ...]
    sender: Unit
    receiver: Unit
    place: Place | None
    next: Next | None  # None: this was done
    done_by: str = ""
    missing: tuple[str, ...] = ()  # before the discharge, as words
    send_by: datetime | None = None  # the handover, where it is missing
    chased: "Chased | None" = None  # whom one waits for, since they owe it

    @property
    def citizen(self) -> Citizen:
        return self.episode.citizen


@dataclass(frozen=True)
class _Found:
    """What the database holds about the episodes of a page, by number; and what hangs on each, oldest first."""

    episodes: Mapping[int, Episode]
    places: Mapping[int, Place]
    answers: Mapping[int, datetime]  # by when what must happen to a handover must have happened
    handovers: Mapping[int, list[Handover]]
    tasks: Mapping[int, list[Task]]
    units: Mapping[int, Unit]
    chased: Mapping[int, Chased]

    def handover(self, one: Picked) -> Handover | None:
        return next((h for h in self.handovers[one.episode_id] if h.id == one.handover_id), None)

    def task(self, one: Picked) -> Task | None:
        return next((task for task in self.tasks[one.episode_id] if task.id == one.task_id), None)

    def handover_to_receiver(self, episode: Episode) -> Handover | None:
        """The one under way to whom the pathway sends the citizen, or the last."""
        pathway = pathway_of(episode)
        return next((h for h in self.handovers[episode.id][::-1] if way.is_reception(pathway, h.trigger)), None)

    def with_receiver(self, episode_id: int) -> Handover | None:
        """The handover that was sent and awaits its answer."""
        waiting = {HandoverState.SENT, HandoverState.READ}
        return next((h for h in self.handovers[episode_id] if h.passed_at is None and h.state in waiting), None)

    def call(self, episode: Episode) -> Task | None:
        """The last follow-up call."""
        return next((task for task in self.tasks[episode.id][::-1] if task.kind == _CALL), None)


def rows(session: Session, sight: Sight, picked: Sequence[Picked], *, at: datetime) -> list[Row]:
    """What was picked, drawn; four statements, however many there are."""
    found = _find(session, picked)
    return [_row(found, sight.actor, one, at) for one in picked if one.episode_id in found.episodes]


def with_send_by(session: Session, rows: Sequence[Row], *, at: datetime) -> list[Row]:
    """The same, with by when the handovers should be sent that are missing."""
    terms = agreements.terms_of(session, [row.episode for row in rows if _HANDOVER in row.missing], at=at)
    return [
        replace(row, send_by=obligations.send_by(terms[row.episode.id], row.episode.expected_discharge_at, at=at))
        if row.episode.id in terms and row.episode.expected_discharge_at is not None
        else row
        for row in rows
    ]


_CURRENT = and_(PlaceStay.episode_id == Episode.id, PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN]))
_CHASED = (
    select(func.jsonb_build_array(
            HistoryEntry.facts["unit"], HistoryEntry.facts["matter"], HistoryEntry.recorded_at, HistoryEntry.actor
        ))
    .where(HistoryEntry.episode_id == Episode.id, HistoryEntry.kind == EntryKind.CHASED)
    .order_by(HistoryEntry.number.desc())
    .limit(1)
    .scalar_subquery()
)
_EPISODES = (
    select(Episode, Place, _CHASED)
    .join(Episode.citizen)
    .outerjoin(PlaceStay, _CURRENT)
    .outerjoin(PlaceStay.place)
    .where(db.among(Episode.id))
    .options(contains_eager(Episode.citizen))
)
_HANDOVERS = (
    select(Handover, Deadline.due_at)
    .outerjoin(Deadline, and_(Deadline.handover_id == Handover.id, Deadline.ended_at.is_(None)))
    .where(db.among(Handover.episode_id), Handover.state != HandoverState.WITHDRAWN)
    .order_by(Handover.id)
)
_TASKS = (
    select(Task)
    .where(
        db.among(Task.episode_id),
        or_(
            Task.state == TaskState.OPEN,
            and_(Task.kind == _CALL, Task.state == TaskState.DONE),
            db.among(Task.id, "shown"),
        ),
    )
    .order_by(Task.id)
)


def _find(session: Session, picked: Sequence[Picked]) -> _Found:
    numbers = {"numbers": sorted({one.episode_id for one in picked})}
    drawn: list[Any] = list(session.execute(_EPISODES, numbers))  # a place may be None
    owed: list[Any] = list(session.execute(_HANDOVERS, numbers))  # by no time, most of them
    shown = [one.task_id for one in picked if one.task_id is not None]
    found = _Found(
        {episode.id: episode for episode, _, _ in drawn},
        {episode.id: place for episode, place, _ in drawn if place is not None},
        {one.id: due_at for one, due_at in owed if due_at is not None}, _by_episode(one for one, _ in owed),
        _by_episode(session.scalars(_TASKS, {**numbers, "shown": shown})), {},
        {episode.id: Chased.read(one) for episode, _, one in drawn if one},
    )  # fmt: skip
    return replace(found, units=_units(session, found, picked))


def _by_episode(things: Iterable[_OfEpisode]) -> Mapping[int, list[_OfEpisode]]:
    found: defaultdict[int, list[_OfEpisode]] = defaultdict(list)
    for one in things:
        found[one.episode_id].append(one)
    return found


def _units(session: Session, found: _Found, picked: Sequence[Picked]) -> dict[int, Unit]:
    numbers: set[int | None] = {one.unit_id for one in picked}
    for episode in found.episodes.values():
        numbers |= {episode.ward_id, episode.facility_id, episode.district_id, episode.practice_id}
        numbers |= {unit for h in found.handovers[episode.id] for unit in (h.from_unit_id, h.to_unit_id)}
        numbers |= {unit for task in found.tasks[episode.id] for unit in (task.unit_id, task.counterpart_unit_id)}
    return units(session, numbers)


def _row(found: _Found, by: Actor, picked: Picked, at: datetime) -> Row:
    episode, task, handover = found.episodes[picked.episode_id], found.task(picked), found.handover(picked)
    if picked.concerns is not None:
        step, what, done_by = _next(found, by, picked), _what(found, episode, picked, task, at), None
    else:
        step, what = None, task.kind if task else "handover_accepted"
        done_by = task.done_by_name if task else handover.answered_by if handover else None
    sender, receiver = _from_to(found, episode)
    return Row(
        at=picked.at, number=picked.number, what=what, episode=episode, steps=_steps(found, episode, at),
        sender=sender, receiver=receiver, place=found.places.get(episode.id), next=step, done_by=done_by or "",
        missing=_missing(found, episode), chased=_chased(found, picked, step),
    )  # fmt: skip


def _what(found: _Found, episode: Episode, picked: Picked, task: Task | None, at: datetime) -> str:
    if task is not None:
        return task.kind
    if picked.concerns == Concerns.HANDOVER_SENDING and found.with_receiver(episode.id) is not None:
        return f"board:{Concerns.HANDOVER_ANSWER}"
    if picked.concerns != Concerns.STATE:
        return f"board:{picked.concerns}"
    pathway = pathway_of(episode)
    if pathway.arrival_from(episode.state) is not None:
        return "board:arrival"
    if pathway.state(episode.state).review:
        return "board:review"
    return "board:next" if picked.at > at else "board:no_plan"


def _next(found: _Found, by: Actor, picked: Picked) -> Next:
    episode, unit = found.episodes[picked.episode_id], found.units[picked.unit_id]
    task, handover = found.task(picked), found.handover(picked)
    if not access.acts_for(by, picked.unit_id, episode):
        return Next(do=Do.WAIT, unit=unit)
    match picked.concerns:
        case Concerns.HANDOVER_ANSWER:
            own = by.unit_id == picked.unit_id
            return Next(do=Do.ACCEPT, handover=handover) if own else Next(do=Do.WAIT, unit=unit)
        case Concerns.HANDOVER_MENDING:
            return Next(do=Do.SEND, handover=handover)
        case Concerns.HANDOVER_SENDING:
            with_receiver = found.with_receiver(picked.episode_id)
            if with_receiver is not None:
                return Next(do=Do.WAIT, unit=found.units[with_receiver.to_unit_id])
            return Next(do=Do.SEND, handover=handover)
        case Concerns.QUESTION if task is not None:
            return Next(do=Do.ANSWER, task=task)
        case Concerns.TASK if task is not None:
            other = found.units.get(task.counterpart_unit_id or 0)
            return Next(do=Do.CALL if task.done_by == DoneBy.CONTACT else Do.RECORD, task=task, unit=other)
        case _:
            return _onward(by, episode)


def _onward(by: Actor, episode: Episode) -> Next:
    """The next step of a state: an arrival where one is awaited, a look where it is looked at, else what happens."""
    pathway = pathway_of(episode)
    arrival = pathway.arrival_from(episode.state)
    if arrival is not None and access.may_report(by, episode, arrival):
        return Next(do=Do.ARRIVE)
    return Next(do=Do.REVIEW if pathway.state(episode.state).review else Do.MOVE_ON)


def _chased(found: _Found, picked: Picked, step: Next | None) -> Chased | None:
    """Who was last asked again by whom, where that is who one waits for now, and about this."""
    last = found.chased.get(picked.episode_id)
    if last is None or step is None or step.unit is None or step.unit.id != last.unit_id:
        return None
    about = found.task(picked) or found.handover(picked)
    if about is None and picked.concerns == Concerns.HANDOVER_SENDING:
        about = found.with_receiver(picked.episode_id)
    return last if last.matter == (str(about.uuid) if about is not None else picked.concerns) else None


def _from_to(found: _Found, episode: Episode) -> tuple[Unit, Unit]:
    """Between whom the responsibility passes now; before and after that, between whom the citizen goes."""
    under_way = next((h for h in found.handovers[episode.id][::-1] if h.passed_at is None), None)
    if under_way is not None:
        return found.units[under_way.from_unit_id], found.units[under_way.to_unit_id]
    sender = episode.ward_id or episode.practice_id or episode.district_id
    return found.units[sender], found.units[unit_as(episode, Party.RECEIVER) or episode.district_id]


def _steps(found: _Found, episode: Episode, at: datetime) -> tuple[Step, ...]:
    handover, call = found.handover_to_receiver(episode), found.call(episode)
    facts = Facts(
        pathway=pathway_of(episode), state=episode.state, handover=handover.state if handover else None,
        handover_due_at=found.answers.get(handover.id) if handover else None,
        handed_over_at=handover.passed_at if handover else None,
        early=handover is not None and way.accepted_early(handover),
        call=call.state if call else None, call_due_at=call.due_at if call else None,
        called_at=call.done_at if call else None,
    )  # fmt: skip
    return way.steps(facts, at=at, compact=True)


def _missing(found: _Found, episode: Episode) -> tuple[str, ...]:
    """What the ward still owes before the citizen may leave it."""
    if episode.expected_discharge_at is None or episode.state not in way.IN_HOSPITAL:
        return ()
    sent = {HandoverState.SENT, HandoverState.READ, HandoverState.ACCEPTED}
    handover = found.handover_to_receiver(episode)
    by_ward = (task for task in found.tasks[episode.id] if task.unit_id == episode.ward_id)
    owed = [task.kind for task in by_ward if task.state == TaskState.OPEN]
    return (*([] if handover is not None and handover.state in sent else [_HANDOVER]), *owed)
