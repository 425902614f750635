"""You see what you have a relation to, and every look is written down."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import LOOKED_AT, VISIT, Acting
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import World
from workflow import amendments, episodes, places, tasks
from workflow.errors import Missing, NotFound
from workflow.handing import handovers
from workflow.pathways import PATHWAYS
from workflow.seeing import sight
from workflow.tables import AccessEntry, Episode, Handover, PersonRole, Task
from workflow.vocabulary import Look, Role, RoleState

# --- who it is ---


@pytest.mark.parametrize("role", Role)
def test_the_database_knows_who_looks_also_where_they_see_nobody(session: Session, world: World, role: Role) -> None:
    actor = replace(world.nurse, roles=frozenset({role}))
    session.execute(text("select set_config('overgang.person', '0', true), set_config('overgang.typed', 'ff', true)"))
    sight.open(session, actor, at=ADMITTED)
    said = session.execute(text("select current_setting('overgang.person'), current_setting('overgang.typed')")).one()
    assert tuple(said) == (str(actor.person_id), "")


# --- relation ---


def test_the_parties_have_a_relation_and_nobody_else(world: World, admitted: Episode) -> None:
    assert admitted.related == sorted([world.ward.id, world.district.id])


def test_a_facility_that_was_only_thought_of_loses_its_relation(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    assert world.facility.id in to_tryghedshotel.related
    amendments.reroute(session, to_tryghedshotel.uuid, "home", by=world.coordinator, at=ADMITTED + hours(2))
    assert world.facility.id not in to_tryghedshotel.related


def test_a_facility_that_was_sent_a_handover_keeps_seeing_it(session: Session, world: World, sent: Handover) -> None:
    episode = sent.episode
    amendments.reroute(session, episode.uuid, "home", by=world.coordinator, at=ADMITTED + hours(5))
    assert sent.state == "withdrawn"
    assert world.facility.id in episode.related


def test_who_wrote_in_the_history_keeps_seeing_it(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    amendments.record_need(
        session, to_tryghedshotel.uuid, "same_day_action", by=world.facility_nurse, at=ADMITTED + hours(1.5)
    )
    amendments.reroute(session, to_tryghedshotel.uuid, "home", by=world.coordinator, at=ADMITTED + hours(2))
    assert world.facility.id in to_tryghedshotel.related


def test_a_reserved_place_gives_a_relation_that_ends_when_it_is_released(
    session: Session, world: World, admitted: Episode
) -> None:
    at = ADMITTED + hours(1)
    places.reserve(session, world.places[0].uuid, admitted.uuid, by=world.coordinator, at=at)
    assert world.facility.id in admitted.related
    episodes.record_event(session, admitted.uuid, "episode_cancelled", by=world.coordinator, at=at, reason="Fejl")
    assert world.facility.id in admitted.related  # still kept for them: only a stay at the facility of the way is freed
    amendments.cancel_event(
        session, admitted.uuid, admitted.history_number, by=world.coordinator, at=at, reason="Alligevel"
    )
    places.leave(session, admitted.uuid, by=world.facility_nurse, at=at + hours(1))
    assert world.facility.id in admitted.related  # the facility has released it itself, and so has taken part


def test_waiting_for_a_place_gives_a_relation(session: Session, world: World, admitted: Episode) -> None:
    places.request(
        session, world.facility.id, world.places[0].kind, admitted.uuid, by=world.coordinator, at=ADMITTED + hours(1)
    )
    assert world.facility.id in admitted.related


def test_without_a_relation_it_does_not_exist_whatever_is_asked(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    by, at = world.stranger, DISCHARGED + hours(1)
    task = session.scalars(select(Task.uuid)).first()
    assert task is not None
    for ask in (
        lambda: episodes.record_event(session, discharged.uuid, "no_such_thing", by=by, at=at),
        lambda: amendments.cancel_event(session, discharged.uuid, 99, by=by, at=at, reason=""),
        lambda: amendments.reroute(session, discharged.uuid, "home", by=by, at=at),
        lambda: amendments.record_need(session, discharged.uuid, "x", by=by, at=at),
        lambda: amendments.review(session, discharged.uuid, by=by, at=at),
        lambda: handovers.send(session, discharged.uuid, {"no": "field"}, by=by, at=at),
        lambda: handovers.read(session, sent.uuid, by=by, at=at),
        lambda: handovers.inform(session, sent.uuid, by=by, at=at),
        lambda: tasks.confirm(session, task, by=by, at=at),
        lambda: tasks.confirm_not_relevant(session, task, by=by, at=at),
        lambda: places.leave(session, discharged.uuid, by=by, at=at),
    ):
        with pytest.raises(NotFound):
            ask()
    for hidden, absent in (
        (
            lambda: handovers.read(session, sent.uuid, by=by, at=at),
            lambda: handovers.read(session, uuid4(), by=by, at=at),
        ),
        (lambda: tasks.confirm(session, task, by=by, at=at), lambda: tasks.confirm(session, uuid4(), by=by, at=at)),
        (
            lambda: amendments.review(session, discharged.uuid, by=by, at=at),
            lambda: amendments.review(session, uuid4(), by=by, at=at),
        ),
    ):
        with pytest.raises(NotFound) as one:
            hidden()
        with pytest.raises(NotFound) as other:
            absent()
        assert str(one.value) == str(other.value), "what is hidden is answered as what is not there"


# --- sight ---


def test_a_coordinator_sees_every_ward_of_the_hospital_and_a_nurse_their_own(
    session: Session, world: World, acting: Acting
) -> None:
    worlds.admit(session, world, ADMITTED)
    elsewhere = replace(world, ward=world.other_ward, ward_nurse=replace(world.ward_nurse, unit_id=world.other_ward.id))
    worlds.admit(session, elsewhere, ADMITTED)
    for actor, wards in (
        (world.coordinator, {world.ward.id, world.other_ward.id}), (world.ward_nurse, {world.ward.id}),
        (world.stranger, set()),
    ):  # fmt: skip
        with acting(actor) as seen:
            assert set(session.scalars(select(Episode.ward_id).where(seen.visible()))) == wards
            assert set(session.scalars(select(Episode.ward_id))) == wards


def test_a_manager_sees_every_unit_they_manage_while_they_act_as_one(
    session: Session, world: World, acting: Acting
) -> None:
    mine = {"person_id": world.ward_manager.person_id, "role": Role.MANAGER}
    session.add(PersonRole(unit_id=world.other_ward.id, **mine))
    session.add(PersonRole(unit_id=world.facility.id, state=RoleState.ENDED, **mine))
    with acting(world.ward_manager) as seen:
        assert seen.units == seen.audits == {world.ward.id, world.other_ward.id}
    with acting(replace(world.ward_manager, roles=frozenset({Role.WARD_NURSE}))) as seen:
        assert seen.units == {world.ward.id}
        assert not seen.audits


def test_a_look_is_written_down_with_all_that_is_known_of_it(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    with acting(world.ward_nurse) as seen:
        sight.require(session, seen, admitted.uuid, visit=replace(VISIT, purpose="Vagtskifte"))
    entry = session.scalars(select(AccessEntry)).one()
    assert (entry.kind, entry.what, entry.person, entry.unit_id, entry.roles, entry.citizens, entry.episodes) == (
        Look.READ, "episode", "Anders Demo", world.ward.id, "ward_nurse", [admitted.citizen_id], [admitted.id],
    )  # fmt: skip
    assert (entry.at, entry.related, entry.purpose, entry.address, entry.request_id) == (
        LOOKED_AT, True, "Vagtskifte", "192.0.2.7", "r1",
    )  # fmt: skip


def test_a_number_is_masked_until_it_is_asked_for_and_the_asking_is_written_down(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    number, episode = admitted.citizen.cpr.value, admitted.uuid
    assert number not in f"{admitted.citizen.cpr} {admitted.citizen.cpr!r}"
    with acting(world.ward_nurse) as seen:
        assert sight.show_cpr(session, seen, episode, visit=VISIT).value == number
    with acting(world.stranger) as seen, pytest.raises(NotFound):
        sight.show_cpr(session, seen, episode, visit=VISIT)
    assert session.scalars(select(AccessEntry.kind)).all() == [Look.CPR_SHOWN]


def test_a_list_is_one_row_that_names_everybody_on_it(session: Session, world: World, acting: Acting) -> None:
    shown = [worlds.admit(session, world, ADMITTED) for _ in range(3)]
    numbers = [episode.id for episode in shown]
    with acting(world.coordinator) as seen:
        found = list(session.scalars(select(Episode).where(seen.visible()).order_by(Episode.id)))
        sight.record(session, seen, found, visit=VISIT, kind=Look.LIST)
    assert session.scalars(select(AccessEntry)).one().episodes == numbers


def test_who_has_no_relation_is_told_that_there_is_nothing_and_leaves_no_reading(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    with acting(world.stranger) as seen, pytest.raises(NotFound) as refusal:
        sight.require(session, seen, admitted.uuid, visit=VISIT)
    assert refusal.value.code == "no_such_episode"
    assert session.scalars(select(AccessEntry)).all() == []


def test_a_sensitive_pathway_asks_what_for_before_it_is_shown(
    session: Session, world: World, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensitive = replace(PATHWAYS["home", 1], key="alcohol", sensitive=True)
    monkeypatch.setitem(PATHWAYS, ("alcohol", 1), sensitive)
    episode = worlds.admit(session, world, ADMITTED)
    episode.pathway_key = "alcohol"
    with acting(world.ward_nurse) as seen:
        for purpose in (None, "", "  "):
            with pytest.raises(Missing) as asked:
                sight.require(session, seen, episode.uuid, visit=replace(VISIT, purpose=purpose))
            assert asked.value.items == ("purpose",)
        sight.require(session, seen, episode.uuid, visit=replace(VISIT, purpose="Planlægger udskrivning"))
    assert session.scalars(select(AccessEntry.purpose)).all() == ["Planlægger udskrivning"]


def test_tomorrow_is_another_transaction(session: Session, world: World, admitted: Episode, acting: Acting) -> None:
    with acting(world.ward_nurse, LOOKED_AT + timedelta(days=1)) as seen:
        assert sight.may_see(session, seen, admitted.uuid) is not None
    with acting(world.stranger, LOOKED_AT + timedelta(days=1)) as seen:
        assert sight.may_see(session, seen, admitted.uuid) is None
