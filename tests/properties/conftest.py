"""The world that the walks start in, and how many of them there are."""

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.world import World

pytest.register_assert_rewrite("tests.properties.promises", "tests.properties.walk")

SUITE = settings(
    derandomize=True,  # the same walks every time: a red test is red for everybody
    deadline=None,
    database=None,
    max_examples=30,
    stateful_step_count=35,
    suppress_health_check=list(HealthCheck),
)
SOAK = settings(SUITE, derandomize=False, print_blob=True, max_examples=1_000, stateful_step_count=60)


@pytest.fixture
def walks(request: pytest.FixtureRequest) -> settings:
    """How many walks of how many steps."""
    return SOAK if request.config.getoption("--soak") else SUITE


@pytest.fixture
def world(session: Session) -> World:
    return worlds.build(session)
