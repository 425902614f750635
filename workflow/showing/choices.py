"""Where the ward can send a citizen: home, or a facility of the municipality with places."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select

from workflow.tables import Place, Unit
from workflow.vocabulary import UnitKind


@dataclass(frozen=True)
class Destination:
    """A facility, and how many of its places nobody has now or later."""

    unit: Unit
    free: int


def free_places(at: datetime) -> ColumnElement[int]:
    """How many places of a facility nobody has at `at` or later; nought for a unit that is none."""
    used = select(func.places_in_use(Unit.id, at))
    own = select(func.count()).where(Place.unit_id == Unit.id, ~Place.extra, Place.id.not_in(used)).correlate(Unit)
    return case((Unit.kind == UnitKind.FACILITY, own.scalar_subquery()), else_=0)
