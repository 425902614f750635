"""overgang pathways: which there are, whether a definition holds, and how one looks."""

import json
from pathlib import Path
from runpy import run_path

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ops import door
from ops.errors import CannotDo
from workflow import diagram
from workflow.pathway import BadPathway, Pathway
from workflow.pathways import PATHWAYS, newest
from workflow.settings import MissingSettings
from workflow.tables import Episode
from workflow.vocabulary import Language


@click.group()
def pathways() -> None:
    """The agreed ways between hospital and municipality."""


@pathways.command("list")
@click.option("--json", "as_json", is_flag=True, help="The list for a program.")
def list_(*, as_json: bool) -> None:
    """List every pathway that an episode can follow, by key and version."""
    described = [
        {
            "key": pathway.key,
            "version": pathway.version,
            "title": pathway.title[Language.DANISH],
            "newest": pathway is newest(pathway.key),
            "ways_in": [way.key for way in pathway.ways_in],
            "states": [state.name for state in pathway.states],
        }
        for pathway in PATHWAYS.values()
    ]
    if as_json:
        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
        return
    for pathway in PATHWAYS.values():
        click.echo(f"{pathway.key} {pathway.version}  {pathway.title[Language.DANISH]} ({len(pathway.states)} states)")


@pathways.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path | None) -> None:
    """Check the pathways that a Python FILE defines, or the registered ones, and say in words what is wrong.

    Without a FILE, it also looks for running episodes whose version is not registered any more. Exit code 1 when
    something is wrong. FILE is run: check only what you would run.
    """
    if file is not None:
        _check_file(file)
        return
    for pathway in PATHWAYS.values():  # they checked themselves when this program was started
        click.echo(f"{pathway.key} {pathway.version}: holds.")
    strangers = _running_strangers()
    if strangers is None:
        click.echo("Running episodes were not looked at: no database can be reached.")
        return
    for key, version, count in strangers:
        click.echo(f"{key} {version}: {count} running episodes, and the version is not registered. Put it back.")
    if strangers:
        raise SystemExit(1)
    click.echo("Every running episode is on a registered version.")


def _check_file(file: Path) -> None:
    try:
        found = run_path(str(file))
    except BadPathway as bad:
        click.echo(str(bad))
        raise SystemExit(1) from None
    except SyntaxError as error:
        raise CannotDo(f"{file}, line {error.lineno}: this is not Python ({error.msg}).") from None
    except (ImportError, NameError, TypeError, AttributeError, KeyError) as error:
        raise CannotDo(f"{file} cannot be read: {type(error).__name__}: {error}") from None
    defined = {value for value in found.values() if isinstance(value, Pathway)}
    if not defined:
        raise CannotDo(f"{file} defines no pathway.")
    for pathway in sorted(defined, key=lambda one: (one.key, one.version)):
        click.echo(f"{pathway.key} {pathway.version}: holds.")


def _running_strangers() -> list[tuple[str, int, int]] | None:
    """The versions of running episodes that are not registered, and how many; None where no database can be asked."""
    try:
        with door.transaction(door.settings()) as session:
            return [
                (key, version, count) for key, version, count in _running(session) if (key, version) not in PATHWAYS
            ]
    except (MissingSettings, OperationalError):
        return None


def _running(session: Session) -> list[tuple[str, int, int]]:
    version = (Episode.pathway_key, Episode.pathway_version)
    rows = session.execute(select(*version, func.count()).where(Episode.closed_at.is_(None)).group_by(*version))
    return [(key, number, count) for key, number, count in rows]


@pathways.command()
@click.argument("key", type=click.Choice(sorted({key for key, _ in PATHWAYS})))
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@click.option(
    "--language", type=click.Choice([language.value for language in Language]), default="da", show_default=True
)
def draw(key: str, form: str, language: str) -> None:
    """Draw the newest version of the pathway KEY, on standard output."""
    drawn = {"mermaid": diagram.mermaid, "svg": diagram.svg}[form]
    click.echo(drawn(newest(key), Language(language)), nl=False)
