"""`overgang up` and `make run`: up, watched over, and down, whoever is killed."""

import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops import processes
from tests.conftest import Servers
from tests.ops.installations import OWN_SECRETS, Installation, home_folder, installation, note
from tests.ops.verbs import overgang

pytestmark = pytest.mark.xdist_group("launcher")  # one after the other, on one installation where it goes

# make, told that the .venv that runs this test is good enough
MAKE_RUN = [
    "make",
    "--assume-old=.venv/.run",
    "--assume-old=requirements.lock",
    "run",
    f"BIN={Path(sys.executable).parent}",
]


@pytest.fixture
def home() -> Iterator[Path]:
    with home_folder() as folder:
        yield folder


def test_it_answers_and_says_where(running: Installation) -> None:
    assert f"Overgang answers at http://127.0.0.1:{running.port}/" in running.output
    assert running.status("/healthz") == 200


def test_every_part_works_and_beat_is_heard(running: Installation) -> None:
    running.until(lambda: running.status("/readyz") == 200, "it is ready")


def test_only_its_owner_may_read_where_the_servers_are(running: Installation) -> None:
    assert stat.S_IMODE((running.home / "running.json").stat().st_mode) == 0o600


def test_the_keys_do_not_lie_beside_the_data(running: Installation) -> None:
    written = (running.home / "running.json").read_text()
    assert not [value for name, value in OWN_SECRETS.items() if name != "OVERGANG_DEMO" and value in written]


def test_no_password_is_among_the_arguments(running: Installation) -> None:
    secrets = [url.split(":")[2].split("@")[0] for url in note(running.home)["environment"].values() if "@" in url]
    assert len(secrets) == 3
    for process in running.family:
        assert not [secret for secret in secrets if secret in " ".join(process.cmdline())]


def test_a_second_start_on_the_same_home_is_refused_with_a_sentence(running: Installation) -> None:
    with installation(running.home) as second:
        assert second.until_it_ends() == 3
    assert f"Overgang already runs from {running.home}, at http://127.0.0.1:{running.port}/" in second.output
    assert "Traceback" not in second.output


@pytest.mark.parametrize("part", ["granian", "tasks.app worker", "tasks.app beat", "bin/postgres", "valkey-server"])
def test_what_is_killed_is_started_again(running: Installation, part: str) -> None:
    running.until(lambda: running.status("/readyz") == 200, "it is ready")
    victim = running.child(part)
    deaths = running.output.count("has died (killed by SIGKILL)")
    victim.kill()
    running.until(lambda: running.output.count("has died (killed by SIGKILL)") > deaths, "the death is told")
    running.until(lambda: running.children(part) and running.status("/readyz") == 200, f"{part} is back")
    assert running.child(part).pid != victim.pid
    running.until_it_answers()


# ---- what is refused, before anything is started ----


def refused(home: Path, **environ: str) -> str:
    """What a start says that is refused with a sentence."""
    given = {**OWN_SECRETS, "OVERGANG_HOME": str(home), "PORT": str(processes.free_port()), **environ}
    said = overgang("up", environ=given)
    assert said.returncode == 3
    assert "Traceback" not in said.stderr
    assert not (home / "pg").exists()
    return said.stderr


def test_a_taken_port_is_told_in_a_sentence(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = refused(home, PORT=str(other.getsockname()[1]))
    assert "is taken by another program. Choose another: PORT=" in said


@pytest.mark.parametrize("port", ["eighty", "0", "65536"])
def test_a_port_that_is_none_is_told_in_a_sentence(home: Path, port: str) -> None:
    assert "it must be a number from 1 to 65535" in refused(home, PORT=port)


def test_without_its_own_secrets_it_starts_nothing_in_production(home: Path) -> None:
    assert "OVERGANG_SECRET_KEY" in refused(home, OVERGANG_SECRET_KEY="")


def test_an_owner_address_alone_is_refused(home: Path) -> None:
    said = refused(home, DATABASE_OWNER_URL="postgresql://owner@127.0.0.1:1/overgang")
    assert "DATABASE_OWNER_URL is set and DATABASE_URL is not" in said


# ---- how it ends ----


def test_a_database_that_does_not_answer_is_told_in_a_sentence(home: Path) -> None:
    url = "postgresql://overgang_app:nothing@127.0.0.1:1/overgang"
    with installation(home, DATABASE_URL=url, DATABASE_OWNER_URL=url) as stopped:
        assert stopped.until_it_ends() == 3
        stopped.until_nothing_is_left()
    assert "The database cannot be reached" in stopped.output
    assert "Traceback" not in stopped.output


def test_however_it_ends_nothing_is_left_and_the_next_start_has_the_data(home: Path) -> None:
    with installation(home, MAKE_RUN) as first:
        first.until_it_answers()
        with psycopg.connect(note(home)["environment"]["DATABASE_OWNER_URL"]) as connection:
            connection.execute("create table kept as select 'kept' as word")
        first.stop()
        first.until_it_ends()
        first.until_nothing_is_left()
        assert "Stopped. The data is kept." in first.output
        assert not (home / "running.json").exists()
    with installation(home) as second:
        second.until_it_answers()
        second.process.kill()
        with installation(home, MAKE_RUN) as third:  # right after, while the servers still stop
            third.until_it_answers()
            second.until_it_ends()
            second.until_nothing_is_left()
            with psycopg.connect(note(home)["environment"]["DATABASE_OWNER_URL"]) as connection:
                assert connection.execute("select word from kept").fetchall() == [("kept",)]
            third.process.kill()  # make, whose child the launcher is
            third.until_it_ends()
            third.until_nothing_is_left()


def test_for_what_an_address_is_given_nothing_is_started_and_sigterm_stops_the_rest(
    home: Path, servers: Servers
) -> None:
    empty = servers.copy(of="template0")
    with installation(home, MAKE_RUN, **{**servers.environment(empty), "OVERGANG_DEMO": "0"}) as running:
        running.until_it_answers()
        started = " ".join(" ".join(process.cmdline()) for process in running.family)
        assert "bin/postgres" not in started
        assert "valkey-server" not in started
        assert not (home / "pg").exists()
        running.process.send_signal(signal.SIGTERM)
        running.until_it_ends()
        running.until_nothing_is_left()
        assert "Stopped. The data is kept." in running.output
