"""Starting a child that dies with us, and ending it in order."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
ATTACHED = Path(__file__).with_name("attached.py")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now (a port that is merely closing down counts as free)."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def attached(
    command: Sequence[str | Path], *, stop_with: signal.Signals, user: pwd.struct_passwd | None = None
) -> list[str]:
    """The command that is `command`, and is sent `stop_with` if we are killed (Linux)."""
    as_user = [str(user.pw_uid), str(user.pw_gid)] if user else ["-", "-"]
    wrapper = [sys.executable, "-I", "-S", str(ATTACHED), str(int(stop_with)), str(os.getpid()), *as_user]
    return [*wrapper, *map(str, command)]


def start(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    output: int | IO[str],
    stop_with: signal.Signals,
    user: pwd.struct_passwd | None = None,
    stdin: int = subprocess.DEVNULL,
    cwd: Path | None = None,
    keeps: tuple[int, ...] = (),
) -> subprocess.Popen[str]:
    """Start `command` in a process group of its own; the system sends it `stop_with` if we are killed (Linux).

    `keeps` are descriptors that it inherits. Call it from the main thread: the system means the thread that started
    the child when it says parent.
    """
    return subprocess.Popen(
        attached(command, stop_with=stop_with, user=user),
        env=dict(env),
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        cwd=cwd,
        pass_fds=keeps,
    )


def stop(process: subprocess.Popen[str], with_signal: signal.Signals, *, grace: float) -> bool:
    """Ask `process` to end, wait `grace` seconds, then end its whole group; says whether it went by itself."""
    went = True
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            went = False
    sweep_group(process)
    return went


def sweep_group(process: subprocess.Popen[str]) -> None:
    """End what is left of the group that `process` led, itself included, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
