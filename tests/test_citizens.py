"""Who is known to a municipality."""

from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.world import World
from workflow import citizens
from workflow.cpr import Cpr
from workflow.errors import Invalid
from workflow.office_files import BadLine
from workflow.tables import Citizen, MunicipalService

HEADER = "cpr;navn;kommunekode;ydelse;fra;til"


def test_the_register_is_read_from_csv_and_read_twice_changes_nothing(session: Session, world: World) -> None:
    lines = [
        HEADER,
        "3113400001;Agnes Demo;730;hjemmesygepleje;2026-01-01;",
        "3113400002;Åse Ø. Demo;0707;hjemmehjælp;2026-02-01;2026-02-28",
    ]
    for _ in range(2):
        assert citizens.import_services(session, lines) == (2, [])
    assert session.scalar(select(func.count()).select_from(MunicipalService)) == 2
    agnes = citizens.find(session, Cpr.parse("311340-0001"))
    aase = citizens.find(session, Cpr.parse("311340-0002"))
    assert agnes is not None
    assert aase is not None
    assert citizens.is_known(session, agnes, world.municipality.id, on=date(2026, 1, 1))
    assert not citizens.is_known(session, agnes, world.municipality.id, on=date(2025, 12, 31))
    assert not citizens.is_known(session, agnes, world.other_district.organisation_id, on=date(2026, 1, 1))
    assert citizens.is_known(session, aase, world.other_district.organisation_id, on=date(2026, 2, 28))
    assert not citizens.is_known(session, aase, world.other_district.organisation_id, on=date(2026, 3, 1))


def test_a_service_that_ends_is_written_on_the_line_that_began_it(session: Session, world: World) -> None:
    line = "3113400001;Agnes Demo;730;hjemmesygepleje;2026-01-01;"
    citizens.import_services(session, [HEADER, line])
    citizens.import_services(session, [HEADER, line + "2026-03-01"])
    assert session.scalars(select(MunicipalService.until_on)).all() == [date(2026, 3, 1)]


def test_bad_lines_are_named_by_number_without_repeating_them(session: Session, world: World) -> None:
    lines = [
        HEADER,
        "311340;Agnes Demo;730;hjemmesygepleje;2026-01-01;",
        "3113400001;Agnes Demo;999;hjemmesygepleje;2026-01-01;",
        "3113400001;Agnes Demo;730;hjemmesygepleje;1. januar;",
        "3113400001;Agnes Demo;730;hjemmesygepleje;2026-02-01;2026-01-01",
        "3113400001;;730;hjemmesygepleje;2026-01-01;",
        "3113400001",
        "3113400009;Agnes Demo;730;hjemmesygepleje;2026-01-01;",
    ]
    used, bad = citizens.import_services(session, lines)
    assert used == 1
    assert bad == [
        BadLine(2, "not_a_cpr"),
        BadLine(3, "no_such_municipality"),
        BadLine(4, "not_a_date"),
        BadLine(5, "ends_before_it_begins"),
        BadLine(6, "line_incomplete"),
        BadLine(7, "no_such_municipality"),
    ]


def test_a_file_with_other_columns_is_refused_whole(session: Session, world: World) -> None:
    with pytest.raises(Invalid, match="cpr;navn"):
        citizens.import_services(session, ["name;cpr", "x;y"])


def test_a_number_is_one_citizen(session: Session, world: World) -> None:
    one = citizens.register(session, Cpr("3113400005"), "Agnes Demo")
    assert citizens.register(session, Cpr("3113400005"), "Agnes D.") is one
    assert one.cpr == Cpr("3113400005")


def test_the_number_is_nowhere_in_the_database_in_the_clear(session: Session, world: World) -> None:
    citizens.register(session, Cpr("3113400005"), "Agnes Demo", municipality_id=world.municipality.id)
    session.flush()
    rows = session.execute(text(f"select t::text from {Citizen.__tablename__} t")).scalars().all()
    plain, as_hex = "3113400005", b"3113400005".hex()
    assert rows
    assert not [row for row in rows if plain in row or as_hex in row]
