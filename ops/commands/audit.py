"""overgang audit: whether anybody has changed what was only to be added to."""

import json
from dataclasses import asdict

import click

from ops import door
from workflow import history

HOW = {
    "changed": "entry {number} is not as it was written",
    "missing": "entry {number} is missing",
    "cut off": "the history ends before its last entry, {number}",
}


@click.group()
def audit() -> None:
    """The history of the episodes."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="The findings for a program.")
def verify(*, as_json: bool) -> None:
    """Read every history and check its chain; name the first entry of each episode where it is broken.

    Exit code 1 when one is.
    """
    broken, read = [], 0
    with door.transaction(door.settings()) as session:
        for found in history.verify(session):
            if isinstance(found, history.Broken):
                broken.append(found)
            else:
                read = found
    if as_json:
        click.echo(json.dumps({"entries": read, "broken": [asdict(one) for one in broken]}, indent=2))
    else:
        for one in broken:
            click.echo(f"episode {one.episode}: {HOW[one.how].format(number=one.number)}")
        chains = "every chain holds" if not broken else f"{len(broken)} chains are broken"
        click.echo(f"{read} entries read: {chains}.")
    if broken:
        raise SystemExit(1)
