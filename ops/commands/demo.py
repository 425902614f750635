"""overgang demo: the invented cluster, loaded, walked through, or loaded anew."""

import json

import click

from ops import demo as demonstration
from ops import door


@click.group()
def demo() -> None:
    """The demonstration with invented citizens; in demo mode only (OVERGANG_DEMO=1)."""


@demo.command()
def load() -> None:
    """Load the cluster and its year of episodes into an empty database."""
    demonstration.load(door.settings(), say=click.echo)
    click.echo("The demonstration is loaded.")


@demo.command()
@click.option("--yes", is_flag=True, help="Empty the database without asking.")
def reset(*, yes: bool) -> None:
    """Empty the database of a demonstration and load it anew; its clock shows 12 March 2026 08:00 again."""
    if not yes:
        click.confirm("Everything in the database of this demonstration goes. Go on?", abort=True)
    demonstration.reset(door.settings(), say=click.echo)
    click.echo("The demonstration is as it was in the beginning.")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="The story for a program.")
def walk(*, as_json: bool) -> None:
    """Walk a new citizen through the running installation: a follow-up call is forgotten, and it does not forget.

    The walk acts as the people do and moves the demo clock; reminders and the miss must come from worker and beat. Exit
    code 1 when they do not. It may be repeated: each walk has a citizen of its own.
    """
    told = demonstration.walk(door.settings(), say=(lambda _: None) if as_json else click.echo)
    if as_json:
        click.echo(json.dumps(told.as_json(), indent=2, ensure_ascii=False))
    if not told.well:
        raise SystemExit(1)
