"""overgang keys: what is encrypted at rest, written anew with the newest key."""

import json
import time

import click

from ops import door
from workflow import rotation
from workflow.keys import ring
from workflow.settings import Settings

PATIENCE = 1.0  # seconds to wait for rows that somebody works on


@click.group()
def keys() -> None:
    """The keys that encrypt CPR numbers (OVERGANG_KEYS, newest first)."""


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="The result for a program.")
def rotate(*, as_json: bool) -> None:
    """Write everything that an older key wrote anew with the first key of OVERGANG_KEYS.

    The system stays in use; it may be broken off, and goes on where it was. When it says so, the older keys may go
    from OVERGANG_KEYS.
    """
    installation, done = door.settings(), 0
    total = left = _left(installation)
    older = [name for name in ring().encryption if name != ring().newest]
    while left:
        with door.transaction(installation) as session:
            more = rotation.rotate(session)
        done += more
        if not as_json:
            click.echo(f"{done} of {total} written anew ...")
        if not more:
            time.sleep(PATIENCE)
        left = _left(installation)
    if as_json:
        click.echo(json.dumps({"written": done, "left": left, "may_go": older}, indent=2))
    elif older:
        click.echo(f"Everything is written with {ring().newest}. These may go from OVERGANG_KEYS: {', '.join(older)}")
    else:
        click.echo(f"Everything is written with {ring().newest}; OVERGANG_KEYS holds no other key.")


def _left(installation: Settings) -> int:
    with door.transaction(installation) as session:
        return rotation.left(session)
