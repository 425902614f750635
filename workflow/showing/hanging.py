"""What hangs on an episode, as rows: a few statements, however much it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from workflow import choosing
from workflow.seeing import objections
from workflow.showing import choices
from workflow.tables import (
    Agreement,
    ContactAttempt,
    Deadline,
    Episode,
    Handover,
    HandoverVersion,
    HistoryEntry,
    Miss,
    Objection,
    Organisation,
    PlaceStay,
    Task,
    Unit,
)
from workflow.vocabulary import StayState

One = TypeVar("One", Handover, Task)
Many = TypeVar("Many", HandoverVersion, ContactAttempt)
OTHERS = 20  # episodes of the same citizen that are listed, the newest first

# Each with the number of the newest agreement, and whether anything of the episode has been missed: most often not.
_ENTRIES = select(
    HistoryEntry,
    select(func.max(Agreement.id)).scalar_subquery(),
    exists().where(Miss.episode_id == HistoryEntry.episode_id),
).order_by(HistoryEntry.number)
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


@dataclass(frozen=True)
class Entries:
    """The history from the beginning, the number of the newest agreement, and whether anything has been missed."""

    all: list[HistoryEntry]
    newest_agreement: int
    missed: bool


@dataclass(frozen=True)
class Now:
    """Where the citizen lives, what they object to, their place, and what is running."""

    home: Organisation
    objects: bool  # though it may not be for the reader to see to what
    objection: Objection | None
    place: PlaceStay | None
    deadlines: list[Deadline]


def entries(session: Session, episode: Episode) -> Entries:
    """What has been written of it."""
    rows = session.execute(_ENTRIES.where(HistoryEntry.episode_id == episode.id)).all()
    _, newest_agreement, missed = rows[0]
    return Entries([entry for entry, _, _ in rows], newest_agreement or 0, missed)


def handovers(session: Session, episode: Episode) -> tuple[list[Handover], dict[int, list[HandoverVersion]]]:
    """Every handover, and the versions of each, the newest first, without what they say."""
    return _grouped(session, _HANDOVERS.where(Handover.episode_id == episode.id))


def tasks(session: Session, episode: Episode) -> tuple[list[Task], dict[int, list[ContactAttempt]]]:
    """Every task, and the tries of each, in order."""
    return _grouped(session, _TASKS.where(Task.episode_id == episode.id))


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


def units(session: Session, episode: Episode, named: Collection[int | None], *, at: datetime) -> list[tuple[Unit, int]]:
    """The units that are `named`, and those where the citizen could be sent, by name; and what places each has free."""
    offered = or_(choosing.houses_of(episode).found_by(), choosing.wards_of(episode).found_by())
    rows = session.execute(
        select(Unit, choices.free_places(at))
        .where(or_(Unit.id.in_(set(named) - {None}), offered))
        .options(joinedload(Unit.organisation))
        .order_by(Unit.name)
    )
    return [(unit, free) for unit, free in rows]


def now(session: Session, episode: Episode) -> Now:
    """What stands: one row for each running deadline."""
    current = (PlaceStay.episode_id == episode.id) & PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN])
    rows = session.execute(
        select(Organisation, Objection, PlaceStay, Deadline, objections.stands(episode.citizen_id))
        .select_from(Organisation)
        .outerjoin(Objection, objections.in_force(episode.citizen_id))
        .outerjoin(PlaceStay, current)
        .outerjoin(PlaceStay.place)
        .outerjoin(Deadline, (Deadline.episode_id == episode.id) & Deadline.ended_at.is_(None))
        .where(Organisation.id == (episode.citizen.municipality_id or episode.municipality_id))
        .options(contains_eager(PlaceStay.place))
        .order_by(Deadline.id)
    ).all()
    home, objection, place, _, stands = rows[0]
    return Now(home, stands is not None, objection, place, [row.Deadline for row in rows if row.Deadline is not None])


def others(session: Session, episode: Episode) -> Sequence[Episode]:
    """The citizen's other episodes, the newest first."""
    same = select(Episode).where(Episode.citizen_id == episode.citizen_id, Episode.id != episode.id)
    return session.scalars(same.order_by(Episode.opened_at.desc(), Episode.id.desc()).limit(OTHERS)).all()
