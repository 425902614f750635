"""overgang migrate: the database brought to the version of this program."""

import os

import click

from migrations import numbers
from ops import door, home, schema


@click.command()
def migrate() -> None:
    """Bring the database schema to the version of this program, as its owner (DATABASE_OWNER_URL).

    A pathway for which nothing has been agreed gets its first agreement, to be confirmed under Samarbejdsaftaler.
    """
    os.environ.update(home.environment())
    schema.upgrade(door.settings())
    click.echo(f"The database schema is at {numbers.newest()}.")
