"""What a pathway is: states, the transitions between them, and who owes what by when. It checks itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from workflow.rule import AT_DUE_THEN_MANAGERS, QUESTION_ASKED, Rule, Rung, hours
from workflow.vocabulary import Audience, Concerns, DoneBy, Language, MissCode, Party, Role, RuleKind


class BadPathway(ValueError):
    """The definition contradicts itself; the message says how, one sentence a line."""


@dataclass(frozen=True)
class State:
    """Where the citizen is.

    An open state names who must act next and when: `within` to leave it, or `review` to look again.
    """

    name: str
    owner: Party | None
    within: timedelta | None = None
    review: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Responsibility on its way to `to`, who must answer within a limit; `requires` are ISBAR fields."""

    to: Party
    answer_within: timedelta
    arrival: str  # the trigger that says the citizen is there: an answer is due by then at the latest
    requires: tuple[str, ...] = ()
    remind: tuple[Rung, ...] = (Rung(-hours(1), Audience.UNIT), Rung(hours(0), Audience.MANAGERS))


@dataclass(frozen=True)
class Transition:
    """Something that happened. `asks` names what people (not messages) are asked for first."""

    trigger: str
    source: str
    dest: str
    by: tuple[Role, ...] = field(kw_only=True)
    hands_over: Handover | None = field(default=None, kw_only=True)
    asks: tuple[str, ...] = field(default=(), kw_only=True)
    tells: tuple[Party, ...] = field(default=(Party.WARD, Party.RECEIVER), kw_only=True)
    takes_back: str | None = field(
        default=None, kw_only=True
    )  # this undoes what that event started: the same stay goes on


@dataclass(frozen=True)
class WayIn:
    """How an episode begins: what happened, in which state that leaves the citizen, and who has the responsibility."""

    key: str
    trigger: str
    state: str
    responsible: Party


@dataclass(frozen=True, kw_only=True)
class Pathway:
    """The agreed way. Raises BadPathway when it is built wrong."""

    key: str
    version: int
    title: Mapping[Language, str] = field(hash=False)
    receiver: Party  # to whom the hospital sends the citizen
    ways_in: tuple[WayIn, ...]
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    tasks: tuple[Rule, ...]
    sensitive: bool = False  # psychiatry, alcohol: whoever opens an episode on it says what for (decisions D7)

    def __post_init__(self) -> None:
        if problems := list(check(self)):
            raise BadPathway("\n".join(f"{self.key} {self.version}: {problem}." for problem in problems))

    def __hash__(self) -> int:
        return hash((self.key, self.version))

    @cached_property
    def _states(self) -> dict[str, State]:
        return {state.name: state for state in self.states}

    @cached_property
    def _leaving(self) -> dict[str, dict[str, Transition]]:
        found: dict[str, dict[str, Transition]] = {state.name: {} for state in self.states}
        for transition in self.transitions:
            found[transition.source][transition.trigger] = transition
        return found

    def state(self, name: str) -> State:
        """Raises KeyError for a state that this pathway does not have."""
        return self._states[name]

    def has_state(self, name: str) -> bool:
        return name in self._states

    def leaving(self, state: str) -> tuple[Transition, ...]:
        """What can happen from here."""
        return tuple(self._leaving[state].values())

    def transition(self, source: str, trigger: str) -> Transition | None:
        """What `trigger` does from `source`, if it can happen there."""
        return self._leaving.get(source, {}).get(trigger)

    @cached_property
    def _arrivals(self) -> frozenset[str]:
        return frozenset(t.hands_over.arrival for t in self.transitions if t.hands_over)

    def arrival_from(self, state: str) -> Transition | None:
        """The arrival that is awaited in a state: that the citizen is where a handover sends them."""
        here = (t for t in self.leaving(state) if t.trigger in self._arrivals)
        return next((t for t in here if not self.state(state).review), None)

    def way_in(self, key: str) -> WayIn | None:
        return next((way for way in self.ways_in if way.key == key), None)

    def is_final(self, state: str) -> bool:
        return self._states[state].owner is None

    @cached_property
    def _handovers_ahead(self) -> dict[str, Transition | None]:
        return {state.name: _nearest_handover(self, state.name) for state in self.states}

    def handover_ahead(self, state: str) -> Transition | None:
        """The next transition that hands responsibility over: what a handover sent in `state` is for."""
        return self._handovers_ahead[state]

    def rules(self) -> Iterator[Rule]:
        """Everything with a time in this definition, as the rules that seed the first agreement."""
        yield from self.tasks
        yield Rule(
            key="question", kind=RuleKind.AFTER_EVENT, concerns=Concerns.QUESTION, task="answer_question",
            done_by=DoneBy.ANSWER, mandatory=False, on=QUESTION_ASKED, owner=Party.RESPONSIBLE, after=hours(4),
        )  # fmt: skip
        for state in self.states:
            if state.owner is not None:
                yield Rule(
                    key=f"state:{state.name}",
                    kind=RuleKind.REVIEW_EVERY if state.review else RuleKind.AFTER_EVENT,
                    concerns=Concerns.STATE,
                    on=state.name,
                    owner=state.owner,
                    after=state.review or state.within,
                )
        handing = {t.trigger: t.hands_over for t in self.transitions if t.hands_over}
        for trigger, handover in handing.items():
            yield Rule(
                key=f"answer:{trigger}",
                kind=RuleKind.AFTER_EVENT,
                concerns=Concerns.HANDOVER_ANSWER,
                on=trigger,
                owner=handover.to,
                after=handover.answer_within,
                ladder=handover.remind,
                miss=MissCode.NOT_ANSWERED,
                requires=handover.requires,
                source="practice.md 5.1 M3",
            )
            yield Rule(
                key=f"sending:{trigger}",
                kind=RuleKind.AFTER_EVENT,
                concerns=Concerns.HANDOVER_SENDING,
                on=trigger,
                owner=Party.RESPONSIBLE,
                after=hours(0),
                ladder=(AT_DUE_THEN_MANAGERS[0], Rung(hours(1), Audience.MANAGERS)),
                source="design.md promise 2",
            )
            yield Rule(
                key=f"mending:{trigger}",
                kind=RuleKind.AFTER_EVENT,
                concerns=Concerns.HANDOVER_MENDING,
                on=trigger,
                owner=Party.RESPONSIBLE,
                after=hours(1),
                ladder=(AT_DUE_THEN_MANAGERS[0], Rung(hours(1), Audience.MANAGERS)),
                source="design.md promise 2",
            )


