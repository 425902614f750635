"""overgang migrate: the database schema brought to the version of this program."""

import os

import click

from migrations import numbers
from ops import home, schema


@click.command()
def migrate() -> None:
    """Bring the database schema to the version of this program, as its owner (DATABASE_OWNER_URL)."""
    os.environ.update(home.environment())
    schema.upgrade()
    click.echo(f"The database schema is at {numbers.newest()}.")
