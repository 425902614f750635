"""Units in the pages: one in a form, many from a file that is looked at first, and both undone."""

import io

import pytest
from sqlalchemy import select

from tests.web.reader import Page, Reader
from tests.web.test_admin import unit_id
from workflow.db import Session
from workflow.staff.registry import COLUMNS
from workflow.tables import Unit

HEADER = ";".join(COLUMNS)
NEW = "1082;kommune;Prøve Kommune;999;;;Distrikt Øst;distrikt;;;;;;;ja;07:00;22:30"
CHANGED = "1082;kommune;Randers Kommune;730;;;Distrikt Syd;distrikt;99990000009;9990000000009;+45 00000002;;;;ja;;"


@pytest.fixture
def admin(somebody: Reader) -> Reader:
    somebody.signs_in("admin")
    return somebody


def looked_at(admin: Reader, content: bytes) -> Page:
    form = next(f for f in admin.sees("/admin/units/file").forms if f.action == "/admin/units/file/look")
    sent = form.fields | {"file": (io.BytesIO(content), "region.csv")}
    return Page(admin.client.post(form.action, data=sent, content_type="multipart/form-data"))


def names() -> set[str]:
    with Session() as session:
        return set(session.scalars(select(Unit.name)))


def test_a_file_is_looked_at_written_and_undone(admin: Reader) -> None:
    seen = looked_at(admin, "\r\n".join([HEADER, NEW, CHANGED]).encode("utf-8-sig"))
    assert "Dette bliver ændret; intet er gemt endnu" in seen.text
    assert "Distrikt Syd Telefon om dagen: +45 00 00 09 00 +45 00000002" in seen.text
    assert "Distrikt Øst" not in names()
    written = admin.presses(seen, data_write="")
    assert "Distrikt Øst" in names()
    assert "Prøve Kommune og 2 til" in written.text
    admin.presses(written, data_undo="")
    assert "Distrikt Øst" not in names()
    with Session() as session:
        assert session.scalars(select(Unit.phone).where(Unit.name == "Distrikt Syd")).one() == "+45 00 00 09 00"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEADER}\n{NEW}\n1082;amt;X;;;;;;;;;;;;;;", "1 linje kan ikke bruges, så intet bliver skrevet"),
        (f"{HEADER}\n;region;Region Anden;1099;;;;;;;;;;;;;", "Det hører til en anden organisation."),
        ("navn;kode\nx;y", "Filens første linje skal have disse kolonner"),
        (f"{HEADER}\n;region;{'x' * 200_000};1099;;;;;;;;;;;;;", "Navnet er for lang: der er plads til 200 tegn."),
        (HEADER, "Filen giver ingen ændringer"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_why(admin: Reader, content: str, told: str) -> None:
    seen = looked_at(admin, content.encode())
    assert told in seen.text
    assert "data-write" not in seen.html


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_in_whatever_code_page_an_office_saves_it(admin: Reader, page: str) -> None:
    seen = looked_at(admin, f"{HEADER}\n{NEW}".encode(page))
    assert seen.answer.status_code == 200
    assert seen.first("p", data_code_page="") is not None
    shown = {"cp1252": "Windows-1252", "utf-16": "UTF-16"}.get(page, "UTF-8")
    assert f"Filen er læst som {shown}." in seen.text
    assert "data-write" in seen.html


def test_a_workbook_is_refused(admin: Reader) -> None:
    seen = looked_at(admin, b"PK\x03\x04" + bytes(range(256)) * 4)
    told = "gem som CSV" in seen.text, "Det kan ikke vises" in seen.texts
    assert (seen.answer.status_code, *told) == (422, True, True)


def test_what_was_looked_at_and_has_gone_bad_since_is_not_written(admin: Reader) -> None:
    seen = looked_at(admin, f"{HEADER}\n{NEW}".encode())
    form = next(f for f in seen.forms if f.action == "/admin/units/file")
    sent = form.fields | {"text": f"{HEADER}\n{NEW}\n1082;amt;X"}
    assert admin.client.post(form.action, data=sent).status_code == 422
    assert "Distrikt Øst" not in names()


def test_a_unit_is_added_and_its_reading_hours_are_changed(admin: Reader) -> None:
    with Session() as session:
        municipality = str(session.scalars(select(Unit).where(Unit.name == "Distrikt Syd")).one().organisation.uuid)
    page = admin.sends(
        admin.sees("/admin/units/new"), "/admin/units/new", organisation=municipality, enhed="Distrikt Ny",
        enhedsart="distrikt", telefon="+45 00 00 00 01",
    )  # fmt: skip
    address = f"/admin/units/{unit_id('Distrikt Ny')}"
    assert page.answer.request.path == address
    changed = admin.sends(page, address, **{"enhedsart": "distrikt", "læses_fra": "07:00", "læses_til": "22:00"})
    assert changed.answer.status_code == 200
    assert "07:00-22:00" in admin.sees("/admin/units").text
    refused = admin.sends(changed, address, enhedsart="distrikt", enhed_gln="12")
    assert (refused.answer.status_code, 'id="unit-enhed_gln-error"' in refused.html) == (422, True)
    assert "Det er ikke gemt" in refused.texts
    assert 'value="12"' in refused.html  # what was typed is there


def test_roles_are_looked_through(admin: Reader) -> None:
    seen = admin.sees("/admin/roles/review?show=all")
    assert seen.html.count('name="role"') > 20
    assert 'data-role-of="admin"' in seen.html
    form = next(f for f in seen.forms if f.action == "/admin/roles/review")
    role = seen.first("input", name="role")["value"]
    page = Page(admin.client.post(form.action, data=form.fields | {"role": role}, follow_redirects=True))
    assert "Åse Demo" in page.text.split("Sidst logget ind")[1]


def test_what_a_unit_lacks_is_pointed_at(admin: Reader) -> None:
    unit = f"/admin/units/{unit_id('Distrikt Syd')}"
    page = admin.sends(admin.sees(unit), unit, enhed="", enhedsart="distrikt")
    assert page.first("a", href="#unit-enhed")
    assert page.first("input", id="unit-enhed", aria_invalid="true")
    for button, field in (({"data_close": ""}, "closing-closed_on"), ({"data_holder": ""}, "holder-from_on")):
        page = admin.presses(admin.sees(unit), **button)
        assert page.first("a", href=f"#{field}")
        assert page.first("input", id=field, aria_invalid="true")
