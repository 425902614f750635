"""Whatever is done to an episode, on whatever pathway: every promise holds after every step."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session

from tests.properties.walk import GeneratedWalk, Start, Walk
from tests.world import World
from workflow.pathway import Pathway
from workflow.pathways import PATHWAYS


@pytest.mark.parametrize("followed", PATHWAYS.values(), ids=lambda p: f"{p.key}-{p.version}")
def test_a_registered_pathway(session: Session, world: World, walks: settings, followed: Pathway) -> None:
    start = Start(session.connection(), world, followed)
    run_state_machine_as_test(Walk.starting(start), settings=walks)


def test_generated_pathways(session: Session, world: World, walks: settings) -> None:
    start = Start(session.connection(), world)
    run_state_machine_as_test(GeneratedWalk.starting(start), settings=walks)
