"""Brings a whole installation up on this machine, watches over it, and takes it down in order."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from urllib.error import URLError

from ops import demo, processes, programs, schema
from ops.errors import CannotDo
from ops.home import Home
from ops.postgres import Postgres
from ops.supervisor import Program, Supervisor
from ops.valkey import Valkey
from workflow import keys
from workflow.settings import Settings

HOST = "127.0.0.1"
MEMORY = Path("/dev/shm")
ANSWERS_WITHIN = 60  # seconds from the start of the web process
LOOKS_EVERY = 0.2  # seconds
# What other verbs are told by the note in the home. Keys are not: a copy of the home would be keys and data in one.
TOLD = frozenset({"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "OVERGANG_DEMO", "OVERGANG_BASE_URL"})


class _Asked(BaseException):
    """Somebody asked us to stop."""


class Launcher:
    """One `overgang up`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.began = time.monotonic()
        self.environ = dict(environ)
        self.home = Home(environ)
        self.supervisor = Supervisor(self.say)
        self.port = _port(environ)
        self.address = f"http://{HOST}:{self.port}/"
        self.keeps: tuple[int, ...] = ()

    def say(self, sentence: str) -> None:
        """One line of progress, with the seconds since the start."""
        print(f"[{time.monotonic() - self.began:5.1f} s] {sentence}", flush=True)

    def run(self, *, with_parent: bool) -> None:
        """Bring everything up and stay until somebody asks to stop. Raises CannotDo after stopping what it had started.

        `with_parent`: stop also when the process that started us is gone.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        if with_parent:
            threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
        try:
            self._bring_up()
            while True:
                time.sleep(LOOKS_EVERY)
                self.supervisor.look()
        except _Asked:
            self.say("Stopping ...")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # asked again while stopping: we are at it
            self.supervisor.stop()
            if self.keeps:
                shutil.rmtree(self._in_memory(), ignore_errors=True)
                self.home.withdraw()
        self.say("Stopped. The data is kept.")

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)
        raise _Asked

    def _bring_up(self) -> None:
        self.keeps = (self.home.claim(self.say),)
        if not processes.port_is_free(HOST, self.port):
            raise CannotDo(
                f"Port {self.port} is taken by another program. Choose another: PORT={self.port + 1} make run"
            )
        given = self._start_servers(self._given())
        settings = Settings.from_environment(given)
        told = {name: value for name, value in given.items() if name in TOLD}
        self.home.publish({"pid": os.getpid(), "address": self.address, "environment": told})
        keys.use(settings)
        if schema.is_behind(settings):
            self.say("Bringing the database schema up to date ...")
            self._run_to_its_end(programs.migrate(), given)
        if settings.demo:
            demo.load_if_empty(settings, say=self.say)
        environment = {**self.environ, **given, "PYTHONUNBUFFERED": "1", "PROMETHEUS_MULTIPROC_DIR": self._counts()}
        self.say("Starting web, worker and beat ...")
        for name, command in (
            ("worker", programs.worker()),
            ("beat", programs.beat()),
            ("web", programs.web(HOST, self.port)),
        ):
            self.supervisor.start(Program(name, command, environment, self.keeps))
        self._wait_for_answer()
        self.say(f"Overgang answers at {self.address} (stop with Ctrl-C)")

    def _counts(self) -> str:
        """An empty folder where the web processes add up what they count: in memory, where that can be.

        The files are mapped, and a full disk would end the process that counts; a page shall be read all the same.
        """
        for folder in (self._in_memory(), self.home.path / "metrics"):
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # there is no such memory, or somebody else's folder lies there
                folder.mkdir(mode=0o700)
                return str(folder)
        raise CannotDo(f"{self.home.path} cannot be written by you")

    def _in_memory(self) -> Path:
        of_home = hashlib.sha256(str(self.home.path.resolve()).encode()).hexdigest()[:16]
        return MEMORY / f"overgang-metrics-{of_home}"

    def _given(self) -> dict[str, str]:
        """The settings in our environment. Raises MissingSettings or CannotDo before anything is started."""
        ours = ("OVERGANG_", "DATABASE_", "REDIS_")
        given = {name: value for name, value in self.environ.items() if name.startswith(ours) and value}
        given.setdefault("OVERGANG_BASE_URL", self.address.rstrip("/"))
        if "DATABASE_OWNER_URL" in given and "DATABASE_URL" not in given:
            raise CannotDo("DATABASE_OWNER_URL is set and DATABASE_URL is not: set both, or neither.")
        keys.KeyRing.from_settings(Settings.from_environment({"DATABASE_URL": "later", "REDIS_URL": "later", **given}))
        return given

    def _start_servers(self, given: dict[str, str]) -> dict[str, str]:
        """Start what no address is given for; returns the settings with the addresses, as the other verbs need them."""
        if "DATABASE_URL" not in given:
            postgres = Postgres(self.home.path, keeps=self.keeps)
            self.supervisor.start(postgres)
            self.say(f"PostgreSQL runs on port {postgres.port}; its data is in {postgres.folder}")
            given |= {"DATABASE_URL": postgres.url("app"), "DATABASE_OWNER_URL": postgres.url("owner")}
        if "REDIS_URL" not in given:
            valkey = Valkey(self.home.path, keeps=self.keeps)
            self.supervisor.start(valkey)
            self.say(f"Valkey runs on port {valkey.port}")
            given["REDIS_URL"] = valkey.url()
        return given

    def _run_to_its_end(self, command: list[str], given: dict[str, str]) -> None:
        step = Program(command[-1], command, {**self.environ, **given}, ())
        step.start(self.say)
        try:
            if step.wait() != 0:
                raise CannotDo(
                    f"`overgang {command[-1]}` failed, so nothing more was started. Its lines above say why."
                )
        finally:
            step.stop()

    def _wait_for_answer(self) -> None:
        said_at = time.monotonic()
        gives_up_at = said_at + ANSWERS_WITHIN
        while time.monotonic() < gives_up_at:
            try:
                with urllib.request.urlopen(f"{self.address}healthz", timeout=2):
                    return
            except (URLError, ConnectionError, TimeoutError):
                self.supervisor.look()
                time.sleep(0.05)
            if time.monotonic() - said_at > 5:
                self.say("Waiting for the web process to answer ...")
                said_at = time.monotonic()
        raise CannotDo(f"The web process did not answer within {ANSWERS_WITHIN} s. Its last lines above say why.")


def _port(environ: Mapping[str, str]) -> int:
    written = environ.get("PORT") or "8080"
    if not written.isdecimal() or not 0 < int(written) < 65536:
        raise CannotDo(f"PORT is {written!r}; it must be a number from 1 to 65535.")
    return int(written)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
