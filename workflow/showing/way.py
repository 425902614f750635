"""The way of an episode as it is drawn: its steps in order, which are done, which is now, which were missed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from workflow.pathway import Pathway
from workflow.tables import Handover
from workflow.vocabulary import HandoverState, Party, TaskState

IN_HOSPITAL = ("acute", "admitted", "admitted_at_home", "on_leave", "ready_for_discharge")
_ORDER = ("planned", *IN_HOSPITAL, "discharged", "at_tryghedshotel", "at_home")


class Standing(StrEnum):
    """How it stands with a step. Its value names the look."""

    DONE = "done"
    LATE = "late"  # done, after its time
    NOW = "now"  # where the citizen is: one step, as long as the episode is open
    NEXT = "next"  # what comes next
    MISSED = "missed"  # its time has passed, and it is not done
    AHEAD = "ahead"


@dataclass(frozen=True)
class Step:
    """One step: a word of `workflow.sentences`, how it stands, when it was done, or by when it is due."""

    key: str
    word: str
    standing: Standing
    at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the steps are drawn from. `reached` says when a state was reached, where that is known.

    `early`: the receiver has accepted before the citizen left, and is drawn so.
    """

    pathway: Pathway
    state: str
    reached: Mapping[str, datetime] = field(default_factory=dict)
    handover: HandoverState | None = None  # to the pathway's receiver: the one under way, or the last
    handover_due_at: datetime | None = None
    handed_over_at: datetime | None = None
    early: bool = False
    expected_discharge_at: datetime | None = None
    call: TaskState | None = None
    call_due_at: datetime | None = None
    called_at: datetime | None = None


def is_reception(pathway: Pathway, trigger: str) -> bool:
    """Whether a handover on this transition is the one to the pathway's receiver, and not a later one."""
    return any(
        t.hands_over is not None and t.hands_over.to == pathway.receiver
        for t in pathway.transitions
        if t.trigger == trigger
    )


def accepted_early(handover: Handover) -> bool:
    """Whether the receiver accepted before the event that the responsibility passes with."""
    if handover.state != HandoverState.ACCEPTED or handover.answered_at is None:
        return False
    return handover.passed_at is None or handover.answered_at < handover.passed_at


def steps(facts: Facts, *, at: datetime, compact: bool = False) -> tuple[Step, ...]:
    """The steps of an episode as they stand at `at`. `compact` leaves out those that a list has no room for.

    The ring is where the citizen is; what is to be done next is the first step that lies ahead. Once the episode is
    over, only what was done is left, and how it ended.
    """
    drawn = list(_drawn(facts, at, compact=compact))
    if facts.state not in _ORDER:
        done = [step for step in drawn if step.standing in {Standing.DONE, Standing.LATE, Standing.MISSED}]
        return (*done, Step("end", facts.state, Standing.DONE, facts.reached.get(facts.state)))
    following = next((index for index, step in enumerate(drawn) if step.standing == Standing.AHEAD), None)
    return tuple(
        replace(step, standing=Standing.NEXT) if index == following else step for index, step in enumerate(drawn)
    )


def _drawn(facts: Facts, at: datetime, *, compact: bool) -> Iterator[Step]:
    """In their order: what the receiver accepts early comes before the citizen leaves, else after it."""
    facility, through_hospital = facts.pathway.receiver == Party.FACILITY, _through_hospital(facts)
    at_home = facts.state == "at_home"
    leaves = "discharged" if through_hospital else "at_tryghedshotel" if facility else "at_home"
    ready_apart = not compact and "ready_for_discharge" in facts.reached
    yield _beginning(facts, ready_apart)
    if ready_apart:
        yield _place(facts, "ready_for_discharge")
    if facts.early:
        yield _received(facts, at)
    yield _place(facts, leaves)
    if not facts.early:
        yield _received(facts, at)
    if through_hospital and facility and not (compact and at_home):
        yield _place(facts, "at_tryghedshotel")
    if through_hospital and (not facility or (compact and at_home)):
        yield _place(facts, "at_home")
    if through_hospital:
        yield _called(facts, at)
    if facility and not compact:
        yield _place(facts, "at_home")


def _through_hospital(facts: Facts) -> bool:
    return facts.call is not None or not {facts.state, *facts.reached}.isdisjoint((*IN_HOSPITAL, "discharged"))


def _has_reached(facts: Facts, state: str) -> bool:
    if facts.state not in _ORDER:
        return state in facts.reached
    return _ORDER.index(facts.state) >= _ORDER.index(state)


def _beginning(facts: Facts, ready_apart: bool) -> Step:
    """In hospital, or planned; where being ready is a step of its own, this one is over with it."""
    if facts.state in {"planned", *IN_HOSPITAL} and not (ready_apart and facts.state == "ready_for_discharge"):
        return Step("begin", facts.state, Standing.NOW, facts.reached.get(facts.state))
    otherwise = "admitted" if _through_hospital(facts) else "planned"
    begun = next((state for state in ("admitted", "acute", "planned") if state in facts.reached), otherwise)
    return Step("begin", begun, Standing.DONE, facts.reached.get(begun))


def _place(facts: Facts, state: str) -> Step:
    """Where the citizen is, has been, or comes to: then it is said as something to come."""
    if facts.state == state:
        return Step(state, state, Standing.NOW, facts.reached.get(state))
    if _has_reached(facts, state):
        return Step(state, state, Standing.DONE, facts.reached.get(state))
    expected_at = facts.expected_discharge_at if state == "discharged" else None
    return Step(state, f"next:{state}", Standing.AHEAD, due_at=expected_at)


def _received(facts: Facts, at: datetime) -> Step:
    accepted = facts.handover == HandoverState.ACCEPTED or (
        facts.handover is None and _has_reached(facts, "discharged")
    )
    if accepted:
        return Step("received", "way:received", Standing.DONE, facts.handed_over_at)
    passed = facts.handover_due_at is not None and facts.handover_due_at <= at
    standing = Standing.MISSED if passed else Standing.AHEAD
    return Step("received", "way:to_receive", standing, due_at=facts.handover_due_at)


def _called(facts: Facts, at: datetime) -> Step:
    due_at = facts.call_due_at
    if facts.call == TaskState.DONE:
        late = due_at is not None and facts.called_at is not None and facts.called_at > due_at
        return Step("call", "way:call", Standing.LATE if late else Standing.DONE, facts.called_at, due_at)
    missed = facts.call == TaskState.OPEN and due_at is not None and due_at <= at
    return Step("call", "way:call", Standing.MISSED if missed else Standing.AHEAD, due_at=due_at)
