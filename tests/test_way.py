"""The way of an episode as it is drawn."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from workflow.pathway import Pathway
from workflow.pathways import newest
from workflow.rule import hours
from workflow.showing.way import Facts, Standing, is_reception, steps
from workflow.vocabulary import HandoverState, TaskState

HOME, HOTEL = newest("home"), newest("tryghedshotel")
DISCHARGED = datetime(2026, 3, 12, 8, tzinfo=UTC)
NOON = DISCHARGED + timedelta(hours=4)


def drawn(facts: Facts, *, compact: bool = True) -> list[tuple[str, str]]:
    """Word and standing of every step at noon."""
    return [(step.word, step.standing.value) for step in steps(facts, at=NOON, compact=compact)]


def test_in_hospital_everything_lies_ahead_and_is_said_so() -> None:
    assert drawn(Facts(pathway=HOME, state="on_leave")) == [
        ("on_leave", "now"), ("next:discharged", "next"), ("way:to_receive", "ahead"), ("next:at_home", "ahead"),
        ("way:call", "ahead"),
    ]  # fmt: skip


def test_an_answer_before_the_discharge_is_drawn_before_it() -> None:
    facts = Facts(pathway=HOME, state="admitted", handover=HandoverState.ACCEPTED, early=True)
    assert drawn(facts)[:3] == [("admitted", "now"), ("way:received", "done"), ("next:discharged", "next")]
    facts = Facts(pathway=HOME, state="discharged", handover=HandoverState.ACCEPTED, early=True)
    assert drawn(facts)[:4] == [
        ("admitted", "done"), ("way:received", "done"), ("discharged", "now"), ("next:at_home", "next"),
    ]  # fmt: skip


def test_nothing_that_lies_ahead_stands_between_what_is_done() -> None:
    states = ("admitted", "ready_for_discharge", "discharged", "at_tryghedshotel", "at_home")
    for state, early in itertools.product(states, (True, False)):
        known = early or state in {"at_tryghedshotel", "at_home"}
        handover = HandoverState.ACCEPTED if known else HandoverState.SENT
        facts = Facts(pathway=HOTEL, state=state, handover=handover, early=early, call=TaskState.OPEN)
        said = [standing for _, standing in drawn(facts)]
        assert said == sorted(said, key=lambda one: one in {"next", "ahead"}), (state, said)
        assert said.count("now") == 1


@pytest.mark.parametrize("pathway", [HOME, HOTEL])
@pytest.mark.parametrize("compact", [True, False])
def test_the_ring_is_where_the_citizen_is(pathway: Pathway, compact: bool) -> None:
    for state in (one.name for one in pathway.states if one.owner is not None):
        for call in (TaskState.OPEN, TaskState.DONE):
            facts = Facts(pathway=pathway, state=state, call=call, called_at=NOON)
            ring = [word for word, standing in drawn(facts, compact=compact) if standing == "now"]
            assert ring == [state]


def test_an_expected_discharge_stands_at_its_step() -> None:
    facts = Facts(pathway=HOME, state="admitted", expected_discharge_at=NOON + hours(3))
    (step,) = [one for one in steps(facts, at=NOON) if one.key == "discharged"]
    assert (step.word, step.due_at) == ("next:discharged", NOON + hours(3))


def test_discharged_and_not_received() -> None:
    facts = Facts(
        pathway=HOME, state="discharged", handover=HandoverState.SENT, handover_due_at=NOON + hours(1),
        call=TaskState.OPEN, call_due_at=DISCHARGED + hours(24),
    )  # fmt: skip
    assert drawn(facts) == [
        ("admitted", "done"), ("discharged", "now"), ("way:to_receive", "next"), ("next:at_home", "ahead"),
        ("way:call", "ahead"),
    ]  # fmt: skip


def test_what_is_past_its_time_is_missed_whoever_looks_first() -> None:
    facts = Facts(
        pathway=HOTEL, state="at_tryghedshotel", handover=HandoverState.READ, handover_due_at=NOON,
        call=TaskState.OPEN, call_due_at=NOON,
    )  # fmt: skip
    assert drawn(facts)[2:] == [("way:to_receive", "missed"), ("at_tryghedshotel", "now"), ("way:call", "missed")]


def test_a_late_call_is_drawn_late() -> None:
    late = Facts(
        pathway=HOME, state="at_home", call=TaskState.DONE, call_due_at=DISCHARGED + hours(1),
        called_at=DISCHARGED + hours(3),
    )  # fmt: skip
    assert drawn(late)[-1] == ("way:call", "late")


def test_tryghedshotellet_is_a_step_of_its_own_page() -> None:
    facts = Facts(pathway=HOTEL, state="at_tryghedshotel", call=TaskState.DONE, called_at=NOON)
    assert drawn(facts, compact=False)[3:] == [
        ("at_tryghedshotel", "now"), ("way:call", "done"), ("next:at_home", "next"),
    ]  # fmt: skip


def test_a_stay_without_a_hospital_has_no_discharge_and_no_call() -> None:
    assert drawn(Facts(pathway=HOTEL, state="planned")) == [
        ("planned", "now"), ("next:at_tryghedshotel", "next"), ("way:to_receive", "ahead"),
    ]  # fmt: skip


def test_what_is_over_shows_what_was_done_and_how_it_ended() -> None:
    facts = Facts(pathway=HOME, state="deceased", reached={"admitted": DISCHARGED, "deceased": NOON})
    assert drawn(facts) == [("admitted", "done"), ("deceased", "done")]
    assert steps(facts, at=NOON)[-1].at == NOON


def test_which_handover_is_the_reception() -> None:
    assert is_reception(HOTEL, "patient_discharged")
    assert is_reception(HOTEL, "patient_arrived")
    assert not is_reception(HOTEL, "departed_home")
    assert Standing("missed") is Standing.MISSED


def test_ready_is_a_step_of_its_own_on_the_page_and_not_twice() -> None:
    reached = {"admitted": DISCHARGED - hours(48), "ready_for_discharge": DISCHARGED}
    facts = Facts(pathway=HOME, state="ready_for_discharge", reached=reached)
    assert drawn(facts, compact=False)[:3] == [
        ("admitted", "done"), ("ready_for_discharge", "now"), ("next:discharged", "next"),
    ]  # fmt: skip
    assert drawn(facts)[0] == ("ready_for_discharge", "now")
