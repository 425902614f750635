"""A whole installation, started as a person starts it, and what a test may ask it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ops import processes
from ops.processes import ROOT
from tests.conftest import in_memory

PATIENCE = 240  # seconds until a test that waits has failed; no test measures time
ANSWERS = "Overgang answers at "
# No demonstration: its year would be loaded, and these tests are about processes. "0", for `make` would set it.
OWN_SECRETS = {
    "OVERGANG_DEMO": "0",
    "OVERGANG_SECRET_KEY": "of this test",
    "OVERGANG_KEYS": "test:" + "A" * 43 + "=",
    "OVERGANG_HASH_KEY": "B" * 43 + "=",
}


class Installation:
    """One run of the launcher, by itself or under make, with a home of its own."""

    def __init__(self, home: Path, command: list[str], **environ: str) -> None:
        self.home, self.port = home, processes.free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **OWN_SECRETS, "OVERGANG_HOME": str(home), "PORT": str(self.port), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.family: list[psutil.Process] = []

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.lines.extend(line.rstrip() for line in lines)

    @property
    def output(self) -> str:
        """All that it has said."""
        return "\n".join(self.lines)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait for something to become true; fails the test with all that was said when it does not."""
        gives_up_at = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < gives_up_at, f"waited in vain until {what}:\n{self.output}"
            time.sleep(0.05)

    def until_it_answers(self) -> None:
        """Wait for the address, and note every process that there is."""
        self.until(lambda: ANSWERS in self.output or self.process.poll() is not None, "it answers")
        assert ANSWERS in self.output, self.output
        self.family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def until_it_ends(self) -> int:
        """Wait for the end of the command; returns its exit code."""
        self.until(lambda: self.process.poll() is not None, "it ends")
        self.reader.join(PATIENCE)
        return self.process.returncode

    def until_nothing_is_left(self) -> None:
        """Wait until every process that was noted is gone."""
        _, alive = psutil.wait_procs(self.family, timeout=PATIENCE)
        assert not alive, [process.cmdline() for process in alive]

    def status(self, path: str) -> int | None:
        """The answer to a GET, or None when there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            return None

    def children(self, part: str) -> list[psutil.Process]:
        """The processes whose command line has `part` in it, and not their children's."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        found = [process for process in family if part in " ".join(_command_line(process))]
        return [process for process in found if process.ppid() not in {one.pid for one in found}]

    def child(self, part: str) -> psutil.Process:
        """The one such process."""
        (only,) = self.children(part)
        return only

    def stop(self) -> None:
        """Ctrl-C, as a terminal sends it: to every process of the foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)


def note(home: Path) -> dict[str, dict[str, str]]:
    """What the launcher has left in its home for the other verbs."""
    answer: dict[str, dict[str, str]] = json.loads((home / "running.json").read_text())
    return answer


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextmanager
def home_folder() -> Iterator[Path]:
    """A home that a test may leave running in, and that is gone afterwards, with whatever ran in it."""
    home = Path(tempfile.mkdtemp(prefix="overgang-home-", dir=in_memory()))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def installation(home: Path, command: list[str] | None = None, **environ: str) -> Iterator[Installation]:
    """`overgang up` (or `command`) on `home`; ended with the test."""
    running = Installation(home, command or [sys.executable, "-m", "ops.cli", "up"], **environ)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()
            running.until_it_ends()
        running.until_nothing_is_left()
