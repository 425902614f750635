"""Places: reserved, taken, moved, left, closed, waited for. PostgreSQL refuses two people in one place at one time."""

from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from workflow import calendar, choosing, cpr, history, instants, place_stays
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.seeing import access, relations
from workflow.seeing.relations import fetch_for
from workflow.tables import Episode, Place, PlaceRequest, PlaceStay, Unit
from workflow.vocabulary import EntryKind, PlaceKind, StayState

MOST_PLACES = 200  # of one kind in one unit: more is a slip of the finger


def free_places(session: Session, unit_id: int, kind: PlaceKind, *, at: datetime) -> list[Place]:
    """The places of a unit that nobody has at `at` or later, in the order of their names."""
    used = select(func.places_in_use(unit_id, at))  # a taken place is taken, also for who may not see by whom
    wanted = select(Place).where(Place.unit_id == unit_id, Place.kind == kind, ~Place.extra, Place.id.not_in(used))
    return list(session.scalars(wanted.order_by(func.length(Place.name), Place.name)))


def reserve(
    session: Session, place_id: UUID, episode_id: UUID, *, by: Actor, at: datetime, from_at: datetime | None = None
) -> PlaceStay:
    """Keep a place for somebody from `from_at` (default: now) on. Raises NotPossible when it is not free, NotFound."""
    case = _lock(session, episode_id, by=by, at=at)
    episode = case.episode
    place = session.scalar(select(Place).where(Place.uuid == place_id))
    if place is None:
        raise NotFound("no_such_place")
    if by.unit_id != place.unit_id:  # the house gives its places to whoever waits for one
        access.require_party(by, episode)
    _require_house(session, place.unit_id, episode)
    stay = PlaceStay(
        place_id=place.id, episode_id=episode.id, state=StayState.RESERVED,
        during=Range(instants.planned(from_at, at=at) if from_at else at, None), recorded_at=at, recorded_by=by.name,
    )  # fmt: skip
    _occupy(session, stay)
    waiting = session.scalar(
        select(PlaceRequest).where(PlaceRequest.episode_id == episode.id, PlaceRequest.ended_at.is_(None))
    )
    if waiting is not None:
        waiting.ended_at = at
    relations.add(episode, place.unit_id)
    _note(session, case, "reserved", place, by=by, at=at)
    return stay


def give(session: Session, place_id: UUID, episode: Episode, *, by: Actor, at: datetime) -> None:
    """Keep a place for somebody whose episode is locked, where they have none yet. Raises as `reserve`."""
    if place_stays.current(session, episode) is None:
        reserve(session, place_id, episode.uuid, by=by, at=at)


def reserve_any(
    session: Session, unit_id: int, kind: PlaceKind, episode_id: UUID, *, by: Actor, at: datetime
) -> PlaceStay:
    """Keep the first free place of a kind. Raises NotPossible when all are taken: then one waits."""
    free = free_places(session, unit_id, kind, at=at)
    if not free:
        raise NotPossible("no_place_free")
    return reserve(session, free[0].uuid, episode_id, by=by, at=at)


def move(session: Session, episode_id: UUID, place_id: UUID, *, by: Actor, at: datetime) -> PlaceStay:
    """Another place in the same house, from now on. Raises NotPossible, NotAllowed, NotFound."""
    case = _lock(session, episode_id, by=by, at=at)
    stay = place_stays.current(session, case.episode)
    if stay is None:
        raise NotPossible("has_no_place")
    access.require_unit(by, stay.place.unit_id, case.episode)
    place = session.scalar(select(Place).where(Place.uuid == place_id, Place.unit_id == stay.place.unit_id))
    if place is None:
        raise NotFound("no_such_place")
    if place.id == stay.place_id:
        raise NotPossible("place_not_free")
    was, begins = stay.state, stay.during.lower
    place_stays.free(stay, at)
    moved = PlaceStay(
        place_id=place.id, episode_id=case.episode.id, state=was, during=Range(max(begins or at, at), None),
        recorded_at=at, recorded_by=by.name,
    )  # fmt: skip
    place_stays.write(session)
    _occupy(session, moved)
    _note(session, case, "moved", place, by=by, at=at)
    return moved


