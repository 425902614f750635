"""How many walks there are, of how many steps."""

import pytest
from hypothesis import HealthCheck, settings

SUITE = settings(
    derandomize=True,  # the same walks every time: a red test is red for everybody
    deadline=None,
    database=None,
    max_examples=30,
    stateful_step_count=35,
    suppress_health_check=list(HealthCheck),
)
SOAK = settings(SUITE, derandomize=False, print_blob=True, max_examples=300, stateful_step_count=60)


@pytest.fixture
def walks(request: pytest.FixtureRequest) -> settings:
    """How many walks of how many steps."""
    return SOAK if request.config.getoption("--soak") else SUITE
