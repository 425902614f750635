"""Two people are never in one place at one time."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import World
from workflow import episodes, places
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.tables import Episode, PlaceRequest, PlaceStay
from workflow.vocabulary import PlaceKind, StayState


def free(session: Session, world: World) -> list[str]:
    return [p.name for p in places.free_places(session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, at=ADMITTED)]


def house_guest(session: Session, world: World) -> Episode:
    return episodes.open_episode(
        session, worlds.citizen(session, world), "tryghedshotel", "citizen", by=world.facility_nurse, at=ADMITTED,
        facility=world.facility, district=world.district,
    )  # fmt: skip


def test_reserve_arrive_leave(session: Session, world: World, discharged: Episode) -> None:
    first = world.places[0]
    places.reserve(session, first.uuid, discharged.uuid, by=world.coordinator, at=DISCHARGED - hours(1))
    assert free(session, world) == ["2", "3"]
    stay = places.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    assert stay.state == StayState.TAKEN
    places.leave(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(30))
    assert (stay.state, stay.during.lower, stay.during.upper) == (
        StayState.LEFT, DISCHARGED + hours(1), DISCHARGED + hours(30),
    )  # fmt: skip


def test_a_place_is_reserved_for_one(session: Session, world: World, discharged: Episode) -> None:
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.facility_nurse, at=ADMITTED)
    second = house_guest(session, world)
    with pytest.raises(NotPossible, match="ikke ledig"), session.begin_nested():
        places.reserve(session, world.places[0].uuid, second.uuid, by=world.facility_nurse, at=ADMITTED)
    with pytest.raises(NotPossible, match="allerede en plads"), session.begin_nested():
        places.reserve(session, world.places[1].uuid, discharged.uuid, by=world.facility_nurse, at=ADMITTED)


def test_the_next_guest_may_come_the_moment_the_last_leaves(session: Session, world: World) -> None:
    one, two = house_guest(session, world), house_guest(session, world)
    places.reserve(session, world.places[0].uuid, one.uuid, by=world.facility_nurse, at=ADMITTED)
    places.arrive(session, one.uuid, by=world.facility_nurse, at=ADMITTED)
    noon = ADMITTED + hours(4)
    places.leave(session, one.uuid, by=world.facility_nurse, at=noon)
    places.reserve(session, world.places[0].uuid, two.uuid, by=world.facility_nurse, at=noon)


def test_a_closed_place_takes_nobody_and_a_taken_one_is_not_closed(session: Session, world: World) -> None:
    guest = house_guest(session, world)
    with pytest.raises(Invalid):
        places.close(session, world.places[0].uuid, by=world.facility_nurse, at=ADMITTED, reason="")
    places.close(session, world.places[0].uuid, by=world.facility_nurse, at=ADMITTED, reason="Rengøring")
    with pytest.raises(NotPossible), session.begin_nested():
        places.reserve(session, world.places[0].uuid, guest.uuid, by=world.facility_nurse, at=ADMITTED + hours(1))
    places.reopen(session, world.places[0].uuid, by=world.facility_nurse, at=ADMITTED + hours(2))
    places.reserve(session, world.places[0].uuid, guest.uuid, by=world.facility_nurse, at=ADMITTED + hours(2))
    with pytest.raises(NotPossible), session.begin_nested():
        places.close(session, world.places[0].uuid, by=world.facility_nurse, at=ADMITTED + hours(3), reason="x")
    with pytest.raises(NotAllowed):
        places.close(session, world.places[1].uuid, by=world.nurse, at=ADMITTED, reason="x")


def test_when_all_are_taken_one_waits_or_a_manager_makes_room_with_a_reason(session: Session, world: World) -> None:
    for place in world.places:
        places.reserve(session, place.uuid, house_guest(session, world).uuid, by=world.facility_nurse, at=ADMITTED)
    guest = house_guest(session, world)
    places.request(
        session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, guest.uuid, by=world.facility_nurse, at=ADMITTED
    )
    over = {"session": session, "unit_id": world.facility.id, "kind": PlaceKind.TRYGHEDSHOTEL, "episode_id": guest.uuid}
    with pytest.raises(NotAllowed):
        places.overbook(**over, by=world.facility_nurse, at=ADMITTED, reason="x")  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        places.overbook(**over, by=world.ward_manager, at=ADMITTED, reason="x")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        places.overbook(**over, by=world.facility_manager, at=ADMITTED, reason=" ")  # type: ignore[arg-type]
    stay = places.overbook(**over, by=world.facility_manager, at=ADMITTED, reason="Snestorm")  # type: ignore[arg-type]
    assert (stay.place.extra, stay.reason) == (True, "Snestorm")


def test_overbooking_is_refused_while_a_place_is_free(session: Session, world: World) -> None:
    with pytest.raises(NotPossible):
        places.overbook(
            session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, house_guest(session, world).uuid,
            by=world.facility_manager, at=ADMITTED, reason="x",
        )  # fmt: skip


def test_who_gets_a_place_waits_no_longer(session: Session, world: World) -> None:
    guest = house_guest(session, world)
    places.request(
        session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, guest.uuid, by=world.facility_nurse, at=ADMITTED
    )
    places.request(
        session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, guest.uuid, by=world.facility_nurse, at=ADMITTED
    )
    places.reserve(session, world.places[0].uuid, guest.uuid, by=world.facility_nurse, at=ADMITTED + hours(1))
    waited = session.scalars(select(PlaceRequest)).one()
    assert waited.ended_at == ADMITTED + hours(1)


def test_death_frees_the_place_from_that_moment(session: Session, world: World) -> None:
    guest = house_guest(session, world)
    places.reserve(session, world.places[0].uuid, guest.uuid, by=world.facility_nurse, at=ADMITTED)
    places.arrive(session, guest.uuid, by=world.facility_nurse, at=ADMITTED)
    died = ADMITTED + timedelta(days=1)
    episodes.record_event(session, guest.uuid, "patient_died", by=world.facility_nurse, at=died)
    stay = session.scalars(select(PlaceStay)).one()
    assert (stay.state, stay.during.upper) == (StayState.LEFT, died)
