"""overgang citizens: whom a municipality knows."""

import json
from dataclasses import asdict
from typing import BinaryIO

import click

from ops import door
from workflow import citizens as register
from workflow import office_files
from workflow.errors import Invalid


@click.group()
def citizens() -> None:
    """The register of who receives municipal services."""


@citizens.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The result for a program.")
def import_(file: BinaryIO, *, as_json: bool) -> None:
    """Read FILE (- for standard input): CSV as Excel saves it, with the columns cpr;navn;kommunekode;ydelse;fra;til.

    Dates are written yyyy-mm-dd or dd-mm-yyyy; `til` may be empty. Good lines are kept; bad ones are named by
    their number, and nothing of them is repeated. Exit code 1 when there are bad ones.
    """
    try:
        decoded = office_files.decode(file.read())
        with door.transaction(door.settings()) as session:
            used, bad = register.import_services(session, decoded.lines)
    except Invalid as why:
        raise click.ClickException(why.say(door.language())) from None
    if as_json:
        click.echo(json.dumps({"used": used, "bad": [asdict(line) for line in bad]}, indent=2))
    else:
        for line in bad:
            click.echo(door.told(line))
        click.echo(f"{used} lines used, {len(bad)} not. Read as {decoded.code_page}.")
    if bad:
        raise SystemExit(1)
