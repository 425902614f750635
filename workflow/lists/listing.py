"""Lists by unit, a page at a time: each in the order of an index, going on after the last row that was read.

A page's rows are found first, by their unit alone (row-level security leaves out what is not to be seen), and only then
read with their episodes: asked for together, the planner would begin with every episode that is seen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager, joinedload

from workflow.errors import NotFound
from workflow.seeing.sight import Sight
from workflow.tables import (
    ContactAttempt,
    Deadline,
    Episode,
    Handover,
    HistoryEntry,
    Miss,
    MissVerdict,
    Place,
    Task,
    Unit,
)
from workflow.vocabulary import HandoverState, TaskState, Verdict

# Where the next page begins: what it is ordered by, and the row's number.
ByTime = tuple[datetime, int]

OF_EPISODE = 200  # rows of one kind that one episode shows
_SHOWN = joinedload(Episode.citizen)


def unit_of(session: Session, seen: Sight, wanted: UUID | None) -> Unit:
    """The unit whose list is asked for: one of those that are seen; the one acted in where none is named.

    Raises NotFound.
    """
    own = Unit.id == seen.actor.unit_id if wanted is None else Unit.uuid == wanted
    found = session.scalar(select(Unit).where(own, Unit.id.in_(seen.units)))
    if found is None:
        raise NotFound("no_such_unit")
    return found


def episodes(session: Session, seen: Sight, unit: Unit, *, before: int | None, most: int) -> Sequence[Episode]:
    """The open episodes that a unit has a relation to, the newest first."""
    found = (
        select(Episode)
        .where(Episode.closed_at.is_(None), Episode.related.contains([unit.id]), seen.visible())
        .options(_SHOWN)
        .order_by(Episode.id.desc())
        .limit(most)
    )
    return session.scalars(found if before is None else found.where(Episode.id < before)).all()


def episodes_of(session: Session, seen: Sight, citizen_id: int, *, most: int) -> Sequence[Episode]:
    """The episodes of a citizen that are seen, the newest first, open or not."""
    return session.scalars(
        select(Episode)
        .where(Episode.citizen_id == citizen_id, seen.visible())
        .options(_SHOWN)
        .order_by(Episode.opened_at.desc(), Episode.id.desc())
        .limit(most)
    ).all()


def history(session: Session, episode: Episode, *, after: int, most: int) -> Sequence[HistoryEntry]:
    """What was recorded about an episode, from the beginning."""
    return session.scalars(
        select(HistoryEntry)
        .where(HistoryEntry.episode_id == episode.id, HistoryEntry.number > after)
        .order_by(HistoryEntry.number)
        .limit(most)
    ).all()


def _page(
    rows: Select[int], by: Sequence[InstrumentedAttribute[Any]], after: Sequence[Any] | None, most: int, *,
    latest_first: bool = False,
) -> Subquery:  # fmt: skip
    """The numbers of a page's rows: `most` of them, in the order of `by`, after the last that was read."""
    if after is not None:
        rows = rows.where(tuple_(*by) < after if latest_first else tuple_(*by) > after)
    return rows.order_by(*(column.desc() if latest_first else column for column in by)).limit(most).subquery()


def handovers(
    session: Session, seen: Sight, unit: Unit, *, incoming: bool, after: int | None, most: int
) -> Sequence[Handover]:
    """What is on its way to a unit (`incoming`), or from it, and has not passed the responsibility on; oldest first."""
    side = Handover.to_unit_id if incoming else Handover.from_unit_id
    under_way = select(Handover.id).where(
        side == unit.id, Handover.state != HandoverState.WITHDRAWN, Handover.passed_at.is_(None)
    )
    page = _page(under_way, (Handover.id,), None if after is None else (after,), most)
    return session.scalars(
        select(Handover)
        .join(page, page.c.id == Handover.id)
        .join(Handover.episode)
        .where(seen.visible())
        .options(contains_eager(Handover.episode).options(_SHOWN))
        .order_by(Handover.id)
    ).all()


def handovers_of(session: Session, episode: Episode) -> Sequence[Handover]:
    """Every handover of an episode, the oldest first."""
    return session.scalars(
        select(Handover).where(Handover.episode_id == episode.id).order_by(Handover.id).limit(OF_EPISODE)
    ).all()


def handover(session: Session, seen: Sight, handover_id: UUID) -> Handover:
    """Raises NotFound."""
    found = session.scalar(
        select(Handover)
        .join(Handover.episode)
        .where(Handover.uuid == handover_id, seen.visible())
        .options(contains_eager(Handover.episode).options(_SHOWN))
    )
    if found is None:
        raise NotFound("no_such_handover")
    return found


