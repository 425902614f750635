"""The ground that is killed on: servers of its own that write to the disk, and a template with everybody in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ops import programs
from ops.postgres import Postgres
from ops.valkey import Valkey
from tests.conftest import TEMPLATE, Servers, in_memory
from tests.crash import population, turnstile
from tests.crash.installation import Installation
from tests.crash.population import BEGINS
from tests.crash.proof import Ladders
from workflow import clock, db, keys
from workflow.db import Session
from workflow.settings import Settings
from workflow.telling import routing

LIVE = "live"  # the database of the installation, made anew from the template for each test
QUICK = [part.replace("tasks.app", "tests.crash.quick_beat") for part in programs.beat()]


@dataclass(frozen=True)
class Ground:
    """The servers, and a database with everybody in it that is only copied."""

    servers: Servers
    template: str
    ladders: Ladders

    def lay(self, name: str) -> None:
        """Make the database `name` anew, whoever is connected to it."""
        with psycopg.connect(self.servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))
            admin.execute(
                SQL("create database {} owner overgang_owner template {}").format(
                    Identifier(name), Identifier(self.template)
                )
            )


@pytest.fixture(scope="package")
def how_many(request: pytest.FixtureRequest) -> int:
    """Citizens who are owed a call: so many that each of three workers finds a batch of its own."""
    return 2_000 if request.config.getoption("--soak") else 700


@pytest.fixture(scope="package")
def ground(how_many: int) -> Iterator[Ground]:
    """Servers that a test may kill: PostgreSQL with fsync, Valkey with its folder."""
    home = Path(tempfile.mkdtemp(prefix="overgang-crash-", dir=in_memory()))
    servers = Servers(Postgres(home), Valkey(home))
    try:
        servers.postgres.start(print)
        servers.valkey.start(print)
        subprocess.run(programs.migrate(), env={**os.environ, **servers.environment(TEMPLATE)}, check=True)
        with psycopg.connect(servers.postgres.url("admin", TEMPLATE)) as admin:  # for the making of the copies
            admin.execute("grant temporary on database overgang to overgang_sweeps")
        turnstile.put(servers.postgres.url("owner", TEMPLATE), outbox=101, inbox=101)
        settings = Settings.from_environment(servers.environment(TEMPLATE))
        keys.use(settings)
        engine = db.connect(settings.database_url, role=db.SWEEPS)
        with Session.begin() as session:
            population.settle_in(session, how_many)
        with Session.begin() as session:
            routing.route(session, at=BEGINS, real_at=clock.real_now(), channels=(), batch=100_000)
            ladders = Ladders.read(session)
        engine.dispose()
        yield Ground(servers, TEMPLATE, ladders)
    finally:
        servers.valkey.stop()
        servers.postgres.stop()
        shutil.rmtree(home)


@contextmanager
def at_work_on(ground: Ground, database: str) -> Iterator[None]:
    """The sessions of this process go to `database`, laid anew: as it was before anything fell due."""
    settings = Settings.from_environment(ground.servers.environment(database))
    keys.use(settings)
    ground.lay(database)
    engine = db.connect(settings.database_url, role=db.SWEEPS)
    yield
    Session.configure(bind=None)
    engine.dispose()


@pytest.fixture(scope="package")
def running(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One worker, one beat that beats every second, and web."""
    ground.lay(LIVE)
    installation = Installation(ground.servers, LIVE, 0, ground.ladders, tmp_path_factory.mktemp("said"), QUICK)
    yield installation
    installation.close()


@pytest.fixture
def installation(ground: Ground, running: Installation) -> Iterator[Installation]:
    """The same, mended, on a fresh database; what a test adds to it goes with the test."""
    running.mend()
    usual = list(running.parts)
    with at_work_on(ground, LIVE):
        yield running
    for part in [part for part in running.parts if part not in usual]:
        running.end(part)
