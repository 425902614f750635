"""The database schema of an installation: whether it is at the newest migration, and how it gets there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from migrations import numbers
from workflow import clock, installation, keys
from workflow.installation import Wrong
from workflow.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def configuration() -> Config:
    """What Alembic needs to know."""
    from alembic.config import Config  # only who migrates waits for Alembic

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def is_behind(settings: Settings) -> bool:
    """Whether `upgrade` has something to do: a migration, the mark of the installation, a first agreement.

    Raises sqlalchemy.exc.OperationalError.
    """
    with Session(create_engine(settings.owner_url, poolclass=NullPool)) as session:
        if numbers.current(session.connection()) != numbers.newest():
            return True
        state = installation.look(session, demo=settings.demo, at=clock.now(session), real_at=clock.real_now())
        return Wrong.UNMARKED in state.wrong or bool(state.without_agreement)


def upgrade(settings: Settings) -> None:
    """Migrate the database (DATABASE_OWNER_URL) to the newest migration, and establish the installation in it.

    Raises installation.NotOurs, and then has changed nothing.
    """
    from alembic import command

    keys.use(settings)
    engine = create_engine(settings.owner_url, poolclass=NullPool)
    with Session(engine) as session:
        installation.require(session, settings, may_be_unmarked=True)
    command.upgrade(configuration(), "head")
    with Session(engine) as session, session.begin():
        installation.establish(session, demo=settings.demo, at=clock.now(session))
