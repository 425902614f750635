"""Opening an episode at the desk: what somebody may begin in the unit they act in, where, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflow import amendments, calendar, choosing, citizens, episodes
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr, require_none
from workflow.errors import Missing, NotAllowed
from workflow.pathway import WayIn
from workflow.pathways import PATHWAYS, newest
from workflow.seeing import access_log
from workflow.seeing.access_log import Visit
from workflow.tables import Citizen, Episode, Organisation, Unit
from workflow.vocabulary import Look, OrganisationKind, Party

_One = TypeVar("_One", Unit, Organisation)


@dataclass(frozen=True)
class Way:
    """One way into one pathway, by its name `<pathway>:<way in>`: a word of `workflow.sentences` after `way_in:`."""

    pathway: str
    way_in: WayIn

    @property
    def name(self) -> str:
        return f"{self.pathway}:{self.way_in.key}"


def ways_for(by: Actor) -> list[Way]:
    """How this person's unit takes people in: a ward by admission, a municipality without a hospital."""
    parties = choosing.begins_as(by)
    keys = dict.fromkeys(key for key, _ in PATHWAYS)
    return [Way(key, way) for key in keys for way in newest(key).ways_in if way.responsible in parties]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What somebody who opens an episode chooses among."""

    ways: list[Way]
    wards: list[Unit]
    facilities: list[Unit]
    practices: list[Unit]
    districts: list[Unit]
    municipalities: list[Organisation]


def desk(session: Session, by: Actor, citizen: Citizen | None) -> Desk:
    """The choices for this person; where the citizen's municipality is known, only its units."""
    query = select(Unit).where(Unit.kind.in_(choosing.KINDS.values()))
    units = list(session.scalars(query.options(joinedload(Unit.organisation)).order_by(Unit.name, Unit.id)))
    known = citizen.municipality_id if citizen is not None else None
    municipal = select(Organisation).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
    homes = session.scalars(municipal.order_by(Organisation.name)) if known is None else ()
    municipalities = [home for home in homes if choosing.opens_for(by, home.id)]
    home = session.get_one(Organisation, known) if known else _chosen(municipalities, "")

    def offered(party: Party) -> list[Unit]:
        among = choosing.to_open_with(by, party, home)
        return [unit for unit in units if among.holds(unit)]

    return Desk(
        ways=ways_for(by) if known is None or choosing.opens_for(by, known) else [], wards=offered(Party.WARD),
        facilities=offered(Party.FACILITY), practices=offered(Party.PRACTICE), districts=offered(Party.DISTRICT),
        municipalities=municipalities,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was filled in: units and municipality by their uuid, empty where nothing was chosen."""

    way: str
    name: str = ""
    municipality: str = ""
    ward: str = ""
    facility: str = ""
    district: str = ""
    practice: str = ""


def begin(
    session: Session,
    by: Actor,
    cpr: Cpr,
    wanted: Wanted,
    *,
    visit: Visit,
    at: datetime,
    effective_at: datetime | None = None,
) -> Episode:
    """Open an episode for the citizen with this number, who is made when there is none, as a form asks for it.

    What there is only one of needs no choosing. Raises Missing (naming the fields), and as `open_for`.
    """
    citizen = citizens.find(session, cpr)
    offered = desk(session, by, citizen)
    if citizen is not None and citizen.municipality_id is not None:
        choosing.require_home(by, citizen.municipality_id)
    way = next((one for one in offered.ways if one.name == wanted.way), None)
    if way is None:
        raise NotAllowed("not_your_way_in")
    party, receiver = way.way_in.responsible, newest(way.pathway).receiver
    home = _chosen(offered.municipalities, wanted.municipality)
    district = _chosen(offered.districts, wanted.district)
    ward = _chosen(offered.wards, wanted.ward) if party == Party.WARD else None
    facility = _chosen(offered.facilities, wanted.facility) if receiver == Party.FACILITY else None
    practice = _chosen(offered.practices, wanted.practice) if party == Party.PRACTICE else None
    asked = {
        "name": citizen is not None or wanted.name.strip(),
        "municipality": not offered.municipalities or home,
        "ward": party != Party.WARD or ward,
        "facility": receiver != Party.FACILITY or facility,
        "practice": party != Party.PRACTICE or practice,
    }
    if missing := tuple(name for name, given in asked.items() if not given):
        raise Missing("fill_in_first", missing)
    return open_for(
        session, cpr, wanted.name, home.id if home else None, way.pathway, way.way_in.key, by=by, visit=visit, at=at,
        effective_at=effective_at, ward=ward, facility=facility, district=district, practice=practice,
    )  # fmt: skip


def open_for(
    session: Session,
    cpr: Cpr,
    name: str,
    home: int | None,
    pathway: str,
    way_in: str,
    *,
    by: Actor,
    visit: Visit,
    at: datetime,
    effective_at: datetime | None = None,
    phone: str | None = None,
    ward: Unit | None = None,
    facility: Unit | None = None,
    district: Unit | None = None,
    practice: Unit | None = None,
    needs: tuple[str, ...] = (),
) -> Episode:
    """Open an episode for the citizen with this number; name, `home` and phone count where we do not know them yet.

    That it was opened is written down as a look. Raises as `episodes.open_episode`.
    """
    require_none(name, phone)
    citizen = citizens.register(session, cpr, " ".join(name.split()), municipality_id=home, phone=phone)
    if citizen.municipality_id is None:
        citizen.municipality_id = home
    episode = episodes.open_episode(
        session, citizen, pathway, way_in, by=by, at=at, effective_at=effective_at, ward=ward, facility=facility,
        district=district, practice=practice, needs=needs,
    )  # fmt: skip
    # Only who has a relation may ask whom the municipality helps; what is owed follows from the answer.
    day = calendar.local(episode.opened_at).date()
    if citizens.is_known(session, citizen, episode.municipality_id, on=day):
        amendments.record_need(session, episode.uuid, "municipal_services", by=SYSTEM, at=at)
    access_log.write(session, Look.OPENED, visit, by=by, citizens=[citizen.id], episodes=[episode.id], related=True)
    return episode


def _chosen(offered: Sequence[_One], chosen: str) -> _One | None:
    """Raises NotAllowed for one that was not offered. The only one there is needs no choosing."""
    if not chosen:
        return offered[0] if len(offered) == 1 else None
    found = next((one for one in offered if str(one.uuid) == chosen), None)
    if found is None:
        raise NotAllowed("not_to_be_chosen")
    return found
