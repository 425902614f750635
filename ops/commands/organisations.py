"""overgang organisations: a region's organisations and units, from a file."""

import getpass
import json
from dataclasses import asdict
from datetime import datetime
from typing import BinaryIO

import click

from ops import door
from ops.errors import CannotDo
from workflow import calendar, clock, office_files
from workflow.actor import Actor
from workflow.errors import Invalid, WorkflowError
from workflow.staff import closing, registry, registry_undo
from workflow.staff.registry import Reading
from workflow.staff.uses import uses
from workflow.vocabulary import Origin


def _me() -> Actor:
    return Actor(name=f"{getpass.getuser()} (command line)", origin=Origin.SYSTEM)


@click.group()
def organisations() -> None:
    """Regions, hospitals, municipalities and practices, and their units."""


@organisations.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--apply", is_flag=True, help="Write it. Without this, only say what would be written.")
@click.option("--json", "as_json", is_flag=True, help="The result for a program.")
def import_(file: BinaryIO, *, apply: bool, as_json: bool) -> None:
    """Look at FILE (- for standard input) and say what it would change; with --apply, write it, all or nothing.

    CSV as Excel saves it, one line a unit; docs/administration.md has the columns. Exit code 1 when there are
    bad lines.
    """
    try:
        decoded = office_files.decode(file.read())
        with door.transaction(door.settings()) as session:
            if apply:
                reading = registry.apply(session, decoded.lines, by=_me(), at=clock.real_now())
            else:
                reading = registry.preview(session, decoded.lines, by=_me())
    except Invalid as why:
        raise click.ClickException(why.say(door.language())) from None
    if not as_json:
        click.echo(f"Read as {decoded.code_page}.")
    click.echo(json.dumps(asdict(reading), indent=2, ensure_ascii=False) if as_json else _words(reading, applied=apply))
    if reading.bad:
        raise SystemExit(1)


@organisations.command()
def undo() -> None:
    """Take the last import back, whole; not when something that it wrote was used or changed since."""
    try:
        with door.transaction(door.settings()) as session:
            undone = registry_undo.undo(session, by=_me(), at=clock.real_now())
            count, at, name = len(undone.changes), undone.imported_at, undone.imported_by
    except WorkflowError as why:
        raise CannotDo(why.say(door.language())) from None
    click.echo(f"The import by {name} at {at:%Y-%m-%d %H:%M} UTC is undone: {count} rows are as they were.")


@organisations.command()
@click.argument("unit_name", metavar="UNIT")
@click.option("--successor", "successor_name", help="The unit that has from then on what it has.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The first day on which it is closed; without it, today.")
@click.option("--apply", is_flag=True, help="Close it. Without this, only say what would move.")
def close(unit_name: str, *, successor_name: str | None, on: datetime | None, apply: bool) -> None:
    """Say what hangs on UNIT (its SOR id, its name, or ORGANISATION/NAME); with --apply, close it.

    What it has moves when the day comes, within seconds of its beginning.
    """
    try:
        with door.transaction(door.settings()) as session:
            unit, at = door.unit(session, unit_name), clock.now(session)
            counts = asdict(uses(session, unit))
            if apply:
                successor = door.unit(session, successor_name) if successor_name else None
                day = on.date() if on is not None else calendar.local(at).date()
                closing.plan(session, unit, successor, on=day, by=_me(), at=at)
    except WorkflowError as why:
        raise CannotDo(why.say(door.language())) from None
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
    click.echo("It closes, and the background work moves this." if apply else "Nothing is done yet: --apply closes it.")


def _words(reading: Reading, *, applied: bool) -> str:
    lines = [door.told(bad) for bad in reading.bad]
    for change in reading.changes:
        kind = "unit" if change["table"] == "units" else "organisation"
        if change["before"] is None:
            lines.append(f"new {kind}: {change['name']}")
            continue
        different = {name for name, value in change["after"].items() if change["before"][name] != value}
        lines.append(f"changed {kind}: {change['name']} ({', '.join(sorted(different))})")
    counted = f"{len(reading.changes)} to write, {reading.unchanged} as they are, {len(reading.bad)} bad lines."
    if reading.bad:
        return "\n".join([*lines, f"{counted} Nothing was written."])
    return "\n".join([*lines, f"{counted} {'Written.' if applied else 'Nothing was written yet: --apply writes it.'}"])
