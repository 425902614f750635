"""From the hospital's messages to the episode: by the engine's own functions, refused by no guard."""

import random
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.medcom import examples
from tests.medcom.conftest import Deliver, serve
from tests.medcom.examples import KNOWN, OTHER, Step
from tests.medcom.hospital import ELDERLY, HEART, OURS, HospitalStay, as_bytes
from tests.medcom.test_stays import SCENARIOS, h
from tests.steps import call_of, entries
from tests.world import ISBAR, World
from workflow import amendments, episodes, tasks
from workflow.episodes import PhoneAgreement
from workflow.handing import handovers
from workflow.medcom import addresses, envelope, notification, receiving, stored, waiting, wire
from workflow.medcom.acknowledgement import Code
from workflow.medcom.stays import State
from workflow.medcom.triggers import FITS
from workflow.tables import (
    Citizen,
    Episode,
    HistoryEntry,
    Message,
    Miss,
    MunicipalService,
    Notice,
    OutboundMessage,
    Task,
    Transmission,
    Unit,
)
from workflow.vocabulary import Fate, Outcome, TaskState, UnitKind

LATER = h(24 * 400)


def episode_of(session: Session, citizen: Citizen) -> Episode:
    """The citizen's open episode, else the newest."""
    session.flush()
    own = select(Episode).where(Episode.citizen_id == citizen.id)
    found = session.scalars(own.order_by(Episode.closed_at.is_not(None), Episode.id.desc())).first()
    return found or pytest.fail("there is no episode")


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def opened(session: Session, episode: Episode, kind: str) -> list[Task]:
    session.flush()
    return list(session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == kind).order_by(Task.id)))


def state_now(session: Session, citizen: Citizen) -> tuple[str, str]:
    """What the messages say, and the deadline of the call that the engine has open because of them."""
    travelled = stored.journey_of(session, citizen)
    if travelled.state == State.VOID:
        return "none", ""
    if travelled.state != State.DISCHARGED:
        return travelled.state.value, ""
    return "discharged", call_of(session, episode_of(session, citizen)).due_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def fits(session: Session, citizen: Citizen) -> bool:
    """Whether the episode is where the hospital says that the citizen is."""
    travelled = stored.journey_of(session, citizen)
    last = session.scalars(select(Episode).where(Episode.citizen_id == citizen.id)).all()
    if travelled.state == State.VOID:
        return all(e.state == "cancelled" for e in last)
    return episode_of(session, citizen).state in FITS[travelled.state]


def step_through(session: Session, world: World, elmer: Citizen, deliver: Deliver, steps: list[Step]) -> Citizen:
    """Deliver each step twice, and return the citizen of whom something is known in the end."""
    other = serve(session, world, OTHER)
    for n, step in enumerate(steps):
        for receipt in (deliver(step.raw, LATER + timedelta(minutes=n)) for _ in range(2)):
            assert receipt.answer is not None
            assert receipt.answer.code == step.ack
    return other if stored.journey_of(session, other).steps else elmer


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_moves_the_episode_as_expected(
    session: Session, world: World, elmer: Citizen, deliver: Deliver, name: str
) -> None:
    other = serve(session, world, OTHER)
    for n, step in enumerate(SCENARIOS[name]):
        for _ in range(2):
            receipt = deliver(step.raw, LATER + timedelta(minutes=n))
            assert receipt.answer is not None
            assert receipt.answer.code == step.ack
            known = [c for c in (elmer, other) if stored.journey_of(session, c).state != State.VOID]
            assert (state_now(session, known[0]) if known else ("none", "")) == (step.state, step.due)
            assert all(fits(session, citizen) for citizen in known)


