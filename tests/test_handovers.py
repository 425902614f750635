"""Responsibility moves only by a handover that both sides see."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, hours, live, raise_all
from tests.world import ISBAR, World
from workflow import agreements, amendments, episodes, misses
from workflow.actor import SYSTEM
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, NotPossible, Stale
from workflow.handing import handovers, planned
from workflow.tables import Deadline, Episode, Handover, Notice
from workflow.vocabulary import Concerns, HandoverState

MINUTE = timedelta(minutes=1)


def answer_limit(session: Session, episode: Episode) -> object:
    (deadline,) = [d for d in live(session, episode) if d.concerns == Concerns.HANDOVER_ANSWER]
    return deadline.due_at


def test_sent_is_not_received_and_received_is_not_accepted(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    assert (sent.state, discharged.responsible_unit_id) == (HandoverState.SENT, world.ward.id)
    handovers.read(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + MINUTE)
    assert (sent.state, discharged.responsible_unit_id) == (HandoverState.READ, world.ward.id)
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + 2 * MINUTE)
    assert (sent.state, discharged.responsible_unit_id) == (HandoverState.ACCEPTED, world.facility.id)
    assert sent.passed_at == DISCHARGED + 2 * MINUTE


def test_accepted_before_the_discharge_passes_at_the_effective_discharge(
    session: Session, world: World, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.5))
    assert sent.episode.responsible_unit_id == world.ward.id
    episodes.record_event(
        session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED + hours(1),
        effective_at=DISCHARGED, reason="Skrevet senere",
    )  # fmt: skip
    assert sent.episode.responsible_unit_id == world.facility.id
    assert sent.passed_at == DISCHARGED


def test_not_sent_by_the_discharge_the_ward_still_has_it_and_owes_it(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    episodes.record_event(
        session, to_tryghedshotel.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="Travlt"
    )
    owed = session.scalars(select(Handover)).one()
    assert (owed.state, to_tryghedshotel.responsible_unit_id) == (HandoverState.OWED, world.ward.id)
    assert [m.miss.code for m in misses.of_episode(session, to_tryghedshotel)] == ["M1"]
    with pytest.raises(NotPossible):
        steps.receive(session, owed.uuid, by=world.facility_nurse, at=DISCHARGED + MINUTE)
    handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=DISCHARGED + hours(1))
    steps.receive(session, owed.uuid, by=world.facility_nurse, at=DISCHARGED + hours(2))
    assert to_tryghedshotel.responsible_unit_id == world.facility.id
    assert [m.miss.code for m in misses.of_episode(session, to_tryghedshotel)] == ["M1"]  # late stays late


def test_an_owed_handover_is_escalated(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    episodes.record_event(
        session, to_tryghedshotel.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="Travlt"
    )
    raise_all(session, DISCHARGED + hours(1))
    notices = session.execute(
        select(Notice.unit_id, Notice.audience).where(Notice.topic == "handover_sending").order_by(Notice.id)
    ).all()
    assert [tuple(n) for n in notices] == [
        (world.ward.id, "unit"), (world.ward.id, "managers"), (world.facility.id, "managers"),
    ]  # fmt: skip


def test_the_answer_is_due_four_elapsed_hours_after_sending(session: Session, discharged: Episode) -> None:
    assert answer_limit(session, discharged) == ADMITTED + hours(8)


def test_the_arrival_is_the_answer_limit_when_it_comes_sooner(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    arrival = DISCHARGED + hours(1)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=arrival)
    assert answer_limit(session, discharged) == arrival
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=arrival + MINUTE)
    (missed,) = misses.of_episode(session, discharged)
    assert (missed.miss.code, missed.miss.owing_unit_id, missed.miss.responsible_unit_id) == (
        "M3", world.facility.id, world.ward.id,
    )  # fmt: skip


def test_an_unanswered_handover_is_a_miss_of_the_receiver_and_both_managers_know(
    session: Session, world: World, discharged: Episode
) -> None:
    raise_all(session, ADMITTED + hours(8))
    (missed,) = misses.of_episode(session, discharged)
    assert (missed.miss.code, missed.miss.due_at, missed.miss.owing_unit_id) == (
        "M3",
        ADMITTED + hours(8),
        world.facility.id,
    )
    told = session.scalars(select(Notice.unit_id).where(Notice.kind == "miss")).all()
    assert set(told) == {world.facility.id, world.ward.id}


def test_nobody_accepts_for_another_unit_or_their_own_handover(session: Session, world: World, sent: Handover) -> None:
    for actor in (world.nurse, world.coordinator, world.ward_nurse):
        with pytest.raises(NotAllowed):
            steps.receive(session, sent.uuid, by=actor, at=DISCHARGED)
    with pytest.raises(NotFound):
        steps.receive(session, sent.uuid, by=world.stranger, at=DISCHARGED)


def test_nobody_accepts_what_they_sent_themselves_from_another_unit(
    session: Session, world: World, sent: Handover
) -> None:
    same_person = replace(world.facility_nurse, person_id=world.ward_nurse.person_id)
    with pytest.raises(NotAllowed, match="egen"):
        steps.receive(session, sent.uuid, by=same_person, at=DISCHARGED)


def test_accepting_twice_does_nothing_and_the_second_nurse_hears_who_was_first(
    session: Session, world: World, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.5))
    number = sent.episode.history_number
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(5))
    assert sent.episode.history_number == number
    with pytest.raises(NotPossible, match=r"Tove Demo 12\.03\.2026 kl\. 12\.30"):
        steps.receive(session, sent.uuid, by=world.second_facility_nurse, at=ADMITTED + hours(5))


def test_a_rejection_says_why_and_the_sender_owes_a_new_version(session: Session, world: World, sent: Handover) -> None:
    with pytest.raises(Invalid):
        handovers.reject(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.2), reason=" ")
    handovers.reject(
        session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.2), reason="Mangler medicinliste",
        asked_for=("R.medicine",),
    )  # fmt: skip
    assert sent.episode.responsible_unit_id == world.ward.id
    concerns = {d.concerns: d.unit_id for d in live(session, sent.episode)}
    assert concerns[Concerns.HANDOVER_MENDING] == world.ward.id
    with pytest.raises(NotPossible):
        steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.3))
    better = {**ISBAR, "R.medicine": "Ny liste vedlagt"}
    handovers.send(session, sent.episode.uuid, better, by=world.ward_nurse, at=ADMITTED + hours(4.4))
    newest = handovers.current_version(session, sent)
    assert newest is not None
    assert (newest.version, newest.changed) == (2, ["R.medicine"])
    with pytest.raises(Stale):
        steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.5), version=1)
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.5), version=2)


def mending(session: Session, episode: Episode) -> Deadline:
    (deadline,) = [d for d in live(session, episode) if d.concerns == Concerns.HANDOVER_MENDING]
    return deadline


def test_a_rejected_handover_is_given_an_hour_to_mend_it_in(session: Session, world: World, sent: Handover) -> None:
    rejected = ADMITTED + hours(4.2)
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=rejected, reason="Mangler medicinliste")
    assert (mending(session, sent.episode).due_at, mending(session, sent.episode).unit_id) == (
        rejected + hours(1), world.ward.id,
    )  # fmt: skip
    better = {**ISBAR, "R.medicine": "Ny liste vedlagt"}
    handovers.send(session, sent.episode.uuid, better, by=world.ward_nurse, at=rejected + hours(0.5))
    raise_all(session, rejected + hours(2))
    assert session.scalars(select(Notice).where(Notice.topic == "handover_mending")).all() == []
    assert misses.of_episode(session, sent.episode) == []


def test_it_is_mended_before_the_citizen_leaves_at_the_latest(session: Session, world: World, sent: Handover) -> None:
    rejected = ADMITTED + hours(4.2)
    leaves = rejected + hours(0.5)
    amendments.expect_discharge(session, sent.episode.uuid, leaves, by=world.coordinator, at=rejected - MINUTE)
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=rejected, reason="Mangler medicinliste")
    assert mending(session, sent.episode).due_at == leaves
    amendments.expect_discharge(
        session, sent.episode.uuid, rejected + hours(6), by=world.coordinator, at=rejected + MINUTE
    )
    assert mending(session, sent.episode).due_at == rejected + hours(1)


def test_where_no_agreement_speaks_of_a_rejection_the_pathway_does(
    session: Session, world: World, sent: Handover
) -> None:
    agreements.add(
        session, "Aftale", (), by=SYSTEM, at=ADMITTED, valid_from=ADMITTED, region_id=world.region.id,
        takes_away=("mending:patient_discharged",),
    )  # fmt: skip
    rejected = ADMITTED + hours(4.2)
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=rejected, reason="Mangler medicinliste")
    assert mending(session, sent.episode).due_at == rejected + hours(1)


def test_a_late_rejection_is_a_miss_of_the_receiver_though_no_sweep_saw_it(
    session: Session, world: World, sent: Handover
) -> None:
    (answer,) = [d for d in live(session, sent.episode) if d.concerns == Concerns.HANDOVER_ANSWER]
    due_at = answer.due_at
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=due_at + MINUTE, reason="Mangler medicinliste")
    (missed,) = misses.of_episode(session, sent.episode)
    assert (missed.miss.code, missed.miss.owing_unit_id, missed.miss.due_at) == ("M3", world.facility.id, due_at)


def test_rejected_and_not_sent_again_by_the_discharge_is_a_miss_of_its_own(
    session: Session, world: World, sent: Handover
) -> None:
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.2), reason="Mangler medicin")
    episodes.record_event(
        session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="Travlt"
    )
    (missed,) = misses.of_episode(session, sent.episode)
    assert (missed.miss.code, missed.miss.owing_unit_id) == ("M4", world.ward.id)


def test_a_new_version_of_an_accepted_handover_must_be_accepted_again(
    session: Session, world: World, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.2))
    handovers.send(
        session, sent.episode.uuid, {**ISBAR, "A.risks": "Faldrisiko"}, by=world.ward_nurse, at=ADMITTED + hours(4.5)
    )
    episodes.record_event(session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)
    assert (sent.state, sent.episode.responsible_unit_id) == (HandoverState.SENT, world.ward.id)


def test_two_people_writing_at_once_the_second_is_told(session: Session, world: World, sent: Handover) -> None:
    with pytest.raises(Stale):
        handovers.send(session, sent.episode.uuid, ISBAR, by=world.coordinator, at=ADMITTED + hours(4.5), seen=0)


def test_an_incomplete_handover_names_what_is_missing_and_takes_a_reason(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    half = {key: value for key, value in ISBAR.items() if key != "R.medicine"}
    with pytest.raises(Missing, match="medicin") as refused:
        handovers.send(session, to_tryghedshotel.uuid, half, by=world.ward_nurse, at=ADMITTED + hours(3), signed_by=())
    assert refused.value.items == ("R.medicine", "signed:nursing")  # in the order of the form
    handover = handovers.send(
        session, to_tryghedshotel.uuid, half, by=world.ward_nurse, at=ADMITTED + hours(3), override_reason="Akut"
    )
    assert handover.documented_at is None
    with pytest.raises(Invalid):
        handovers.send(session, to_tryghedshotel.uuid, {"X.other": "?"}, by=world.ward_nurse, at=ADMITTED + hours(3))


def test_three_facts_documented_communicated_informed(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    untold = {**ISBAR, "R.told": ""}
    handover = handovers.send(
        session, to_tryghedshotel.uuid, untold, by=world.ward_nurse, at=ADMITTED + hours(2), override_reason="Sover"
    )
    assert (handover.documented_at, handover.communicated_at, handover.informed_at) == (None, None, None)
    handovers.send(
        session,
        to_tryghedshotel.uuid,
        untold | {"R.told": " "},
        by=world.ward_nurse,
        at=ADMITTED + hours(2.5),
        override_reason="Sover",
    )
    handovers.inform(session, handover.uuid, by=world.ward_nurse, at=ADMITTED + hours(3))
    handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(4))
    handovers.read(session, handover.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.1))
    assert handover.documented_at == ADMITTED + hours(4)
    assert handover.communicated_at == ADMITTED + hours(4.1)
    assert handover.informed_at == ADMITTED + hours(3)


def test_a_handover_under_way_is_withdrawn_when_the_citizen_goes_another_way(
    session: Session, world: World, sent: Handover
) -> None:
    amendments.reroute(session, sent.episode.uuid, "home", by=world.coordinator, at=ADMITTED + hours(4.5))
    assert sent.state == HandoverState.WITHDRAWN
    with pytest.raises(NotPossible):
        steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.6))


def test_whoever_had_the_responsibility_before_is_handed_it_anew_when_the_citizen_is_sent_back(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    episode_id = discharged.uuid
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + MINUTE)
    amendments.reroute(session, episode_id, "home", by=world.facility_nurse, at=DISCHARGED + hours(1))
    home = handovers.send(session, episode_id, ISBAR, by=world.facility_nurse, at=DISCHARGED + hours(1.1))
    steps.receive(session, home.uuid, by=world.nurse, at=DISCHARGED + hours(1.2))
    amendments.reroute(
        session, episode_id, "tryghedshotel", facility=world.facility, by=world.nurse, at=DISCHARGED + hours(2)
    )
    assert discharged.responsible_unit_id == world.district.id
    back = handovers.send(session, episode_id, ISBAR, by=world.nurse, at=DISCHARGED + hours(2.1))
    assert (back.from_unit_id, back.to_unit_id) == (world.district.id, world.facility.id)


def test_nothing_to_hand_over_once_it_is_handed_over(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + MINUTE)
    with pytest.raises(NotAllowed):
        handovers.send(session, discharged.uuid, ISBAR, by=world.ward_nurse, at=DISCHARGED + hours(1))


def test_a_practice_does_not_sign_in_so_the_house_writes_down_what_it_says(session: Session, world: World) -> None:
    episode = episodes.open_episode(
        session, worlds.citizen(session, world), "tryghedshotel", "general_practice", by=world.facility_nurse,
        at=ADMITTED, facility=world.facility, district=world.district, practice=world.practice,
    )  # fmt: skip
    handover = handovers.send(session, episode.uuid, ISBAR, by=world.facility_nurse, at=ADMITTED + MINUTE)
    steps.receive(session, handover.uuid, by=world.facility_nurse, at=ADMITTED + 2 * MINUTE)
    assert episode.responsible_unit_id == world.practice.id  # until the citizen arrives
    episodes.record_event(session, episode.uuid, "patient_arrived", by=world.facility_nurse, at=ADMITTED + hours(1))
    assert episode.responsible_unit_id == world.facility.id


def test_leaving_the_house_asks_for_a_handover_to_the_district(
    session: Session, world: World, discharged: Episode
) -> None:
    arrived = DISCHARGED + hours(1)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=arrived)
    with pytest.raises(Missing):
        episodes.record_event(
            session, discharged.uuid, "departed_home", by=world.facility_nurse, at=DISCHARGED + hours(2)
        )


def test_what_was_sent_for_the_time_after_an_event_goes_when_the_event_never_happened(
    session: Session, world: World
) -> None:
    guest = episodes.open_episode(
        session, worlds.citizen(session, world), "tryghedshotel", "municipality", by=world.nurse, at=ADMITTED,
        facility=world.facility, district=world.district,
    )  # fmt: skip
    coming = handovers.send(session, guest.uuid, ISBAR, by=world.nurse, at=ADMITTED + hours(1))
    steps.receive(session, coming.uuid, by=world.facility_nurse, at=ADMITTED + hours(2))
    episodes.record_event(session, guest.uuid, "patient_arrived", by=world.facility_nurse, at=ADMITTED + hours(3))
    arrived = guest.history_number
    going = handovers.send(session, guest.uuid, ISBAR, by=world.facility_nurse, at=ADMITTED + hours(4))
    amendments.cancel_event(
        session, guest.uuid, arrived, by=world.facility_nurse, at=ADMITTED + hours(5), reason="En anden borger"
    )
    states = dict(session.execute(select(Handover.id, Handover.state)).all())
    assert states == {coming.id: HandoverState.ACCEPTED, going.id: HandoverState.WITHDRAWN}
    assert guest.responsible_unit_id == world.district.id


def test_a_cancelled_return_to_the_ward_brings_back_what_was_accepted_and_what_was_sent_ahead(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    ahead = handovers.send(session, discharged.uuid, ISBAR, by=world.facility_nurse, at=DISCHARGED + hours(1.5))
    episodes.record_event(session, discharged.uuid, "stay_resumed", by=world.ward_nurse, at=DISCHARGED + hours(2))
    assert {sent.state, ahead.state} == {HandoverState.WITHDRAWN}
    amendments.cancel_event(
        session, discharged.uuid, discharged.history_number, by=world.ward_nurse, at=DISCHARGED + hours(3), reason="Nej"
    )
    assert discharged.responsible_unit_id == world.facility.id
    assert (sent.state, ahead.state) == (HandoverState.ACCEPTED, HandoverState.SENT)


# --- nothing is accepted unread ---


def test_a_version_that_nobody_in_the_unit_has_read_is_not_accepted(
    session: Session, world: World, sent: Handover
) -> None:
    at = ADMITTED + hours(4.5)
    with pytest.raises(NotPossible) as refused:
        handovers.accept(session, sent.uuid, by=world.facility_nurse, at=at, version=1)
    assert refused.value.code == "read_before_accepting"
    handovers.read(session, sent.uuid, by=world.ward_nurse, at=at)
    with pytest.raises(NotPossible):
        handovers.accept(session, sent.uuid, by=world.facility_nurse, at=at, version=1)
    handovers.read(session, sent.uuid, by=world.second_facility_nurse, at=at)
    assert handovers.accept(session, sent.uuid, by=world.facility_nurse, at=at, version=1).answered_at == at


def test_a_new_version_must_be_read_again_before_it_is_accepted(
    session: Session, world: World, sent: Handover
) -> None:
    at = ADMITTED + hours(4.5)
    handovers.read(session, sent.uuid, by=world.facility_nurse, at=at)
    handovers.send(session, sent.episode.uuid, {**ISBAR, "A.function": "Ny"}, by=world.ward_nurse, at=at, seen=1)
    with pytest.raises(Stale):
        handovers.accept(session, sent.uuid, by=world.facility_nurse, at=at, version=1)
    with pytest.raises(NotPossible):
        handovers.accept(session, sent.uuid, by=world.facility_nurse, at=at, version=2)


def test_a_handover_against_the_plan_is_confirmed_at_every_door(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    send = {"by": world.ward_nurse, "at": ADMITTED + hours(3)}
    against = {**ISBAR, "S.discharge": f"Hjem med {world.district.name}"}
    with pytest.raises(Missing) as refused:
        handovers.send(session, to_tryghedshotel.uuid, against, **send)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.items) == ("plan_says_otherwise", ("S.discharge",))
    both = {**ISBAR, "S.discharge": f"{world.facility.name}, derefter {world.district.name}"}
    handovers.send(session, to_tryghedshotel.uuid, both, **send)  # type: ignore[arg-type]
    handovers.send(session, to_tryghedshotel.uuid, against, **send, confirmed=("S.discharge",))  # type: ignore[arg-type]


def test_a_time_that_is_planned_no_more_is_against_the_plan(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    for leaves in (DISCHARGED, DISCHARGED + hours(3)):
        amendments.expect_discharge(
            session, to_tryghedshotel.uuid, leaves, by=world.coordinator, at=ADMITTED + hours(2)
        )
    plan = planned.of(session, to_tryghedshotel, "patient_discharged", world.facility.id)
    (old,) = (line for line in plan._earlier_lines("S.discharge") if world.facility.name in line)
    assert plan.contradicted_by({"S.discharge": f"Med taxa {old}"}) == ("S.discharge",)
    renewed = plan.renewed({"S.discharge": f"Med taxa {old}"})
    assert renewed["S.discharge"] == f"Med taxa {plan.said()['S.discharge']}"
    assert plan.contradicted_by(renewed) == ()
