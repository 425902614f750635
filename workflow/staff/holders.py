"""Who is a unit's authority and who runs it, on a given day (decisions D12: the reform of 2027 changes the first)."""

from datetime import date, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from workflow.actor import Actor
from workflow.errors import NotPossible
from workflow.staff.administrators import require_administrator_of
from workflow.tables import Organisation, Unit, UnitHolder
from workflow.vocabulary import Holding


def holder(session: Session, unit: Unit, holding: Holding, *, on: date) -> Organisation:
    """The organisation that is the unit's authority, or runs it, on that day; where nothing else was said, its own."""
    found = session.scalar(
        _of(unit.id, holding).where(
            UnitHolder.from_on <= on, or_(UnitHolder.until_on.is_(None), UnitHolder.until_on >= on)
        )
    )
    return found.organisation if found else unit.organisation


def hand_over(
    session: Session, unit: Unit, holding: Holding, to: Organisation, *, from_on: date, by: Actor
) -> None:  # fmt: skip
    """From that day on another organisation is the authority, or runs it; until the day before, who does now.

    Raises NotAllowed, and NotPossible when a later change is written down already.
    """
    require_administrator_of(session, unit, by=by)
    session.get_one(Unit, unit.id, with_for_update=True)
    last = session.scalar(_of(unit.id, holding).order_by(UnitHolder.from_on.desc()).limit(1))
    if last is None:
        last = UnitHolder(
            unit_id=unit.id, holding=holding, organisation_id=unit.organisation_id, from_on=date(1970, 1, 1)
        )  # since anybody can tell
        session.add(last)
    if last.from_on >= from_on:
        raise NotPossible("later_change_exists")
    last.until_on = from_on - timedelta(days=1)
    session.flush()
    session.add(UnitHolder(unit_id=unit.id, holding=holding, organisation_id=to.id, from_on=from_on))
    session.flush()


def holders(session: Session, unit: Unit) -> list[UnitHolder]:
    """Everything that was said, by holding and day."""
    return list(
        session.scalars(
            select(UnitHolder)
            .where(UnitHolder.unit_id == unit.id)
            .options(joinedload(UnitHolder.organisation))
            .order_by(UnitHolder.holding, UnitHolder.from_on)
        )
    )


def _of(unit_id: int, holding: Holding) -> Select[UnitHolder]:
    return select(UnitHolder).where(UnitHolder.unit_id == unit_id, UnitHolder.holding == holding)