def test_a_scenario_shuffled_leaves_the_episode_in_the_same_state(
    session: Session, world: World, elmer: Citizen, deliver: Deliver, request: pytest.FixtureRequest
) -> None:
    soak = request.config.getoption("--soak")
    for name in SCENARIOS if soak else list(SCENARIOS)[::5]:
        steps = SCENARIOS[name]
        orders = list(permutations(steps))
        for order in random.Random(7).sample(orders, min(6 if soak else 1, len(orders))):
            with session.begin_nested() as scene:
                citizen = step_through(session, world, elmer, deliver, list(order))
                assert state_now(session, citizen) == (steps[-1].state, steps[-1].due), (name, order)
                assert fits(session, citizen), (name, order)
                scene.rollback()
            session.expire_all()


# --- what follows from a message, as from a person ---


def test_admission_opens_the_episode_and_asks_for_the_report_once(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    message = HospitalStay().tell("STIN", h(8), flag=True)
    deliver(message, h(9))
    deliver(message, h(10))
    episode = episode_of(session, elmer)
    assert (episode.state, episode.ward_id, episode.district_id) == ("admitted", world.ward.id, world.district.id)
    (report,) = opened(session, episode, "admission_report")
    assert (report.unit_id, report.due_at) == (world.district.id, h(32))


def test_admission_that_asks_for_no_report_opens_no_task(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    deliver(HospitalStay().tell("STIN", h(8)), h(9))
    assert opened(session, episode_of(session, elmer), "admission_report") == []


def test_acute_visit_asks_for_the_report_and_the_admission_after_it_does_not_ask_again(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STAA", h(8), flag=True), h(9))
    deliver(stay.tell("STIN", h(12)), h(13))
    episode = episode_of(session, elmer)
    assert episode.state == "admitted"
    assert [task.due_at for task in opened(session, episode, "admission_report")] == [h(32)]


def test_discharge_starts_the_handover_and_the_call_from_the_end_of_the_stay(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    deliver(stay.tell("SLHJ", h(30), sent_at=h(32)), h(33))
    episode = episode_of(session, elmer)
    call = call_of(session, episode)
    assert (call.due_at, call.unit_id, call.state) == (h(54), world.district.id, TaskState.OPEN)
    misses = list(session.scalars(select(Miss.code).where(Miss.episode_id == episode.id)))
    assert misses == ["M1"]  # no handover had been sent: the message is not refused, and the rule says so
    assert episode.responsible_unit_id == world.ward.id


def test_a_discharge_that_was_heard_of_late_is_nobodys_miss(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    deliver(stay.tell("SLHJ", h(30)), h(60))
    call = call_of(session, episode_of(session, elmer))
    assert (call.due_at, call.heard_late) == (h(54), True)


def test_discharge_time_in_the_future_is_accepted(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    deliver(stay.tell("SLHJ", h(30), sent_at=h(20)), h(20))
    assert call_of(session, episode_of(session, elmer)).due_at == h(54)


def test_discharge_corrected_moves_the_deadline_and_says_so(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    stay = HospitalStay()
    for code, at in (("STIN", h(8)), ("SLHJ", h(30)), ("RE_SLHJ", h(34))):
        deliver(stay.tell(code, at, sent_at=h(35)), h(35))
    episode = episode_of(session, elmer)
    assert call_of(session, episode).due_at == h(58)
    corrected = select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.kind == "corrected")
    (entry,) = session.scalars(corrected).all()
    assert entry.facts["from"] != entry.facts["to"]


def test_a_call_in_time_of_the_corrected_clock_is_no_longer_missed(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    deliver(stay.tell("SLHJ", h(30)), h(31))
    call = call_of(session, episode_of(session, elmer))
    tasks.record_attempt(session, call.uuid, Outcome.COMPLETED, by=world.nurse, at=h(56), spoken_with="Lene")
    deliver(stay.tell("RE_SLHJ", h(33), sent_at=h(57)), h(57))
    assert call.due_at == h(57)
    assert call.done_at is not None
    assert call.done_at <= call.due_at


def test_discharge_cancelled_withdraws_the_call_and_what_was_done_stays(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    for code, at in (("STIN", h(8)), ("SLHJ", h(30)), ("AN_SLHJ", h(31)), ("SLHJ", h(50))):
        deliver(stay.tell(code, at), at)
    first, second = opened(session, episode_of(session, elmer), "follow_up_call")
    assert (first.state, second.state, second.due_at) == (TaskState.WITHDRAWN, TaskState.OPEN, h(74))


def test_death_ends_the_episode_and_undone_it_goes_on(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8), flag=True), h(9))
    deliver(stay.tell("MORS", h(20)), h(21))
    episode = episode_of(session, elmer)
    assert (episode.state, episode.closed_at) == ("deceased", h(20))
    (report,) = opened(session, episode, "admission_report")
    assert report.state == TaskState.WITHDRAWN
    deliver(stay.tell("AN_MORS", h(40)), h(40))
    assert (episode.state, report.state, report.due_at) == ("admitted", TaskState.OPEN, h(32))


def test_death_on_arrival_death_in_hospital_and_death_on_leave(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    for n, codes in enumerate((["MORS"], ["STIN", "MORS"], ["STIN", "STOR", "MORS"])):
        citizen = serve(session, world, f"01139{n}0001")
        stay = HospitalStay(cpr=citizen.cpr.value)
        for m, code in enumerate(codes, start=8):
            deliver(stay.tell(code, h(m)), h(20))
        assert episode_of(session, citizen).state == "deceased"


def test_readmission_supersedes_the_call(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    first, second = HospitalStay(), HospitalStay()
    deliver(first.tell("STIN", h(8)), h(9))
    deliver(first.tell("SLHJ", h(30)), h(30))
    old = episode_of(session, elmer)
    deliver(second.tell("STIN", h(40), flag=True), h(41))
    new = episode_of(session, elmer)
    assert (old.state, new.state, new.previous_id) == ("closed", "admitted", old.id)
    assert call_of(session, old).state == TaskState.WITHDRAWN
    assert len(opened(session, new, "admission_report")) == 1


def test_readmission_within_four_hours_is_the_same_stay(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    first, second = HospitalStay(), HospitalStay()
    for stay, code, at in ((first, "STIN", h(8)), (first, "SLHJ", h(30)), (second, "STIN", h(33))):
        deliver(stay.tell(code, at), at)
    assert count(session, Episode) == 1
    assert episode_of(session, elmer).state == "admitted"


def test_readmission_cancelled_gives_the_old_episode_back(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    first, second = HospitalStay(), HospitalStay()
    deliver(first.tell("STIN", h(8)), h(9))
    deliver(first.tell("SLHJ", h(30)), h(30))
    deliver(second.tell("STIN", h(40)), h(41))
    deliver(second.tell("AN_STIN", h(42)), h(42))
    episode = episode_of(session, elmer)
    assert (episode.state, episode.previous_id) == ("discharged", None)
    assert (call_of(session, episode).state, call_of(session, episode).due_at) == (TaskState.OPEN, h(54))


def test_acute_readmission_is_acute(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    first, second = HospitalStay(), HospitalStay()
    deliver(first.tell("STIN", h(8)), h(9))
    deliver(first.tell("SLHJ", h(30)), h(30))
    deliver(second.tell("STAA", h(44), flag=True), h(45))
    episode = episode_of(session, elmer)
    assert episode.state == "acute"
    assert [task.due_at for task in opened(session, episode, "admission_report")] == [h(68)]


def test_transfer_without_a_discharge_moves_the_episode_to_the_other_ward(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    addresses.register(session, world.other_ward, ELDERLY.sor or "", at=h(0))
    deliver(HospitalStay(sender=HEART).tell("STIN", h(8)), h(9))
    second = HospitalStay(sender=ELDERLY)
    deliver(second.tell("STIN", h(20)), h(21))
    episode = episode_of(session, elmer)
    assert (episode.ward_id, episode.owner_unit_id, episode.responsible_unit_id) == (world.other_ward.id,) * 3
    assert count(session, Episode) == 1
    deliver(second.tell("SLHJ", h(30)), h(31))
    assert call_of(session, episode).counterpart_unit_id == world.other_ward.id


def test_transfer_cancelled_moves_the_episode_back(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    addresses.register(session, world.other_ward, ELDERLY.sor or "", at=h(0))
    deliver(HospitalStay(sender=HEART).tell("STIN", h(8)), h(9))
    second = HospitalStay(sender=ELDERLY)
    deliver(second.tell("STIN", h(20)), h(21))
    deliver(second.tell("AN_STIN", h(22)), h(22))
    assert (episode_of(session, elmer).state, episode_of(session, elmer).ward_id) == ("admitted", world.ward.id)


def test_department_corrected_moves_the_episode(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    addresses.register(session, world.other_ward, ELDERLY.sor or "", at=h(0))
    stay = HospitalStay(sender=HEART)
    deliver(stay.tell("STIN", h(8)), h(9))
    stay.provider = ELDERLY
    deliver(stay.tell("RE_STIN", h(8), sent_at=h(10)), h(10))
    assert episode_of(session, elmer).ward_id == world.other_ward.id


def test_a_ward_of_the_register_of_organisations_is_known_by_its_number(
    session: Session, world: World, deliver: Deliver
) -> None:
    deliver(HospitalStay(sender=HEART, provider=ELDERLY).tell("STIN", h(8)), h(9))
    assert session.scalars(select(Episode)).one().ward_id not in {world.ward.id, world.other_ward.id}
    world.other_ward.sor, world.other_ward.gln = ELDERLY.sor, ELDERLY.gln  # the register is imported
    deliver(HospitalStay(sender=HEART, provider=ELDERLY).tell("STIN", h(10)), h(11))
    assert session.scalars(select(Episode)).one().ward_id == world.other_ward.id
    assert addresses.placeholders(session) == []


def test_a_municipality_of_the_register_receives_by_its_number(session: Session, world: World) -> None:
    world.district.sor = OURS.sor
    serve(session, world, KNOWN)
    receipt = receiving.receive(session, as_bytes(HospitalStay().tell("STIN", h(8))), received_from="test", at=h(9))
    assert (receipt.fate, session.scalars(select(Episode)).one().district_id) == (Fate.LOADED, world.district.id)


def test_a_ward_that_nobody_has_entered_becomes_a_placeholder_under_its_hospital(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(HospitalStay(sender=HEART, provider=ELDERLY).tell("STIN", h(8)), h(9))
    (address,) = addresses.placeholders(session)
    assert (address.sor, address.unit.organisation_id) == (ELDERLY.sor, world.hospital.id)
    episode = episode_of(session, elmer)
    assert episode.owner_unit_id == episode.ward_id == address.unit_id
    addresses.register(session, world.other_ward, ELDERLY.sor or "", at=h(9))
    assert addresses.placeholders(session) == []


def test_a_hospital_that_nobody_has_entered_becomes_one_with_a_ward(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(HospitalStay(sender=ELDERLY).tell("STIN", h(8)), h(9))
    ward = session.get_one(Unit, episode_of(session, elmer).ward_id)
    assert (ward.name, ward.organisation.name, ward.organisation.kind) == (ELDERLY.name, ELDERLY.name, "hospital")


# --- what a person has said before, or says after ---


def test_what_a_person_logged_is_confirmed_and_the_hospitals_time_is_the_effective_one(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    episode = episodes.open_episode(
        session, elmer, "home", "admission", by=world.ward_nurse, at=h(8.5), ward=world.ward, district=world.district
    )
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8), flag=True), h(9))
    assert entries(session, episode).count("patient_admitted") == 2  # the opening, and its corrected time
    assert count(session, Episode) == 1
    assert [task.due_at for task in opened(session, episode, "admission_report")] == [h(32)]
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=h(28))
    phoned = PhoneAgreement(spoken_with="Maja", made_at=h(28), agreed="Besøg i morgen")
    episodes.record_event(session, episode.uuid, "patient_discharged", by=world.coordinator, at=h(30.5), phone=phoned)
    deliver(stay.tell("SLHJ", h(30)), h(31))
    assert call_of(session, episode).due_at == h(54)
    assert len(opened(session, episode, "follow_up_call")) == 1


def test_a_manual_end_of_a_stay_is_replaced_by_the_time_of_the_message(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    episode = episode_of(session, elmer)
    episodes.record_event(
        session, episode.uuid, "patient_discharged", by=world.coordinator, at=h(30), reason="Sygehuset har ringet",
        phone=PhoneAgreement(spoken_with="Maja", made_at=h(29), agreed="Besøg"),
    )  # fmt: skip
    assert call_of(session, episode).due_at == h(54)
    deliver(stay.tell("SLHJ", h(27)), h(32))
    assert call_of(session, episode).due_at == h(51)


@pytest.mark.parametrize("before", [True, False])
def test_tryghedshotellet_is_the_coordinators_choice_before_or_after_the_message_with_the_same_result(
    session: Session, world: World, elmer: Citizen, deliver: Deliver, *, before: bool
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    episode, over = episode_of(session, elmer), stay.tell("SLHJ", h(30))

    def choose() -> None:
        amendments.reroute(
            session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=h(30)
        )

    for act in (choose, lambda: deliver(over, h(30))) if before else (lambda: deliver(over, h(30)), choose):
        act()
    call = call_of(session, episode)
    assert (episode.pathway_key, episode.state) == ("tryghedshotel", "discharged")
    assert (episode.owner_unit_id, call.unit_id, call.due_at) == (world.facility.id, world.facility.id, h(54))


def test_discharge_cancelled_after_the_citizen_has_arrived_is_a_conflict_for_people(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    episode = episode_of(session, elmer)
    amendments.reroute(session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=h(10))
    deliver(stay.tell("SLHJ", h(30)), h(30))
    episodes.record_event(session, episode.uuid, "patient_arrived", by=world.facility_nurse, at=h(32))
    receipt = deliver(stay.tell("AN_SLHJ", h(33)), h(33))
    assert receipt.answer is not None
    assert receipt.answer.code == Code.OK
    assert episode.state == "at_tryghedshotel"
    told = set(session.scalars(select(Notice.unit_id).where(Notice.topic == "hospital_disagrees")))
    assert told == {world.ward.id, world.facility.id, world.district.id}


def test_admission_of_somebody_at_tryghedshotellet_is_a_readmission(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    planned = episodes.open_episode(
        session, elmer, "tryghedshotel", "municipality", by=world.nurse, at=h(1), facility=world.facility,
        district=world.district,
    )  # fmt: skip
    episodes.record_event(session, planned.uuid, "patient_arrived", by=world.facility_nurse, at=h(3))
    deliver(HospitalStay().tell("STIN", h(8)), h(9))
    assert (planned.state, episode_of(session, elmer).state) == ("closed", "admitted")


def test_a_message_of_a_time_before_what_people_recorded_is_not_refused(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    episode = episode_of(session, elmer)
    episodes.record_event(session, episode.uuid, "declared_ready", by=world.ward_nurse, at=h(29))
    deliver(stay.tell("SLHJ", h(28)), h(31))
    assert (episode.state, call_of(session, episode).due_at) == ("discharged", h(52))


# --- edge cases of 5.4 that concern what is kept and answered ---


def test_exact_duplicate_gets_the_same_answer_and_nothing_else(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    message = HospitalStay().tell("STIN", h(8))
    first, second = deliver(message, h(9)), deliver(message, h(10))
    assert (first.again, second.again, first.answer == second.answer) == (False, True, True)
    assert (count(session, Message), count(session, Transmission), count(session, Episode)) == (1, 1, 1)


def test_resubmission_with_other_content_is_the_same_message(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    message = stay.tell("STIN", h(8))
    deliver(message, h(9))
    deliver({**message, "id": "another", "timestamp": "2024-03-01T10:00:00Z"}, h(10))
    hashes = session.scalars(select(Transmission.raw_hash)).all()
    assert (count(session, Message), len(hashes), len(set(hashes))) == (1, 2, 2)
    assert count(session, Episode) == 1


def test_same_bundle_id_with_another_message_is_refused(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    first, second = HospitalStay().tell("STIN", h(8)), HospitalStay().tell("STIN", h(9))
    deliver(first, h(9))
    for _ in range(2):
        receipt = deliver({**second, "id": first["id"]}, h(10))
        assert receipt.answer is not None
        assert (receipt.answer.code, receipt.answer.problems[0].where) == (Code.FATAL, "Bundle.id")
    assert count(session, Episode) == 1


def test_unknown_citizen_is_acknowledged_and_deleted(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    message = HospitalStay(cpr=OTHER).tell("STIN", h(8))
    receipt = deliver(message, h(9))
    assert receipt.answer is not None
    assert receipt.answer.code == Code.OK
    (kept,) = session.scalars(select(Message)).all()
    assert (kept.fate, kept.raw, kept.facts, kept.code, kept.citizen_id) == (Fate.UNKNOWN_CITIZEN, *(None,) * 4)
    assert (kept.sender, kept.number) == (HEART.sor, receipt.outside.header_id)
    assert count(session, Episode) == 0


def test_unknown_citizen_who_is_served_later_gets_nothing_back(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    message = HospitalStay(cpr=OTHER).tell("STIN", h(8))
    deliver(message, h(9))
    other = serve(session, world, OTHER)
    assert deliver(message, h(10)).again
    assert stored.journey_of(session, other).steps == ()


def test_wrong_municipality_is_refused_and_nothing_of_it_is_kept(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    receipt = deliver(examples.raw("hn/derived/PX4_1_STIN.json"), h(9))
    assert receipt.answer is not None
    assert receipt.answer.problems[0].detail == "MSG_Receiver_Identifier_UNKNOWN"
    (kept,) = session.scalars(select(Message)).all()
    assert (kept.fate, kept.raw, kept.facts) == (Fate.REFUSED, None, None)


def test_the_citizen_has_moved_and_a_cancellation_still_comes_to_us(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(8)), h(9))
    session.execute(update(MunicipalService).values(until_on=date(2024, 2, 1)))  # the episode goes on
    deliver(stay.tell("AN_STIN", h(10)), h(11))
    assert episode_of(session, elmer).state == "cancelled"


def test_wrong_cpr_is_cancelled_on_one_citizen_and_told_of_the_other(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    other = serve(session, world, OTHER)
    wrong, right = HospitalStay(cpr=OTHER), HospitalStay()
    for message in (wrong.tell("STIN", h(8)), wrong.tell("AN_STIN", h(9)), right.tell("STIN", h(8))):
        deliver(message, h(10))
    assert (episode_of(session, other).state, episode_of(session, elmer).state) == ("cancelled", "admitted")


def test_cancellation_before_its_target_opens_nothing_when_the_target_comes(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    start, undone = stay.tell("STIN", h(8), flag=True), stay.tell("AN_STIN", h(9))
    for message in (undone, start):
        receipt = deliver(message, h(10))
        assert receipt.answer is not None
        assert (receipt.answer.code, receipt.fate) == (Code.OK, Fate.HISTORY)
    assert count(session, Episode) == count(session, Task) == 0


def test_death_then_discharge_is_answered_and_people_are_told(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    for code, at in (("STIN", h(8)), ("MORS", h(9)), ("SLHJ", h(10))):
        deliver(stay.tell(code, at), at)
    assert episode_of(session, elmer).state == "deceased"
    assert "told_after_death" in set(session.scalars(select(Notice.topic)))


def test_several_stays_open_in_parallel_are_told_of(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    somatic, psychiatric = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    deliver(somatic.tell("STIN", h(8)), h(9))
    deliver(psychiatric.tell("STIN", h(10)), h(11))
    deliver(somatic.tell("STOR", h(20)), h(20))
    assert "stays_in_parallel" in set(session.scalars(select(Notice.topic)))
    assert episode_of(session, elmer).state == "admitted"


def test_a_message_of_a_citizen_is_kept_encrypted_with_what_was_decided(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    raw = as_bytes(HospitalStay().tell("STIN", h(8)))
    deliver(raw, h(9))
    (kept,) = session.scalars(select(Message)).all()
    assert kept.raw is not None
    assert KNOWN.encode() not in kept.raw
    assert stored.raw_of(kept) == raw
    assert (kept.fate, kept.code, kept.answer, kept.received_from) == (Fate.LOADED, "STIN", "ok", "test")
    assert KNOWN not in str(kept.facts)
    assert "Elmer" not in str(kept.facts)


def test_what_is_kept_for_later_is_answered_transient_and_then_ok(session: Session, elmer: Citizen) -> None:
    raw = as_bytes(HospitalStay().tell("STIN", h(8)))
    kept = receiving.keep_for_later(session, raw, received_from="test", at=h(9))
    assert kept.answer is not None
    assert kept.answer.code == Code.TRANSIENT
    row = waiting.load_next(session, after=0, at=h(10), real_at=h(10), answers=True)
    assert row is not None
    assert waiting.load_next(session, after=0, at=h(10), real_at=h(10), answers=True) is None
    assert [m.kind for m in session.scalars(select(OutboundMessage))] == ["acknowledgement-message"]
    receipt = receiving.receive(session, raw, received_from="test", at=h(11))
    assert (receipt.again, receipt.answer and receipt.answer.code) == (True, Code.OK)
    assert episode_of(session, elmer).state == "admitted"


def test_an_answer_changes_places_and_names_nobody(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    for form in wire.Format:
        receipt = deliver(as_bytes(HospitalStay().tell("STIN", h(8)), form), h(9))
        answer = receipt.acknowledgement()
        assert answer is not None
        assert wire.format_of(answer) == form
        assert envelope.read(wire.read(answer)).receiver == receipt.outside.sender
        assert KNOWN.encode() not in answer


def test_every_entry_says_that_a_message_told_it(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    stay = HospitalStay()
    for code, at in (("STIN", h(8)), ("STOR", h(9)), ("SLOR", h(10)), ("SLHJ", h(12))):
        deliver(stay.tell(code, at), at)
    origins = set(session.scalars(select(HistoryEntry.origin)))
    assert origins == {"message"}
    linked = session.execute(select(Message.code, Message.entry_number).order_by(Message.id)).all()
    assert [tuple(row) for row in linked] == [("STIN", 1), ("STOR", 2), ("SLOR", 3), ("SLHJ", 4)]


def test_the_facts_that_are_kept_are_those_that_were_told(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    message = HospitalStay().tell("STIN", h(8))
    deliver(message, h(9))
    (kept,) = session.scalars(select(Message)).all()
    assert notification.Notification.from_json(kept.facts or {}) == notification.read(wire.read(as_bytes(message)))


def test_no_episode_lies_with_an_office_whatever_address_a_message_bears(
    session: Session, world: World, deliver: Deliver
) -> None:
    """What the register knows as something else than a ward gets a ward of its own, for somebody to look at."""
    office = Unit(organisation_id=world.hospital.id, name="Kontor", kind=UnitKind.ADMINISTRATION, sor=ELDERLY.sor)
    session.add(office)
    stay = HospitalStay(sender=ELDERLY)
    for code, at in (("STIN", h(1)), ("SLHJ", h(5))):
        deliver(stay.tell(code, at), at)
    episode = session.scalars(select(Episode)).one()
    ward = session.get_one(Unit, episode.ward_id)
    assert ward.kind == UnitKind.WARD
    assert ward.id in [one.unit_id for one in addresses.placeholders(session)]
