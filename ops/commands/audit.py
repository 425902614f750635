"""overgang audit: whether anybody has changed what was only to be added to."""

import json
from dataclasses import asdict
from datetime import timedelta

import click

from ops import door
from workflow import clock, history
from workflow.history import Broken
from workflow.seeing import access_log
from workflow.seeing.access_log import BrokenLog, Verified

HOW = {
    "changed": "entry {number} is not as it was written",
    "missing": "entry {number} is missing",
    "cut off": "the history ends before its last entry, {number}",
}


LOG_HOW = {
    "changed": "the look with number {number} is not as it was sealed",
    "deleted": "the look with number {number} was sealed and is gone",
    "inserted": "the look with number {number} was put in after the sealing",
    "seal": "seal {number} is not as it was written, or one before it is gone",
}


@click.group()
def audit() -> None:
    """The history of the episodes, and the log of who looked."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="The findings for a program.")
def verify(*, as_json: bool) -> None:
    """Read every history and the access log, and check their chains.

    Names the first entry of each episode where its chain is broken, and the first look that is not as it was sealed.
    Exit code 1 when there is one.
    """
    installation = door.settings()
    broken, read = [], 0
    with door.transaction(installation) as session:
        for found in history.verify(session):
            if isinstance(found, history.Broken):
                broken.append(found)
            else:
                read = found
    with door.transaction(installation) as session:
        keep = timedelta(days=installation.access_log_years * access_log.YEAR)
        *broken_log, log = access_log.verify(session, keep=keep, at=clock.real_now())
    if as_json:
        findings = {
            "entries": read,
            "broken": [asdict(one) for one in broken],
            "access_log": {**asdict(log), "broken": [asdict(one) for one in broken_log]},
        }
        click.echo(json.dumps(findings, indent=2))
    else:
        _say(read, broken, log, broken_log)
    if broken or broken_log:
        raise SystemExit(1)


def _say(read: int, broken: list[Broken], log: BrokenLog | Verified, broken_log: list[BrokenLog | Verified]) -> None:
    for one in broken:
        click.echo(f"episode {one.episode}: {HOW[one.how].format(number=one.number)}")
    chains = "every chain holds" if not broken else f"{len(broken)} chains are broken"
    click.echo(f"{read} entries read: {chains}.")
    for found in broken_log:
        if isinstance(found, BrokenLog):
            click.echo(f"access log: {LOG_HOW[found.how].format(number=found.number)}")
    assert isinstance(log, Verified)
    holds = "is broken" if broken_log else "holds"
    click.echo(f"{log.entries} looks read under {log.seals} seals, up to number {log.last_id}: the chain {holds}.")
