"""Opening an episode at the desk: what somebody may begin in the unit they act in, where, and for whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflow import amendments, calendar, citizens, episodes
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.errors import Invalid, Missing, NotAllowed
from workflow.parties import receiving_unit
from workflow.pathway import WayIn
from workflow.pathways import PATHWAYS, newest
from workflow.seeing.sight import Sight
from workflow.tables import Citizen, Episode, Organisation, Unit
from workflow.vocabulary import OrganisationKind, Party, Role, UnitKind

_HOSPITAL = {Role.DISCHARGE_COORDINATOR, Role.WARD_NURSE}
_MUNICIPAL = {Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE}


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
    parties = {Party.WARD} if by.roles & _HOSPITAL else set()
    parties |= {Party.DISTRICT, Party.FACILITY, Party.PRACTICE} if by.roles & _MUNICIPAL else set()
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


def desk(session: Session, sight: Sight, citizen: Citizen | None) -> Desk:
    """The choices for this actor; where the citizen's municipality is known, only its districts."""
    kinds = {UnitKind.WARD, UnitKind.FACILITY, UnitKind.PRACTICE, UnitKind.DISTRICT}
    query = select(Unit).where(Unit.kind.in_(kinds)).options(joinedload(Unit.organisation)).order_by(Unit.name, Unit.id)
    units = list(session.scalars(query))
    known = citizen.municipality_id if citizen is not None else None
    municipal = select(Organisation).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
    in_facility = Role.FACILITY_NURSE in sight.actor.roles
    return Desk(
        ways=ways_for(sight.actor),
        wards=[u for u in units if u.kind == UnitKind.WARD and u.id in sight.units],
        facilities=[
            u for u in units if u.kind == UnitKind.FACILITY and (u.id == sight.actor.unit_id or not in_facility)
        ],
        practices=[u for u in units if u.kind == UnitKind.PRACTICE],
        districts=[u for u in units if u.kind == UnitKind.DISTRICT and known in {None, u.organisation_id}],
        municipalities=[] if known else list(session.scalars(municipal.order_by(Organisation.name))),
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
    session: Session, sight: Sight, cpr: Cpr, wanted: Wanted, *, at: datetime, effective_at: datetime | None = None
) -> Episode:
    """Open an episode for the citizen with this number, who is made when there is none.

    Raises NotAllowed for a way or a unit that is not theirs to choose, Missing (naming the fields), NotPossible when
    the citizen has an open episode, Invalid (the time, a unit of another municipality).
    """
    citizen = citizens.find(session, cpr)
    offered = desk(session, sight, citizen)
    way = next((one for one in offered.ways if one.name == wanted.way), None)
    if way is None:
        raise NotAllowed("not_your_way_in")
    ward, facility = _chosen(offered.wards, wanted.ward), _chosen(offered.facilities, wanted.facility)
    practice, district = _chosen(offered.practices, wanted.practice), _chosen(offered.districts, wanted.district)
    party = way.way_in.responsible
    asked = {
        "name": citizen is not None or wanted.name.strip(),
        "municipality": not offered.municipalities or wanted.municipality,
        "ward": party != Party.WARD or ward,
        "facility": newest(way.pathway).receiver != Party.FACILITY or facility,
        "practice": party != Party.PRACTICE or practice,
    }
    if missing := tuple(name for name, given in asked.items() if not given):
        raise Missing("fill_in_first", missing)
    citizen = _registered(session, citizen, cpr, wanted, offered)
    if district is not None and district.organisation_id != citizen.municipality_id:
        raise Invalid("unit_is_elsewhere")
    if district is None and citizen.municipality_id is not None:
        district = receiving_unit(session, citizen.municipality_id)
    episode = episodes.open_episode(
        session, citizen, way.pathway, way.way_in.key, by=sight.actor, at=at, effective_at=effective_at,
        district=district, ward=ward if party == Party.WARD else None,
        practice=practice if party == Party.PRACTICE else None,
        facility=facility if newest(way.pathway).receiver == Party.FACILITY else None,
    )  # fmt: skip
    # Only who has a relation may ask whom the municipality helps; what is owed follows from the answer.
    day = calendar.local(episode.opened_at).date()
    if citizens.is_known(session, citizen, episode.municipality_id, on=day):
        amendments.record_need(session, episode.uuid, "municipal_services", by=sight.actor, at=at)
    return episode


def _chosen(units: list[Unit], chosen: str) -> Unit | None:
    """Raises NotAllowed for one that was not offered. The only one there is needs no choosing."""
    if not chosen:
        return units[0] if len(units) == 1 else None
    unit = next((one for one in units if str(one.uuid) == chosen), None)
    if unit is None:
        raise NotAllowed("not_your_unit")
    return unit


def _registered(session: Session, citizen: Citizen | None, cpr: Cpr, wanted: Wanted, offered: Desk) -> Citizen:
    if citizen is not None and citizen.municipality_id is not None:
        return citizen
    home = next((m.id for m in offered.municipalities if str(m.uuid) == wanted.municipality), None)
    if home is None:
        raise Missing("fill_in_first", ("municipality",))
    if citizen is None:
        return citizens.register(session, cpr, " ".join(wanted.name.split()), municipality_id=home)
    citizen.municipality_id = home
    return citizen
