"""What tests stand on: real servers, one pair a test process, and a fresh migrated database for who asks."""

import gc
import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops import cli, programs
from ops.postgres import Postgres
from ops.valkey import Valkey
from workflow import agreements, db, keys
from workflow.settings import Settings

pytest_plugins = ["tests.steps"]
pytest.register_assert_rewrite("tests.properties.promises", "tests.properties.walk", "tests.browser.words")

TEMPLATE = "overgang"  # made by ops/roles.sql, migrated, and then only copied
# A process that has read them is what verbs of the command line, and the hands of a bench, are forked from.
VERBS = [f"ops.commands.{module}" for module in cli.VERBS.values()]
FORKED = [*VERBS, "ops.launcher", "bench.__main__", "tests.ops.verbs", "tests.crash.writer"]
NUMBERS = count(1)
LONGEST_NAME = 60
OVERRIDES = (
    "DATABASE_",
    "REDIS_",
    "OVERGANG_",
    "PORT",
)  # of the person who runs the tests: they must not reach the tests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="the long form of crash, random-walk and concurrency tests")


def pytest_make_parametrize_id(val: object) -> str | None:
    """A long text names no test: names travel between the processes."""
    return f"{val[:LONGEST_NAME]!r}" if isinstance(val, str | bytes) and len(val) > LONGEST_NAME else None


def pytest_collection_finish() -> None:
    """What has been read by now stays to the end: no collection need look at it again, nor come after each page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("long") and not item.config.getoption("--soak"):
        pytest.skip("for make soak")


def pytest_configure() -> None:
    for name in list(os.environ):
        if name.startswith(OVERRIDES):
            del os.environ[name]
    Flask.jinja_options["bytecode_cache"] = FileSystemBytecodeCache()  # compiled once for all processes
    multiprocessing.set_forkserver_preload(FORKED)


@dataclass(frozen=True)
class Servers:
    """PostgreSQL (without fsync) and Valkey of one test process."""

    postgres: Postgres
    valkey: Valkey

    def environment(self, database: str) -> dict[str, str]:
        """What a process of ours needs to work on `database`, in demo mode."""
        return {
            "DATABASE_URL": self.postgres.url("app", database),
            "DATABASE_OWNER_URL": self.postgres.url("owner", database),
            "REDIS_URL": self.valkey.url(),
            "OVERGANG_DEMO": "1",
        }

    def copy(self, name: str | None = None, *, of: str = TEMPLATE) -> str:
        """A new database with what `of` holds, owned as a real one is; returns its name."""
        name = name or f"test_{next(NUMBERS)}"
        with psycopg.connect(self.postgres.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute(
                SQL("create database {} owner overgang_owner template {} strategy file_copy").format(
                    Identifier(name), Identifier(of)
                )
            )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        with psycopg.connect(self.postgres.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@dataclass(frozen=True)
class Database:
    """A migrated, otherwise empty database of one test's own; what is committed there stays until the test is over."""

    name: str
    environment: dict[str, str]
    engine: Engine

    @property
    def url(self) -> str:
        """For the application's role."""
        return self.environment["DATABASE_URL"]

    @property
    def owner_url(self) -> str:
        """For the owner's role."""
        return self.environment["DATABASE_OWNER_URL"]

    @property
    def settings(self) -> Settings:
        """What our processes read from that environment."""
        return Settings.from_environment(self.environment)


def in_memory() -> Path | None:
    """A folder that is held in memory, where there is one with room: a new database is 835 files."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 4 * 2**30 else None


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers of this test process, migrated."""
    # Not under tmp_path: PostgreSQL of a test run by root must get in.
    home = Path(tempfile.mkdtemp(prefix="overgang-", dir=in_memory()))
    started = Servers(Postgres(home, fsync=False), Valkey(home))
    try:
        started.postgres.start(print)
        started.valkey.start(print)
        subprocess.run(programs.migrate(), env={**os.environ, **started.environment(TEMPLATE)}, check=True)
        yield started
    finally:
        started.valkey.stop()
        started.postgres.stop()
        shutil.rmtree(home)


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    """A database of this test's own, the session factory bound to it: for tests with threads, processes, commits."""
    with redis.Redis.from_url(servers.valkey.url()) as broker:
        broker.flushall()
    name = servers.copy()
    environment = servers.environment(name)
    settings = Settings.from_environment(environment)
    keys.use(settings)
    engine = db.connect(settings.database_url, role=db.SWEEPS)
    agreements.forget()
    yield Database(name, environment, engine)
    agreements.forget()
    db.Session.configure(bind=None)
    engine.dispose()
    servers.drop(name)


@pytest.fixture(scope="session")
def shared_engine(servers: Servers) -> Iterator[Engine]:
    """One database for every test that leaves nothing behind."""
    name = servers.copy()
    settings = Settings.from_environment(servers.environment(name))
    keys.use(settings)
    engine = db.connect(settings.database_url, role=db.SWEEPS)
    yield engine
    engine.dispose()
    servers.drop(name)


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session of the application's role. Everything that the test does, doors included, is rolled back after it."""
    with shared_engine.connect() as connection, connection.begin() as everything:
        db.Session.configure(bind=connection, join_transaction_mode="create_savepoint")
        with db.Session() as open_session:
            yield open_session
        db.Session.configure(bind=None, join_transaction_mode="conditional_savepoint")
        everything.rollback()
