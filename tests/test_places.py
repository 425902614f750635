"""Two people are never in one place at one time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import ISBAR, World
from workflow import amendments, episodes, places
from workflow.actor import SYSTEM
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.handing import handovers
from workflow.lists import capacity
from workflow.seeing import sight
from workflow.showing import destinations
from workflow.tables import Episode, Handover, HistoryEntry, Place, PlaceRequest, PlaceStay
from workflow.vocabulary import PlaceKind, StayState


def free(session: Session, world: World, at: datetime = ADMITTED) -> list[str]:
    return [p.name for p in places.free_places(session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, at=at)]


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


def test_the_arrival_takes_the_place_that_was_kept_and_the_departure_frees_it(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    arrived = DISCHARGED + hours(1)
    destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=arrived + hours(0.25), arrived_at=arrived)
    stay = session.scalars(select(PlaceStay)).one()
    assert (discharged.state, stay.state, stay.during.lower) == ("at_tryghedshotel", StayState.TAKEN, arrived)
    with pytest.raises(NotPossible, match="afrejsen"):
        places.leave(session, discharged.uuid, by=world.facility_nurse, at=arrived + hours(2))
    with pytest.raises(NotPossible, match="ikke reserveret"):
        destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=arrived + hours(2))
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=arrived + hours(2))
    home = arrived + hours(20)
    handovers.send(session, discharged.uuid, ISBAR, by=world.facility_nurse, at=home)
    episodes.record_event(session, discharged.uuid, "departed_home", by=world.facility_nurse, at=home)
    assert (stay.state, stay.during.upper) == (StayState.LEFT, home)


def test_who_never_came_has_the_place_kept_and_who_never_left_has_it_again(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    nurse, arrived = world.facility_nurse, DISCHARGED + hours(1)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    destinations.arrive(session, discharged.uuid, by=nurse, at=arrived)
    stay = session.scalars(select(PlaceStay)).one()

    def never_happened() -> None:
        number = discharged.history_number
        amendments.cancel_event(session, discharged.uuid, number, by=nurse, at=arrived + hours(21), reason="Forkert")

    never_happened()
    assert (discharged.state, stay.state) == ("discharged", StayState.RESERVED)
    destinations.arrive(session, discharged.uuid, by=nurse, at=arrived + hours(2))
    steps.receive(session, sent.uuid, by=nurse, at=arrived + hours(2))
    handovers.send(session, discharged.uuid, ISBAR, by=nurse, at=arrived + hours(20))
    episodes.record_event(session, discharged.uuid, "departed_home", by=nurse, at=arrived + hours(20))
    assert stay.state == StayState.LEFT
    never_happened()
    assert (discharged.state, stay.state, stay.during.upper) == ("at_tryghedshotel", StayState.TAKEN, None)


def test_a_place_that_somebody_was_given_since_stays_theirs(
    session: Session, world: World, discharged: Episode
) -> None:
    died = DISCHARGED + hours(3)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.facility_nurse, at=died)
    places.reserve(session, world.places[0].uuid, house_guest(session, world).uuid, by=world.facility_nurse, at=died)
    number = discharged.history_number
    amendments.cancel_event(
        session, discharged.uuid, number, by=world.facility_nurse, at=died + hours(1), reason="En anden borger"
    )
    assert discharged.state == "at_tryghedshotel"
    stays = session.scalars(select(PlaceStay).where(PlaceStay.episode_id == discharged.id)).all()
    assert [stay.state for stay in stays] == [StayState.LEFT]
    waiting = session.scalars(select(PlaceRequest).where(PlaceRequest.ended_at.is_(None))).one()
    assert (waiting.episode_id, waiting.unit_id, waiting.requested_at) == (
        discharged.id, world.facility.id, died + hours(1),
    )  # fmt: skip


def readmitted_and_taken_back(session: Session, world: World, episode: Episode, *, between: str | None = None) -> None:
    """Another was meant; `between` the two, that place is given to somebody else."""
    at = DISCHARGED + hours(10)
    new = episodes.readmit(session, episode.uuid, ward=world.ward, by=world.ward_nurse, at=at)
    number = episode.history_number
    if between is not None:
        place = next(place for place in world.places if place.name == between)
        places.reserve(session, place.uuid, house_guest(session, world).uuid, by=world.facility_nurse, at=at)
    episodes.record_event(session, new.uuid, "episode_cancelled", by=world.ward_nurse, at=at, reason="Forkert borger")
    amendments.cancel_event(session, episode.uuid, number, by=world.ward_nurse, at=at, reason="Forkert borger")


@pytest.mark.parametrize("there", [True, False], ids=["there", "expected"])
@pytest.mark.parametrize("given", [True, False], ids=["given to another", "free"])
def test_who_was_never_readmitted_has_the_place_again_or_waits_for_one(
    session: Session, world: World, discharged: Episode, there: bool, given: bool
) -> None:
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    if there:
        destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    stay = session.scalars(select(PlaceStay)).one()
    was = stay.state, stay.during
    readmitted_and_taken_back(session, world, discharged, between="1" if given else None)
    session.refresh(stay)
    assert discharged.state == ("at_tryghedshotel" if there else "discharged")
    waiting = session.scalars(select(PlaceRequest.episode_id).where(PlaceRequest.ended_at.is_(None))).all()
    if given:
        assert stay.state == (StayState.LEFT if there else StayState.RELEASED)
        assert waiting == [discharged.id]
        places.reserve(
            session, world.places[1].uuid, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(11)
        )
        destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(11))
        lies = session.scalars(select(PlaceStay).where(PlaceStay.place_id == world.places[1].id)).one()
        assert (lies.episode_id, lies.state) == (discharged.id, StayState.TAKEN)
    else:
        assert ((stay.state, stay.during), waiting) == (was, [])


def test_a_place_that_was_given_up_before_is_not_had_again(session: Session, world: World, discharged: Episode) -> None:
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    places.leave(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    readmitted_and_taken_back(session, world, discharged)
    assert session.scalars(select(PlaceStay.state)).all() == [StayState.RELEASED]
    assert session.scalars(select(PlaceRequest)).all() == []


@pytest.fixture
def home(session: Session, world: World, discharged: Episode, sent: Handover) -> Episode:
    """There from 14:00 until 09:00 the next day, in place 1."""
    nurse, arrived = world.facility_nurse, DISCHARGED + hours(1)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    destinations.arrive(session, discharged.uuid, by=nurse, at=arrived)
    steps.receive(session, sent.uuid, by=nurse, at=arrived)
    handovers.send(session, discharged.uuid, ISBAR, by=nurse, at=arrived + hours(18))
    return episodes.record_event(session, discharged.uuid, "departed_home", by=nurse, at=arrived + hours(19))


def corrects(session: Session, episode: Episode, trigger: str, to: datetime) -> None:
    entry = session.scalars(
        select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.trigger == trigger).limit(1)
    ).one()
    amendments.correct_time(
        session, episode.uuid, entry.number, to, by=SYSTEM, at=DISCHARGED + hours(40), reason="Forkert"
    )


def test_a_corrected_arrival_or_departure_moves_the_stay(session: Session, world: World, home: Episode) -> None:
    stay = session.scalars(select(PlaceStay)).one()
    for trigger, to in (
        ("patient_discharged", DISCHARGED - hours(1)),  # says nothing of the place
        ("patient_arrived", DISCHARGED + hours(3)), ("patient_arrived", DISCHARGED),
        ("departed_home", DISCHARGED + hours(30)), ("departed_home", DISCHARGED + hours(8)),
    ):  # fmt: skip
        corrects(session, home, trigger, to)
    assert (stay.during.lower, stay.during.upper) == (DISCHARGED, DISCHARGED + hours(8))
    amendments.cancel_event(
        session, home.uuid, session.scalars(select(HistoryEntry.number).where(
            HistoryEntry.trigger == "departed_home", HistoryEntry.kind == "event")).one(),
        by=world.facility_nurse, at=DISCHARGED + hours(41), reason="Blev alligevel",
    )  # fmt: skip
    assert (stay.state, stay.during.lower, stay.during.upper) == (StayState.TAKEN, DISCHARGED, None)


def test_a_corrected_time_takes_no_place_from_somebody_else(session: Session, world: World, home: Episode) -> None:
    stay = session.scalars(select(PlaceStay)).one()
    other = house_guest(session, world)
    places.reserve(session, world.places[0].uuid, other.uuid, by=world.facility_nurse, at=DISCHARGED + hours(20))
    corrects(session, home, "departed_home", DISCHARGED + hours(30))
    assert stay.during.upper == DISCHARGED + hours(20)
    told = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == "corrected")).one()
    assert told.effective_at == DISCHARGED + hours(30)


def test_an_arrival_after_the_guest_had_moved_on_leaves_the_first_place_as_it_was(
    session: Session, world: World, discharged: Episode
) -> None:
    arrived = DISCHARGED + hours(1)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=arrived)
    places.move(session, discharged.uuid, world.places[1].uuid, by=world.facility_nurse, at=arrived + hours(1))
    corrects(session, discharged, "patient_arrived", arrived + hours(2))
    spans = session.execute(select(PlaceStay.state, PlaceStay.during).order_by(PlaceStay.id)).all()
    assert [(state, span.lower, span.upper) for state, span in spans] == [
        (StayState.LEFT, arrived, arrived + hours(1)), (StayState.TAKEN, arrived + hours(1), None),
    ]  # fmt: skip


def test_nobody_arrives_before_the_discharge(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    places.reserve(session, world.places[0].uuid, to_tryghedshotel.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    with pytest.raises(NotPossible, match="Indlagt"):
        destinations.arrive(session, to_tryghedshotel.uuid, by=world.facility_nurse, at=ADMITTED + hours(2))
    assert session.scalars(select(PlaceStay.state)).one() == StayState.RESERVED


def test_a_place_that_is_kept_from_later_on_is_not_taken_before(
    session: Session, world: World, discharged: Episode
) -> None:
    first, later = world.places[0], DISCHARGED + hours(6)
    places.reserve(session, first.uuid, discharged.uuid, by=world.coordinator, at=ADMITTED, from_at=later)
    destinations.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    stay = session.scalars(select(PlaceStay)).one()
    assert (stay.state, stay.during.lower) == (StayState.RESERVED, later)
    places.arrive(session, discharged.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    assert (stay.state, stay.during.lower) == (StayState.TAKEN, DISCHARGED + hours(1))


def test_a_guest_moves_within_the_house(session: Session, world: World) -> None:
    one, two = house_guest(session, world), house_guest(session, world)
    places.reserve(session, world.places[0].uuid, one.uuid, by=world.facility_nurse, at=ADMITTED)
    places.arrive(session, one.uuid, by=world.facility_nurse, at=ADMITTED)
    places.reserve(session, world.places[1].uuid, two.uuid, by=world.facility_nurse, at=ADMITTED)
    at = ADMITTED + hours(2)
    with pytest.raises(NotPossible, match="ikke ledig"), session.begin_nested():
        places.move(session, one.uuid, world.places[1].uuid, by=world.facility_nurse, at=at)
    with pytest.raises(NotAllowed):
        places.move(session, one.uuid, world.places[2].uuid, by=world.nurse, at=at)
    elsewhere = Place(unit_id=world.other_ward.id, name="1", kind=PlaceKind.ACUTE, extra=False)
    session.add(elsewhere)
    session.flush()
    with pytest.raises(NotFound):
        places.move(session, one.uuid, elsewhere.uuid, by=world.facility_nurse, at=at)
    moved = places.move(session, one.uuid, world.places[2].uuid, by=world.facility_nurse, at=at)
    assert (moved.state, moved.during.lower, moved.during.upper) == (StayState.TAKEN, at, None)
    assert free(session, world, at) == ["1"]
    left = session.scalars(select(PlaceStay).where(PlaceStay.place_id == world.places[0].id)).one()
    assert (left.state, left.during.upper) == (StayState.LEFT, at)


def test_choosing_the_house_reserves_and_sends_the_citizen_there(
    session: Session, world: World, admitted: Episode
) -> None:
    hotel = PlaceKind.TRYGHEDSHOTEL
    stay = destinations.choose(session, admitted.uuid, world.facility, hotel, by=world.coordinator, at=ADMITTED)
    assert (admitted.pathway_key, admitted.facility_id) == ("tryghedshotel", world.facility.id)
    assert (stay.place.name, stay.state) == ("1", StayState.RESERVED)
    amendments.reroute(session, admitted.uuid, "home", by=world.coordinator, at=ADMITTED + hours(1))
    assert stay.state == StayState.RELEASED


def test_the_one_too_many_is_told_to_wait(session: Session, world: World, admitted: Episode) -> None:
    for place in world.places:
        places.reserve(session, place.uuid, house_guest(session, world).uuid, by=world.facility_nurse, at=ADMITTED)
    with pytest.raises(NotPossible, match="0 ledige - sæt på venteliste"), session.begin_nested():
        destinations.choose(
            session, admitted.uuid, world.facility, PlaceKind.TRYGHEDSHOTEL, by=world.coordinator, at=ADMITTED
        )
    session.refresh(admitted)
    assert admitted.pathway_key == "home"


def test_who_waits_no_longer_is_off_the_list_and_out_of_sight(
    session: Session, world: World, admitted: Episode
) -> None:
    with pytest.raises(NotPossible):
        places.stop_waiting(session, admitted.uuid, by=world.coordinator, at=ADMITTED)
    kind = PlaceKind.TRYGHEDSHOTEL
    places.request(session, world.facility.id, kind, admitted.uuid, by=world.coordinator, at=ADMITTED)
    assert world.facility.id in admitted.related
    places.stop_waiting(session, admitted.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    session.refresh(admitted)
    assert world.facility.id not in admitted.related
    assert session.scalars(select(PlaceRequest.ended_at)).one() == ADMITTED + hours(1)


def test_a_manager_adds_places_and_takes_none_away(session: Session, world: World) -> None:
    kind, house = PlaceKind.TRYGHEDSHOTEL, world.facility.id
    places.furnish(session, house, kind, 5, by=world.facility_manager)
    assert free(session, world) == ["1", "2", "3", "4", "5"]
    for by, unit, count in (
        (world.facility_nurse, house, 6), (world.ward_manager, house, 6),
        (world.facility_manager, house, 4), (world.facility_manager, house, 0), (world.facility_manager, house, 10_000),
    ):  # fmt: skip
        with pytest.raises((NotAllowed, NotPossible, Invalid)):
            places.furnish(session, unit, kind, count, by=by)
    assert len(free(session, world)) == 5


def test_when_a_guest_is_expected_home_stands_on_the_place(session: Session, world: World, discharged: Episode) -> None:
    at = DISCHARGED + hours(1)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.facility_nurse, at=at)
    monday = (at + timedelta(days=4)).date()
    with pytest.raises(NotPossible):
        places.expect_departure(session, discharged.uuid, monday, by=world.facility_nurse, at=at)
    places.arrive(session, discharged.uuid, by=world.facility_nurse, at=at)
    with pytest.raises(NotAllowed):
        places.expect_departure(session, discharged.uuid, monday, by=world.ward_nurse, at=at)
    before = (at - timedelta(days=1)).date()
    with pytest.raises(Invalid):
        places.expect_departure(session, discharged.uuid, before, by=world.facility_nurse, at=at)
    places.expect_departure(session, discharged.uuid, monday, by=world.facility_nurse, at=at)
    seen = sight.open(session, world.facility_nurse, at=at)
    bed = next(bed for bed in capacity.floor(session, seen, world.facility, at=at).beds if bed.place == world.places[0])
    assert bed.stay is not None
    assert bed.stay.leaves_on == monday
