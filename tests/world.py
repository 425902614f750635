"""A small world to test in: a region, a hospital, two municipalities, Tryghedshotellet, and people who work there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from workflow import agreements, citizens, episodes
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.settings import sqlalchemy_url
from workflow.tables import Citizen, Episode, Organisation, Person, PersonRole, Place, Unit
from workflow.vocabulary import OrganisationKind, PlaceKind, Role, UnitKind

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
_numbers = count(1)

# Every mandatory field of the ISBAR form, filled in.
ISBAR = {
    "S.reason": "Faldt i hjemmet, indlagt til observation",
    "S.discharge": "I dag kl. 13 med sygetransport",
    "S.treatment_responsibility": "Afdelingen i 72 timer",
    "S.infection_precautions": "Nej",
    "S.treatment_level": "Nej",
    "B.allergies": "Nej",
    "A.function": "Går med rollator",
    "R.actions": "Mål blodtryk dagligt; næste gang i morgen kl. 9",
    "R.medicine": "FMK ajourført, medicin med til tre dage",
    "R.told": "Borgeren og datteren ved besked",
}


@dataclass(frozen=True)
class World:
    """The units, and who acts in each."""

    region: Organisation
    hospital: Organisation
    municipality: Organisation
    ward: Unit
    other_ward: Unit
    district: Unit
    other_district: Unit
    facility: Unit
    practice: Unit
    places: tuple[Place, ...]
    coordinator: Actor
    ward_nurse: Actor
    ward_manager: Actor
    nurse: Actor
    second_nurse: Actor
    municipal_manager: Actor
    facility_nurse: Actor
    second_facility_nurse: Actor
    facility_manager: Actor
    stranger: Actor  # a nurse of another municipality


def build(session: Session) -> World:
    """Make the world, with the seed agreements; flushed, not committed."""
    region = _organisation(session, "Region Demo", OrganisationKind.REGION)
    hospital = _organisation(session, "Hospital Demo", OrganisationKind.HOSPITAL, region)
    municipality = _organisation(session, "Demo Kommune", OrganisationKind.MUNICIPALITY, region, "0730")
    neighbour = _organisation(session, "Nabo Demo Kommune", OrganisationKind.MUNICIPALITY, region, "0707")
    general = _organisation(session, "Lægehuset Demo", OrganisationKind.PRACTICE, region)
    coordination = _unit(session, hospital, "Udskrivning", UnitKind.COORDINATION)
    ward = _unit(session, hospital, "M3", UnitKind.WARD)
    other_ward = _unit(session, hospital, "K2", UnitKind.WARD)
    district = _unit(session, municipality, "Distrikt Syd", UnitKind.DISTRICT, receives=True)
    other_district = _unit(session, neighbour, "Distrikt Nabo", UnitKind.DISTRICT, receives=True)
    facility = _unit(session, municipality, "Tryghedshotellet", UnitKind.FACILITY)
    practice = _unit(session, general, "Lægehuset", UnitKind.PRACTICE)
    places = tuple(
        Place(unit_id=facility.id, name=str(n), kind=PlaceKind.TRYGHEDSHOTEL, extra=False) for n in (1, 2, 3)
    )
    session.add_all(places)
    agreements.seed(session, by=SYSTEM, at=LONG_AGO, valid_from=LONG_AGO)
    return World(
        region=region, hospital=hospital, municipality=municipality, ward=ward, other_ward=other_ward,
        district=district, other_district=other_district, facility=facility, practice=practice, places=places,
        coordinator=_person(session, "Karen Demo", coordination, Role.DISCHARGE_COORDINATOR),
        ward_nurse=_person(session, "Anders Demo", ward, Role.WARD_NURSE),
        ward_manager=_person(session, "Lene Demo", ward, Role.MANAGER),
        nurse=_person(session, "Maja Demo", district, Role.MUNICIPAL_NURSE),
        second_nurse=_person(session, "Søren Demo", district, Role.MUNICIPAL_NURSE),
        municipal_manager=_person(session, "Ulla Demo", district, Role.MANAGER),
        facility_nurse=_person(session, "Tove Demo", facility, Role.FACILITY_NURSE),
        second_facility_nurse=_person(session, "Bo Demo", facility, Role.FACILITY_NURSE),
        facility_manager=_person(session, "Åse Demo", facility, Role.MANAGER),
        stranger=_person(session, "Nina Demo", other_district, Role.MUNICIPAL_NURSE),
    )  # fmt: skip


def agree(url: str) -> None:
    """The first agreements in the database at `url`, since long ago: without them an installation is not ready."""
    engine = create_engine(sqlalchemy_url(url))
    with Session(engine) as session, session.begin():
        agreements.seed(session, by=SYSTEM, at=LONG_AGO, valid_from=LONG_AGO)
    engine.dispose()
    agreements.forget()


def _organisation(
    session: Session, name: str, kind: OrganisationKind, parent: Organisation | None = None, code: str | None = None
) -> Organisation:
    organisation = Organisation(name=name, kind=kind, code=code, parent_id=parent and parent.id)
    session.add(organisation)
    session.flush()
    return organisation


def _unit(session: Session, organisation: Organisation, name: str, kind: UnitKind, *, receives: bool = False) -> Unit:
    unit = Unit(
        organisation_id=organisation.id, name=name, kind=kind, receives_for_municipality=receives,
        email=f"{name.lower().replace(' ', '.')}@demo.example",
    )  # fmt: skip
    session.add(unit)
    session.flush()
    return unit


def _person(session: Session, name: str, unit: Unit, role: Role) -> Actor:
    person = Person(username=f"{name.split()[0].lower()}{next(_numbers)}", name=name, active=True)
    session.add(person)
    session.flush()
    session.add(PersonRole(person_id=person.id, unit_id=unit.id, role=role))
    return Actor(
        name=name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=person.id, roles=frozenset({role})
    )


def citizen(session: Session, world: World, *, name: str = "Agnes Demo", replacement: bool = False) -> Citizen:
    """A new invented citizen of the municipality; the number cannot belong to anybody (month 13 and up)."""
    number = next(_numbers)
    last_four = f"Æ{number % 1_000:03d}" if replacement else f"{number % 10_000:04d}"
    return citizens.register(
        session,
        Cpr(f"01{13 + number // (1_000 if replacement else 10_000) % 80:02d}40{last_four}"),
        name,
        municipality_id=world.municipality.id,
    )


def admit(session: Session, world: World, at: datetime, *, needs: tuple[str, ...] = ()) -> Episode:
    """A citizen is admitted to the ward: an episode on `home`, for nobody knows yet."""
    return episodes.open_episode(
        session, citizen(session, world), "home", "admission", by=world.ward_nurse, at=at, ward=world.ward,
        district=world.district, needs=needs,
    )  # fmt: skip
