"""Places as people read them: which houses there are and how full they are, and one house with who lies where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, func, or_, select, text, union_all
from sqlalchemy.orm import Session, joinedload

from workflow.errors import NotFound
from workflow.seeing.sight import Sight
from workflow.tables import Episode, Place, PlaceRequest, PlaceStay, Unit
from workflow.vocabulary import PlaceKind, StayState, UnitKind

MOST = 200  # houses of a region, places of a house, people on a list: more than anybody can look through

_HOUSES = text("""
select u.uuid, u.name, o.name as organisation, p.kind, count(*) filter (where not p.extra) as places,
       count(*) filter (where not p.extra and p.id not in (select places_in_use(u.id, :at))) as free
from units u join organisations o on o.id = u.organisation_id join places p on p.unit_id = u.id
where u.kind = 'facility' and u.closed_at is null
  and (o.id = :own or o.parent_id = (select parent_id from organisations where id = :own))
group by u.id, o.id, p.kind order by o.id <> :own, o.name, u.name, p.kind limit :most
""")


class Use(StrEnum):
    """What a place is at a moment; a word of `workflow.sentences` with `place:` before it."""

    FREE = "free"
    RESERVED = "reserved"
    TAKEN = "taken"
    CLOSED = "closed"
    OTHER = "other"  # used, by somebody whom the asker does not see


@dataclass(frozen=True)
class House:
    """A kind of places in a unit, in numbers: they name nobody."""

    uuid: UUID
    name: str
    organisation: str
    kind: PlaceKind
    places: int
    free: int


@dataclass(frozen=True)
class Bed:
    """One place, and what it is used for."""

    place: Place
    use: Use
    stay: PlaceStay | None
    episode: Episode | None
    next_stay: PlaceStay | None  # what it is kept for after that


@dataclass(frozen=True)
class Waiting:
    """Somebody who needs a place here: asked for one, or is on the way, or has come."""

    episode: Episode
    since: datetime  # asked, or (expected) discharged
    requested: bool
    kind: PlaceKind | None
    origin: str  # whence they come: the ward; else the practice, or the district


@dataclass(frozen=True)
class Floor:
    """A whole house."""

    unit: Unit
    beds: tuple[Bed, ...]
    waiting: tuple[Waiting, ...]
    awaited: tuple[Waiting, ...]  # with a place, and not in it yet

    def number(self, use: Use) -> int:
        return sum(bed.use == use for bed in self.beds)

    @property
    def free(self) -> list[Place]:
        """Those that can be given to somebody."""
        return [bed.place for bed in self.beds if bed.use == Use.FREE and bed.next_stay is None and not bed.place.extra]

    @property
    def episodes(self) -> list[Episode]:
        """Everybody who is named here, once."""
        shown = [bed.episode for bed in self.beds if bed.episode] + [w.episode for w in (*self.waiting, *self.awaited)]
        return list({episode.id: episode for episode in shown}.values())


def houses(session: Session, seen: Sight, *, at: datetime) -> list[House]:
    """The houses of the asker's organisation, and of the others in its region, with how many places are free."""
    own = seen.actor.organisation_id
    rows = session.execute(_HOUSES, {"at": at, "own": own, "most": MOST})
    return [House(row.uuid, row.name, row.organisation, PlaceKind(row.kind), row.places, row.free) for row in rows]


def house(session: Session, unit_id: UUID) -> Unit:
    """A unit that has places. Raises NotFound."""
    unit = session.scalar(
        select(Unit).where(Unit.uuid == unit_id, Unit.kind == UnitKind.FACILITY).options(joinedload(Unit.organisation))
    )
    if unit is None:
        raise NotFound("no_such_unit")
    return unit


def floor(session: Session, seen: Sight, unit: Unit, *, at: datetime) -> Floor:
    """The places of a house. Named are those whom the asker sees; the look is the caller's to write down.

    In three statements, however many places there are: row-level security says whose stays are read, and
    `places_in_use` which places are used by others.
    """
    used = select(func.places_in_use(unit.id, at))
    found = session.execute(
        select(Place, Place.id.in_(used))
        .where(Place.unit_id == unit.id)
        .order_by(Place.extra, func.length(Place.name), Place.name)
        .limit(MOST)
    ).all()
    stays = session.scalars(
        select(PlaceStay)
        .where(
            PlaceStay.place_id.in_([place.id for place, _ in found]),
            PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN, StayState.CLOSED]),
            or_(func.upper_inf(PlaceStay.during), func.upper(PlaceStay.during) > at),
        )
        .order_by(func.lower(PlaceStay.during))
    ).all()
    people = _people(session, seen, unit, {stay.episode_id for stay in stays})
    known = {episode.id: episode for episode, _, _ in people}
    by_place: dict[int, list[PlaceStay]] = {}
    for stay in stays:
        by_place.setdefault(stay.place_id, []).append(stay)
    beds = tuple(_bed(place, by_place.get(place.id, []), in_use, known, at) for place, in_use in found)
    kept = {stay.episode_id: stay for stay in stays}
    asked, placeless, awaited = [], [], []
    for episode, ward, request in people:
        has = kept.get(episode.id)
        if has is not None and has.state == StayState.RESERVED:
            awaited.append(Waiting(episode, has.during.lower or at, False, has.place.kind, ward))
        elif request is not None:
            asked.append(Waiting(episode, request.requested_at, True, request.kind, ward))
        elif has is None and episode.facility_id == unit.id and episode.state != "at_home":
            placeless.append(Waiting(episode, episode.opened_at, False, None, ward))
    oldest_first = [sorted(group, key=lambda one: one.since) for group in (asked, placeless, awaited)]
    return Floor(unit, beds, (*oldest_first[0], *oldest_first[1]), tuple(oldest_first[2]))


def _people(
    session: Session, seen: Sight, unit: Unit, staying: set[int | None]
) -> Sequence[Row[Episode, str, PlaceRequest | None]]:
    """Whom the asker sees of those who have a place here, wait for one, or are on the way; and whence they come."""
    here = PlaceRequest.ended_at.is_(None) & (PlaceRequest.unit_id == unit.id)
    coming = (
        select(Episode.id)
        .where(Episode.facility_id == unit.id, Episode.closed_at.is_(None), Episode.state != "at_home")
        .order_by(Episode.id)
        .limit(MOST)
    )
    # Each by its own index: asked for together, every open episode would be looked through.
    wanted = union_all(
        select(Episode.id).where(Episode.id.in_(staying - {None})), select(PlaceRequest.episode_id).where(here), coming
    )
    return session.execute(
        select(Episode, Unit.name, PlaceRequest)
        .join(Unit, Unit.id == func.coalesce(Episode.ward_id, Episode.practice_id, Episode.district_id))
        .outerjoin(PlaceRequest, here & (PlaceRequest.episode_id == Episode.id))
        .where(seen.visible(), Episode.closed_at.is_(None), Episode.id.in_(wanted))
        .options(joinedload(Episode.citizen, innerjoin=True))
        .order_by(Episode.id)
    ).all()


def _bed(place: Place, stays: Sequence[PlaceStay], used: bool, known: dict[int, Episode], at: datetime) -> Bed:
    now = next((stay for stay in stays if stay.during.lower is None or stay.during.lower <= at), None)
    later = next((stay for stay in stays if stay is not now), None)
    if now is None and later is not None and later.state == StayState.RESERVED:
        now, later = later, None
    if now is None:
        return Bed(place, Use.OTHER if used and later is None else Use.FREE, None, None, later)
    return Bed(place, Use(now.state.value), now, known.get(now.episode_id or 0), later)