def tasks(session: Session, seen: Sight, unit: Unit, *, after: ByTime | None, most: int) -> Sequence[Task]:
    """The open tasks of a unit, by when they are due."""
    open_ones = select(Task.id).where(Task.state == TaskState.OPEN, Task.unit_id == unit.id)
    page = _page(open_ones, (Task.due_at, Task.id), after, most)
    return session.scalars(
        select(Task)
        .join(page, page.c.id == Task.id)
        .join(Task.episode)
        .where(seen.visible())
        .options(contains_eager(Task.episode).options(_SHOWN))
        .order_by(Task.due_at, Task.id)
    ).all()


def tasks_of(session: Session, episode: Episode) -> Sequence[Task]:
    """Every task of an episode, by when it is or was due."""
    return session.scalars(
        select(Task).where(Task.episode_id == episode.id).order_by(Task.due_at, Task.id).limit(OF_EPISODE)
    ).all()


def task(session: Session, seen: Sight, task_id: UUID) -> Task:
    """Raises NotFound."""
    found = session.scalar(
        select(Task)
        .join(Task.episode)
        .where(Task.uuid == task_id, seen.visible())
        .options(contains_eager(Task.episode).options(_SHOWN))
    )
    if found is None:
        raise NotFound("no_such_task")
    return found


def attempts(session: Session, task: Task, *, most: int) -> Sequence[ContactAttempt]:
    """The tries of a task, the newest first."""
    return session.scalars(
        select(ContactAttempt)
        .where(ContactAttempt.task_id == task.id)
        .order_by(ContactAttempt.number.desc())
        .limit(most)
    ).all()


def deadlines(
    session: Session, seen: Sight, unit: Unit, *, after: ByTime | None, most: int
) -> Sequence[tuple[Deadline, Episode]]:
    """What a unit owes, by when, each with its episode."""
    running = select(Deadline.id).where(Deadline.ended_at.is_(None), Deadline.unit_id == unit.id)
    page = _page(running, (Deadline.due_at, Deadline.id), after, most)
    found = (
        select(Deadline, Episode)
        .join(page, page.c.id == Deadline.id)
        .join(Episode, Episode.id == Deadline.episode_id)
        .where(seen.visible())
        .options(joinedload(Deadline.task), joinedload(Deadline.handover))
        .order_by(Deadline.due_at, Deadline.id)
    )
    return [(deadline, episode) for deadline, episode in session.execute(found)]


def misses(
    session: Session, seen: Sight, unit: Unit, *, before: ByTime | None, most: int
) -> Sequence[tuple[Miss, Episode, Verdict]]:
    """What a unit has missed, the latest first, each with its episode and the verdict that counts."""
    last = (
        select(MissVerdict.verdict)
        .where(MissVerdict.miss_id == Miss.id)
        .order_by(MissVerdict.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    missed = select(Miss.id).where(Miss.owing_unit_id == unit.id)
    page = _page(missed, (Miss.due_at, Miss.id), before, most, latest_first=True)
    found = (
        select(Miss, Episode, last)
        .join(page, page.c.id == Miss.id)
        .join(Episode, Episode.id == Miss.episode_id)
        .where(seen.visible())
        .options(_SHOWN)
        .order_by(Miss.due_at.desc(), Miss.id.desc())
    )
    return [(miss, episode, verdict or Verdict.STANDS) for miss, episode, verdict in session.execute(found)]


def places(session: Session, unit: Unit, *, at: datetime, after: int | None, most: int) -> Sequence[tuple[Place, bool]]:
    """The places of a unit, each with whether nobody has it at `at` or later."""
    used = select(func.places_in_use(unit.id, at))  # a taken place is taken, also for who may not see by whom
    found = select(Place, Place.id.not_in(used)).where(Place.unit_id == unit.id).order_by(Place.id).limit(most)
    rows = session.execute(found if after is None else found.where(Place.id > after))
    return [(place, free) for place, free in rows]


def place(session: Session, place_id: UUID, *, at: datetime) -> tuple[Place, bool]:
    """One place, with whether nobody has it at `at` or later. Raises NotFound."""
    found = session.scalar(select(Place).where(Place.uuid == place_id))
    if found is None:
        raise NotFound("no_such_place")
    used = set(session.scalars(select(func.places_in_use(found.unit_id, at))))
    return found, found.id not in used


def units(session: Session, *, after: int | None, most: int) -> Sequence[Unit]:
    """Every unit."""
    found = select(Unit).options(joinedload(Unit.organisation)).order_by(Unit.id).limit(most)
    return session.scalars(found if after is None else found.where(Unit.id > after)).all()


def named(session: Session, unit_ids: set[int]) -> dict[int, Unit]:
    """These units, by number."""
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))}
