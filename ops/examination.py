"""What `overgang doctor` looks at: each part of an installation, one function a part, from the ground up."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from migrations import numbers
from ops import processes
from ops.home import Home
from ops.processes import ROOT
from workflow import clock, installation, keys
from workflow.installation import SENTENCES
from workflow.medcom.folder import left_lying
from workflow.settings import MissingSettings, Settings

OLDEST_PYTHON = (3, 11)
POSTGRES = 18
LEAST_SPACE = 1_000_000_000  # bytes
BEAT_LATE = timedelta(seconds=60)
PATIENCE = 5  # seconds that a server may take to answer


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One part of the installation: is it well, in a sentence, and if not, what to do."""

    subject: str
    well: bool
    sentence: str
    remedy: str | None = None

    def as_json(self) -> dict[str, str | bool | None]:
        """The finding for a program."""
        return asdict(self)


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Every finding about the installation that `environ` describes, in the order in which to mend them."""
    return [
        python(),
        packages(),
        home(Home(environ)),
        space(Home(environ)),
        port(Home(environ), environ),
        *services(environ),
    ]


def python() -> Finding:
    """Is this Python new enough?"""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return ill("Python", f"this is {version}; 3.11 or newer is needed", "make PYTHON=python3.12 run")
    return well("Python", f"{version}")


def packages() -> Finding:
    """Is installed what the lock file pins?"""
    lock = ROOT / "requirements-prod.lock"
    pinned = re.findall(r"^([a-z0-9-]+)(?:\[.*])?==(\S+) *(?:;(.*))? \\$", lock.read_text(), re.MULTILINE)
    wrong = [name for name, version, marker in pinned if not marker and _installed(name) != version]
    if wrong:
        return ill("packages", f"{', '.join(wrong)} missing or not as in {lock.name}", "rm -r .venv, then `make run`")
    return well("packages", f"as in {lock.name}")


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def home(place: Home) -> Finding:
    """May we write the home folder, and nobody else read it?"""
    if not place.path.exists():
        return well("home folder", f"{place.path} is not there yet; the first start makes it")
    if not os.access(place.path, os.W_OK | os.X_OK):
        return ill(
            "home folder", f"{place.path} cannot be written by you", f"chown -R {os.geteuid()} it, or set OVERGANG_HOME"
        )
    if place.path.stat().st_mode & (stat.S_IRWXO & ~stat.S_IXOTH):
        return ill("home folder", f"{place.path} is open to everybody", f"chmod go-rw {place.path}")
    return well("home folder", str(place.path))


def space(place: Home) -> Finding:
    """Is there room to write?"""
    folder = place.path if place.path.exists() else place.path.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_SPACE:
        return ill("disk", f"{free / 1e9:.1f} GB free at {folder}", "make room: a full disk stops the database")
    return well("disk", f"{free / 1e9:.0f} GB free")


def port(place: Home, environ: Mapping[str, str]) -> Finding:
    """Is the port ours, or free for us?"""
    number = int(environ.get("PORT") or 8080)
    if running := place.running():
        return well("address", f"runs at {running['address']} (process {running['pid']})")
    if not processes.port_is_free("127.0.0.1", number):
        return ill("address", f"port {number} is taken by another program", f"PORT={number + 1} make run")
    return well("address", f"port {number} is free; nothing runs from this home")


def services(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The settings, and when they are there, what they lead to."""
    try:
        settings = Settings.from_environment(environ)
        keys.KeyRing.from_settings(settings)
    except MissingSettings as missing:
        yield ill("settings", str(missing), "start it (`make run`), or set what is missing")
        return
    yield well("settings", "a demonstration, with secrets that everybody knows" if settings.demo else "its own secrets")
    if settings.medcom_in is not None:
        yield gateway(settings.medcom_in)
    yield from broker(settings)
    yield from database(settings)


def gateway(inbox: str) -> Finding:
    """Does a file lie in the folder of the message gateway that nobody takes?"""
    lying = left_lying(inbox, real_at=clock.real_now())
    if not lying:
        return well("message gateway", "no file is left lying")
    names = ", ".join(f"unreadable/{one.name}" if one.unreadable else one.name for one in lying[:10])
    return ill("message gateway", f"{len(lying)} files not taken in: {names}", "look at them; the sender sends again")


