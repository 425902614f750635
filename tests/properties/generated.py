"""Pathways that nobody would write, and that are valid: whatever may be defined must keep the promises."""

from datetime import time, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from workflow.pathway import Handover, Pathway, State, Transition, WayIn
from workflow.pathways.parts import ANYBODY, FINAL_STATES, ISBAR_REQUIRED
from workflow.rule import Rule, Rung, days, hours
from workflow.vocabulary import Audience, Circumstance, Concerns, DoneBy, Language, MissCode, Party, Role, RuleKind

# Names that the shipped pathways have too, so that episodes can be rerouted between those and these.
OPEN_STATES = ("planned", "admitted", "on_leave", "discharged", "at_tryghedshotel", "at_home")
TRIGGERS = (
    "patient_admitted",
    "patient_discharged",
    "patient_arrived",
    "departed_home",
    "leave_started",
    "declared_ready",
    "stay_resumed",
)
NEEDS = ("municipal_services", "same_day_action", "rehabilitation_plan")
ASKS = ("destination", "handover_sent", "phone_agreement", "no_open_task")
UNITS = (Party.WARD, Party.FACILITY, Party.DISTRICT, Party.PRACTICE)
CLOSED, *ENDS = FINAL_STATES

durations = st.sampled_from((timedelta(minutes=1), hours(1), hours(4), hours(24), days(7)))
offsets = st.sampled_from((-hours(6), -hours(2), hours(0), hours(1), hours(24)))
parties = st.sampled_from((*UNITS, Party.RECEIVER))
roles: SearchStrategy[tuple[Role, ...]] = st.lists(st.sampled_from(ANYBODY), min_size=1, unique=True).map(tuple)


def some(*things: str) -> SearchStrategy[tuple[str, ...]]:
    """A few of these, mostly none."""
    return st.one_of(st.just(()), st.lists(st.sampled_from(things), max_size=2, unique=True).map(tuple))


@st.composite
def ladders(draw: DrawFn, *, to_managers: bool = False) -> tuple[Rung, ...]:
    """One to three rungs in order; with `to_managers`, one of them escalates."""
    rungs = [
        Rung(offset, draw(st.sampled_from(Audience)))
        for offset in draw(st.lists(offsets, min_size=1, max_size=3, unique=True))
    ]
    if to_managers:
        rungs.append(Rung(draw(offsets), Audience.MANAGERS))
    return tuple(sorted(rungs, key=lambda rung: rung.offset))


@st.composite
def states(draw: DrawFn) -> tuple[State, ...]:
    """One to five open states, each with an owner and a time."""
    names = draw(st.lists(st.sampled_from(OPEN_STATES), min_size=1, max_size=5, unique=True))
    found = []
    for name in names:
        owner, limit = draw(parties), draw(durations)
        found.append(State(name, owner, review=limit) if draw(st.booleans()) else State(name, owner, within=limit))
    return tuple(found)


@st.composite
def handovers(draw: DrawFn, triggers: tuple[str, ...]) -> Handover:
    """Terms of a handover to anybody, waiting for any of these triggers."""
    return Handover(
        to=draw(parties),
        answer_within=draw(durations),
        arrival=draw(st.sampled_from(triggers)),
        requires=draw(st.sampled_from(((), ("S.reason",), ISBAR_REQUIRED))),
        remind=draw(ladders(to_managers=True)),
    )


@st.composite
def transitions(draw: DrawFn, open_states: tuple[State, ...]) -> tuple[Transition, ...]:
    """Every state is reached from the first, every state has a way to an end, and what lies between is anything."""
    names = [state.name for state in open_states]
    moves: dict[tuple[str, str], str] = {}
    for number, name in enumerate(names[1:], start=1):
        source = draw(st.sampled_from(names[:number]))
        free = [trigger for trigger in TRIGGERS if (source, trigger) not in moves]
        moves[source, draw(st.sampled_from(free))] = name
    for source, trigger, dest in draw(
        st.lists(st.tuples(st.sampled_from(names), st.sampled_from(TRIGGERS), st.sampled_from(names)), max_size=6)
    ):
        moves.setdefault((source, trigger), dest)
    closing = draw(st.sampled_from(names))
    triggers = tuple(sorted({trigger for _, trigger in moves})) or ("episode_closed",)
    found = [
        Transition(
            trigger, source, dest, by=draw(roles),
            hands_over=draw(st.one_of(st.none(), handovers(triggers))),
            asks=draw(some(*ASKS)),
            takes_back=draw(st.sampled_from((None, None, None, *triggers))),
        )
        for (source, trigger), dest in moves.items()
    ]  # fmt: skip
    found.append(Transition("episode_closed", closing, CLOSED.name, by=draw(roles), asks=draw(some("no_open_task"))))
    found += [
        Transition(trigger, name, dest, by=ANYBODY)
        for name in names
        for trigger, dest in (("patient_died", "deceased"), ("episode_cancelled", "cancelled"))
    ]
    return tuple(found)


@st.composite
def rules(draw: DrawFn, key: str, triggers: tuple[str, ...]) -> Rule:
    """A task, or a window, counted from any of these triggers."""
    kind = draw(st.sampled_from(RuleKind))
    concerns = draw(st.sampled_from((Concerns.TASK, Concerns.TASK, Concerns.TASK, Concerns.WINDOW)))
    return Rule(
        key=key, kind=kind, concerns=concerns, on=draw(st.sampled_from(triggers)), owner=draw(parties),
        counterpart=draw(st.one_of(st.none(), parties)), task=draw(st.sampled_from(("follow_up_call", "care_plan"))),
        after=draw(durations), clock=time(12) if kind == RuleKind.AT_CLOCK_TIME else None,
        working_days=draw(st.sampled_from((None, None, None, 1, 3))),
        before=draw(st.sampled_from(triggers)) if kind in {RuleKind.BEFORE_EVENT, RuleKind.MISSING_AT_EVENT} else None,
        done_by=draw(st.sampled_from(DoneBy)), mandatory=draw(st.booleans()), ladder=draw(ladders()),
        miss=draw(st.sampled_from((MissCode.CALL_NOT_MADE, MissCode.TASK_NOT_DONE, None))),
        when=draw(some(*NEEDS, *Circumstance)),
        withdrawn_by=tuple(draw(st.lists(st.sampled_from(triggers), min_size=1, max_size=3, unique=True))),
        source="generated",
    )  # fmt: skip


@st.composite
def pathways(draw: DrawFn, key: str = "generated") -> Pathway:
    """Any pathway that checks itself and finds nothing wrong."""
    open_states = draw(states())
    between = draw(transitions(open_states))
    names = [state.name for state in open_states]
    ways_in = [WayIn("first", "patient_admitted", names[0], draw(parties))]
    if draw(st.booleans()):
        ways_in.append(WayIn("second", "stay_planned", draw(st.sampled_from(names)), draw(parties)))
    triggers = tuple(sorted({t.trigger for t in between} | {way.trigger for way in ways_in}))
    return Pathway(
        key=key,
        version=1,
        title={Language.DANISH: key, Language.ENGLISH: key},
        receiver=draw(st.sampled_from(UNITS)),
        ways_in=tuple(ways_in),
        states=(*open_states, CLOSED, *ENDS),
        transitions=between,
        tasks=tuple(draw(rules(f"G{number}", triggers)) for number in range(draw(st.integers(0, 4)))),
    )
