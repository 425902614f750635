"""The running stack, as an installation has it: web, worker and beat as processes of their own, on one database."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine

from ops import programs
from ops.processes import free_port
from tests.conftest import Servers
from tests.crash.installation import Part
from workflow import clock, db, keys
from workflow.db import Session
from workflow.settings import Settings

LIVE, BROKER = "live_in_a_browser", 7
PATIENCE = 60  # seconds until a test that waits has failed; no test measures time
QUICK = [part.replace("tasks.app", "tests.crash.quick_beat") for part in programs.beat()]
FORGOTTEN = db.IDLE_SECONDS + 0.2  # after so long a process asks its connections whether they still live


class Stack:
    """Web, worker and a beat that beats every second. `template` is what each test begins with."""

    def __init__(self, servers: Servers, template: str, logs: Path) -> None:
        self.servers, self.template, self.logs = servers, template, logs
        self.environment = {**servers.environment(LIVE), "REDIS_URL": servers.valkey.url(BROKER)}
        self.port = free_port()
        self.home = f"http://127.0.0.1:{self.port}"
        self.lay()
        self.web = self._part("web", programs.web("127.0.0.1", self.port))
        self.worker = self._part("worker", programs.worker())
        self.beat = self._part("beat", QUICK)

    def _part(self, name: str, command: list[str]) -> Part:
        return Part(name, command, self.environment, self.logs / f"{name}.log")

    def lay(self) -> None:
        """Make the database anew: nobody has done anything yet."""
        with psycopg.connect(self.servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
            admin.execute(SQL("drop database if exists {} with (force)").format(Identifier(LIVE)))
            admin.execute(
                SQL("create database {} owner overgang_owner template {}").format(
                    Identifier(LIVE), Identifier(self.template)
                )
            )

    def begin(self) -> Engine:
        """A new test: everything runs, on a database of its own; returns this process's engine for it."""
        self.lay()
        began = time.monotonic()
        for part in (self.web, self.worker, self.beat):
            if part.process.poll() is not None:
                part.start()
        settings = Settings.from_environment(self.environment)
        keys.use(settings)
        engine = db.connect(settings.database_url, role=db.SWEEPS)
        time.sleep(max(0.0, FORGOTTEN - (time.monotonic() - began)))
        self.until(self.is_ready, "everything runs")
        return engine

    def is_ready(self) -> bool:
        """Whether web answers that all of it can do its work."""
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request("GET", "/readyz")
            ready = connection.getresponse().status == 200
            connection.close()
            return ready
        except OSError:
            return False

    def close(self) -> None:
        """Kill everything."""
        for part in (self.beat, self.worker, self.web):
            part.kill()

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to become true; fails the test with the last words of everybody when it does not."""
        gives_up_at = time.monotonic() + PATIENCE
        while not holds():
            said = "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.logs.iterdir()))
            assert time.monotonic() < gives_up_at, f"waited in vain until {what}:\n{said}"
            time.sleep(0.1)

    # ---- the clock ----

    def clock_shows(self, at: datetime) -> None:
        """Put the demonstration's clock there."""
        with Session.begin() as session:
            clock.start_demo(session, at)

    def clock_moves(self, by: timedelta) -> None:
        """Move it on."""
        with Session.begin() as session:
            clock.advance(session, by)
