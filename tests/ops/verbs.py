"""The command line as a person uses it, and the background work of an installation."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from ops import cli, processes, programs

Said = subprocess.CompletedProcess[str]

BEGUN = multiprocessing.get_context("forkserver")


def overgang(*words: object, environ: Mapping[str, str], typed: str = "") -> Said:
    """One call of the command line, in a process of its own, to its end."""
    with TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("typed", "out", "err")]
        said[0].write_text(typed, encoding="utf-8")
        process = begin(*words, environ=environ, said=said)
        process.join()
        assert process.exitcode is not None
        out, err = (file.read_text(encoding="utf-8") for file in said[1:])
        return Said([*map(str, words)], process.exitcode, out, err)


def begin(*words: object, environ: Mapping[str, str], said: Sequence[Path]) -> ForkServerProcess:
    """The same, not waited for. `said` are the files that it reads, and that it writes to: output and errors."""
    clean = {**os.environ, "OVERGANG_HOME": "/nonexistent", **environ}
    process = BEGUN.Process(target=_call, args=([*map(str, words)], clean, said))
    process.start()
    return process


def _call(words: list[str], environ: dict[str, str], said: Sequence[Path]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(processes.ROOT)
    for number, file in enumerate(said):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (until this process ends)
    sys.argv = ["overgang", *words]
    cli.main()


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
