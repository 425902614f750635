"""How many walks there are, of how many steps."""

import pytest
from hypothesis import HealthCheck, Phase, settings

SUITE = settings(
    derandomize=True,  # the same walks every time: a red test is red for everybody
    deadline=None,
    database=None,
    max_examples=6,
    stateful_step_count=35,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # the long form looks for the shortest example
)
SOAK = settings(
    SUITE, derandomize=False, print_blob=True, max_examples=300, stateful_step_count=60,
    phases=(Phase.generate, Phase.shrink),
)  # fmt: skip


@pytest.fixture
def walks(request: pytest.FixtureRequest) -> settings:
    """How many walks of how many steps."""
    return SOAK if request.config.getoption("--soak") else SUITE
