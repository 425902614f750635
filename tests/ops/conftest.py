"""What the tests of whole installations share: one that is up, for those that leave it running."""

from collections.abc import Iterator

import pytest

from tests.ops.installations import Installation, home_folder, installation


@pytest.fixture(scope="package")
def running() -> Iterator[Installation]:
    """One installation for the tests that leave it running; they are of the group `launcher`."""
    with home_folder() as folder, installation(folder) as started:
        started.until_it_answers()
        yield started
