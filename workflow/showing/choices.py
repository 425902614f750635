"""Where the ward can send a citizen: home, or a facility of the municipality with places; and to which other ward."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from workflow.tables import Episode, Place, Unit
from workflow.vocabulary import UnitKind


@dataclass(frozen=True)
class Destination:
    """A facility, and how many of its places nobody has now or later."""

    unit: Unit
    free: int


def is_facility_of(episode: Episode) -> ColumnElement[bool]:
    """What finds the facilities of the citizen's municipality, and the one that they go to now."""
    theirs = or_(Unit.organisation_id == episode.municipality_id, Unit.id == episode.facility_id)
    return and_(theirs, Unit.kind == UnitKind.FACILITY)


def is_ward_of(episode: Episode) -> ColumnElement[bool]:
    """What finds the wards of the hospital that the citizen lies in, or last lay in."""
    return and_(Unit.organisation_id == episode.hospital_id, Unit.kind == UnitKind.WARD)


def free_places(at: datetime) -> ColumnElement[int]:
    """How many places of a facility nobody has at `at` or later; nought for a unit that is none."""
    used = select(func.places_in_use(Unit.id, at))
    own = select(func.count()).where(Place.unit_id == Unit.id, ~Place.extra, Place.id.not_in(used)).correlate(Unit)
    return case((Unit.kind == UnitKind.FACILITY, own.scalar_subquery()), else_=0)


def facilities(session: Session, episode: Episode, *, at: datetime) -> list[Destination]:
    """The facilities of the citizen's municipality, and the one that they go to now, by name."""
    own = select(Unit, free_places(at)).where(is_facility_of(episode)).order_by(Unit.name)
    return [Destination(unit, count) for unit, count in session.execute(own)]


def wards(session: Session, episode: Episode) -> Sequence[Unit]:
    """The wards of the hospital that the citizen lies in, or last lay in."""
    return session.scalars(select(Unit).where(is_ward_of(episode)).order_by(Unit.name)).all()
