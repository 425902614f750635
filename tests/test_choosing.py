"""Which unit can be what, and who may say so: the engine refuses what no page offers, whatever the door."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import World
from workflow import amendments, episodes, places
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, WorkflowError
from workflow.showing import destinations
from workflow.tables import Episode, Organisation, Unit
from workflow.vocabulary import OrganisationKind, Origin, PlaceKind, Role, UnitKind

MESSAGE = Actor(name="MedCom", origin=Origin.MESSAGE)


@pytest.fixture
def office(session: Session, world: World) -> Unit:
    """An administration unit of the hospital: nobody there sees patients."""
    return _unit(session, world.hospital, "Systemforvaltning", UnitKind.ADMINISTRATION)


@pytest.fixture
def far_house(session: Session) -> Unit:
    """A facility of another region."""
    region = Organisation(name="Anden Region Demo", kind=OrganisationKind.REGION)
    session.add(region)
    session.flush()
    town = Organisation(name="Fjern Demo Kommune", kind=OrganisationKind.MUNICIPALITY, parent_id=region.id)
    session.add(town)
    session.flush()
    return _unit(session, town, "Fjernt sted", UnitKind.FACILITY)


def _unit(session: Session, organisation: Organisation, name: str, kind: UnitKind) -> Unit:
    unit = Unit(organisation_id=organisation.id, name=name, kind=kind)
    session.add(unit)
    session.flush()
    return unit


def opens(session: Session, world: World, way: str, by: Actor, **units: Any) -> Episode:
    pathway, way_in = way.split(":")
    return episodes.open_episode(
        session, worlds.citizen(session, world), pathway, way_in, by=by, at=ADMITTED, **units
    )  # fmt: skip


@pytest.mark.parametrize(
    ("way", "who", "units"),
    [
        ("home:admission", "nurse", {"ward": "ward"}),  # a municipality admits nobody
        ("home:admission", "stranger", {"ward": "ward", "district": "district"}),
        ("home:admission", "ward_manager", {"ward": "ward"}),  # a manager reports nothing
        ("home:admission", "ward_nurse", {"ward": "other_ward"}),
        ("home:admission", "ward_nurse", {"ward": "office"}),
        ("home:admission", "coordinator", {"ward": "office"}),
        ("home:admission", "coordinator", {"ward": "facility"}),
        ("home:admission", "ward_nurse", {"ward": "ward", "district": "other_district"}),
        ("home:admission", "ward_nurse", {"ward": "ward", "district": "facility"}),
        ("home:admission", "ward_nurse", {"ward": "ward", "practice": "district"}),
        ("tryghedshotel:hospital", "ward_nurse", {"ward": "ward", "facility": "district"}),
        ("tryghedshotel:hospital", "ward_nurse", {"ward": "ward", "facility": "far_house"}),
        ("tryghedshotel:municipality", "ward_nurse", {"facility": "facility"}),
        ("tryghedshotel:municipality", "nurse", {"facility": "facility", "ward": "ward"}),
        ("tryghedshotel:municipality", "stranger", {"facility": "facility"}),  # the citizen is another municipality's
        ("tryghedshotel:citizen", "stranger", {"facility": "facility"}),
    ],
)
def test_nobody_opens_but_for_their_own_side(
    session: Session, world: World, office: Unit, far_house: Unit, way: str, who: str, units: dict[str, str]
) -> None:
    others = {"office": office, "far_house": far_house}
    named = {party: others.get(name) or getattr(world, name) for party, name in units.items()}
    with pytest.raises((NotAllowed, Invalid)):
        opens(session, world, way, getattr(world, who), **named)
    assert not session.query(Episode).all()


def test_a_message_is_taken_at_its_word_but_for_the_kind_of_a_unit(
    session: Session, world: World, office: Unit
) -> None:
    with pytest.raises(NotAllowed):
        opens(session, world, "home:admission", MESSAGE, ward=office)
    assert opens(session, world, "home:admission", MESSAGE, ward=world.other_ward).ward_id == world.other_ward.id


def test_a_municipality_makes_only_its_own_responsible(session: Session, world: World) -> None:
    """It refers its citizens to a house of its region; that house is not made responsible without being asked."""
    theirs = worlds.citizen(session, world)
    theirs.municipality_id = world.stranger.organisation_id
    with pytest.raises(NotAllowed):
        episodes.open_episode(
            session, theirs, "tryghedshotel", "citizen", by=world.stranger, at=ADMITTED, facility=world.facility
        )
    opened = episodes.open_episode(
        session, theirs, "tryghedshotel", "municipality", by=world.stranger, at=ADMITTED, facility=world.facility
    )
    assert opened.responsible_unit_id == world.other_district.id


def test_only_the_ward_that_has_the_citizen_moves_them(session: Session, world: World, admitted: Episode) -> None:
    for who in ("nurse", "municipal_manager", "ward_manager"):
        with pytest.raises(NotAllowed):
            amendments.transfer(session, admitted.uuid, world.other_ward, by=getattr(world, who), at=ADMITTED)
    amendments.transfer(session, admitted.uuid, world.other_ward, by=world.ward_nurse, at=ADMITTED + hours(1))
    assert admitted.responsible_unit_id == world.other_ward.id
    with pytest.raises(NotAllowed):  # it is not hers any more
        amendments.transfer(session, admitted.uuid, world.ward, by=world.ward_nurse, at=ADMITTED + hours(2))


def test_to_another_hospital_only_a_message_moves(
    session: Session, world: World, admitted: Episode, office: Unit
) -> None:
    other = Organisation(name="Andet Hospital Demo", kind=OrganisationKind.HOSPITAL, parent_id=world.region.id)
    session.add(other)
    session.flush()
    far_ward = _unit(session, other, "A1", UnitKind.WARD)
    for unit in (far_ward, office, world.facility, world.other_district):
        for by in (world.ward_nurse, world.coordinator):
            with pytest.raises(NotAllowed):
                amendments.transfer(session, admitted.uuid, unit, by=by, at=ADMITTED)
    with pytest.raises(NotAllowed):
        amendments.transfer(session, admitted.uuid, world.facility, by=MESSAGE, at=ADMITTED)
    assert admitted.responsible_unit_id == world.ward.id
    assert amendments.transfer(session, admitted.uuid, far_ward, by=MESSAGE, at=ADMITTED).hospital_id == other.id


def test_a_readmission_is_to_a_ward_of_their_own(session: Session, world: World, discharged: Episode) -> None:
    at = DISCHARGED + hours(5)
    wrong: list[tuple[Actor, Unit]] = [
        (world.nurse, world.ward), (world.facility_nurse, world.ward), (world.ward_manager, world.ward),
        (world.ward_nurse, world.other_ward), (world.ward_nurse, world.facility),
    ]  # fmt: skip
    for by, ward in wrong:
        with pytest.raises((NotAllowed, Invalid)), session.begin_nested():
            episodes.readmit(session, discharged.uuid, ward=ward, by=by, at=at)
    session.expire_all()
    assert discharged.state == "discharged"
    assert episodes.readmit(session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=at).state == "admitted"


def test_who_has_moved_since_is_readmitted_from_where_they_live_now(
    session: Session, world: World, discharged: Episode
) -> None:
    discharged.citizen.municipality_id = world.stranger.organisation_id
    again = episodes.readmit(
        session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=DISCHARGED + hours(5)
    )  # fmt: skip
    assert again.district_id == world.other_district.id


def test_a_citizen_is_sent_to_a_house_of_their_region(
    session: Session, world: World, admitted: Episode, office: Unit, far_house: Unit
) -> None:
    kind = PlaceKind.SHORT_STAY
    for unit in (office, world.other_ward, world.district, far_house):
        acts: list[Any] = [
            lambda u=unit: amendments.reroute(
                session, admitted.uuid, "tryghedshotel", facility=u, by=world.coordinator, at=ADMITTED
            ),
            lambda u=unit: places.request(session, u.id, kind, admitted.uuid, by=world.coordinator, at=ADMITTED),
            lambda u=unit: destinations.wait(session, admitted.uuid, u, kind, by=world.coordinator, at=ADMITTED),
        ]
        for act in acts:
            with pytest.raises(NotAllowed):
                act()
    assert admitted.related == sorted({world.ward.id, world.district.id})


def test_places_are_made_in_houses_and_closed_by_who_works_with_citizens(session: Session, world: World) -> None:
    with pytest.raises(NotAllowed):
        places.furnish(session, world.ward.id, PlaceKind.ACUTE, 2, by=world.ward_manager)
    clerk = Actor(
        name="Ib Demo", unit_id=world.facility.id, organisation_id=world.municipality.id, person_id=1,
        roles=frozenset({Role.ADMINISTRATOR}),
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        places.close(session, world.places[0].uuid, by=clerk, at=ADMITTED, reason="Rengøring")


def test_a_municipality_receives_by_a_district(session: Session, world: World) -> None:
    world.district.receives_for_municipality = False
    world.facility.receives_for_municipality = True
    session.flush()
    with pytest.raises(WorkflowError, match="ingen enhed, der modtager"):
        opens(session, world, "home:admission", world.ward_nurse, ward=world.ward)
