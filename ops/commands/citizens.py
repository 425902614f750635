"""overgang citizens: whom a municipality knows."""

import json
from dataclasses import asdict
from typing import TextIO

import click

from ops import door
from workflow import citizens as register
from workflow.errors import Invalid
from workflow.sentences import sentence
from workflow.vocabulary import Language


@click.group()
def citizens() -> None:
    """The register of who receives municipal services."""


@citizens.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--json", "as_json", is_flag=True, help="The result for a program.")
def import_(file: TextIO, *, as_json: bool) -> None:
    """Read FILE (- for standard input): CSV with semicolons and the header cpr;navn;kommunekode;ydelse;fra;til.

    Dates are written yyyy-mm-dd; `til` may be empty. Good lines are kept; bad ones are named by their number, and
    nothing of them is repeated. Exit code 1 when there are bad ones.
    """
    try:
        with door.transaction(door.settings()) as session:
            used, bad = register.import_services(session, file)
    except Invalid as why:
        raise click.ClickException(why.say(Language.ENGLISH)) from None
    except UnicodeDecodeError:
        raise click.ClickException("The file is not written in UTF-8; nothing was read.") from None
    if as_json:
        click.echo(json.dumps({"used": used, "bad": [asdict(line) for line in bad]}, indent=2))
    else:
        for line in bad:
            click.echo(f"line {line.line}: {sentence(line.code, Language.ENGLISH)}")
        click.echo(f"{used} lines used, {len(bad)} not.")
    if bad:
        raise SystemExit(1)
