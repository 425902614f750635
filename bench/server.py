"""The bench's own PostgreSQL: made for one run, with fsync on, and the databases on it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from ops import programs
from ops.postgres import Postgres

AS_SWEEPS = "?options=-c%20role%3Dovergang_sweeps"  # row-level security has a bench of its own
MIGRATED = "overgang"  # made by ops/roles.sql, migrated, and then only copied


def say(what: str) -> None:
    """What goes on, for the person who waits; figures alone go to standard output."""
    print(what, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Database:
    """One database: its name, and its address for the application and for the superuser."""

    name: str
    url: str
    admin_url: str

    def settle_down(self) -> None:
        """What runs of itself some time after a change of many rows is done now, so that it does not disturb."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("vacuum (analyze)")
            admin.execute("checkpoint")


@dataclass(frozen=True)
class Server:
    """A started server that holds one migrated, empty database."""

    postgres: Postgres

    @contextmanager
    def database(self, name: str, *, of: str = MIGRATED) -> Iterator[Database]:
        """A copy of `of`, gone afterwards."""
        made = Database(name, self.postgres.url("app", name) + AS_SWEEPS, self.postgres.url("admin", name))
        self._run("create database {} owner overgang_owner template {} strategy file_copy", name, of)
        try:
            yield made
        finally:
            self._run("drop database {} with (force)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.postgres.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute(SQL(statement).format(*map(Identifier, names)))


@contextmanager
def running() -> Iterator[Server]:
    """A server with fsync on in a folder of its own, stopped and removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="overgang-bench-"))
    postgres = Postgres(home, fsync=True)
    try:
        postgres.start(say)
        address = {"DATABASE_URL": postgres.url("app"), "DATABASE_OWNER_URL": postgres.url("owner")}
        migration = {**os.environ, **address, "OVERGANG_DEMO": "1", "REDIS_URL": "redis://127.0.0.1"}
        subprocess.run(programs.migrate(), env=migration, check=True, stdout=sys.stderr)
        yield Server(postgres)
    finally:
        postgres.stop()
        shutil.rmtree(home)
        if postgres.folder.parent != home:
            shutil.rmtree(postgres.folder.parent)
