"""overgang medcom: messages taken in from files, scenarios replayed, and who is who on the wire."""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import door, replay
from ops.errors import CannotDo
from workflow import clock
from workflow.medcom import addresses, intake, senders, wire
from workflow.medcom.problems import Unreadable
from workflow.tables import Unit

ENDINGS = {".json", ".xml"}
MOST_IN_A_ZIP = 200_000
HERLEV = "953741000016009"  # Plejecenter Herlev, the receiver of MedCom's examples


@click.group()
def medcom() -> None:
    """Messages by MedCom's standards: Advis om sygehusophold, correspondence, acknowledgements."""


@medcom.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a message.")
def import_(paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Take in messages from PATHs: files, folders (their .json and .xml files, by name), and zip files of them.

    Each is one transaction, and counts once however often it is imported: an import that broke off is begun anew.
    Prints file, acknowledgement, code and fate of each. Exit code 1 when one was refused or could not be read.
    """
    told: Counter[str] = Counter()
    with door.transactions(door.settings()) as begin:

        @contextmanager
        def transaction() -> Iterator[tuple[Session, datetime]]:
            with begin() as session:
                yield session, clock.now(session)

        for name, raw in _files(paths):
            line = {"file": name, **_taken(transaction, raw)}
            told[line["ack"] or line["fate"] or ""] += 1
            if as_json:
                click.echo(json.dumps(line, ensure_ascii=False))
            else:
                click.echo(f"{name}: {line['ack'] or '-'} {line['code'] or ''} {line['fate']}")
    if not as_json:
        click.echo(", ".join(f"{number} {what}" for what, number in told.most_common()) or "There were no messages.")
    if told.keys() - {"ok", "answer"}:
        raise SystemExit(1)


def _taken(transaction: intake.Transaction, raw: bytes) -> dict[str, str | None]:
    try:
        receipt = intake.take_in(transaction, raw, received_from="overgang medcom import", real_at=clock.real_now())
    except Unreadable:
        return {"ack": None, "code": None, "fate": "unreadable"}
    if not receipt.kept:
        raise CannotDo("The database does not answer. Import again when it does: what has been taken in counts once.")
    ack = receipt.answer.code.value if receipt.answer is not None else None
    return {"ack": ack, "code": receipt.code, "fate": "again" if receipt.again else receipt.fate.value}


def _files(paths: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path.is_dir():
            for inside in sorted(p for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file()):
                yield str(inside.relative_to(path)), inside.read_bytes()
        elif zipfile.is_zipfile(path):
            yield from _zipped(path)
        else:
            yield path.name, path.read_bytes()


def _zipped(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        inside = [info for info in archive.infolist() if Path(info.filename).suffix.lower() in ENDINGS]
        if len(inside) > MOST_IN_A_ZIP or any(info.file_size > wire.MAX_BYTES for info in inside):
            raise CannotDo(f"{path.name} holds more, or larger, files than messages are.")
        for info in sorted(inside, key=lambda one: one.filename):
            yield info.filename, archive.read(info)


@medcom.command("replay")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--citizen", "known", multiple=True, metavar="CPR", help="A test person with a relevant case.")
@click.option("--receiver", default=HERLEV, show_default=True, metavar="SOR", help="Who we are.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a step, with what happened only.")
def replay_(folder: Path, known: tuple[str, ...], receiver: str, *, as_json: bool) -> None:
    """Play the scenarios of FOLDER/scenarios.csv, each from an empty state, and show what happened after every step.

    In a demonstration only; nothing is left behind. Exit code 1 when something differs from what is expected.
    """
    as_expected = expected = 0
    for line, happened in replay.play(door.settings(), folder, replay.read(folder), known=known, receiver=receiver):
        differs = line.expected is not None and line.expected != happened
        expected += line.expected is not None
        as_expected += line.expected is not None and not differs
        if as_json:
            where = {"scenario": line.scenario, "step": _number(line.step), "file": line.file}
            click.echo(json.dumps({**where, **{k: v or None for k, v in asdict(happened).items()}}))
        else:
            said = f"{happened.ack or '-':12} {happened.state:10} {happened.followup_due_utc}"
            click.echo(f"{line.scenario:16} {line.step:>2}  {said:44} {line.file}")
            if differs and line.expected is not None:
                wanted = f"{line.expected.ack:12} {line.expected.state:10} {line.expected.followup_due_utc}"
                click.echo(f"{'expected':>20} {wanted}")
    if not as_json:
        click.echo(f"{as_expected} of {expected} steps as expected.")
    if as_expected < expected:
        raise SystemExit(1)


def _number(step: str) -> int | str:
    return int(step) if step.isdigit() else step


@medcom.command("key")
@click.argument("name")
@click.option("--certificate", help="Trust the client certificate of this name, and make no key.")
@click.option("--revoke", is_flag=True, help="Take back everything given under NAME.")
def key(name: str, certificate: str | None, *, revoke: bool) -> None:
    """Let a gateway deliver under NAME: prints a key, once. Delivery is POST /fhir/$process-message, Bearer KEY."""
    with door.transaction(door.settings()) as session:
        at = clock.real_now()
        if revoke:
            click.echo(f"{senders.revoke(session, name, at=at)} taken back.")
        elif certificate is not None:
            senders.trust_certificate(session, name, certificate, at=at)
            click.echo("The certificate is trusted.")
        else:
            click.echo(senders.make_key(session, name, at=at))


@medcom.command("address")
@click.argument("sor")
@click.argument("unit", type=click.UUID)
@click.option("--gln", help="Its location number.")
def address(sor: str, unit: object, gln: str | None) -> None:
    """Say that the organisation SOR on the wire is our UNIT (its number in `overgang medcom addresses`)."""
    with door.transaction(door.settings()) as session:
        found = session.scalar(select(Unit).where(Unit.uuid == unit))
        if found is None:
            raise CannotDo("There is no such unit.")
        addresses.register(session, found, sor, gln=gln, at=clock.real_now())
        click.echo(f"{sor} is {found.name}.")


@medcom.command("addresses")
def list_addresses() -> None:
    """List what came with messages and is in no register yet, and the units that it may be."""
    with door.transaction(door.settings()) as session:
        for unknown in addresses.placeholders(session):
            click.echo(f"unknown  {unknown.sor}  {unknown.name or ''}  (now {unknown.unit.name})")
        every = select(Unit).options(joinedload(Unit.organisation)).order_by(Unit.organisation_id, Unit.name)
        for unit in session.scalars(every):
            click.echo(f"unit     {unit.uuid}  {unit.name}, {unit.organisation.name}")
