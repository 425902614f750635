"""The database schema of an installation: whether it is at the newest migration, and how it gets there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine

from migrations import numbers

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def configuration() -> Config:
    """What Alembic needs to know."""
    from alembic.config import Config  # only who migrates waits for Alembic

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def is_behind(url: str) -> bool:
    """Whether the database at `url` is not at the newest migration. Raises sqlalchemy.exc.OperationalError."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return numbers.current(connection) != numbers.newest()


def upgrade() -> None:
    """Migrate the database that the environment names (DATABASE_OWNER_URL) to the newest migration."""
    from alembic import command

    command.upgrade(configuration(), "head")
