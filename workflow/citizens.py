"""Citizens, found by CPR; and the register of whom a municipality knows."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import texts
from workflow.cpr import Cpr
from workflow.db import LONGEST_LINE
from workflow.errors import Invalid
from workflow.tables import Citizen, MunicipalService, Organisation
from workflow.vocabulary import OrganisationKind

COLUMNS = ("cpr", "navn", "kommunekode", "ydelse", "fra", "til")


# Who types a full number sees that citizen's row in this transaction, to open an episode with: the keyed hash cannot be
# made without number and key. It shows no episode.
_TYPED = text("select set_config('overgang.typed', :fingerprint, true)")


def find(session: Session, cpr: Cpr) -> Citizen | None:
    """The citizen with this number."""
    session.execute(_TYPED, {"fingerprint": cpr.fingerprint().hex()})
    return session.scalar(select(Citizen).where(Citizen.cpr_fingerprint == cpr.fingerprint()))


def register(
    session: Session, cpr: Cpr, name: str, *, municipality_id: int | None = None, phone: str | None = None
) -> Citizen:
    """The citizen with this number, made when there is none; a number counts once, whoever registers it meanwhile."""
    name = texts.taken(name, LONGEST_LINE, "name")
    phone = texts.taken(phone, LONGEST_LINE, "phone") if phone is not None else None
    session.execute(_TYPED, {"fingerprint": cpr.fingerprint().hex()})
    made = session.execute(
        insert(Citizen)
        .values(
            cpr_encrypted=cpr.encrypted(), cpr_fingerprint=cpr.fingerprint(), name=name, phone=phone,
            municipality_id=municipality_id,
        )
        .on_conflict_do_nothing(index_elements=["cpr_fingerprint"])
        .returning(Citizen.id)
    ).scalar_one_or_none()  # fmt: skip
    if made is not None:
        return session.get_one(Citizen, made)
    return session.scalars(select(Citizen).where(Citizen.cpr_fingerprint == cpr.fingerprint())).one()


def is_known(session: Session, citizen: Citizen, municipality_id: int, *, on: date) -> bool:
    """Whether the citizen receives a service of that municipality on a day: what "known to the municipality" means."""
    known = exists().where(
        MunicipalService.citizen_id == citizen.id,
        MunicipalService.municipality_id == municipality_id,
        MunicipalService.from_on <= on,
        or_(MunicipalService.until_on.is_(None), MunicipalService.until_on >= on),
    )
    return bool(session.scalar(select(known)))


@dataclass(frozen=True)
class BadLine:
    """A line of the file that cannot be used, and why, as a code of `workflow.sentences`.

    It repeats nothing of the line.
    """

    line: int
    code: str


def import_services(session: Session, lines: Iterable[str]) -> tuple[int, list[BadLine]]:
    """Read the register from CSV with a header (`COLUMNS`, separated by semicolon; dates as yyyy-mm-dd, `til` may be
    empty).

    Returns how many lines were used and which were not. A line that is there already changes nothing but its `til`.
    Raises Invalid when the header is not the expected one.
    """
    reader = csv.DictReader(lines, delimiter=";")
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise Invalid("bad_header", expected=";".join(COLUMNS))
    municipalities: dict[str | None, int] = {
        code: id_
        for code, id_ in session.execute(
            select(Organisation.code, Organisation.id).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
        )
    }
    used, bad = 0, []
    for row in reader:
        try:
            _import_line(session, row, municipalities)
            used += 1
        except Invalid as error:
            bad.append(BadLine(reader.line_num, error.code))
    return used, bad


def _import_line(session: Session, row: dict[str, str | None], municipalities: dict[str | None, int]) -> None:
    municipality_id = municipalities.get((row["kommunekode"] or "").zfill(4))
    if municipality_id is None:
        raise Invalid("no_such_municipality")
    try:
        from_on = date.fromisoformat(row["fra"] or "")
        until_on = date.fromisoformat(row["til"]) if row["til"] else None
    except ValueError as error:
        raise Invalid("not_a_date") from error
    if until_on is not None and until_on < from_on:
        raise Invalid("ends_before_it_begins")
    if not (row["navn"] or "").strip() or not (row["ydelse"] or "").strip():
        raise Invalid("line_incomplete")
    citizen = register(session, Cpr.parse(row["cpr"] or ""), row["navn"] or "", municipality_id=municipality_id)
    same = select(MunicipalService).where(
        MunicipalService.citizen_id == citizen.id,
        MunicipalService.municipality_id == municipality_id,
        MunicipalService.service == row["ydelse"],
        MunicipalService.from_on == from_on,
    )
    known = session.scalar(same)
    if known is None:
        session.add(
            MunicipalService(
                citizen_id=citizen.id, municipality_id=municipality_id, service=row["ydelse"], from_on=from_on,
                until_on=until_on,
            )
        )  # fmt: skip
        session.flush()
    else:
        known.until_on = until_on
