"""Where the ward can send a citizen: home, or a facility of the municipality with places; and to which other ward."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from workflow.tables import Episode, Place, Unit
from workflow.vocabulary import UnitKind


@dataclass(frozen=True)
class Destination:
    """A facility, and how many of its places nobody has now or later."""

    unit: Unit
    free: int


def facilities(session: Session, episode: Episode, *, at: datetime) -> list[Destination]:
    """The facilities of the citizen's municipality, and the one that they go to now, by name."""
    used = select(func.places_in_use(Unit.id, at))
    free = (
        select(func.count()).where(Place.unit_id == Unit.id, ~Place.extra, Place.id.not_in(used)).correlate(Unit)
    ).scalar_subquery()
    own = select(Unit, free).where(
        Unit.kind == UnitKind.FACILITY,
        or_(Unit.organisation_id == episode.municipality_id, Unit.id == episode.facility_id),
    )
    return [Destination(unit, count) for unit, count in session.execute(own.order_by(Unit.name))]


def wards(session: Session, episode: Episode) -> Sequence[Unit]:
    """The wards of the hospital that the citizen lies in, or last lay in."""
    own = select(Unit).where(Unit.organisation_id == episode.hospital_id, Unit.kind == UnitKind.WARD)
    return session.scalars(own.order_by(Unit.name)).all()
