"""A citizen's way through hospital over all stays: what changed it, in order, and where it has come to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflow.medcom.chains import Message
from workflow.medcom.codes import Event
from workflow.medcom.envelope import Party
from workflow.medcom.stays import Happening, State, Stay, step


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change that counts for the citizen. `transfer`: another stay goes on where one that is open stops."""

    event: Event
    at: datetime
    sender: Party
    provider: Party
    told: frozenset[Message]
    asks_for_report: bool
    transfer: bool = False
    again: bool = False  # a start after a discharge


@dataclass(frozen=True)
class Journey:
    """The steps that are in force, and the state over all stays; VOID where there is none, or only void ones."""

    steps: tuple[Step, ...]
    state: State
    parallel: bool  # two stays were open at once, and neither was a transfer of the other
    after_death: bool  # something was told of a time after the death


@dataclass
class _Going:
    """The stays as they go on, while their happenings are read in the order of time."""

    states: dict[int, State] = field(default_factory=dict)
    superseded: set[int] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    parallel: bool = False
    after_death: bool = False

    @property
    def over_all(self) -> State:
        states = [s for number, s in self.states.items() if number not in self.superseded]
        # On leave from one of two stays, a citizen is still in the other (S.BR14).
        order = (State.DECEASED, State.ADMITTED, State.ACUTE, State.ON_LEAVE, State.DISCHARGED)
        return next((state for state in order if state in states), State.VOID)


def travel(stays: Sequence[Stay]) -> Journey:
    """Read all stays together. A start while another stay is open moves the citizen: the old one is superseded.

    It is open again when something later is told of it (parallel stays). A follow-up counts from the last discharge.
    """
    going = _Going()
    for number, happening in _by_time(stays):
        _take(going, number, happening)
    return Journey(tuple(going.steps), going.over_all, going.parallel, going.after_death)


def _by_time(stays: Sequence[Stay]) -> list[tuple[int, Happening]]:
    """Every happening with its stay, by time, each stay's in its own order."""
    timed = []
    for number, stay in enumerate(stays):
        latest = None
        for place, happening in enumerate(stay.happenings):
            latest = max(latest, happening.at) if latest is not None else happening.at
            timed.append((latest, number, place, happening))
    return [(number, happening) for _, number, _, happening in sorted(timed, key=lambda t: t[:3])]


def _take(going: _Going, number: int, happening: Happening) -> None:
    before = going.over_all
    if before == State.DECEASED:
        if happening.event == Event.MORS:
            _replace_last(going, happening)
        else:
            going.after_death = True
        return
    begins = number not in going.states
    others_open = {n for n, s in going.states.items() if n != number and s.in_hospital and n not in going.superseded}
    if begins:
        going.superseded |= others_open
    elif number in going.superseded:
        going.superseded.discard(number)
        going.parallel = going.parallel or happening.event in {Event.STOR, Event.SLOR}
    own = going.states.get(number, State.VOID)
    going.states[number] = step(own, happening.event)
    after = going.over_all
    moved = begins and bool(others_open)
    if after != before or moved:
        again = before == State.DISCHARGED and after.in_hospital
        going.steps.append(_step(happening, transfer=moved, again=again))
    elif after == State.DISCHARGED and happening.event == Event.SLHJ:
        _replace_last(going, happening)


def _replace_last(going: _Going, happening: Happening) -> None:
    """The same change told again with another time: the last word counts."""
    going.steps[-1] = _step(happening, told=going.steps[-1].told | happening.told)


def _step(
    happening: Happening, *, transfer: bool = False, again: bool = False, told: frozenset[Message] | None = None
) -> Step:
    return Step(
        event=happening.event, at=happening.at, sender=happening.sender, provider=happening.provider,
        told=happening.told if told is None else told, asks_for_report=happening.asks_for_report,
        transfer=transfer, again=again,
    )  # fmt: skip
