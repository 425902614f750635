"""The command line as a door to the engine: the installation's settings, its keys, and one transaction a verb."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from migrations import numbers
from ops import home
from ops.errors import CannotDo
from workflow import db, keys
from workflow.installation import require
from workflow.office_files import BadLine
from workflow.sentences import sentence
from workflow.settings import Settings
from workflow.tables import Organisation, Unit
from workflow.vocabulary import Language


def settings() -> Settings:
    """The settings of the installation that runs from this home, or that the environment names.

    Raises MissingSettings.
    """
    return Settings.from_environment(home.environment())


def language() -> Language:
    """The language of what the engine says to who types here: Danish where the machine is Danish (LC_ALL, LANG)."""
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return Language.DANISH if spoken.startswith("da") else Language.ENGLISH


def told(bad: BadLine) -> str:
    """A line of a file that cannot be used, and why, for who types here."""
    spoken = language()
    number = f"linje {bad.line}" if spoken == Language.DANISH else f"line {bad.line}"
    return f"{number}: {sentence(bad.code, spoken, **bad.facts)}"


@contextmanager
def transaction(installation: Settings) -> Iterator[Session]:
    """A session in the role of background work, committed when it ends well. Raises CannotDo, OperationalError."""
    with transactions(installation) as begin, begin() as session:
        yield session


@contextmanager
def transactions(installation: Settings) -> Iterator[Callable[[], AbstractContextManager[Session]]]:
    """One connection for a verb with many transactions: what is yielded begins one, committed when its block ends well.

    Roles and errors as `transaction`.
    """
    keys.use(installation)
    told = {"connect_timeout": 5, **db.as_role(db.SWEEPS)}
    engine = create_engine(installation.database_url, poolclass=NullPool, connect_args=told)
    with engine.connect() as connection:
        if numbers.current(connection) != numbers.newest():
            raise CannotDo("The database schema is not that of this program. Bring it up to date: overgang migrate")
    factory = sessionmaker(engine)
    with factory() as session:
        require(session, installation)
    yield factory.begin
    engine.dispose()


def unit(session: Session, name: str) -> Unit:
    """The unit with this SOR id or name, or ORGANISATION/NAME. Raises CannotDo for none, and for several."""
    organisation, _, own = name.rpartition("/")
    found = select(Unit).join(Organisation)
    found = found.where(Organisation.name == organisation, Unit.name == own) if organisation else found.where(
        (Unit.sor == name) | (Unit.name == name)
    )  # fmt: skip
    units = session.scalars(found.limit(2)).all()
    if not units:
        raise CannotDo(f"There is no unit {name}. Import one: overgang organisations import")
    if len(units) > 1:
        raise CannotDo(f"More than one unit is called {name}. Say which: ORGANISATION/NAME, or the SOR id")
    return units[0]
