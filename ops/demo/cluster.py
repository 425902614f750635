"""The Randers cluster, invented: its organisations, units, places and people, and what they have agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from workflow import agreements
from workflow.actor import SYSTEM, Actor
from workflow.medcom import addresses
from workflow.rule import AT_DUE_THEN_MANAGERS, Rule
from workflow.staff import holders
from workflow.tables import Organisation, Person, PersonRole, Place, Unit
from workflow.vocabulary import (
    Concerns,
    Holding,
    OrganisationKind,
    Party,
    PlaceKind,
    Role,
    RoleState,
    RuleKind,
    UnitKind,
)

Row = TypeVar("Row", Organisation, Unit, Person)

AGREED_FROM = datetime(2020, 12, 31, 23, tzinfo=UTC)  # New Year 2021 in Denmark
HOTEL, ACUTE, PRACTICE = "Tryghedshotellet", "Akutpladserne", "Lægehuset Demo"
RANDERS, FAVRSKOV = "0730", "0710"
REFORM = date(2027, 1, 1)
READS = (time(7, 0), time(22, 0))  # when a district reads what was sent to it
HOTEL_PLACES = 20
ACUTE_PLACES = 18
SHORT_STAYS = 4  # in each of the three smaller municipalities

WARDS = ("Akutafdeling", "Geriatrisk afsnit", "Medicinsk afsnit", "Ortopædkirurgisk afsnit", "Kirurgisk afsnit")
# name, number, its districts (the first receives for the municipality)
MUNICIPALITIES = (
    ("Randers Kommune", "0730", ("Distrikt Syd", "Distrikt Nord", "Distrikt Vest")),
    ("Syddjurs Kommune", "0706", ("Distrikt Ebeltoft", "Distrikt Hornslet")),
    ("Norddjurs Kommune", "0707", ("Distrikt Grenaa", "Distrikt Auning")),
    ("Favrskov Kommune", "0710", ("Distrikt Hadsten", "Distrikt Hinnerup")),
)
# The ten district nurses: name, username, district.
DISTRICT_NURSES = (
    ("Dorthe Demo", "distrikt", "Distrikt Syd"),
    ("Maja Demo", "maja", "Distrikt Syd"),
    ("Niels Demo", "niels", "Distrikt Nord"),
    ("Vibeke Demo", "vibeke", "Distrikt Vest"),
    ("Nina Demo", "nabokommune", "Distrikt Ebeltoft"),
    ("Hanne Demo", "hanne", "Distrikt Hornslet"),
    ("Gitte Demo", "gitte", "Distrikt Grenaa"),
    ("Aksel Demo", "aksel", "Distrikt Auning"),
    ("Pia Demo", "pia", "Distrikt Hadsten"),
    ("Henning Demo", "henning", "Distrikt Hinnerup"),
)
WARD_NURSES = (
    ("Anders Demo", "afdeling", "Medicinsk afsnit"),
    ("Birgit Demo", "birgit", "Akutafdeling"),
    ("Camilla Demo", "camilla", "Geriatrisk afsnit"),
    ("Ove Demo", "ove", "Ortopædkirurgisk afsnit"),
    ("Kirsten Demo", "kirsten", "Kirurgisk afsnit"),
)


@dataclass(frozen=True)
class Cluster:
    """Everybody and everything of the cluster, by name."""

    municipalities: tuple[Organisation, ...]
    units: dict[str, Unit]
    places: dict[str, list[Place]]
    staff: dict[str, list[Actor]]

    def districts(self, municipality: Organisation) -> list[Unit]:
        """The districts of a municipality, the one that receives first."""
        own = [unit for unit in self.units.values() if unit.organisation_id == municipality.id]
        return [unit for unit in own if unit.kind == UnitKind.DISTRICT]

    def wards(self) -> list[Unit]:
        """The five wards."""
        return [self.units[name] for name in WARDS]

    def at_work(self, unit: Unit, role: Role) -> list[Actor]:
        """Everybody who has a role in a unit."""
        return [actor for actor in self.staff[unit.name] if role in actor.roles]

    def named(self, unit: str, role: Role) -> Actor:
        """The first who has a role in the unit of that name."""
        return self.at_work(self.units[unit], role)[0]


def read(session: Session) -> Cluster:
    """The cluster as `build` wrote it, without who works on both sides: nobody accepts their own handover.

    Raises KeyError from its methods where somebody has taken parts of it away.
    """
    units = {unit.name: unit for unit in session.scalars(select(Unit).order_by(Unit.id))}
    by_id = {unit.id: unit for unit in units.values()}
    places: dict[str, list[Place]] = {}
    for place in session.scalars(select(Place).where(~Place.extra).order_by(Place.id)):
        places.setdefault(by_id[place.unit_id].name, []).append(place)
    staff: dict[str, list[Actor]] = {}
    temps = (
        select(PersonRole.person_id).group_by(PersonRole.person_id).having(func.count(PersonRole.role.distinct()) > 1)
    )
    roles = select(PersonRole).where(PersonRole.state == RoleState.IN_FORCE, PersonRole.person_id.not_in(temps))
    roles = roles.options(joinedload(PersonRole.person)).order_by(PersonRole.id)
    for role in session.scalars(roles):
        unit = by_id[role.unit_id]
        actor = Actor(
            name=role.person.name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=role.person_id,
            roles=frozenset({role.role}),
        )  # fmt: skip
        staff.setdefault(unit.name, []).append(actor)
    municipalities = session.scalars(
        select(Organisation).where(Organisation.kind == OrganisationKind.MUNICIPALITY).order_by(Organisation.id)
    )
    return Cluster(tuple(municipalities), units, places, staff)


def build(session: Session) -> None:
    """Write the cluster and its agreements; flushed, not committed."""
    writer = _Writer(session)
    region = writer.organisation("Region Midtjylland", OrganisationKind.REGION, code="1082")
    administration = writer.unit(region, "Systemforvaltning", UnitKind.ADMINISTRATION)
    hospital = writer.organisation("Regionshospitalet Randers (demo)", OrganisationKind.HOSPITAL, region)
    coordination = writer.unit(hospital, "Udskrivningskoordination", UnitKind.COORDINATION)
    wards = [writer.unit(hospital, name, UnitKind.WARD, line=True) for name in WARDS]
    practice = writer.organisation("Lægehuset Demo", OrganisationKind.PRACTICE, region)
    writer.unit(practice, PRACTICE, UnitKind.PRACTICE)
    writer.person("Karen Demo", "koordinator", [coordination], Role.DISCHARGE_COORDINATOR)
    writer.person("Lars Demo", "leder.hospital", [coordination, *wards], Role.MANAGER)
    writer.person("Åse Demo", "admin", [administration], Role.ADMINISTRATOR)
    writer.person("Ib Demo", "drift", [administration], Role.OPERATOR)
    for name, code, districts in MUNICIPALITIES:
        municipality = writer.organisation(name, OrganisationKind.MUNICIPALITY, region, code=code)
        units = [
            writer.unit(municipality, district, UnitKind.DISTRICT, receives=district == districts[0])
            for district in districts
        ]
        units += _randers(writer, municipality) if code == RANDERS else _short_stays(writer, municipality)
        first = name.split()[0]
        manager = (
            ("Ulla Demo", "leder.kommune") if code == RANDERS else (f"Leif {first} Demo", f"leder.{first.lower()}")
        )
        writer.person(*manager, units, Role.MANAGER)
        if code == FAVRSKOV:
            early = municipality
    _temp(writer)
    holders.hand_over(  # the health reform: authority for some municipal places goes to the region
        session, writer.units[ACUTE], Holding.AUTHORITY, region, from_on=REFORM, by=SYSTEM
    )
    for people, role in ((WARD_NURSES, Role.WARD_NURSE), (DISTRICT_NURSES, Role.MUNICIPAL_NURSE)):
        for name, username, works_in in people:
            writer.person(name, username, [writer.units[works_in]], role)
    _agree(session, early)
    _address(session, writer)


def _address(session: Session, writer: _Writer) -> None:
    """Who takes part in messages: who receives for each municipality, and the wards."""
    for name in (*(districts[0] for _, _, districts in MUNICIPALITIES), *WARDS):
        addresses.of_unit(session, writer.units[name], at=AGREED_FROM)


def _randers(writer: _Writer, municipality: Organisation) -> list[Unit]:
    hotel = writer.unit(municipality, HOTEL, UnitKind.FACILITY)
    writer.places(hotel, PlaceKind.TRYGHEDSHOTEL, HOTEL_PLACES)
    writer.person("Tove Demo", "tryghed", [hotel], Role.FACILITY_NURSE)
    writer.person("Bo Demo", "bo", [hotel], Role.FACILITY_NURSE)
    acute = writer.unit(municipality, ACUTE, UnitKind.FACILITY)
    writer.places(acute, PlaceKind.ACUTE, ACUTE_PLACES)
    writer.person("Sanne Demo", "sanne", [acute], Role.FACILITY_NURSE)
    return [hotel, acute]


def _short_stays(writer: _Writer, municipality: Organisation) -> list[Unit]:
    first = municipality.name.split()[0]
    unit = writer.unit(municipality, f"Korttidspladserne {first}", UnitKind.FACILITY)
    writer.places(unit, PlaceKind.SHORT_STAY, SHORT_STAYS)
    writer.person(f"Rita {first} Demo", f"plads.{first.lower()}", [unit], Role.FACILITY_NURSE)
    return [unit]


def _temp(writer: _Writer) -> None:
    """Somebody who works in several places, at a hospital and in a municipality."""
    writer.person("Vita Demo", "vikar", [writer.units[HOTEL], writer.units[ACUTE]], Role.FACILITY_NURSE)
    person = writer.session.scalars(select(Person).where(Person.username == "vikar")).one()
    ward = writer.units["Geriatrisk afsnit"]
    writer.session.add(PersonRole(person_id=person.id, unit_id=ward.id, role=Role.WARD_NURSE))
    writer.session.flush()


class _Writer:
    """Writes the rows of the cluster."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.units: dict[str, Unit] = {}

    def organisation(
        self, name: str, kind: OrganisationKind, parent: Organisation | None = None, *, code: str | None = None
    ) -> Organisation:
        """An organisation."""
        return self._written(Organisation(name=name, kind=kind, code=code, parent_id=parent and parent.id))

    def unit(
        self, organisation: Organisation, name: str, kind: UnitKind, *, receives: bool = False, line: bool = False
    ) -> Unit:
        """A unit, with telephone numbers that nobody has: no Danish number begins with 0."""
        number = len(self.units) + 1
        self.units[name] = self._written(
            Unit(
                organisation_id=organisation.id, name=name, kind=kind, receives_for_municipality=receives,
                phone=f"+45 00 00 {number:02d} 00", phone_night=f"+45 00 00 {number:02d} 24",
                phone_line=f"+45 00 00 {number:02d} 72" if line else None,
                email=f"enhed{number}@demo.example", sor=f"999900000{number:02d}", gln=f"99900000000{number:02d}",
                reads_from=READS[0] if kind == UnitKind.DISTRICT else None,
                reads_until=READS[1] if kind == UnitKind.DISTRICT else None,
            )
        )  # fmt: skip
        return self.units[name]

    def places(self, unit: Unit, kind: PlaceKind, count: int) -> None:
        """The places of a unit, numbered."""
        self.session.add_all(
            Place(unit_id=unit.id, name=str(number), kind=kind, extra=False) for number in range(1, count + 1)
        )
        self.session.flush()

    def person(self, name: str, username: str, units: list[Unit], role: Role) -> None:
        """Somebody who works in these units."""
        person = self._written(Person(username=username, name=name, email=f"{username}@demo.example", active=True))
        self.session.add_all(PersonRole(person_id=person.id, unit_id=unit.id, role=role) for unit in units)
        self.session.flush()

    def _written(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row


def _agree(session: Session, early: Organisation) -> None:
    """The numbers of the pathways for everybody, and one municipality that wants its handovers sooner."""
    agreements.seed(session, by=SYSTEM, at=AGREED_FROM, valid_from=AGREED_FROM)
    agreements.add(
        session, "Favrskov (opdigtet): overleveringen sendes senest 2 timer før udskrivelsen",
        [
            Rule(
                key="sending:patient_discharged", kind=RuleKind.BEFORE_EVENT, concerns=Concerns.HANDOVER_SENDING,
                on="patient_discharged", before="patient_discharged", owner=Party.RESPONSIBLE,
                after=timedelta(hours=2), ladder=AT_DUE_THEN_MANAGERS,
            )
        ],
        by=SYSTEM, at=AGREED_FROM, valid_from=AGREED_FROM, municipality_id=early.id,
    )  # fmt: skip
