"""overgang audit: whether anybody has changed what was only to be added to."""

import json
import re
from dataclasses import asdict
from datetime import timedelta

import click

from ops import door
from workflow import clock, history, seals
from workflow.history import Broken
from workflow.seals import BrokenSeal, VerifiedSeals
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

SEAL_HOW = {
    "changed": "{table}: row {number} is not as it was sealed",
    "deleted": "{table}: row {number} was sealed and is gone",
    "inserted": "{table}: row {number} was put in after the sealing",
    "seal": "{table}: seal {number} is not as it was written, or one before it is gone",
    "cut off": "seal {number} is not there as it was kept: the end was cut off, or written anew",
}


@click.group()
def audit() -> None:
    """The history of the episodes, the log of who looked, and all else that only grows."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="The findings for a program.")
@click.option("--kept", metavar="SEAL", help="A newest seal that an earlier run has named, and you keep elsewhere.")
def verify(*, as_json: bool, kept: str | None) -> None:
    """Read every history, the access log and every table that only grows, and check their chains and seals.

    Names the first entry of each episode where its chain is broken, the first look, and the first row of each table
    that is not as it was sealed. Exit code 1 when there is one.
    """
    if kept is not None and not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", kept):
        raise click.BadParameter("a seal is NUMBER:HASH, as audit verify has named it", param_hint="--kept")
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
    with door.transaction(installation) as session:
        *broken_seals, sealed = seals.verify(session, kept=kept)
    if as_json:
        findings = {
            "entries": read,
            "broken": [asdict(one) for one in broken],
            "access_log": {**asdict(log), "broken": [asdict(one) for one in broken_log]},
            "records": {**asdict(sealed), "broken": [asdict(one) for one in broken_seals]},
        }
        click.echo(json.dumps(findings, indent=2))
    else:
        _say(read, broken, log, broken_log)
        _say_seals(sealed, broken_seals)
    if broken or broken_log or broken_seals:
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


def _say_seals(sealed: BrokenSeal | VerifiedSeals, broken: list[BrokenSeal | VerifiedSeals]) -> None:
    for one in broken:
        if isinstance(one, BrokenSeal):
            click.echo(SEAL_HOW[one.how].format(table=one.table, number=one.number))
    assert isinstance(sealed, VerifiedSeals)
    holds = "are broken" if broken else "hold"
    click.echo(f"{sealed.rows} rows of what only grows read under {sealed.seals} seals: they {holds}.")
    if sealed.newest:
        click.echo(f"The newest seal, to keep elsewhere: {sealed.newest}")
