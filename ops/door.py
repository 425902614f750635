"""The command line as a door to the engine: the installation's settings, its keys, and one transaction a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session, sessionmaker

from migrations import numbers
from ops import home
from ops.errors import CannotDo
from workflow import db, keys
from workflow.installation import require
from workflow.settings import Settings


def settings() -> Settings:
    """The settings of the installation that runs from this home, or that the environment names.

    Raises MissingSettings.
    """
    return Settings.from_environment(home.environment())


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
