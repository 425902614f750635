"""The database schema of an installation: which migration it is at, and how it gets to the newest."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def configuration() -> Config:
    """What Alembic needs to know."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest() -> str | None:
    """The migration that this version of the program needs."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def revision(connection: Connection) -> str | None:
    """The migration that the connected database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def is_behind(url: str) -> bool:
    """Whether the database at `url` is not at the newest migration. Raises sqlalchemy.exc.OperationalError."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return revision(connection) != newest()


def upgrade() -> None:
    """Migrate the database that the environment names (DATABASE_OWNER_URL) to the newest migration."""
    command.upgrade(configuration(), "head")
