"""The embedded servers: for root and for anybody else, in open and private folders, killed and started again."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops import postgres
from ops.errors import CannotDo
from ops.postgres import Postgres
from ops.processes import ROOT, free_port, port_is_free, start, stop
from ops.valkey import Valkey
from tests.ops.installations import home_folder

NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
# What somebody else runs: the server up, a statement through each role, and down.
UP_AND_DOWN = """
import sys, psycopg, pathlib
from ops.postgres import Postgres
database = Postgres(pathlib.Path(sys.argv[1]))
database.start(print)
for role in ("owner", "app"):
    with psycopg.connect(database.url(role)) as connection:
        asks = "select current_user, datlocale from pg_database where datname = 'overgang'"
        print(connection.execute(asks).fetchone())
database.stop()
"""

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


@pytest.fixture
def home() -> Iterator[Path]:
    with home_folder() as folder:
        yield folder


@pytest.fixture
def server(home: Path) -> Iterator[Postgres]:
    made = Postgres(home)
    made.start(print)
    yield made
    made.stop()


def test_the_cluster_sorts_the_same_on_every_machine(server: Postgres) -> None:
    with psycopg.connect(server.url("app")) as connection:
        row = connection.execute(
            "select datlocprovider::text, datlocale, pg_encoding_to_char(encoding), datcollate, datctype"
            " from pg_database where datname = current_database()"
        ).fetchone()
        assert row == ("b", "C.UTF-8", "UTF8", "C", "C")
        assert connection.execute("select lower('ÆØÅ'), 'ÆBLE' ilike 'æble'").fetchone() == ("æøå", True)


def test_the_application_may_make_no_table_and_drop_none(server: Postgres) -> None:
    with psycopg.connect(server.url("owner")) as owner:
        owner.execute("create table kept (word text)")
    with psycopg.connect(server.url("app"), autocommit=True) as app:
        for forbidden in (
            "create table mine (word text)",
            "drop table kept",
            "select * from kept",
            "create role other",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_the_owner_may_install_the_extensions_that_the_schema_needs(server: Postgres) -> None:
    with psycopg.connect(server.url("owner")) as owner:
        owner.execute("create extension btree_gist")
        owner.execute("create extension pg_trgm")


def test_what_was_committed_is_there_after_a_kill(server: Postgres) -> None:
    with psycopg.connect(server.url("owner")) as owner:
        owner.execute("create table kept as select generate_series(1, 1000) as number")
    port = server.port
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start(print)
    assert server.port == port
    with psycopg.connect(server.url("owner")) as owner:
        assert owner.execute("select count(*) from kept").fetchone() == (1000,)


def test_a_cluster_that_was_never_finished_is_made_anew(home: Path) -> None:
    half_made = home / "pg" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    server = Postgres(home)
    server.start(print)
    server.stop()
    assert (server.folder / "data" / "PG_VERSION").exists()
    assert not (server.folder / "data.new").exists()


def test_a_cluster_that_cannot_start_says_where_it_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "READY_WITHIN", 2)
    server = Postgres(home)
    server.start(print)
    server.stop()
    (server.folder / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(CannotDo, match=r"Its last words are in .*pg/log"):
        server.start(print)


def test_a_broker_that_is_wiped_starts_empty(home: Path) -> None:
    broker = Valkey(home)
    broker.start(print)
    with redis.Redis.from_url(broker.url()) as client:
        client.set("wake", "up")
    assert broker.process is not None
    broker.process.kill()
    broker.process.wait()
    for file in sorted(broker.folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    broker.start(print)
    with redis.Redis.from_url(broker.url()) as client:
        assert client.get("wake") is None
    broker.stop()


def test_the_broker_wants_its_password(home: Path) -> None:
    broker = Valkey(home)
    broker.start(print)
    with (
        redis.Redis(port=broker.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    broker.stop()


@AS_ROOT
def test_root_in_a_private_folder_keeps_the_data_where_postgres_may_go(home: Path) -> None:
    home.chmod(0o700)
    private = home / "checkout"
    server = Postgres(private)
    server.start(print)
    try:
        assert server.folder.is_relative_to(postgres.SYSTEM_FOLDER)
        assert server.folder.stat().st_uid != 0
        with psycopg.connect(server.url("app")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        server.stop()
        subprocess.run(["rm", "-r", str(server.folder.parent)], check=True)
    assert home.stat().st_mode & 0o777 == 0o700


@AS_ROOT
def test_root_finds_the_data_of_whoever_started_it_before(home: Path) -> None:
    home.chmod(0o755)
    pg = home / "pg"
    pg.mkdir(mode=0o700)
    os.chown(pg, NOBODY, NOBODY)
    server = Postgres(home)
    assert server.account is not None
    assert server.account.pw_uid == NOBODY


def a_python_for_nobody() -> str | None:
    """A Python of our version that `nobody` may run with our packages, or None."""
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-c", "import psycopg, ops.postgres, sys; print(*sys.version_info[:2])"],
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                capture_output=True,
                text=True,
                cwd="/",
                env=environment_of_nobody(),
            )
        except OSError:
            continue
        if tried.returncode == 0 and tried.stdout.split() == [str(part) for part in sys.version_info[:2]]:
            return python
    return None


def environment_of_nobody() -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(p for p in sys.path if "site-packages" in p)]),
    }


@AS_ROOT
def test_an_ordinary_user_runs_it_in_a_folder_that_only_she_may_enter() -> None:
    python = a_python_for_nobody()
    if python is None:
        pytest.skip("the user `nobody` may not enter this checkout, or has no Python of this version")
    with tempfile.TemporaryDirectory(prefix="overgang-nobody-") as folder:
        os.chown(folder, NOBODY, NOBODY)
        done = subprocess.run(
            [python, "-c", UP_AND_DOWN, f"{folder}/home"],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            text=True,
            cwd="/",
            env=environment_of_nobody(),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "('overgang_owner', 'C.UTF-8')" in done.stdout
        assert "('overgang_app', 'C.UTF-8')" in done.stdout


def test_a_child_whose_parent_is_killed_is_ended_by_the_system() -> None:
    parent_of_a_sleeper = (
        "import os, signal, subprocess, time; from ops import processes\n"
        "child = processes.start(['sleep', '600'], env={}, output=subprocess.DEVNULL, stop_with=signal.SIGTERM)\n"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent_of_a_sleeper], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        sleeper = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert select.select([sleeper], [], [], 60)[0]
    os.close(sleeper)


def test_what_does_not_stop_when_asked_is_made_to() -> None:
    deaf = start(
        [sys.executable, "-c", DEAF],
        env={},
        output=subprocess.PIPE,
        stop_with=signal.SIGKILL,
    )
    assert deaf.stdout is not None
    with deaf.stdout as said:
        assert said.readline() == "deaf\n"
        assert not stop(deaf, signal.SIGTERM, grace=0.2)
    assert deaf.returncode == -signal.SIGKILL


def test_a_free_port_is_free() -> None:
    assert port_is_free("127.0.0.1", free_port())
