"""A stay is folded from the messages about it: in every scenario, in every order, and in every edge case (5.4)."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.medcom import examples
from tests.medcom.examples import Step
from tests.medcom.hospital import ELDERLY, HEART, HospitalStay, as_values
from workflow.medcom import chains, envelope, journey, notification, rules, stays, structure
from workflow.medcom.chains import Message
from workflow.medcom.codes import Event
from workflow.medcom.journey import Journey
from workflow.medcom.notification import Notification
from workflow.medcom.stays import State
from workflow.medcom.tree import Tree

DAY = datetime(2024, 3, 1, tzinfo=UTC)
SCENARIOS = {name: steps for name, steps in examples.scenarios().items() if steps[0].state}
ORDERS = 24  # of a scenario; all of them where it has at most four messages


def h(hours: float) -> datetime:
    """So many hours into the day that the tests tell of."""
    return DAY + timedelta(hours=hours)


def journey_of(messages: Iterable[Notification]) -> Journey:
    return journey.travel(stays.fold(list(messages)))


def told(*messages: Tree) -> Journey:
    """What these messages say; and every other order of them must say the same."""
    values = [as_values(message) for message in messages]
    result = journey_of(values)
    for order in list(permutations(values))[:200]:
        again = journey_of(order)
        assert (again.state, again.steps) == (result.state, result.steps)
    return result


class Inbox:
    """What is kept of the messages of a scenario: each once, by citizen."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[Message, Notification]] = {}

    def take(self, step: Step) -> tuple[str, str, str]:
        tree = examples.tree(step.file)
        outside = envelope.read(tree)
        bad = structure.problems(tree) or rules.problems(tree, outside.kind)
        if bad or outside.receiver.sor != examples.RECEIVER:
            return ("fatal-error", *self.now())
        read = notification.read(tree)
        self.kept.setdefault(notification.cpr_of(tree) or "", {}).setdefault(chains.key(read), read)
        return ("ok", *self.now())

    def now(self) -> tuple[str, str]:
        """State and follow-up of the citizen of whom something is known."""
        journeys = [journey_of(messages.values()) for messages in self.kept.values()]
        found = next((one for one in journeys if one.state != State.VOID), None)
        if found is None:
            return "none", ""
        due = (found.steps[-1].at + timedelta(hours=24)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return found.state.value, due if found.state == State.DISCHARGED else ""


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_step_of_a_scenario_ends_as_expected(name: str) -> None:
    once, twice = Inbox(), Inbox()
    for step in SCENARIOS[name]:
        assert once.take(step) == (step.ack, step.state, step.due)
        assert twice.take(step) == twice.take(step) == (step.ack, step.state, step.due)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_shuffled_ends_in_the_same_state(name: str) -> None:
    steps = SCENARIOS[name]
    orders = list(permutations(steps))
    for order in random.Random(4).sample(orders, min(ORDERS, len(orders))):
        inbox = Inbox()
        for step in order:
            inbox.take(step)
        assert inbox.now() == (steps[-1].state, steps[-1].due)


# --- the machine (1.2): every allowed sequence of the protocols ---


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ("STIN", "admitted"),
        ("STAA", "acute"),
        ("MORS", "deceased"),
        ("STIN SLHJ", "discharged"),
        ("STAA SLHJ", "discharged"),
        ("STAA STIN SLHJ", "discharged"),
        ("STIN STOR SLOR SLHJ", "discharged"),
        ("STIN STOR SLHJ", "discharged"),
        ("STIN STOR SLOR STOR SLOR", "admitted"),
        ("STIN STOR SLOR MORS", "deceased"),
        ("STIN MORS", "deceased"),
        ("STAA MORS", "deceased"),
        ("STIN STOR MORS", "deceased"),
        ("STIN RE_STIN", "admitted"),
        ("STAA RE_STAA", "acute"),
        ("STIN STOR RE_STOR", "on_leave"),
        ("STIN STOR SLOR RE_SLOR", "admitted"),
        ("STIN SLHJ RE_SLHJ", "discharged"),
        ("STAA SLHJ RE_SLHJ", "discharged"),
        ("MORS RE_MORS", "deceased"),
        ("STIN STOR MORS RE_MORS", "deceased"),
        ("STIN AN_STIN", "void"),
        ("STAA AN_STAA", "void"),
        ("STIN RE_STIN AN_STIN", "void"),
        ("STAA STIN AN_STIN", "acute"),
        ("STIN STOR AN_STOR", "admitted"),
        ("STIN STOR SLOR AN_SLOR", "on_leave"),
        ("STIN SLHJ AN_SLHJ", "admitted"),
        ("STAA SLHJ AN_SLHJ", "acute"),
        ("STIN STOR SLHJ AN_SLHJ", "admitted"),
        ("STIN SLHJ AN_SLHJ SLHJ", "discharged"),
        ("STIN SLHJ RE_SLHJ AN_SLHJ", "admitted"),
        ("MORS AN_MORS", "admitted"),
        ("STIN MORS AN_MORS", "admitted"),
        ("STAA MORS AN_MORS", "acute"),
        ("STIN STOR MORS AN_MORS", "on_leave"),
        ("STIN MORS AN_MORS SLHJ", "discharged"),
        ("STIN MORS AN_MORS MORS", "deceased"),
        ("STIN SLHJ AN_SLHJ MORS AN_MORS", "admitted"),
    ],
)
def test_an_allowed_sequence(codes: str, state: str) -> None:
    stay = HospitalStay()
    messages = [stay.tell(code, h(n)) for n, code in enumerate(codes.split(), start=1)]
    assert told(*messages).state == state


