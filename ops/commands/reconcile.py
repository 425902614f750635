"""overgang reconcile: whether anything has been forgotten."""

import json

import click

from ops import door
from workflow import clock
from workflow import reconcile as reconciliation


@click.command()
@click.option("--json", "as_json", is_flag=True, help="All counts for a program.")
def reconcile(*, as_json: bool) -> None:
    """Count what must be zero: episodes without an owner or a next step, what is due and not raised, and the like.

    Exit code 1 when something is not.
    """
    with door.transaction(door.settings()) as session:
        found = reconciliation.look(session, at=clock.now(session), real_at=clock.real_now())
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        for fault, count in found.faults.items():
            if count:
                click.echo(f"{count:6d}  {fault.value.replace('_', ' ')}")
        click.echo("Everything is zero." if found.nought else "Not zero: the lines above should not be there.")
        if found.figures.dead:
            click.echo(f"{found.figures.dead} letters were given up: overgang outbox dead")
    if not found.nought:
        raise SystemExit(1)
