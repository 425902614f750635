"""Places: which are free, and how one is kept, taken, left, closed or waited for."""

from uuid import UUID

from web.api.models import Given, Instant, Nothing, Reason, Taken, Text
from web.api.paging import OfUnit, Page, page
from web.api.verbs import Call, Interface
from workflow import places
from workflow.lists import listing
from workflow.staff import staffing
from workflow.tables import Place, PlaceStay
from workflow.vocabulary import PlaceKind, Scope, StayState


class PlaceShown(Given):
    """A place, and whether nobody has it now or later. By whom it is taken is not told here."""

    id: UUID
    name: str
    kind: PlaceKind
    extra: bool
    free: bool


class StayStanding(Given):
    """What a place is used for, from when until when (open where null)."""

    id: UUID
    place: UUID
    place_name: str
    state: StayState
    from_at: Instant | None
    until_at: Instant | None


class Waiting(Given):
    """Since when somebody waits for a place."""

    requested_at: Instant


class ReservationTaken(Taken):
    """For which episode, and from when on; now where absent."""

    episode: UUID
    from_at: Instant | None = None


class WishTaken(Taken):
    """Which kind of place of which unit."""

    unit: UUID
    kind: PlaceKind


class ExtraTaken(Reason):
    """For which episode an extra place is made, and why."""

    episode: UUID
    kind: PlaceKind


class ArrivalTaken(Taken):
    """When, now where absent; from 15 minutes back on with a reason."""

    arrived_at: Instant | None = None
    reason: Text | None = None


class DepartureTaken(Taken):
    """When; now where absent."""

    left_at: Instant | None = None


class ClosingTaken(Reason):
    """Why, and until when; open where absent."""

    until: Instant | None = None


def register(api: Interface) -> None:
    """`/places`."""
    _register_of_units(api)
    _register_of_citizens(api)


def _register_of_units(api: Interface) -> None:
    @api.read("/places", Scope.PLACES_READ)
    def list_places(call: Call, query: OfUnit) -> Page[PlaceShown]:
        """The places of a unit, any unit, with whether they are free."""
        wanted = query.unit
        unit = staffing.unit(call.session, wanted) if wanted else listing.unit_of(call.session, call.seen, None)
        rows = listing.places(call.session, unit, at=call.at, after=query.number, most=query.one_more)
        return page(rows, query, lambda row: _place(*row), lambda row: (None, row[0].id))

    @api.change("/places/<uuid:place_id>/closure", Scope.PLACES_WRITE)
    def close_place(call: Call, body: ClosingTaken, place_id: UUID) -> StayStanding:
        """Nobody can lie here for now."""
        closed = places.close(call.session, place_id, by=call.by, at=call.at, reason=body.reason, until=body.until)
        return _stay(closed)

    @api.change("/places/<uuid:place_id>/reopening", Scope.PLACES_WRITE)
    def reopen_place(call: Call, body: Nothing, place_id: UUID) -> PlaceShown:
        """End the closure of a place now."""
        places.reopen(call.session, place_id, by=call.by, at=call.at)
        return _place(*listing.place(call.session, place_id, at=call.at))

    @api.change("/units/<uuid:unit_id>/extra-places", Scope.PLACES_WRITE, status=201)
    def overbook_unit(call: Call, body: ExtraTaken, unit_id: UUID) -> StayStanding:
        """Make an extra place when all are taken: only in the role of a manager of the unit."""
        unit = staffing.unit(call.session, unit_id)
        kept = places.overbook(
            call.session, unit.id, body.kind, body.episode, by=call.by, at=call.at, reason=body.reason
        )
        return _stay(kept)


def _register_of_citizens(api: Interface) -> None:
    @api.change("/places/<uuid:place_id>/reservations", Scope.PLACES_WRITE, status=201)
    def reserve_place(call: Call, body: ReservationTaken, place_id: UUID) -> StayStanding:
        """Keep a place for a citizen. PostgreSQL refuses two in one place at one time."""
        kept = places.reserve(call.session, place_id, body.episode, by=call.by, at=call.at, from_at=body.from_at)
        return _stay(kept)

    @api.change("/episodes/<uuid:episode_id>/place/wish", Scope.PLACES_WRITE)
    def wait_for_place(call: Call, body: WishTaken, episode_id: UUID) -> Waiting:
        """Wait for a place of a kind, first come first served. Asking twice does nothing."""
        unit = staffing.unit(call.session, body.unit)
        waits = places.request(call.session, unit.id, body.kind, episode_id, by=call.by, at=call.at)
        return Waiting(requested_at=waits.requested_at)

    @api.change("/episodes/<uuid:episode_id>/place/arrival", Scope.PLACES_WRITE)
    def arrive_in_place(call: Call, body: ArrivalTaken, episode_id: UUID) -> StayStanding:
        """Whoever has a place reserved now lies in it."""
        stay = places.arrive(
            call.session, episode_id, by=call.by, at=call.at, arrived_at=body.arrived_at, reason=body.reason
        )
        return _stay(stay)

    @api.change("/episodes/<uuid:episode_id>/place/departure", Scope.PLACES_WRITE)
    def leave_place(call: Call, body: DepartureTaken, episode_id: UUID) -> StayStanding:
        """The place is free again; a reservation is released."""
        return _stay(places.leave(call.session, episode_id, by=call.by, at=call.at, left_at=body.left_at))


def _place(row: Place, free: bool) -> PlaceShown:
    return PlaceShown(id=row.uuid, name=row.name, kind=row.kind, extra=row.extra, free=free)


def _stay(row: PlaceStay) -> StayStanding:
    return StayStanding(
        id=row.uuid, place=row.place.uuid, place_name=row.place.name, state=row.state, from_at=row.during.lower,
        until_at=row.during.upper,
    )  # fmt: skip
