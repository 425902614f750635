"""Units: how the others are called, so that an episode can name them."""

from uuid import UUID

from web.api.models import Given
from web.api.paging import Page, Paged, page
from web.api.verbs import Call, Interface
from workflow.lists import listing
from workflow.tables import Unit
from workflow.vocabulary import Scope, UnitKind


class UnitShown(Given):
    """A unit and the organisation that it belongs to."""

    id: UUID
    name: str
    kind: UnitKind
    sor: str | None
    gln: str | None
    organisation: str
    organisation_code: str | None


def register(api: Interface) -> None:
    """`/units`."""

    @api.read("/units", Scope.UNITS_READ)
    def list_units(call: Call, query: Paged) -> Page[UnitShown]:
        """Every unit, with the numbers that Danish registers give it."""
        rows = listing.units(call.session, after=query.number, most=query.one_more)
        return page(rows, query, _shown, lambda row: (None, row.id))


def _shown(row: Unit) -> UnitShown:
    return UnitShown(
        id=row.uuid, name=row.name, kind=row.kind, sor=row.sor, gln=row.gln, organisation=row.organisation.name,
        organisation_code=row.organisation.code,
    )  # fmt: skip
