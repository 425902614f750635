"""overgang doctor: what is wrong with this installation, in words, and how to mend it."""

import json
import os

import click

from ops import examination, home


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The findings for a program.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with this installation and how to mend it. Exit code 1 when something is."""
    findings = examination.examine(home.environment(os.environ))
    if as_json:
        click.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.well else 'MEND'}  {finding.subject}: {finding.sentence}")
            if finding.remedy:
                click.echo(f"      -> {finding.remedy}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)