def request(
    session: Session, unit_id: int, kind: PlaceKind, episode_id: UUID, *, by: Actor, at: datetime
) -> PlaceRequest:
    """Wait for a place of a kind, first come first served. Asking twice does nothing."""
    case = _lock(session, episode_id, by=by, at=at)
    episode = case.episode
    access.require_party(by, episode)
    _require_house(session, unit_id, episode)
    waiting = session.scalar(
        select(PlaceRequest).where(PlaceRequest.episode_id == episode.id, PlaceRequest.ended_at.is_(None))
    )
    if waiting is None:
        waiting = PlaceRequest(episode_id=episode.id, unit_id=unit_id, kind=kind, requested_at=at)
        session.add(waiting)
        session.flush()
        relations.add(episode, unit_id)
        case.write(session)
    return waiting


def stop_waiting(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> None:
    """The citizen waits no longer. Raises NotPossible when nobody waits for them, NotAllowed."""
    case = _lock(session, episode_id, by=by, at=at)
    waiting = session.scalar(
        select(PlaceRequest).where(PlaceRequest.episode_id == case.episode.id, PlaceRequest.ended_at.is_(None))
    )
    if waiting is None:
        raise NotPossible("nobody_waits")
    if by.unit_id != waiting.unit_id:
        access.require_party(by, case.episode)
    waiting.ended_at = at
    session.flush()
    relations.refresh(session, case, by=by)
    case.write(session)


def furnish(session: Session, unit_id: int, kind: PlaceKind, count: int, *, by: Actor) -> None:
    """Let a unit have so many places of a kind. None is ever taken away: a place that is not used is closed.

    Raises NotAllowed (only the unit's manager), Invalid, NotPossible when there are more already.
    """
    access.require_manager(by)
    if by.unit_id != unit_id:
        raise NotAllowed("not_your_unit")
    if not 1 <= count <= MOST_PLACES:
        raise Invalid("not_so_many_places", most=MOST_PLACES)
    unit = session.get_one(Unit, unit_id, with_for_update={"key_share": True})
    choosing.require(unit, choosing.HOUSES)
    names = set(session.scalars(select(Place.name).where(Place.unit_id == unit_id)))
    there = session.scalar(select(func.count()).where(Place.unit_id == unit_id, Place.kind == kind, ~Place.extra)) or 0
    if count < there:
        raise NotPossible("close_places_instead")
    fresh = (str(number) for number in range(1, len(names) + count + 1) if str(number) not in names)
    added = islice(fresh, count - there)
    session.add_all([Place(unit_id=unit_id, name=name, kind=kind, extra=False) for name in added])
    session.flush()


def overbook(
    session: Session, unit_id: int, kind: PlaceKind, episode_id: UUID, *, by: Actor, at: datetime, reason: str
) -> PlaceStay:
    """Make an extra place when all are taken: only a manager of the unit, with a reason.

    Raises NotAllowed, NotPossible, Invalid.
    """
    access.require_manager(by)
    if by.unit_id != unit_id:
        raise NotAllowed("not_your_unit")
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    case = _lock(session, episode_id, by=by, at=at)
    episode = case.episode
    _require_house(session, unit_id, episode)
    if free_places(session, unit_id, kind, at=at):
        raise NotPossible("places_are_free")
    extra = session.scalar(select(func.count()).where(Place.unit_id == unit_id, Place.extra)) or 0
    place = Place(unit_id=unit_id, name=f"Ekstra {extra + 1}", kind=kind, extra=True)
    session.add(place)
    session.flush()
    stay = PlaceStay(
        place_id=place.id, episode_id=episode.id, state=StayState.RESERVED, during=Range(at, None), reason=reason,
        recorded_at=at, recorded_by=by.name,
    )  # fmt: skip
    _occupy(session, stay)
    relations.add(episode, unit_id)
    _note(session, case, "overbooked", place, by=by, at=at, reason=reason)
    return stay


def arrive(
    session: Session,
    episode_id: UUID,
    *,
    by: Actor,
    at: datetime,
    arrived_at: datetime | None = None,
    reason: str | None = None,
) -> PlaceStay:
    """Whoever has reserved a place now lies in it.

    Raises NotPossible when nothing is reserved, Invalid (the time), Missing (why it is told later).
    """
    case = _lock(session, episode_id, by=by, at=at)
    episode = case.episode
    stay = place_stays.current(session, episode)
    if stay is None or stay.state != StayState.RESERVED:
        raise NotPossible("nothing_reserved")
    access.require_unit(by, stay.place.unit_id, episode)
    arrived = instants.told(arrived_at, at=at, follows=case.timeline.events[0].effective_at)
    instants.require_why(arrived, reason, by=by, at=at)
    stay.state, stay.during = StayState.TAKEN, Range(arrived, None)
    place_stays.write(session)
    _note(session, case, "taken", stay.place, by=by, at=at)
    return stay


def leave(session: Session, episode_id: UUID, *, by: Actor, at: datetime, left_at: datetime | None = None) -> PlaceStay:
    """The place is free again from `left_at` (default: now); a reservation is released.

    Whoever is in the house leaves it by their departure, which says who takes over. Raises NotPossible.
    """
    case = _lock(session, episode_id, by=by, at=at)
    episode = case.episode
    stay = place_stays.current(session, episode)
    if stay is None:
        raise NotPossible("has_no_place")
    access.require_unit(by, stay.place.unit_id, episode)
    if (
        stay.state == StayState.TAKEN
        and episode.state == place_stays.THERE
        and episode.facility_id == stay.place.unit_id
    ):
        raise NotPossible("departs_with_a_handover")
    left = instants.told(left_at, at=at, follows=stay.during.lower if stay.state == StayState.TAKEN else None)
    place_stays.free(stay, left)
    place_stays.write(session)
    _note(session, case, "left", stay.place, by=by, at=at)
    return stay


def expect_departure(session: Session, episode_id: UUID, leaves_on: date, *, by: Actor, at: datetime) -> PlaceStay:
    """Set or move the day on which somebody who lies in a place is expected to go home: it stands on the place.

    Raises Invalid for a day that has passed, NotPossible, NotAllowed, NotFound.
    """
    case = _lock(session, episode_id, by=by, at=at)
    stay = place_stays.current(session, case.episode)
    if stay is None or stay.state != StayState.TAKEN:
        raise NotPossible("has_no_place")
    access.require_unit(by, stay.place.unit_id, case.episode)
    if leaves_on < calendar.local(at).date():
        raise Invalid("has_passed")
    if stay.leaves_on != leaves_on:
        stay.leaves_on = leaves_on
        place_stays.write(session)
        _note(session, case, "expected_home", stay.place, by=by, at=at)
    return stay


def close(
    session: Session, place_id: UUID, *, by: Actor, at: datetime, reason: str, until: datetime | None = None
) -> PlaceStay:
    """Nobody can lie here for now, or until a time to come.

    Raises NotPossible while somebody has the place, Invalid without a reason or with a time that has passed.
    """
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    if until is not None:
        instants.planned(until, at=at)
    place = session.scalar(select(Place).where(Place.uuid == place_id))
    if place is None:
        raise NotFound("no_such_place")
    access.require_work_in(by, place.unit_id)
    stay = PlaceStay(
        place_id=place.id, state=StayState.CLOSED, during=Range(at, until), reason=reason, recorded_at=at,
        recorded_by=by.name,
    )  # fmt: skip
    _occupy(session, stay)
    return stay


def reopen(session: Session, place_id: UUID, *, by: Actor, at: datetime) -> None:
    """End the closure of a place now. Raises NotPossible when it is not closed."""
    stay = session.scalar(
        select(PlaceStay)
        .join(PlaceStay.place)
        .where(Place.uuid == place_id, PlaceStay.state == StayState.CLOSED, PlaceStay.during.contains(at))
        .with_for_update(of=PlaceStay)
    )
    if stay is None:
        raise NotPossible("not_closed")
    access.require_work_in(by, stay.place.unit_id)
    stay.during = Range(stay.during.lower, at)


def _lock(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> CaseFile:
    case = fetch_for(session, episode_id, by=by, at=at)
    case.require_open()
    return case


def _require_house(session: Session, unit_id: int, episode: Episode) -> None:
    """Raises NotAllowed, Invalid: there are places for the citizens of a municipality in its own houses."""
    choosing.require(session.get_one(Unit, unit_id), choosing.houses_for(episode))


def _occupy(session: Session, stay: PlaceStay) -> None:
    session.add(stay)
    place_stays.write(session)


def _note(
    session: Session, case: CaseFile, what: str, place: Place, *, by: Actor, at: datetime, reason: str | None = None
) -> None:
    relations.refresh(session, case, by=by)
    history.append(
        session, case.episode, EntryKind.PLACE, by=by, at=at, reason=reason, facts={"place": what, "name": place.name}
    )
    case.write(session)