def broker(settings: Settings) -> Iterator[Finding]:
    """Does the broker answer?"""
    try:
        with redis.Redis.from_url(
            settings.redis_url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        yield ill(
            "broker",
            f"does not answer ({error})",
            "start Redis, or correct REDIS_URL; no reminder is lost, they are late",
        )
        return
    yield well("broker", f"answers (protocol of Redis {version})")


def database(settings: Settings) -> Iterator[Finding]:
    """Does the database answer, is it of the right kind, and at the right schema?"""
    engine = create_engine(settings.database_url, poolclass=NullPool, connect_args={"connect_timeout": PATIENCE})
    try:
        with engine.connect() as connection:
            yield well("database", "answers")
            yield version(connection)
            yield locale(connection)
            yield roles(connection)
            yield from tables(connection, settings)
    except OperationalError as error:
        yield ill(
            "database", f"does not answer ({str(error.orig).strip()})", "start PostgreSQL, or correct DATABASE_URL"
        )


def version(connection: Connection) -> Finding:
    """Is it PostgreSQL 18 or newer?"""
    number = int(connection.scalar(text("show server_version_num")) or 0) // 10000
    if number < POSTGRES:
        return ill(
            "PostgreSQL",
            f"this is {number}; {POSTGRES} is needed",
            "move the data with `overgang backup` and `restore`",
        )
    return well("PostgreSQL", str(number))


def locale(connection: Connection) -> Finding:
    """Does it sort and compare as the tests did? (The builtin provider, UTF-8: the same on every machine, for ever.)"""
    row = connection.execute(
        text(
            "select datlocprovider::text, datlocale, pg_encoding_to_char(encoding)"
            " from pg_database where datname = current_database()"
        )
    ).one()
    if tuple(row) != ("b", "C.UTF-8", "UTF8"):
        return ill(
            "locale",
            f"provider {row[0]}, {row[1]}, {row[2]}",
            "create database ... template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'",
        )
    return well("locale", "builtin C.UTF-8")


def roles(connection: Connection) -> Finding:
    """Is the application's role one that may not change tables or history?"""
    user, is_super, owns = connection.execute(
        text(
            "select current_user, (select rolsuper from pg_roles where rolname = current_user),"
            " (select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user)"
        )
    ).one()
    if is_super or owns:
        return ill(
            "roles",
            f"the application connects as {user}, which may change its own tables and history",
            "make two roles as ops/roles.sql does: DATABASE_URL for the application, DATABASE_OWNER_URL for the owner",
        )
    return well("roles", f"the application is {user} and owns no table")


def tables(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Is the schema at the newest migration, and does the background work live?"""
    at, newest = numbers.current(connection), numbers.newest()
    if at != newest:
        yield ill("schema", f"at {at or 'nothing'}, this program needs {newest}", "overgang migrate")
        return
    yield well("schema", f"at {at}")
    yield from established(connection, settings)
    last = connection.scalar(text("select at from heartbeats where part = 'beat'"))
    silent = clock.real_now() - last if last else None
    if silent is None or silent > BEAT_LATE:
        yield ill(
            "background work",
            "has never run" if silent is None else f"last ran {silent.total_seconds():.0f} s ago",
            "start worker and beat, and look in their log; nothing is lost meanwhile, reminders are late",
        )
    else:
        yield well("background work", f"ran {silent.total_seconds():.0f} s ago")


def established(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Is it this installation's own database, with its clock right and something agreed for every pathway?"""
    keys.use(settings)
    with Session(connection) as session:
        state = installation.look(session, demo=settings.demo, at=clock.now(session), real_at=clock.real_now())
    if state.wrong:
        yield ill("installation", "; ".join(SENTENCES[wrong] for wrong in state.wrong), "see docs/operations.md, Keys")
    else:
        yield well("installation", "a demonstration's database" if settings.demo else "written with these keys")
    if state.clock_runs_true:
        yield well("clock", "as the database's")
    else:
        yield ill(
            "clock",
            f"{state.skew.total_seconds():.0f} s from the database's",
            "set both machines by a time server (NTP): deadlines go by them",
        )
    if state.without_agreement:
        names = ", ".join(state.without_agreement)
        yield ill(
            "agreements",
            f"nothing is agreed for {names}: no episode can be opened on it, and nothing is owed",
            "overgang demo load" if settings.demo else "overgang migrate, then confirm them under Samarbejdsaftaler",
        )
    else:
        yield well("agreements", "in force for every pathway")


def well(subject: str, sentence: str) -> Finding:
    """A part that is as it should be."""
    return Finding(subject=subject, well=True, sentence=sentence)


def ill(subject: str, sentence: str, remedy: str) -> Finding:
    """A part that must be mended, and how."""
    return Finding(subject=subject, well=False, sentence=sentence, remedy=remedy)
