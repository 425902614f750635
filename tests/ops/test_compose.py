"""docker-compose.yml: of the right form, without secrets, and its very commands run on the embedded servers."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from ruamel.yaml import YAML

from ops import postgres, processes, programs
from ops.processes import ROOT
from ops.valkey import Valkey
from tests import world as worlds
from tests.conftest import Database
from tests.ops.installations import PATIENCE, home_folder

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return read


def test_it_is_of_the_form_that_the_specification_asks_for() -> None:
    checked = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_service_is_watched_restarted_and_ours_are_not_root(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "restart" in service, name
        assert "healthcheck" in service or name == "migrate", name
    assert re.search(r"^USER (?!root)\w+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_no_secret_is_written_down_and_none_may_be_left_out(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable == "OVERGANG_PROVIDER_SECRET":  # not every installation has a provider
                assert value == f"${{{variable}:-}}"
            elif re.search("PASSWORD|SECRET|KEY|AUTH", variable):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+}", value), (name, variable)
            if "://" in value and "@" in value:
                assert re.search(r":\$\{[A-Z_]+:\?[^}]+}@", value), (name, variable)


def test_only_the_migration_has_the_owners_password(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        assert "OWNER" not in str(compose["services"][name]["environment"])


def test_what_is_kept_is_in_named_volumes(compose: dict[str, Any]) -> None:
    assert "database:/var/lib/postgresql" in compose["services"]["postgres"]["volumes"]
    assert "broker:/data" in compose["services"]["redis"]["volumes"]
    assert set(compose["volumes"]) == {"database", "broker"}


def test_the_database_is_made_as_the_embedded_one_is(compose: dict[str, Any]) -> None:
    options = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert set(options) <= set(postgres.FIRST_INIT)
    assert {option for option in postgres.FIRST_INIT if "locale" in option or "encoding" in option} <= set(options)


def test_the_launcher_runs_the_same_commands(compose: dict[str, Any]) -> None:
    def arguments(service: str) -> list[str]:
        command: list[str] = compose["services"][service]["command"]
        return command[1:]

    assert programs.migrate()[3:] == arguments("migrate")
    assert programs.web("0.0.0.0", 8080)[3:] == arguments("web")
    assert programs.worker()[3:] == arguments("worker")
    assert programs.beat()[3:] == arguments("beat")


def command(words: list[str], instead: dict[str, str]) -> list[str]:
    """A command as a container runs it, but for what a container would map: ports and folders."""
    for written, meant in {**instead, "$$": "$"}.items():
        words = [word.replace(written, meant) for word in words]
    return words


@contextmanager
def running(words: list[str], environ: dict[str, str]) -> Iterator[None]:
    """A process that must still be there when the test is through with it."""
    process = processes.start(words, env=environ, output=subprocess.DEVNULL, stop_with=signal.SIGKILL, cwd=ROOT)
    try:
        yield
        assert process.poll() is None, words
    finally:
        processes.stop(process, signal.SIGTERM, grace=30)


def until(holds: Callable[[], bool], what: str) -> None:
    gives_up_at = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < gives_up_at, f"waited in vain until {what}"
        time.sleep(0.5)  # what is asked may be a process of its own


def healthy(compose: dict[str, Any], name: str, environ: dict[str, str], instead: dict[str, str]) -> bool:
    """Whether the service's own health check says so."""
    kind, *words = command(compose["services"][name]["healthcheck"]["test"], instead)
    words = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
    return subprocess.run(words, env=environ, cwd=ROOT, capture_output=True).returncode == 0


def test_the_very_commands_run_and_are_healthy(compose: dict[str, Any], database: Database) -> None:
    port = str(processes.free_port())
    instead = {"0.0.0.0": "127.0.0.1", "8080": port}
    with home_folder() as home:
        environ = {
            **database.environment,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "OVERGANG_HOME": str(home),
            "HOSTNAME": socket.gethostname(),
            "PORT": str(processes.free_port()),
        }
        migrated = subprocess.run(compose["services"]["migrate"]["command"], env=environ, cwd=ROOT, capture_output=True)
        assert migrated.returncode == 0, migrated.stderr
        worlds.agree(database.owner_url)  # a demonstration agrees when it is loaded
        with (
            running(command(compose["services"]["web"]["command"], instead), environ),
            running(command(compose["services"]["worker"]["command"], instead), environ),
            running(command(compose["services"]["beat"]["command"], instead), environ),
        ):
            for name in ("web", "worker", "beat"):
                until(lambda name=name: healthy(compose, name, environ, instead), f"{name} is healthy")  # type: ignore[misc]


def test_the_broker_of_compose_wants_its_password_and_keeps_what_it_is_told(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    programs_of_redis = tmp_path / "bin"
    programs_of_redis.mkdir()
    data = tmp_path / "data"
    data.mkdir()
    (programs_of_redis / "redis-server").symlink_to(Valkey(tmp_path).program)
    port = processes.free_port()
    instead = {"/data": f"{data}\\nport {port}\\nbind 127.0.0.1"}
    environ = {"PATH": f"{programs_of_redis}:{os.environ['PATH']}", "REDISCLI_AUTH": "secret"}

    def answers() -> bool:
        try:
            with redis.Redis(port=port, password="secret", retry=Retry(NoBackoff(), 0)) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    with running(command(compose["services"]["redis"]["command"], instead), environ):
        until(answers, "the broker answers")
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (data / "appendonlydir").exists()