# --- every edge case of 5.4, by its name ---


def test_out_of_order_a_late_discharge_does_not_overwrite_the_corrected_time() -> None:
    stay = HospitalStay()
    start, over, corrected = stay.tell("STIN", h(1)), stay.tell("SLHJ", h(5)), stay.tell("RE_SLHJ", h(7), sent_at=h(8))
    assert told(start, corrected, over).steps[-1].at == h(7)


def test_gap_a_leave_that_ended_without_having_begun_is_an_admission() -> None:
    stay = HospitalStay()
    start, gone, back = stay.tell("STIN", h(1)), stay.tell("STOR", h(2)), stay.tell("SLOR", h(3))
    assert told(start, back).state == State.ADMITTED
    (folded,) = stays.fold([as_values(start), as_values(back)])
    assert folded.missing == {as_values(gone).number}


@pytest.mark.parametrize(("code", "state"), [("SLHJ", "discharged"), ("STOR", "on_leave"), ("MORS", "deceased")])
def test_first_message_is_not_a_start(code: str, state: str) -> None:
    stay = HospitalStay()
    stay.tell("STIN", h(1))
    result = told(stay.tell(code, h(5)))
    assert result.state == state
    assert next((s.event, s.at) for s in result.steps) == (Event.STIN, h(1))


def test_correction_of_a_superseded_message_changes_its_fields_and_no_state() -> None:
    stay = HospitalStay()
    start = stay.tell("STIN", h(2))
    over = stay.tell("SLHJ", h(9))
    late = stay.tell("RE_STIN", h(1), sent_at=h(10), follows=as_values(start).number)
    result = told(start, over, late)
    assert result.state == State.DISCHARGED
    assert [s.at for s in result.steps] == [h(1), h(9)]


def test_correction_of_an_unknown_message_is_the_message_itself() -> None:
    stay = HospitalStay()
    stay.tell("STIN", h(1))
    assert told(stay.tell("RE_STIN", h(2))).steps[0].at == h(2)


@pytest.mark.parametrize("code", ["AN_STIN", "AN_STOR", "AN_SLHJ", "AN_MORS"])
def test_cancellation_of_an_unknown_message_opens_nothing(code: str) -> None:
    stay = HospitalStay()
    stay.tell("STIN", h(1))
    if code != "AN_STIN":
        stay.tell(code.removeprefix("AN_"), h(2))
    assert told(stay.tell(code, h(3))).state == State.VOID


