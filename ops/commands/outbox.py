"""overgang outbox: letters that were given up, and a second chance for them."""

import getpass
import json
from dataclasses import asdict
from uuid import UUID

import click

from ops import door
from ops.errors import CannotDo
from workflow import clock
from workflow.actor import Actor
from workflow.errors import WorkflowError
from workflow.telling import delivery
from workflow.vocabulary import Role


@click.group()
def outbox() -> None:
    """Letters to people: mail and messages. The units' own inboxes need none."""


@outbox.command()
@click.option("--json", "as_json", is_flag=True, help="The letters for a program.")
def dead(*, as_json: bool) -> None:
    """List the letters that were given up, newest first. Exit code 1 when there are any."""
    with door.transaction(door.settings()) as session:
        letters = delivery.dead_letters(session)
    if as_json:
        click.echo(json.dumps([asdict(letter) for letter in letters], indent=2, default=str))
    else:
        for letter in letters:
            click.echo(
                f"{letter.key}  {letter.channel} to {letter.address} ({letter.unit}): "
                f"{letter.error or 'no reason'} after {letter.attempts} attempts"
            )
        click.echo("Send one again with: overgang outbox again KEY" if letters else "No letter was given up.")
    if letters:
        raise SystemExit(1)


@outbox.command()
@click.argument("key", type=click.UUID)
@click.option("--to", "address", help="Another address, where the old one was wrong.")
def again(key: UUID, *, address: str | None) -> None:
    """Try the letter KEY anew, with all its attempts; the worker sends it."""
    by = Actor(name=f"{getpass.getuser()} (command line)", roles=frozenset({Role.OPERATOR}))
    try:
        with door.transaction(door.settings()) as session:
            delivery.send_again(session, key, by=by, real_at=clock.real_now(), address=address)
    except WorkflowError as why:
        raise CannotDo(why.say(door.language())) from None
    click.echo("It will be tried again at once.")
