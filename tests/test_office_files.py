"""Files as offices save them: any code page, separator and order; lost noughts restored; every line answered."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.world import World
from workflow import citizens, office_files
from workflow.cpr import Cpr
from workflow.errors import Invalid
from workflow.office_files import BadLine
from workflow.tables import Citizen, MunicipalService

HEADER = "cpr;navn;kommunekode;ydelse;fra;til"
LINE = "0119400001;Åse Prøve Demo;0730;Sygepleje;2026-01-01;"


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_code_page_is_found_out(page: str) -> None:
    assert office_files.decode(f"{HEADER}\n{LINE}".encode(page)).text == f"{HEADER}\n{LINE}"


@pytest.mark.parametrize("raw", [b"PK\x03\x04\x00\x00\x90", b"a\x00b\x81"])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        office_files.decode(raw)
    assert refused.value.code == "not_a_text_file"


@pytest.mark.parametrize(
    "file",
    [
        f"{HEADER}\r\n{LINE}\r\n",
        f" CPR ; Navn;Kommune kode;YDELSE;Fra;Til\n{LINE}",
        f"{HEADER}\n{LINE}".replace(";", ","),
        f"{HEADER}\n{LINE}".replace(";", "\t"),
        f"sep=;\n{HEADER}\n;;;;;\n{LINE};;",
        "til;fra;ydelse;kommunekode;navn;cpr\n;01-01-2026;Sygepleje;730;Åse Prøve Demo;119400001",
        "til;fra;ydelse;kommunekode;navn;cpr\n;1.1.2026;Sygepleje;730;A\u030ase Prøve Demo;011940–0001",
    ],
)  # fmt: skip
def test_a_file_as_a_spreadsheet_saves_it_is_read(session: Session, world: World, file: str) -> None:
    assert citizens.import_services(session, file.splitlines(keepends=True)) == (1, [])
    found = citizens.find(session, Cpr("0119400001"))
    assert found is not None
    assert found.name == "Åse Prøve Demo"
    assert session.scalars(select(MunicipalService.from_on)).all() == [date(2026, 1, 1)]


def test_every_line_is_answered_with_its_number(session: Session, world: World) -> None:
    long = "x" * 200_000
    lines = [HEADER, LINE, "", f"0119400002;{long};730;Sygepleje;2026-01-01;", "11940000;A;730;S;2026-01-01;",
             f"{LINE};;en til", f"0119400003;Per Demo;730;{long};2026-01-01;", LINE]  # fmt: skip
    used, bad = citizens.import_services(session, lines)
    assert (used, [(one.line, one.code) for one in bad]) == (
        2, [(4, "too_long"), (5, "not_a_cpr"), (6, "too_many_cells"), (7, "too_long")],
    )  # fmt: skip
    assert len(session.scalars(select(Citizen).where(Citizen.name.in_(["Per Demo", long]))).all()) == 0


def test_a_bad_line_repeats_nothing() -> None:
    lines = [HEADER, "x" * 300 + ";;;;;"]

    def refuse(said: dict[str, str]) -> None:
        raise Invalid("too_long", field="field:name", most=200)

    assert office_files.read_lines(lines, HEADER.split(";"), refuse) == (
        0, [BadLine(2, "too_long", {"field": "field:name", "most": 200})],
    )  # fmt: skip


@pytest.mark.parametrize("header", ["", "cpr;navn", f"{HEADER};cpr", f"{HEADER};andet"])
def test_another_header_is_refused(header: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(office_files.cells([header, LINE], HEADER.split(";")))
    assert refused.value.code == "bad_header"


@pytest.mark.parametrize(
    ("cell", "digits", "lost", "restored"),
    [("730", 4, 3, "0730"), ("31", 4, 3, "0031"), ("119400001", 10, 1, "0119400001"), ("19400001", 10, 1, "19400001"),
     ("0730", 4, 3, "0730"), ("011940-0001", 10, 1, "0119400001"), ("", 4, 3, "")],
)  # fmt: skip
def test_leading_noughts_are_restored_where_the_rest_fits(cell: str, digits: int, lost: int, restored: str) -> None:
    assert office_files.restored(cell, digits, lost=lost) == restored


def test_a_number_that_a_spreadsheet_shortened_is_not_guessed() -> None:
    for cell in ("5,79E+12", "5.79e12"):
        with pytest.raises(Invalid) as refused:
            office_files.number(cell)
        assert refused.value.code == "number_shortened"
