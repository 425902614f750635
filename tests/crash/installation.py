"""The processes of an installation, which a test kills, stops, doubles and starts again."""

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TypeVar

import psutil
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ops import processes, programs
from ops.processes import ROOT
from tests.conftest import Servers
from tests.crash import proof, turnstile
from tests.crash.proof import Ladders
from tests.crash.turnstile import Closed
from workflow import clock
from workflow.db import Session

T = TypeVar("T")
PATIENCE = 120  # seconds until a test that waits has failed; no test measures time


class Part:
    """One of our own processes with its children; what it says goes to a file."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("a") as said:
            self.process = processes.start(
                self.command, env={**os.environ, **self.environment}, output=said, stop_with=signal.SIGKILL, cwd=ROOT
            )

    @property
    def family(self) -> list[psutil.Process]:
        """It and its children, itself first."""
        return family(self.process.pid)

    def child_at(self, port: int) -> psutil.Process | None:
        """The one of the family that talks from this TCP port."""
        return next((one for one in self.family if port in _ports(one)), None)

    def kill(self) -> None:
        """Kill -9 it with all its children."""
        kill(self.family)
        self.process.wait()


def family(pid: int) -> list[psutil.Process]:
    """A process and all its children, itself first; nobody when it is gone."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _ports(process: psutil.Process) -> set[int]:
    try:
        return {connection.laddr.port for connection in process.net_connections("tcp")}
    except psutil.Error:
        return set()


def kill(those: list[psutil.Process]) -> None:
    """Kill -9, and wait until they are gone or nobody's."""
    for one in those:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(those, timeout=5)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """SIGSTOP a process and its children, and SIGCONT them afterwards."""
    held = family(pid)
    for one in held:
        one.suspend()
    try:
        yield
    finally:
        for one in held:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.resume()


class Installation:
    """Web, worker and beat on one database; more of them when a test wants more."""

    def __init__(
        self, servers: Servers, database: str, broker: int, ladders: Ladders, logs: Path, beat: list[str]
    ) -> None:
        self.servers, self.database, self.ladders, self.logs = servers, database, ladders, logs
        self.environment = {**servers.environment(database), "REDIS_URL": servers.valkey.url(broker)}
        self.beat_command, self.port, self.number = beat, processes.free_port(), 0
        self.parts: list[Part] = []
        self.worker = self.another("worker", programs.worker())
        self.beat = self.another("beat", beat)
        self.web = self.another("web", programs.web("127.0.0.1", self.port))

    def another(self, name: str, command: list[str]) -> Part:
        """Start one more process."""
        self.number += 1
        part = Part(name, command, self.environment, self.logs / f"{self.number}-{name}.log")
        self.parts.append(part)
        return part

    def another_worker(self) -> Part:
        """Start one more worker."""
        return self.another("worker", programs.worker())

    def another_beat(self) -> Part:
        """Start one more beat."""
        return self.another("beat", self.beat_command)

    def end(self, part: Part) -> None:
        """Kill a process, and forget it."""
        part.kill()
        self.parts.remove(part)

    def mend(self) -> None:
        """Start again what is dead, as a launcher does. (kombu ends a worker that loses its broker in a bad moment.)"""
        for part in self.parts:
            if part.process.poll() is not None:
                part.start()

    def close(self) -> None:
        """Kill everything."""
        for part in self.parts:
            part.kill()

    # ---- the servers ----

    def kill_postgres(self) -> None:
        """Kill -9 the server with all its backends."""
        assert self.servers.postgres.process is not None
        kill(family(self.servers.postgres.process.pid))
        self.servers.postgres.process.wait()

    def kill_valkey(self) -> None:
        """Kill -9 the broker, and wipe its folder."""
        assert self.servers.valkey.process is not None
        self.servers.valkey.process.kill()
        self.servers.valkey.process.wait()
        shutil.rmtree(self.servers.valkey.folder)

    @contextmanager
    def stopped_postgres(self) -> Iterator[None]:
        """Nobody in the database server does anything."""
        assert self.servers.postgres.process is not None
        with stopped(self.servers.postgres.process.pid):
            yield

    @contextmanager
    def stopped_valkey(self) -> Iterator[None]:
        """The broker takes what it is sent, and answers nothing."""
        assert self.servers.valkey.process is not None
        with stopped(self.servers.valkey.process.pid):
            yield

    # ---- the clock, and what it makes due ----

    def set_clock(self, at: datetime) -> None:
        """What web and sweeps go by from now on."""
        with Session.begin() as session:
            clock.start_demo(session, at)

    def move_clock(self, by: timedelta) -> datetime:
        """As the buttons of the demo do, and back too; returns what it shows."""
        with Session.begin() as session:
            return clock.advance(session, by)

    def patiently(self, ask: Callable[[], T]) -> T:
        """Ask until the database answers. (What is asked may have been done before the answer was lost.)"""
        answers: list[T] = []

        def answered() -> bool:
            try:
                answers.append(ask())
            except OperationalError:
                return False
            return True

        self.until(answered, "the database answers")
        return answers[0]

    def now(self) -> datetime:
        """What the clock shows."""
        with Session.begin() as session:
            return clock.now(session)

    def count(self, table: str) -> int:
        """How many rows have been committed."""
        with Session.begin() as session:
            return int(session.execute(text(f"select count(*) from {table}")).scalar_one())

    @contextmanager
    def closed(self, table: str) -> Iterator[Closed]:
        """Nobody inserts there (not more than a few hundred rows), and who tries waits in the middle."""
        with turnstile.closed(self.servers.postgres.url("admin", self.database), table) as gate:
            yield gate

    def until_somebody_waits(self, gate: Closed, *, how_many: int = 1) -> list[int]:
        """Wait until so many stand before the gate; returns their TCP ports."""
        self.until(lambda: len(gate.waiting()) >= how_many, f"{how_many} wait at the gate")
        return gate.waiting()

    def until_all_is_told(self) -> None:
        """Wait until nothing that is due is left to raise, nor anything in the outbox to route."""

        def left() -> int:
            with Session.begin() as session:
                return proof.waiting(session, at=clock.now(session))

        self.until(lambda: self.patiently(left) == 0, "all is raised and told")

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to become true; fails the test with what was seen when it does not."""
        gives_up_at = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < gives_up_at, f"waited in vain until {what}:\n{self.seen()}"
            self.mend()
            time.sleep(0.05)

    def prove(self) -> None:
        """Wait until all is told; then every promise holds."""
        self.until_all_is_told()
        with Session.begin() as session:
            proof.hold(session, self.ladders, at=clock.now(session), real_at=clock.real_now())

    def seen(self) -> str:
        """The last words of everybody, for a test that has failed."""
        said = [f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.logs.iterdir())]
        return "\n".join([*(f"{part.name}: exit code {part.process.poll()}" for part in self.parts), *said])

    # ---- a reader with a browser ----

    def web_answers(self) -> bool:
        """Whether web is there."""
        try:
            with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False

    def press_advance(self, minutes: int) -> bool:
        """Open the page with the demo clock and press one of its buttons; says whether it was answered as done."""
        try:
            with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
                connection.request("GET", "/status")
                page = connection.getresponse()
                cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
                mark = re.search(r'name="form_mark" value="(\w+)"', page.read().decode())
                if mark is None:
                    return False
                form = f"minutes={minutes}&back=/status&form_mark={mark[1]}"
                headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", "/demo/clock", form, headers)
                return connection.getresponse().status == 303
        except (OSError, HTTPException):
            return False
