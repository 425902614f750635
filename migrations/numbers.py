"""The numbers of migrations: the newest there is, and the one that a database is at. Alembic is not read for it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).with_name("versions")


def newest() -> str:
    """The migration that this version of the program needs: each file's name begins with its number."""
    return max(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The migration that the connected database is at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("select version_num from alembic_version"))
    return found
