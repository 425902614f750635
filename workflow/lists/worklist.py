"""The tasks of a unit as people read them: by time left, a page at a time, each with what is needed to do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from workflow import calendar, db, parties
from workflow.errors import NotFound
from workflow.lists.by_unit import of_units
from workflow.seeing.sight import Sight
from workflow.tables import (
    Citizen,
    ContactAttempt,
    Episode,
    HistoryEntry,
    Person,
    PersonRole,
    Place,
    PlaceStay,
    Task,
    Unit,
)
from workflow.vocabulary import EntryKind, Role, RoleState, StayState

ROWS = 25  # of a page
COUNTED = 100  # more than this is said as "more than"
SOON = timedelta(hours=4)
HANDS = (Role.WARD_NURSE, Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE, Role.DISCHARGE_COORDINATOR)


class Which(StrEnum):
    """Which tasks. Each is read by an index, whatever else there is."""

    OPEN = "open"
    LATE = "late"
    SOON = "soon"
    MINE = "mine"
    EXPECTED = "expected"  # another unit owes them to ours: the calls that a ward waits for
    DONE = "done"  # today, by us or with us


_OURS = "t.unit_id = mine.id and t.state = 'open'"
_TODAY = "t.state = 'done' and t.done_at >= %(today)s"
_WANTED = {
    Which.OPEN: (_OURS,),
    Which.LATE: (f"{_OURS} and t.due_at <= %(at)s",),
    Which.SOON: (f"{_OURS} and t.due_at > %(at)s and t.due_at <= %(soon)s",),
    Which.MINE: (f"{_OURS} and t.claimed_by_id = %(person)s",),
    Which.EXPECTED: ("t.counterpart_unit_id = mine.id and t.state = 'open'",),
    Which.DONE: (
        f"t.unit_id = mine.id and {_TODAY}",
        f"t.counterpart_unit_id = mine.id and t.unit_id <> all (%(units)s::bigint[]) and {_TODAY}",
    ),
}


def _rows_of(which: Which, *, after: bool) -> str:
    """What a page shows or a count counts, as SQL: `id` and `at`, in the order of an index; from `after` on."""
    by, order, further = ("done_at", "desc", "<") if which == Which.DONE else ("due_at", "asc", ">")
    begins = f"and t.{by} {further}= %(after_at)s and (t.{by}, t.id) {further} (%(after_at)s, %(after_id)s)"
    return of_units(
        *(
            f"select t.id, t.{by} as at from tasks t where {wanted} {begins if after else ''}"
            f" order by t.{by} {order}, t.id {order} limit %(most)s"
            for wanted in _WANTED[which]
        )
    )


_COUNT = "(select count(*) from ({} limit %(most)s) counted)"
_COUNTS = ("select " + ", ".join(_COUNT.format(_rows_of(which, after=False)) for which in Which)).encode()
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=calendar.COPENHAGEN), datetime(9999, 1, 1, tzinfo=calendar.COPENHAGEN)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One task, and what is known around it."""

    task: Task
    unit: Unit
    other: Unit | None  # the other side
    here: Unit | None  # where the citizen is now, where that is a unit
    place: str | None
    claimed_by: str | None
    tries: tuple[ContactAttempt, ...]
    note: str | None  # what was said when it was last handed on
    left: str | None  # who had taken it, and has stopped in the unit

    units: Mapping[int, Unit]  # by their numbers: the parties of the episode among them

    @property
    def attempt(self) -> ContactAttempt | None:
        """The last try."""
        return self.tries[-1] if self.tries else None

    @property
    def episode(self) -> Episode:
        return self.task.episode

    @property
    def citizen(self) -> Citizen:
        return self.task.episode.citizen


@dataclass(frozen=True)
class Page:
    """Some rows; `after` is what to ask for the next ones with, None on the last page."""

    rows: tuple[Row, ...]
    after: str | None


def acts_for(seen: Sight) -> frozenset[int]:
    """The units whose tasks this person may take and do: their own; a discharge coordinator's wards too."""
    own = seen.actor.unit_id
    coordinates = Role.DISCHARGE_COORDINATOR in seen.actor.roles
    return seen.units if coordinates else frozenset() if own is None else frozenset({own})


def count(session: Session, seen: Sight, *, at: datetime) -> dict[Which, int]:
    """How many there are of each; of more than COUNTED, COUNTED + 1."""
    counts = db.driver(session).execute(_COUNTS, {**_values(seen, at), "most": COUNTED + 1}).fetchone()
    return dict(zip(Which, counts or (), strict=True))


