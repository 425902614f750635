"""Citizens, found by CPR; and the register of whom a municipality knows."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import exists, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import office_files, texts
from workflow.cpr import Cpr
from workflow.db import LONGEST_LINE
from workflow.errors import Invalid
from workflow.office_files import BadLine
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


def import_services(session: Session, lines: Iterable[str]) -> tuple[int, list[BadLine]]:
    """Read the register from a file with the columns `COLUMNS` (see `office_files`); `til` may be empty.

    Returns how many lines were used and which were not. A line that is there already changes nothing but its `til`.
    Raises Invalid when the header is not the expected one.
    """
    municipalities: dict[str | None, int] = {
        code: id_
        for code, id_ in session.execute(
            select(Organisation.code, Organisation.id).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
        )
    }
    return office_files.read_lines(lines, COLUMNS, lambda row: _import_line(session, row, municipalities))


def _import_line(session: Session, row: dict[str, str], municipalities: dict[str | None, int]) -> None:
    municipality_id = municipalities.get(office_files.restored(row["kommunekode"], 4, lost=3))
    if municipality_id is None:
        raise Invalid("no_such_municipality")
    from_on = office_files.day(row["fra"])
    until_on = office_files.day(row["til"]) if row["til"] else None
    if until_on is not None and until_on < from_on:
        raise Invalid("ends_before_it_begins")
    if not row["navn"] or not row["ydelse"]:
        raise Invalid("line_incomplete")
    service = texts.taken(row["ydelse"], LONGEST_LINE, "service")
    cpr = Cpr.parse(office_files.restored(row["cpr"], 10))
    citizen = register(session, cpr, row["navn"], municipality_id=municipality_id)
    same = select(MunicipalService).where(
        MunicipalService.citizen_id == citizen.id,
        MunicipalService.municipality_id == municipality_id,
        MunicipalService.service == service,
        MunicipalService.from_on == from_on,
    )
    known = session.scalar(same)
    if known is None:
        session.add(
            MunicipalService(
                citizen_id=citizen.id, municipality_id=municipality_id, service=service, from_on=from_on,
                until_on=until_on,
            )
        )  # fmt: skip
        session.flush()
    else:
        known.until_on = until_on
