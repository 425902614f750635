"""When a unit reads what is sent to it: in its hours, and not on the days on which it is closed."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import calendar
from workflow.actor import Actor
from workflow.db import plain
from workflow.errors import Invalid, NotFound
from workflow.staff import administrators
from workflow.tables import ClosedDay, Unit

MOST = 100  # days that one unit may have ahead of it


def closed_days(session: Session, unit: Unit, *, since: date) -> Sequence[ClosedDay]:
    """The days on which the unit is closed, from a day on, the first one first."""
    return session.scalars(
        select(ClosedDay)
        .where(ClosedDay.unit_id == unit.id, ClosedDay.day >= since, ClosedDay.removed_at.is_(None))
        .order_by(ClosedDay.day)
        .limit(MOST)
    ).all()


def close(session: Session, unit: Unit, day: date, *, by: Actor, at: datetime) -> None:
    """The unit is closed on that day; twice is once. Raises Invalid for a day that is past, NotAllowed."""
    administrators.require_administrator_of(session, unit, by=by)
    today = calendar.local(at).date()
    if day < today:
        raise Invalid("closed_in_the_past")
    if len(closed_days(session, unit, since=today)) >= MOST:
        raise Invalid("too_many_closed_days", most=MOST)
    values = {"unit_id": unit.id, "day": day, "added_at": at, "added_by": by.name}
    session.execute(insert(plain(ClosedDay)).values(values).on_conflict_do_nothing())


def open_again(session: Session, unit: Unit, closed_id: UUID, *, by: Actor, at: datetime) -> None:
    """The unit reads on that day after all. Raises NotFound, NotAllowed."""
    administrators.require_administrator_of(session, unit, by=by)
    found = session.scalar(
        select(ClosedDay).where(ClosedDay.uuid == closed_id, ClosedDay.unit_id == unit.id).with_for_update()
    )
    if found is None:
        raise NotFound("no_such_closed_day")
    if found.removed_at is None:
        found.removed_at, found.removed_by = at, by.name


def reads_again(session: Session, unit: Unit, *, at: datetime) -> datetime | None:
    """When the unit reads what is sent to it at `at`; None: at once."""
    closed = {one.day for one in closed_days(session, unit, since=calendar.local(at).date())}
    read_at = reads_at(unit, closed, at=at)
    return read_at if read_at > at else None


def next_closed(session: Session, *, since: date) -> dict[int, date]:
    """The next day on which each unit is closed, by the unit's number, from a day on."""
    found = session.execute(
        select(ClosedDay.unit_id, func.min(ClosedDay.day))
        .where(ClosedDay.day >= since, ClosedDay.removed_at.is_(None))
        .group_by(ClosedDay.unit_id)
    )
    return {unit_id: day for unit_id, day in found}


def reads_at(unit: Unit, closed: Collection[date], *, at: datetime) -> datetime:
    """When the unit reads what is sent to it at `at`: at once, or when its hours next begin on a day that is open."""
    if _reads(unit, closed, at):
        return at
    day = calendar.local(at).date()
    while True:
        for begins in (
            calendar.at_clock(day, calendar.MIDNIGHT),
            calendar.at_clock(day, unit.reads_from or calendar.MIDNIGHT),
        ):
            if begins > at and _reads(unit, closed, begins):
                return begins
        day += timedelta(days=1)


def _reads(unit: Unit, closed: Collection[date], at: datetime) -> bool:
    wall = calendar.local(at)
    if wall.date() in closed:
        return False
    if unit.reads_from is None or unit.reads_until is None:
        return True
    if unit.reads_from < unit.reads_until:
        return unit.reads_from <= wall.time() < unit.reads_until
    return wall.time() >= unit.reads_from or wall.time() < unit.reads_until  # through the night