def page(
    session: Session, seen: Sight, which: Which, *, at: datetime, after: str | None = None, rows: int = ROWS
) -> Page:
    """The tasks of the units that this person acts for, the most urgent first; what was done, the newest first."""
    newest_first = which == Which.DONE
    after_at, after_id = _read(after) or ((_LAST, 0) if newest_first else (_FIRST, 0))
    values = {**_values(seen, at), "after_at": after_at, "after_id": after_id, "most": rows + 1}
    order = "at desc, id desc" if newest_first else "at, id"
    statement = f"{_rows_of(which, after=True)} order by {order} limit %(most)s"
    found = db.driver(session).execute(statement.encode(), values).fetchall()
    shown = found[:rows]
    more = f"{shown[-1][1].isoformat()}~{shown[-1][0]}" if len(found) > rows else None
    places = {number: place for place, (number, _) in enumerate(shown)}
    rows_read = _rows(session, Task.id.in_(places))
    return Page(tuple(sorted(rows_read, key=lambda row: places[row.task.id])), more)


def one(session: Session, task_id: UUID) -> Row:
    """One task, for who sees its episode. Raises NotFound. The look is the caller's to write down."""
    rows = _rows(session, Task.uuid == task_id)
    if not rows:
        raise NotFound("no_such_task")
    return rows[0]


def colleagues(session: Session, unit_id: int) -> Sequence[Person]:
    """To whom a task of the unit can be handed on, by name."""
    at_work = select(PersonRole.person_id).where(
        PersonRole.unit_id == unit_id, PersonRole.state == RoleState.IN_FORCE, PersonRole.role.in_(HANDS)
    )
    return session.scalars(select(Person).where(Person.id.in_(at_work), Person.active).order_by(Person.name)).all()


def _values(seen: Sight, at: datetime) -> dict[str, Any]:
    return {
        "units": sorted(seen.units), "person": seen.actor.person_id, "at": at, "soon": at + SOON,
        "today": calendar.at_clock(calendar.local(at).date(), time()),
    }  # fmt: skip


def _read(after: str | None) -> tuple[datetime, int] | None:
    at, _, number = (after or "").partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(number)) if moment.tzinfo is not None else None
    except ValueError:
        return None


_TRIES = select(ContactAttempt).where(db.among(ContactAttempt.task_id)).order_by(ContactAttempt.number)
_ABOUT = HistoryEntry.facts["task"].astext
_NOTES = (
    select(_ABOUT, HistoryEntry.facts["note"].astext, HistoryEntry.facts["left"].astext)
    .where(db.among(HistoryEntry.episode_id), HistoryEntry.kind == EntryKind.TASK_HANDED_ON)
    .ext(distinct_on(_ABOUT))
    .order_by(_ABOUT, HistoryEntry.number.desc())
)


def _rows(session: Session, which: ColumnElement[bool]) -> tuple[Row, ...]:
    """In four statements, however many there are."""
    loaded = session.execute(
        select(Task, Person.name, Place.name)
        .outerjoin(Person, Person.id == Task.claimed_by_id)
        .outerjoin(PlaceStay, (PlaceStay.episode_id == Task.episode_id) & (PlaceStay.state == StayState.TAKEN))
        .outerjoin(Place, Place.id == PlaceStay.place_id)
        .where(which)
        .options(joinedload(Task.episode, innerjoin=True).joinedload(Episode.citizen, innerjoin=True))
    ).all()
    tasks = {task.id: task for task, _, _ in loaded}
    known = {task.id: (name, place) for task, name, place in loaded}
    tries: dict[int, list[ContactAttempt]] = {number: [] for number in tasks}
    for attempt in session.scalars(_TRIES, {"numbers": list(tasks)}):
        tries[attempt.task_id].append(attempt)
    units = parties.units(session, (number for task in tasks.values() for number in _units(task)))
    told = session.execute(_NOTES, {"numbers": [task.episode_id for task in tasks.values()]})
    notes = {task: (note, left) for task, note, left in told}
    return tuple(
        Row(
            task=task, unit=units[task.unit_id], other=units.get(task.counterpart_unit_id or 0),
            here=units.get(_here(task.episode) or 0), place=known[task.id][1], claimed_by=known[task.id][0],
            tries=tuple(tries[task.id]), units=units, note=notes.get(str(task.uuid), (None, None))[0],
            left=notes.get(str(task.uuid), (None, None))[1] if task.claimed_by_id is None else None,
        )
        for task in tasks.values()
    )  # fmt: skip


def _units(task: Task) -> tuple[int | None, ...]:
    episode = task.episode
    return task.unit_id, task.counterpart_unit_id, episode.ward_id, episode.facility_id, episode.district_id


def _here(episode: Episode) -> int | None:
    """The unit where the citizen is, as far as the state says so."""
    match episode.state:
        case "acute" | "admitted" | "ready_for_discharge":
            return episode.ward_id
        case "at_tryghedshotel":
            return episode.facility_id
        case _:
            return None