def test_cancellation_before_its_target_voids_it_when_it_comes() -> None:
    stay = HospitalStay()
    start, cancelled = stay.tell("STIN", h(1), flag=True), stay.tell("AN_STIN", h(2))
    result = told(cancelled, start)
    assert (result.state, result.steps) == (State.VOID, ())


def test_cancel_after_correction_voids_the_whole_event() -> None:
    stay = HospitalStay()
    start, over = stay.tell("STIN", h(1)), stay.tell("SLHJ", h(5))
    corrected, undone = stay.tell("RE_SLHJ", h(6)), stay.tell("AN_SLHJ", h(7))
    assert told(start, over, corrected, undone).state == State.ADMITTED
    assert told(start, over, undone).state == State.ADMITTED  # through the correction, which never came


def test_cancel_after_two_corrections_with_another_end() -> None:
    stay = HospitalStay()
    codes = ("STIN", "SLHJ", "RE_SLHJ", "RE_SLHJ", "AN_SLHJ")
    messages = [stay.tell(code, h(n)) for n, code in enumerate(codes, start=1)]
    assert told(*messages).state == State.ADMITTED


def test_several_stays_open_in_parallel() -> None:
    somatic, psychiatric = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    first, second = somatic.tell("STIN", h(1)), psychiatric.tell("STIN", h(3))
    assert [s.transfer for s in told(first, second).steps] == [False, True]
    leave = somatic.tell("STOR", h(5))
    both = told(first, second, leave)
    assert both.parallel
    assert both.state == State.ADMITTED  # still in the other (S.BR14)
    over = psychiatric.tell("SLHJ", h(7))
    assert told(first, second, leave, over).state == State.ON_LEAVE
    last = told(first, second, over, somatic.tell("SLHJ", h(9)))
    assert (last.state, last.steps[-1].at) == (State.DISCHARGED, h(9))


def test_region_transfer_without_discharge_does_not_leave_the_citizen_admitted_for_ever() -> None:
    first, second = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    messages = [first.tell("STIN", h(1)), second.tell("STIN", h(5)), second.tell("SLHJ", h(9))]
    assert told(*messages[:2]).state == State.ADMITTED
    assert told(*messages).state == State.DISCHARGED


def test_region_transfer_that_is_cancelled_leaves_the_citizen_where_they_were() -> None:
    first, second = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    start, moved = first.tell("STIN", h(1)), second.tell("STIN", h(5))
    result = told(start, moved, second.tell("AN_STIN", h(6)))
    assert (result.state, len(result.steps)) == (State.ADMITTED, 1)


def test_region_transfer_with_the_same_episode_of_care() -> None:
    first = HospitalStay(sender=HEART)
    second = HospitalStay(sender=ELDERLY, episode_of_care=first.episode_of_care)
    result = told(first.tell("STIN", h(1)), second.tell("STIN", h(5)), second.tell("SLHJ", h(9)))
    assert [(s.event, s.transfer) for s in result.steps] == [
        (Event.STIN, False), (Event.STIN, True), (Event.SLHJ, False)]  # fmt: skip


def test_the_citizen_transports_themselves_between_hospitals() -> None:
    first, second = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    messages = [first.tell("STIN", h(1)), first.tell("SLHJ", h(4)), second.tell("STIN", h(5))]
    assert told(*messages).state == State.ADMITTED


def test_a_discharge_of_the_old_stay_after_the_transfer_discharges_nobody() -> None:
    first, second = HospitalStay(sender=HEART), HospitalStay(sender=ELDERLY)
    result = told(first.tell("STIN", h(1)), second.tell("STIN", h(5)), first.tell("SLHJ", h(6)))
    assert (result.state, len(result.steps)) == (State.ADMITTED, 2)


