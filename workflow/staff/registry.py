"""A region's organisations and units, from a file or a form: looked at first, applied whole, and remembered."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow import office_files, texts
from workflow.actor import Actor
from workflow.errors import Invalid
from workflow.office_files import BadLine
from workflow.staff.administrators import require_administrator, require_administrator_in, require_administrator_of
from workflow.staff.uses import require_unused
from workflow.tables import Organisation, RegistryImport, Unit
from workflow.vocabulary import OrganisationKind, UnitKind

COLUMNS = (
    "region", "art", "organisation", "kode", "sor", "gln", "enhed", "enhedsart", "enhed_sor", "enhed_gln",
    "telefon", "telefon_nat", "telefon_72", "mail", "modtager", "læses_fra", "læses_til",
)  # fmt: skip
ORGANISATIONS = {
    "region": OrganisationKind.REGION, "hospital": OrganisationKind.HOSPITAL,
    "kommune": OrganisationKind.MUNICIPALITY, "praksis": OrganisationKind.PRACTICE,
}  # fmt: skip
UNITS = {
    "afdeling": UnitKind.WARD, "koordination": UnitKind.COORDINATION, "distrikt": UnitKind.DISTRICT,
    "plads": UnitKind.FACILITY, "praksis": UnitKind.PRACTICE, "forvaltning": UnitKind.ADMINISTRATION,
}  # fmt: skip
_FIELDS = {
    Organisation: ("name", "kind", "code", "parent_id", "sor", "gln"),
    Unit: (
        "organisation_id", "name", "kind", "phone", "phone_night", "phone_line", "email", "reads_from", "reads_until",
        "receives_for_municipality", "sor", "gln",
    ),
}  # fmt: skip


@dataclass
class Reading:
    """What a file says. `changes` holds each row's table, id, name and what it was before (None: it is new) and after.

    Applied only when nothing is bad.
    """

    changes: list[dict[str, Any]] = field(default_factory=list)
    unchanged: int = 0
    bad: list[BadLine] = field(default_factory=list)


class _TakenBack(Exception):
    """What was read, and is not to stay written."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading


def preview(session: Session, lines: Iterable[str], *, by: Actor) -> Reading:
    """What `apply` would do; it is done, and taken back. Raises Invalid when the header is not `COLUMNS`."""
    require_administrator(by)
    try:
        with session.begin_nested():
            raise _TakenBack(_read(session, lines, by))
    except _TakenBack as trial:
        return trial.reading


def apply(session: Session, lines: Iterable[str], *, by: Actor, at: datetime) -> Reading:
    """Write every organisation and unit of the file: all of it, or, when a line is bad, nothing. `at` is real time.

    One line a unit, with the columns `COLUMNS` (see `office_files`); an organisation's numbers stand on its first line.
    Known again by SOR id, an organisation else by its number or name, a unit else by its name there. A line that is not
    for this administrator to write is a bad one. Raises Invalid, NotAllowed.
    """
    require_administrator(by)
    try:
        with session.begin_nested():
            reading = _read(session, lines, by)
            if reading.bad:
                raise _TakenBack(reading)
    except _TakenBack as trial:
        return trial.reading
    _remember(session, reading, by, at)
    return reading


def write_unit(
    session: Session, organisation: Organisation, unit: Unit | None, said: Mapping[str, str], *, by: Actor, at: datetime
) -> Unit:  # fmt: skip
    """One unit as a form says it, in the words of a file's columns; None makes a new one. `at` is real time.

    It is remembered as a file of one line is, and undone in the same way. Raises Invalid, NotAllowed.
    """
    require_administrator_in(session, organisation.id, by=by)
    if not said["enhed"]:
        raise Invalid("name_needed")
    reading = Reading()
    with session.begin_nested():
        written: Unit = _written(session, reading, unit or Unit(), _unit_values(organisation, said))
    if reading.changes:
        _remember(session, reading, by, at)
    return written


def said_of(unit: Unit) -> dict[str, str]:
    """A unit in the words of a file's columns."""
    said = {
        "enhed": unit.name, "enhedsart": next(word for word, kind in UNITS.items() if kind == unit.kind),
        "enhed_sor": unit.sor, "enhed_gln": unit.gln, "telefon": unit.phone, "telefon_nat": unit.phone_night,
        "telefon_72": unit.phone_line, "mail": unit.email, "modtager": "ja" if unit.receives_for_municipality else "",
        "læses_fra": unit.reads_from and f"{unit.reads_from:%H:%M}",
        "læses_til": unit.reads_until and f"{unit.reads_until:%H:%M}",
    }  # fmt: skip
    return {name: value or "" for name, value in said.items()}


def _remember(session: Session, reading: Reading, by: Actor, at: datetime) -> None:
    session.add(RegistryImport(changes=reading.changes, imported_at=at, imported_by=by.name))
    session.flush()


