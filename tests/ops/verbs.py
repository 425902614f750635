"""The command line as a person uses it, and the background work of an installation."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ops import processes, programs

Said = subprocess.CompletedProcess[str]


def overgang(*words: object, environ: dict[str, str], typed: str | None = None) -> Said:
    """One call of the command line, to its end."""
    command = [sys.executable, "-m", "ops.cli", *map(str, words)]
    clean = {"OVERGANG_HOME": "/nonexistent", **environ}
    return subprocess.run(
        command, env={**os.environ, **clean}, input=typed, capture_output=True, text=True, cwd=processes.ROOT
    )


@contextmanager
def background_work(environ: dict[str, str]) -> Iterator[None]:
    """A worker and beat, as the launcher starts them."""
    started = [
        processes.start(
            command,
            env={**os.environ, **environ},
            output=subprocess.DEVNULL,
            stop_with=signal.SIGTERM,
            cwd=processes.ROOT,
        )
        for command in (programs.worker(), programs.beat())
    ]
    try:
        yield
    finally:
        for process in started:
            processes.stop(process, signal.SIGTERM, grace=20)
