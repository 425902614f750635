"""A pathway checks itself when it is built, and says in words what is wrong."""

from dataclasses import replace

import pytest

from workflow import machine
from workflow.errors import NotPossible
from workflow.pathway import BadPathway, Handover, Pathway, State, Transition, WayIn
from workflow.pathways import PATHWAYS, newest, pathway
from workflow.rule import Rule, Rung, hours
from workflow.vocabulary import Audience, Concerns, Language, Party, Role, RuleKind

NURSE = (Role.WARD_NURSE,)
GOOD = Pathway(
    key="short", version=1, title={Language.DANISH: "Kort", Language.ENGLISH: "Short"}, receiver=Party.DISTRICT,
    ways_in=(WayIn("in", "came", "here", Party.WARD),),
    states=(State("here", Party.WARD, within=hours(1)), State("gone", None)),
    transitions=(Transition("left", "here", "gone", by=NURSE),),
    tasks=(),
)  # fmt: skip

TASK = Rule(
    key="T", kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task="look", on="came", owner=Party.WARD,
    after=hours(1), withdrawn_by=("left",),
)  # fmt: skip


def bad(**changed: object) -> str:
    with pytest.raises(BadPathway) as refused:
        replace(GOOD, **changed)  # type: ignore[arg-type]
    return str(refused.value)


@pytest.mark.parametrize("known", PATHWAYS.values(), ids=lambda p: p.key)
def test_the_shipped_pathways_are_sound(known: Pathway) -> None:
    assert pathway(known.key, known.version) is known
    for state in known.states:
        open_ways = {t.trigger for t in known.leaving(state.name)}
        assert known.is_final(state.name) or {"patient_died", "episode_cancelled"} <= open_ways


def test_an_open_state_needs_an_owner_a_time_and_a_way_out() -> None:
    untimed = (State("here", Party.WARD), State("gone", None))
    assert "needs a time" in bad(states=untimed)
    assert "has no owner" in bad(states=(State("here", None), State("gone", None)))
    stuck = (*GOOD.states, State("stuck", Party.WARD, within=hours(1)))
    assert "nobody gets out of 'stuck'" in bad(states=stuck)
    assert "nothing leads to 'stuck'" in bad(states=stuck)


def test_there_must_be_a_way_to_an_end() -> None:
    states = (*GOOD.states, State("a", Party.WARD, within=hours(1)), State("b", Party.WARD, within=hours(1)))
    circle = (
        *GOOD.transitions,
        Transition("in", "here", "a", by=NURSE),
        Transition("x", "a", "b", by=NURSE),
        Transition("y", "b", "a", by=NURSE),
    )
    assert "from 'a' there is no way to an end" in bad(states=states, transitions=circle)


def test_one_trigger_from_one_state_leads_to_one_place() -> None:
    states = (*GOOD.states, State("elsewhere", None))
    twice = (*GOOD.transitions, Transition("left", "here", "elsewhere", by=NURSE))
    assert "leads to more than one place" in bad(states=states, transitions=twice)


def test_unknown_names_are_found() -> None:
    assert "no such state: nowhere" in bad(transitions=(Transition("left", "here", "nowhere", by=NURSE),))
    assert "speaks of 'moonrise'" in bad(tasks=(replace(TASK, on="moonrise"),))
    assert "stands twice" in bad(tasks=(TASK, TASK))
    assert "which never happens" in bad(
        transitions=(Transition("left", "here", "gone", by=NURSE, takes_back="moonrise"),)
    )


def test_a_handover_has_an_answer_limit_an_escalation_and_an_arrival() -> None:
    def on(handover: Handover) -> str:
        return bad(transitions=(Transition("left", "here", "gone", by=NURSE, hands_over=handover),))

    good = Handover(to=Party.DISTRICT, answer_within=hours(1), arrival="left")
    assert "no answer limit" in on(replace(good, answer_within=hours(0)))
    assert "not escalated" in on(replace(good, remind=(Rung(hours(0), Audience.UNIT),)))
    assert "waits for 'moonrise'" in on(replace(good, arrival="moonrise"))


def test_a_task_is_withdrawn_by_something_and_somebody_is_told() -> None:
    assert "nothing ever withdraws" in bad(tasks=(replace(TASK, withdrawn_by=()),))
    assert "nobody would be told" in bad(tasks=(replace(TASK, ladder=()),))
    assert "nobody may report" in bad(transitions=(Transition("left", "here", "gone", by=()),))


def test_the_machine_follows_the_definition_and_nothing_else() -> None:
    for known in PATHWAYS.values():
        triggers = {t.trigger for t in known.transitions}
        for state in known.states:
            for trigger in triggers:
                expected = known.transition(state.name, trigger)
                if expected is not None:
                    assert machine.fire(known, state.name, trigger) == expected.dest
                else:
                    with pytest.raises(NotPossible):
                        machine.fire(known, state.name, trigger)


def test_an_episode_keeps_its_version_and_new_ones_start_on_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATHWAYS, ("short", 1), GOOD)
    monkeypatch.setitem(PATHWAYS, ("short", 2), replace(GOOD, version=2))
    assert newest("short").version == 2
    assert pathway("short", 1).version == 1


def test_a_handover_sent_now_is_for_the_next_transition_that_hands_over() -> None:
    tryghedshotel = newest("tryghedshotel")
    ahead = {state.name: tryghedshotel.handover_ahead(state.name) for state in tryghedshotel.states}
    assert ahead["admitted"]
    assert ahead["admitted"].trigger == "patient_discharged"
    assert ahead["discharged"]
    assert ahead["discharged"].trigger == "departed_home"
    assert ahead["planned"]
    assert ahead["planned"].trigger == "patient_arrived"
    assert ahead["at_home"] is None
