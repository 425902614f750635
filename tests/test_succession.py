"""Units close: what they had is their successor's, in one act, and each history says so."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.steps import DISCHARGED, call_of, hours, raise_all
from tests.world import ISBAR, World
from workflow import amendments, choosing, episodes, history, misses, places, reconcile, succession, tasks
from workflow.actor import SYSTEM, Actor
from workflow.calendar import local
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.handing import drafts, handovers
from workflow.medcom import addresses
from workflow.medcom.envelope import Party
from workflow.seeing import sight
from workflow.staff import closing, registry, roles
from workflow.staff.uses import uses
from workflow.tables import Episode, Handover, HandoverDraft, HistoryEntry, Organisation, Person, Place, PlaceStay, Unit
from workflow.vocabulary import EntryKind, HandoverState, PlaceKind, Role, UnitKind

NOW = DISCHARGED + hours(3)
TODAY = local(NOW).date()


@pytest.fixture
def other_house(session: Session, world: World) -> Unit:
    unit = Unit(organisation_id=world.municipality.id, name="Plejecenter Nord", kind=UnitKind.FACILITY)
    session.add(unit)
    session.flush()
    return unit


@pytest.fixture
def other_district(session: Session, world: World) -> Unit:
    unit = Unit(organisation_id=world.municipality.id, name="Distrikt Nord", kind=UnitKind.DISTRICT)
    session.add(unit)
    session.flush()
    return unit


def run(session: Session, at: object = NOW) -> int:
    done = 0
    while more := succession.go_on(session, at=at, batch=2):  # type: ignore[arg-type]
        done += more
    session.expire_all()
    return done


def nurse_of(session: Session, unit: Unit, role: Role) -> Actor:
    person = Person(username=f"ny{unit.id}", name="Ny Demo", active=True)
    session.add(person)
    session.flush()
    roles.grant(session, person, unit, role, by=SYSTEM, at=NOW)
    return Actor(
        name=person.name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=person.id,
        roles=frozenset({role}),
    )  # fmt: skip


def whole(session: Session) -> bool:
    return [broken for broken in history.verify(session) if not isinstance(broken, int)] == []


def test_a_house_closes_and_its_successor_has_what_it_had(
    session: Session, world: World, discharged: Episode, other_house: Unit
) -> None:
    claimed = tasks.claim(session, call_of(session, discharged).uuid, by=world.facility_nurse, at=NOW)
    places.reserve_any(
        session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, discharged.uuid, by=world.facility_nurse, at=NOW
    )
    session.add(Place(unit_id=other_house.id, name="1", kind=PlaceKind.TRYGHEDSHOTEL, extra=False))
    session.flush()
    before = uses(session, world.facility)
    assert (before.episodes, before.places, before.stays, before.tasks > 0) == (1, 3, 1, True)
    closing.plan(session, world.facility, other_house, on=TODAY, by=SYSTEM, at=NOW)
    assert run(session) == 2
    assert (world.facility.closed_at, discharged.facility_id) == (NOW, other_house.id)
    assert not uses(session, world.facility)
    assert (claimed.unit_id, claimed.claimed_by_id) == (other_house.id, None)
    stay = session.scalars(select(PlaceStay).where(PlaceStay.episode_id == discharged.id)).one()
    assert stay.place.unit_id == other_house.id
    assert sorted(p.name for p in session.scalars(select(Place))) == ["1", "1 (Tryghedshotellet)", "2", "3"]
    told = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == EntryKind.UNIT_SUCCEEDED)).one()
    assert (told.facts["from"], told.facts["to"]) == (world.facility.id, other_house.id)
    assert whole(session)
    nurse = nurse_of(session, other_house, Role.FACILITY_NURSE)
    tasks.claim(session, claimed.uuid, by=nurse, at=NOW)
    assert sight.open(session, nurse, at=NOW).has_relation(discharged)
    assert sight.open(session, world.facility_nurse, at=NOW).has_relation(discharged)  # until their role ends
    assert run(session) == 0


def test_a_handover_under_way_goes_to_the_successor_who_answers_it(
    session: Session, world: World, sent: Handover, other_house: Unit
) -> None:
    handover = sent
    receiver = session.get_one(Unit, handover.to_unit_id)
    assert receiver.id == world.facility.id
    closing.plan(session, receiver, other_house, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert (handover.to_unit_id, handover.state) == (other_house.id, HandoverState.SENT)
    nurse = nurse_of(session, other_house, Role.FACILITY_NURSE)
    handovers.read(session, handover.uuid, by=nurse, at=NOW)
    handovers.accept(session, handover.uuid, version=1, by=nurse, at=NOW)
    session.expire_all()
    assert handover.state == HandoverState.ACCEPTED
    assert whole(session)


def test_who_has_the_responsibility_closes_and_the_successor_has_it(
    session: Session, world: World, discharged: Episode
) -> None:
    assert discharged.responsible_unit_id == world.ward.id
    closing.plan(session, world.ward, world.other_ward, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert discharged.responsible_unit_id == world.other_ward.id
    assert whole(session)
    closing.plan(session, world.other_ward, _third(session, world), on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    third = session.scalars(select(Unit).where(Unit.name == "Z9")).one()
    assert (discharged.responsible_unit_id, discharged.ward_id) == (third.id, third.id)
    assert reconcile.look(session, at=NOW + hours(1), real_at=NOW).faults[reconcile.Fault.EPISODE_OF_CLOSED_UNIT] == 0


def _third(session: Session, world: World) -> Unit:
    unit = Unit(organisation_id=world.hospital.id, name="Z9", kind=UnitKind.WARD)
    session.add(unit)
    session.flush()
    return unit


def standing(session: Session, episode: Episode) -> dict[int, tuple[int, str]]:
    return {one.miss.id: (one.miss.owing_unit_id, one.verdict) for one in misses.of_episode(session, episode)}


def test_a_miss_stays_with_who_had_it(
    session: Session, world: World, discharged: Episode, other_house: Unit
) -> None:
    late = DISCHARGED + hours(26)
    raise_all(session, late)
    before = standing(session, discharged)
    assert before
    closing.plan(session, world.facility, other_house, on=local(late).date(), by=SYSTEM, at=late)
    run(session, late)
    after = standing(session, discharged)
    assert after == before


def test_it_closes_when_its_day_comes_and_not_before(
    session: Session, world: World, discharged: Episode, other_house: Unit
) -> None:
    closing.plan(session, world.facility, other_house, on=TODAY + timedelta(days=7), by=SYSTEM, at=NOW)
    assert run(session) == 0
    assert choosing.HOUSES.holds(world.facility)
    closing.call_off(session, world.facility, by=SYSTEM)
    assert run(session, NOW + timedelta(days=8)) == 0
    closing.plan(session, world.facility, other_house, on=TODAY + timedelta(days=7), by=SYSTEM, at=NOW)
    assert run(session, NOW + timedelta(days=7)) == 2
    assert not choosing.HOUSES.holds(world.facility)
    assert choosing.HOUSES.holds(other_house)


def test_a_closed_unit_is_no_choice_and_gets_no_roles(session: Session, world: World, other_house: Unit) -> None:
    closing.plan(session, world.facility, other_house, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    with pytest.raises(NotAllowed):
        choosing.require(world.facility, choosing.HOUSES)
    person = session.get_one(Person, world.nurse.person_id)
    with pytest.raises(NotPossible, match="lukket"):
        roles.grant(session, person, world.facility, Role.FACILITY_NURSE, by=SYSTEM, at=NOW)
    with pytest.raises(NotPossible, match="lukket"):
        closing.plan(session, world.facility, other_house, on=TODAY, by=SYSTEM, at=NOW)


def test_the_unit_that_receives_for_a_municipality_passes_that_on(
    session: Session, world: World, discharged: Episode, other_district: Unit
) -> None:
    drafts.save(session, discharged, world.district.id, {"S.reason": "Fald"}, by=world.nurse, at=NOW, seen=0)
    closing.plan(session, world.district, other_district, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert (world.district.receives_for_municipality, other_district.receives_for_municipality) == (False, True)
    assert discharged.district_id == other_district.id
    assert session.scalars(select(HandoverDraft.unit_id)).all() == [other_district.id]


def test_messages_to_its_numbers_reach_the_successor(session: Session, world: World) -> None:
    world.ward.sor = "123456789"
    session.flush()
    closing.plan(session, world.ward, world.other_ward, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    party = Party("123456789", None, "M3")
    assert addresses.ward_of(session, party, party, at=NOW).unit_id == world.other_ward.id


def test_what_cannot_follow_is_refused(
    session: Session, world: World, discharged: Episode, other_house: Unit
) -> None:
    for successor in (world.facility, world.district):
        with pytest.raises(Invalid):
            closing.plan(session, world.facility, successor, on=TODAY, by=SYSTEM, at=NOW)
    with pytest.raises(NotPossible, match="overtager"):
        closing.plan(session, world.facility, None, on=TODAY, by=SYSTEM, at=NOW)
    with pytest.raises(Invalid):
        closing.plan(session, world.facility, other_house, on=date(2020, 1, 1), by=SYSTEM, at=NOW)
    with pytest.raises(NotAllowed):
        closing.plan(session, world.facility, other_house, on=TODAY, by=world.facility_manager, at=NOW)
    closing.plan(session, other_house, None, on=TODAY, by=SYSTEM, at=NOW)  # nothing hangs on it
    assert run(session) == 1


def test_two_become_one(session: Session, world: World, discharged: Episode) -> None:
    third = _third(session, world)
    for ward in (world.ward, world.other_ward):
        closing.plan(session, ward, third, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert (discharged.ward_id, world.ward.closed_at, world.other_ward.closed_at) == (third.id, NOW, NOW)


def test_the_kind_is_fixed_while_the_unit_is_used(session: Session, world: World, discharged: Episode) -> None:
    said = registry.said_of(world.facility) | {"enhedsart": "distrikt"}
    with pytest.raises(Invalid, match="1 åbne forløb"):
        registry.write_unit(session, world.municipality, world.facility, said, by=SYSTEM, at=NOW)
    session.refresh(world.facility)
    assert world.facility.kind == UnitKind.FACILITY
    free = registry.write_unit(
        session, world.municipality, None, said | {"enhed": "Ny", "enhed_sor": ""}, by=SYSTEM, at=NOW
    )
    registry.write_unit(
        session, world.municipality, free, registry.said_of(free) | {"enhedsart": "plads"}, by=SYSTEM, at=NOW
    )
    assert free.kind == UnitKind.FACILITY


def test_what_was_accepted_before_a_cancelled_discharge_is_with_the_successor(
    session: Session, world: World, admitted: Episode, to_tryghedshotel: Episode, other_house: Unit
) -> None:
    at = DISCHARGED - hours(2)
    handover = handovers.send(session, admitted.uuid, ISBAR, by=world.ward_nurse, at=at, override_reason="Prøve")
    handovers.read(session, handover.uuid, by=world.facility_nurse, at=at)
    handovers.accept(session, handover.uuid, version=1, by=world.facility_nurse, at=at)
    episodes.record_event(session, admitted.uuid, "patient_discharged", by=world.ward_nurse, at=DISCHARGED)
    session.expire_all()
    number = admitted.history_number
    assert admitted.responsible_unit_id == world.facility.id
    closing.plan(session, world.facility, other_house, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert admitted.responsible_unit_id == other_house.id
    amendments.cancel_event(session, admitted.uuid, number, by=SYSTEM, at=NOW, reason="Prøve")
    session.expire_all()
    assert admitted.responsible_unit_id == world.ward.id
    assert (handover.state, handover.to_unit_id) == (HandoverState.ACCEPTED, other_house.id)
    assert whole(session)


def test_nor_does_a_unit_in_use_move_to_another_organisation(
    session: Session, world: World, discharged: Episode
) -> None:
    world.facility.sor = "7654321"
    session.flush()
    neighbour = session.get_one(Organisation, world.other_district.organisation_id)
    with pytest.raises(Invalid, match="organisation"):
        registry.write_unit(
            session, neighbour, world.facility, registry.said_of(world.facility), by=SYSTEM, at=NOW
        )


def test_who_comes_back_comes_to_the_successor(
    session: Session, world: World, discharged: Episode, other_district: Unit
) -> None:
    died = episodes.record_event(session, discharged.uuid, "episode_cancelled", by=SYSTEM, at=NOW, reason="Prøve")
    assert died.closed_at is not None
    closing.plan(session, world.district, other_district, on=TODAY, by=SYSTEM, at=NOW)
    run(session)
    assert discharged.district_id == world.district.id  # what is over stays as it was
