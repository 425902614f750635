"""A unit closes from a day: said beforehand, with the unit that has from then on what it has."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import calendar
from workflow.actor import Actor
from workflow.errors import Invalid, NotPossible
from workflow.staff import administrators
from workflow.staff.uses import uses
from workflow.tables import Unit


def plan(session: Session, unit: Unit, successor: Unit | None, *, on: date, by: Actor, at: datetime) -> None:
    """Say that a unit closes from a day on; saying another day or successor before it comes replaces that.

    Without a successor only where nothing hangs on the unit. Raises Invalid for a day that is past or a unit that
    cannot follow, NotAllowed, NotPossible.
    """
    administrators.require_administrator_of(session, unit, by=by)
    _lock(session, unit)
    if on < calendar.local(at).date():
        raise Invalid("closed_in_the_past")
    if successor is None and uses(session, unit):
        raise NotPossible("successor_needed")
    if successor is not None:
        administrators.require_administrator_of(session, successor, by=by)
        if successor.id == unit.id or successor.kind != unit.kind or successor.closed_on is not None:
            raise Invalid("cannot_follow")
    unit.closed_on, unit.closed_by = on, by.name
    unit.successor_id = successor.id if successor is not None else None
    session.flush()


def call_off(session: Session, unit: Unit, *, by: Actor) -> None:
    """The unit does not close after all. Raises NotAllowed, NotPossible once it has."""
    administrators.require_administrator_of(session, unit, by=by)
    _lock(session, unit)
    unit.closed_on = unit.closed_by = unit.successor_id = None
    session.flush()


def successors(session: Session, unit: Unit, *, by: Actor) -> list[Unit]:
    """The units that can follow this one, by name."""
    administered = administrators.administered(session, by=by)
    found = session.scalars(
        select(Unit)
        .where(Unit.kind == unit.kind, Unit.id != unit.id, Unit.closed_on.is_(None))
        .order_by(Unit.name, Unit.id)
    )
    return [one for one in found if one.organisation_id in administered]


def _lock(session: Session, unit: Unit) -> None:
    now = select(Unit.closed_at).where(Unit.id == unit.id).with_for_update(key_share=True)
    if session.scalar(now) is not None:
        raise NotPossible("unit_is_closed")
