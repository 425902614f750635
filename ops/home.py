"""The folder of a local installation: its data, its lock, and the note that says where its servers are."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

from ops.errors import CannotDo
from ops.processes import ROOT

LOCKS = ("launcher.lock", "children.lock")
STOPS_WITHIN = 30  # seconds that the servers of a killed launcher may need to finish


class Running(TypedDict):
    """What a launcher leaves for the other verbs.

    `environment` holds the servers' passwords and no key of ours; the file is its owner's alone.
    """

    pid: int
    address: str
    environment: dict[str, str]


class Home:
    """OVERGANG_HOME, or `.overgang` in the checkout."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self.path = Path(environ.get("OVERGANG_HOME") or ROOT / ".overgang").absolute()
        self.note = self.path / "running.json"

    def claim(self, say: Callable[[str], None]) -> int:
        """Take this home for one launcher, until it ends; returns the descriptor of the lock that its children inherit.

        Two locks, both given back by the system however a process ends: one is the launcher's alone; the other is held
        until the last of its children has gone, so that two servers never write in one folder. Raises CannotDo when
        another launcher is there, or when the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.held, children = (os.open(self.path / name, os.O_RDWR | os.O_CREAT, 0o600) for name in LOCKS)
        except OSError as error:
            raise CannotDo(
                f"The folder {self.path} cannot be written ({error.strerror}). Another user may have started "
                "Overgang here before; give the folder to yourself (chown -R), or choose another with OVERGANG_HOME."
            ) from None
        if not _take(self.held):
            running = self._read_note()
            where = f", at {running['address']} (process {running['pid']})" if running else ""
            raise CannotDo(
                f"Overgang already runs from {self.path}{where}. "
                "Stop that one first, or choose another OVERGANG_HOME and PORT for a second."
            )
        self._wait_for(children, say)
        return children

    def _wait_for(self, children: int, say: Callable[[str], None]) -> None:
        gives_up_at = time.monotonic() + STOPS_WITHIN
        if not _take(children):
            say("Waiting for the servers of the last run to finish ...")
            while not _take(children):
                time.sleep(0.1)
                if time.monotonic() > gives_up_at:
                    raise CannotDo(
                        f"The servers of an earlier run still use {self.path}. Look for `postgres` and `valkey-server` "
                        "among your processes, and end them."
                    )

    def publish(self, running: Running) -> None:
        """Leave word for the other verbs where the servers of this home are."""
        fresh = self.note.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(running, file)
        fresh.replace(self.note)

    def withdraw(self) -> None:
        """The servers are gone."""
        self.note.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """What runs from this home now, or None."""
        running = self._read_note()
        if running is None:
            return None
        lock = os.open(self.path / LOCKS[0], os.O_RDONLY)
        try:
            return None if _take(lock, fcntl.LOCK_SH) else running
        finally:
            os.close(lock)

    def _read_note(self) -> Running | None:
        try:
            note: Running = json.loads(self.note.read_text())
        except (FileNotFoundError, PermissionError, NotADirectoryError, json.JSONDecodeError):
            return None
        return note


def _take(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment, completed with what a launcher that runs from the same home has started; what is set wins."""
    running = Home(environ).running()
    return {**(running["environment"] if running else {}), **environ}
