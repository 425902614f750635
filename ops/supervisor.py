"""Keeps processes alive: starts them again after a growing pause, and gives up on one that only dies."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Protocol

from ops import processes
from ops.errors import CannotDo

QUICK = 10  # seconds: a death sooner than this after the start is a quick one
QUICK_DEATHS = 5  # in a row, and we give up
LONGEST_PAUSE = 5.0  # seconds
GRACE = 15.0  # seconds that web and worker get to finish what they are doing


class Server(Protocol):
    """What can be kept alive."""

    name: str
    process: subprocess.Popen[str] | None

    def start(self, say: Callable[[str], None]) -> None:
        """Start it, or start it again."""

    def stop(self) -> None:
        """End it, whatever it is doing, in its own good order."""


class Program:
    """One of our own processes; its lines come out with its name in front."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], keeps: tuple[int, ...]) -> None:
        self.name, self.command, self.environment, self.keeps = name, command, environment, keeps
        self.process: subprocess.Popen[str] | None = None

    def start(self, say: Callable[[str], None]) -> None:
        """Start the process; does not wait for it."""
        self.process = processes.start(
            self.command,
            env=self.environment,
            output=subprocess.PIPE,
            stop_with=signal.SIGTERM,
            cwd=processes.ROOT,
            keeps=self.keeps,
        )
        self.lines = threading.Thread(target=self._pass_on, args=(self.process, say), daemon=True)
        self.lines.start()

    def _pass_on(self, process: subprocess.Popen[str], say: Callable[[str], None]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                say(f"{self.name:8} | {line.rstrip()}")

    def wait(self) -> int:
        """Wait until it has ended and said all it had to say; returns its exit code."""
        assert self.process is not None
        code = self.process.wait()
        self.lines.join()
        return code

    def stop(self) -> None:
        """Ask it to finish, then make it."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGTERM, grace=GRACE)
            self.lines.join(1)


class Supervisor:
    """The processes of one installation, in the order in which they were started."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.kept: list[_Kept] = []

    def start(self, server: Server) -> None:
        """Start `server` and keep it from now on. Raises CannotDo when it cannot be started."""
        kept = _Kept(server)
        self.kept.append(kept)
        kept.start(self.say)

    def look(self) -> None:
        """Start again what has died, when its pause is over. Raises CannotDo for what died too often."""
        for kept in self.kept:
            kept.look(self.say)

    def stop(self) -> None:
        """Stop all of them, the last started first."""
        while self.kept:
            self.kept.pop().server.stop()


class _Kept:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.started_at = 0.0
        self.again_at: float | None = None
        self.quick_deaths = 0

    def start(self, say: Callable[[str], None]) -> None:
        self.started_at, self.again_at = time.monotonic(), None
        self.server.start(say)

    def look(self, say: Callable[[str], None]) -> None:
        process = self.server.process
        if self.again_at is not None:
            if time.monotonic() >= self.again_at:
                self.start(say)
        elif process is not None and process.poll() is not None:
            processes.sweep_group(process)
            lived = time.monotonic() - self.started_at
            self.quick_deaths = self.quick_deaths + 1 if lived < QUICK else 1
            if self.quick_deaths > QUICK_DEATHS:
                raise CannotDo(
                    f"{self.server.name} died {self.quick_deaths} times within {QUICK} s of its start, so everything "
                    "is stopped. Its last lines above say why; `overgang doctor` may say how to mend it."
                )
            pause = min(LONGEST_PAUSE, 0.1 * 2**self.quick_deaths)
            say(f"{self.server.name} has died ({_how(process.returncode)}); starting it again ...")
            self.again_at = time.monotonic() + pause


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
