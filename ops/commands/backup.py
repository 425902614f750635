"""overgang backup and overgang restore: the whole database in one file, and back."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import NullPool, create_engine, make_url, text

from ops import home, postgres, processes
from ops.errors import CannotDo
from workflow.settings import Settings

UNFINISHED = ".unfinished"
WAITS_FOR_LOCKS = "10s"  # a restore beside a running installation shall say so, not hang


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database to FILE, as it is at one moment; the installation may go on meanwhile.

    FILE holds what the database holds, CPR numbers encrypted as they are there. The keys are not in it: keep
    OVERGANG_KEYS and OVERGANG_HASH_KEY too, in another place.
    """
    unfinished = file.with_name(file.name + UNFINISHED)
    with _private(unfinished):
        _dump(unfinished, _owner_url())
        unfinished.replace(file)
    click.echo(f"The database is in {file} ({file.stat().st_size / 1e6:.1f} MB).")
    for left in sorted(file.parent.glob(f"*{UNFINISHED}")):
        if not _is_held(left):
            click.echo(f"A backup that was ended has left {left}: remove it.", err=True)


@contextlib.contextmanager
def _private(file: Path) -> Iterator[None]:
    """An empty file that nobody else can read, whatever was there; gone if what is done with it fails."""
    file.unlink(missing_ok=True)
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CannotDo(f"The backup could not be made: {file}: {error.strerror}") from error
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever finds the file unheld knows that its maker is gone
        yield
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(opened)


def _is_held(file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, PermissionError), file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    return True


def _dump(file: Path, url: str) -> None:
    """Fill `file`; what fills it ends when we do. Raises CannotDo."""
    program: list[str | Path] = [postgres.program("pg_dump"), "--format=custom", "--no-password", f"--file={file}"]
    made = subprocess.run(
        processes.attached(program, stop_with=signal.SIGTERM),
        env=_connection(url),
        stderr=subprocess.PIPE,
        text=True,
    )
    if made.returncode != 0:
        raise CannotDo(f"The backup could not be made: {made.stderr.strip()}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace what the database holds now.")
def restore(file: Path, *, yes: bool) -> None:
    """Bring back what `backup` wrote to FILE, all of it or nothing.

    Refuses a database that holds something, unless you say --yes. Stop web, worker and beat first.
    """
    url = _owner_url()
    if not yes and (tables := _tables(url)):
        raise CannotDo(
            f"The database holds {tables} tables; nothing was changed. To replace them with {file}: add --yes."
        )
    _replay(file, url)
    click.echo(f"The database is as it was when {file} was written. Now: overgang audit verify")


def _replay(file: Path, url: str) -> None:
    """Empty the database and fill it from `file` in one transaction, which ends only after the whole file was read."""
    reader: list[str | Path] = [postgres.program("pg_restore"), "--no-owner", "--file=-", file]
    writer: list[str | Path] = [postgres.program("psql"), "-X", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password"]
    writer += ["--set=VERBOSITY=sqlstate", "--output=/dev/null"]
    waits = {"PGOPTIONS": f"-c lock_timeout={WAITS_FOR_LOCKS} -c client_min_messages=warning"}
    with tempfile.TemporaryFile("w+") as complaints:
        with (
            subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=complaints) as reads,
            subprocess.Popen(
                writer, stdin=subprocess.PIPE, stderr=complaints, env={**_connection(url), **waits}
            ) as writes,
        ):
            assert reads.stdout is not None
            assert writes.stdin is not None
            with contextlib.suppress(BrokenPipeError), writes.stdin as replay:  # it gave up, and has said why
                replay.write(b"begin; drop owned by current_user cascade;\n")
                shutil.copyfileobj(reads.stdout, replay)
                reads.stdout.close()
                if reads.wait() == 0:
                    replay.write(b"commit;\n")
        if reads.returncode != 0 or writes.returncode != 0:
            complaints.seek(0)
            raise CannotDo(f"Nothing was restored from {file}: {without_rows(complaints.read())}")


# Of what the programs complain of: what the file is not, that nobody answers, and of the database's own words the code.
_SAYABLE = re.compile(r"(?:pg_restore: .*|psql: error: .*)|(?:ERROR|FATAL): +[0-9A-Z]{5}(?= *$)", re.MULTILINE)
LOCKED = "55P03"


def without_rows(complaints: str) -> str:
    """What is said of a file that cannot be restored: never a row of it, also where it is damaged."""
    said = list(dict.fromkeys(one.strip() for one in _SAYABLE.findall(complaints)))
    if any(LOCKED in one for one in said):
        return "the database is in use. Stop web, worker and beat first."
    return "; ".join(said) or "it is damaged"


def _owner_url() -> str:
    return Settings.from_environment(home.environment()).owner_url


def _tables(url: str) -> int:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        counted: int = connection.scalar(text("select count(*) from pg_tables where schemaname = 'public'")) or 0
    return counted


def _connection(url: str) -> dict[str, str]:
    """The environment in which a PostgreSQL program connects to `url`: no password among the arguments."""
    parts = make_url(url)
    told = {
        "PGHOST": parts.host,
        "PGPORT": parts.port,
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
    }
    return {**os.environ, **{name: str(value) for name, value in told.items() if value is not None}}