def _nearest_handover(pathway: Pathway, state: str) -> Transition | None:
    seen, frontier = {state}, [state]
    while frontier:
        here = [t for name in frontier for t in pathway.leaving(name) if t.takes_back is None]
        if found := next((t for t in here if t.hands_over), None):
            return found
        frontier = [t.dest for t in here if t.dest not in seen]
        seen.update(frontier)
    return None


def check(pathway: Pathway) -> Iterator[str]:
    """What is wrong with a definition, in words; nothing when it may be used."""
    names = {state.name for state in pathway.states}
    if len(names) < len(pathway.states):
        yield "a state is named twice"
    used = {t.source for t in pathway.transitions} | {t.dest for t in pathway.transitions}
    if unknown := (used | {way.state for way in pathway.ways_in}) - names:
        yield f"no such state: {', '.join(sorted(unknown))}"
        return
    yield from _check_states(pathway)
    yield from _check_transitions(pathway)
    yield from _check_rules(pathway)


def _check_states(pathway: Pathway) -> Iterator[str]:
    for state in pathway.states:
        leaves = any(t.source == state.name for t in pathway.transitions)
        if state.owner is not None and (state.within is None) == (state.review is None):
            yield f"'{state.name}' needs a time: either within what time it is left, or how often it is reviewed"
        if state.owner is not None and not leaves:
            yield f"nobody gets out of '{state.name}'"
        if state.owner is None and leaves:
            yield f"'{state.name}' has no owner, and yet something can happen from it"
    starts = {way.state for way in pathway.ways_in}
    for name in sorted({state.name for state in pathway.states} - _reached(pathway, starts)):
        yield f"nothing leads to '{name}'"
    final = {state.name for state in pathway.states if state.owner is None}
    backwards = {(t.dest, t.source) for t in pathway.transitions}
    ends: set[str] = set(final)
    while more := {source for dest, source in backwards if dest in ends} - ends:
        ends |= more
    for name in sorted({state.name for state in pathway.states} - ends):
        yield f"from '{name}' there is no way to an end"


def _reached(pathway: Pathway, starts: set[str]) -> set[str]:
    reached = set(starts)
    while more := {t.dest for t in pathway.transitions if t.source in reached} - reached:
        reached |= more
    return reached


def _check_transitions(pathway: Pathway) -> Iterator[str]:
    pairs = [(t.source, t.trigger) for t in pathway.transitions]
    for source, trigger in sorted({pair for pair in pairs if pairs.count(pair) > 1}):
        yield f"'{trigger}' from '{source}' leads to more than one place; where facts decide, the events differ"
    triggers = {t.trigger for t in pathway.transitions}
    for transition in pathway.transitions:
        if not transition.by:
            yield f"nobody may report '{transition.trigger}' from '{transition.source}'"
        if transition.hands_over is not None and transition.hands_over.arrival not in triggers:
            arrival = transition.hands_over.arrival
            yield f"the handover on '{transition.trigger}' waits for '{arrival}', which never happens"
        if transition.takes_back is not None and transition.takes_back not in triggers:
            yield f"'{transition.trigger}' takes back '{transition.takes_back}', which never happens"
        handover = transition.hands_over
        if handover is not None and handover.answer_within <= timedelta(0):
            yield f"the handover on '{transition.trigger}' has no answer limit"
        if handover is not None and not any(rung.to == Audience.MANAGERS for rung in handover.remind):
            yield f"the handover on '{transition.trigger}' is not escalated to anybody when it is not answered"


def _check_rules(pathway: Pathway) -> Iterator[str]:
    triggers = {t.trigger for t in pathway.transitions} | {way.trigger for way in pathway.ways_in}
    for rule in pathway.tasks:
        yield from rule.problems()
        named = {rule.on, *rule.withdrawn_by} | ({rule.before} if rule.before else set())
        for trigger in sorted(named - triggers - {""}):
            yield f"{rule.key} speaks of '{trigger}', which never happens"
        if rule.concerns == Concerns.TASK and rule.kind != RuleKind.ALWAYS_PHONE and not rule.withdrawn_by:
            yield f"{rule.key}: nothing ever withdraws the task"
    keys = [rule.key for rule in pathway.tasks]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"the rule {key} stands twice"