def _read(session: Session, lines: Iterable[str], by: Actor) -> Reading:
    reading, seen = Reading(), set[int]()

    def use(said: dict[str, str]) -> None:
        with session.begin_nested():
            organisation = _organisation(session, reading, said, by)
            if said["enhed"]:
                _unit(session, reading, organisation, said, seen, by)

    _, reading.bad = office_files.read_lines(lines, COLUMNS, use)
    return reading


def _organisation(session: Session, reading: Reading, said: dict[str, str], by: Actor) -> Organisation:
    kind = ORGANISATIONS.get(said["art"].lower())
    if kind is None:
        raise Invalid("not_a_kind_of_organisation")
    if not said["organisation"]:
        raise Invalid("organisation_incomplete")
    region = office_files.restored(said["region"], 4, lost=3)
    code = office_files.restored(said["kode"], 4, lost=3) or None
    sor, gln = _numbers(said["sor"], said["gln"])
    alike = select(Organisation).where(Organisation.kind == kind)
    found = sor and session.scalar(select(Organisation).where(Organisation.sor == sor))
    found = found or (code and session.scalar(alike.where(Organisation.code == code).limit(1)))
    found = found or session.scalar(alike.where(Organisation.name == said["organisation"]).limit(1))
    values = {
        "name": said["organisation"],
        "kind": kind,
        "code": code,
        "parent_id": None if kind == OrganisationKind.REGION else _region(session, region),
        "sor": sor,
        "gln": gln,
    }
    if found:
        require_administrator_in(session, found.id, by=by)
    if found and not any((code, sor, gln)):  # a later line of the same organisation: only its name again
        return found
    organisation: Organisation = _written(session, reading, found or Organisation(), values)
    require_administrator_in(session, organisation.id, by=by)
    return organisation


def _region(session: Session, code: str) -> int:
    found = session.scalar(
        select(Organisation.id).where(Organisation.kind == OrganisationKind.REGION, Organisation.code == code)
    )
    if found is None:
        raise Invalid("no_such_region")
    return found


def _unit(
    session: Session, reading: Reading, organisation: Organisation, said: dict[str, str], seen: set[int], by: Actor
) -> None:
    values = _unit_values(organisation, said)
    found = values["sor"] and session.scalar(select(Unit).where(Unit.sor == values["sor"]))
    found = found or session.scalar(
        select(Unit).where(Unit.organisation_id == organisation.id, Unit.name == said["enhed"])
    )
    if found:
        require_administrator_of(session, found, by=by)
    unit = _written(session, reading, found or Unit(), values)
    if unit.id in seen:
        raise Invalid("twice_in_the_file")
    seen.add(unit.id)


def _unit_values(organisation: Organisation, said: Mapping[str, str]) -> dict[str, Any]:
    kind = UNITS.get(said["enhedsart"].lower())
    if kind is None:
        raise Invalid("not_a_kind_of_unit")
    sor, gln = _numbers(said["enhed_sor"], said["enhed_gln"])
    reads = [said["læses_fra"], said["læses_til"]]
    if any(reads) and not all(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at) for at in reads):
        raise Invalid("bad_time")
    return {
        "organisation_id": organisation.id, "name": said["enhed"], "kind": kind, "phone": _phone(said["telefon"]),
        "phone_night": _phone(said["telefon_nat"]), "phone_line": _phone(said["telefon_72"]),
        "email": said["mail"] or None, "receives_for_municipality": said["modtager"].lower() in {"ja", "1"},
        "reads_from": time.fromisoformat(reads[0]) if reads[0] else None,
        "reads_until": time.fromisoformat(reads[1]) if reads[1] else None, "sor": sor, "gln": gln,
    }  # fmt: skip


def _phone(cell: str) -> str | None:
    """Eight digits, where a spreadsheet took the first of them; else as it was written."""
    return (office_files.restored(cell, 8) if cell.isdigit() else texts.spaced(cell)) or None


def _written(session: Session, reading: Reading, row: Any, values: dict[str, Any]) -> Any:
    before = None if row.id is None else plain(row)
    if isinstance(row, Unit) and before and any(before[name] != values[name] for name in ("kind", "organisation_id")):
        require_unused(session, row)
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # a unique key: two rows would have one name or one SOR id
        raise Invalid("number_taken") from error
    after = plain(row)
    if before == after:
        reading.unchanged += 1
    else:
        reading.changes.append(
            {"table": row.__tablename__, "id": row.id, "name": row.name, "before": before, "after": after}
        )
    return row


def plain(row: Organisation | Unit) -> dict[str, Any]:
    """What the row holds, as it is remembered."""
    values = {name: getattr(row, name) for name in _FIELDS[type(row)]}
    return {name: value.isoformat() if isinstance(value, time) else value for name, value in values.items()}


def _numbers(sor: str, gln: str) -> tuple[str | None, str | None]:
    sor, gln = office_files.number(sor), office_files.number(gln)
    if sor and not re.fullmatch(r"\d{6,19}", sor, re.ASCII):
        raise Invalid("bad_sor")
    if gln and not re.fullmatch(r"\d{13}", gln, re.ASCII):
        raise Invalid("bad_gln")
    return sor or None, gln or None