def test_death_then_discharge_changes_nothing_and_is_seen() -> None:
    stay = HospitalStay()
    messages = [stay.tell("STIN", h(1)), stay.tell("MORS", h(2)), stay.tell("SLHJ", h(3))]
    result = told(*messages)
    assert (result.state, result.after_death, len(result.steps)) == (State.DECEASED, True, 2)
    later = told(*messages, HospitalStay(sender=ELDERLY).tell("STIN", h(30)))
    assert (later.state, len(later.steps)) == (State.DECEASED, 2)


def test_corrected_death_is_the_same_death_at_another_time() -> None:
    stay = HospitalStay()
    result = told(stay.tell("STIN", h(1)), stay.tell("MORS", h(4)), stay.tell("RE_MORS", h(3), sent_at=h(5)))
    assert [(s.event, s.at) for s in result.steps] == [(Event.STIN, h(1)), (Event.MORS, h(3))]


def test_discharge_in_the_repeated_hour() -> None:
    for offset, hour in (("+02:00", 0), ("+01:00", 1)):  # 02:30 twice in Copenhagen on 27 October 2024
        assert notification.instant(f"2024-10-27T02:30:00{offset}") == datetime(2024, 10, 27, hour, 30, tzinfo=UTC)


def test_leave_that_turns_into_discharge_counts_from_the_end_of_the_stay() -> None:
    stay = HospitalStay()
    messages = [stay.tell("STIN", h(1)), stay.tell("STOR", h(20)), stay.tell("SLHJ", h(30))]
    assert told(*messages).steps[-1].at == h(30)


def test_message_with_deceased_false_that_undoes_nothing_is_what_its_activity_says() -> None:
    tree = HospitalStay().tell("STIN", h(1))
    next(e["resource"] for e in tree["entry"] if e["resource"]["resourceType"] == "Patient")["deceasedBoolean"] = False
    assert as_values(tree).code == "STIN"


def test_acute_after_admission_in_the_same_chain_is_acute() -> None:
    stay = HospitalStay()
    assert told(stay.tell("STIN", h(1)), stay.tell("STAA", h(2))).state == State.ACUTE


def test_readmission_is_a_start_after_a_discharge() -> None:
    first, second = HospitalStay(), HospitalStay()
    result = told(first.tell("STIN", h(1)), first.tell("SLHJ", h(5)), second.tell("STIN", h(15)))
    assert [s.again for s in result.steps] == [False, False, True]


def test_references_that_lead_nowhere_are_taken_as_meant() -> None:
    stay = HospitalStay()
    start = stay.tell("STIN", h(1))
    stay.links = ()
    undone = stay.tell("AN_STIN", h(2), follows="never-sent")
    assert told(start, undone).state == State.VOID


def test_another_identifier_of_the_same_stay_is_found_by_the_sender_with_an_open_stay() -> None:
    stay = HospitalStay()
    start = stay.tell("STIN", h(1))
    stay.episode_of_care, stay.links = "another", ()
    assert told(start, stay.tell("SLHJ", h(5), follows="never-sent")).state == State.DISCHARGED


def test_a_circle_of_messages_is_read_by_its_times() -> None:
    stay = HospitalStay()
    first, second = as_values(stay.tell("STIN", h(1))), as_values(stay.tell("SLHJ", h(5)))
    circle = notification.Notification.from_json({
        **first.as_json(),
        "links": [
            {"target": first.number, "activity": "admit-inpatient", "follows": second.number,
             "occurred_at": h(1).isoformat()},
            {"target": second.number, "activity": "discharge-inpatient-home", "follows": first.number,
             "occurred_at": h(5).isoformat()},
        ],
    })  # fmt: skip
    assert journey_of([second, circle]).state == State.DISCHARGED


def test_a_long_stay_is_folded_without_delay() -> None:
    stay = HospitalStay()
    messages = [stay.tell("STIN", h(1))]
    for n in range(60):
        messages += [stay.tell("STOR", h(2 + 2 * n)), stay.tell("SLOR", h(3 + 2 * n))]
    assert journey_of(as_values(m) for m in reversed(messages)).state == State.ADMITTED
