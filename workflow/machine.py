"""The one place that meets the `transitions` library: a machine a pathway, shared by all its episodes."""

from dataclasses import dataclass
from functools import cache

from transitions import Machine, MachineError

from workflow.errors import NotPossible
from workflow.pathway import Pathway


@dataclass(slots=True)
class _Here:
    state: str


@cache
def _machine(pathway: Pathway) -> Machine:
    return Machine(
        model=None,
        states=[state.name for state in pathway.states],
        transitions=[[t.trigger, t.source, t.dest] for t in pathway.transitions],
        initial=pathway.ways_in[0].state,
        auto_transitions=False,
    )


def fire(pathway: Pathway, state: str, trigger: str) -> str:
    """The state that `trigger` leads to from `state`. Raises NotPossible."""
    here = _Here(state)
    try:
        _machine(pathway).events[trigger].trigger(here)
    except (KeyError, MachineError) as error:
        raise NotPossible("cannot_happen_now", trigger=trigger, state=state) from error
    return here.state
