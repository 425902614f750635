"""What administrators do in the pages, with two people where two are asked for."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.web.reader import Page, Reader
from workflow.db import Session
from workflow.staff import people
from workflow.tables import Person, PersonRole, Unit


@pytest.fixture
def admin(somebody: Reader) -> Reader:
    somebody.signs_in("admin")
    return somebody


def uuid_of(username: str) -> str:
    with Session() as session:
        return str(people.named(session, username).uuid)


def unit_id(name: str) -> str:
    with Session() as session:
        return str(session.scalars(select(Unit.uuid).where(Unit.name == name)).one())


def given(admin: Reader, username: str, role: str, unit: str) -> Page:
    page = admin.sees(f"/admin/people/{uuid_of(username)}")
    return admin.sends(page, f"/admin/people/{uuid_of(username)}/roles", role=role, unit=unit_id(unit))


def test_a_person_is_added_given_a_role_and_works_once_a_second_agrees(admin: Reader, app: Flask) -> None:
    page = admin.sends(admin.sees("/admin/people"), "/admin/people", name="Ny Demo", username="ny")
    assert "Ny Demo" in page.text
    page = given(admin, "ny", "ward_nurse", "Medicinsk afsnit")
    assert "venter på godkendelse" in page.text
    assert "data-approve" not in admin.sees("/admin/roles").html  # not by who gave it
    manager = Reader(app.test_client())
    manager.signs_in("leder.hospital")
    choosing = manager.sees("/choose")
    with Session() as session:
        role = session.scalars(
            select(PersonRole.uuid)
            .join(Person)
            .join(Unit)
            .where(Person.username == "leder.hospital", Unit.name == "Medicinsk afsnit")
        ).one()
    manager.sends(choosing, "/choose", role=str(role))
    waiting = manager.sees("/admin/roles")
    assert manager.presses(waiting, data_approve="ny").answer.status_code == 200
    assert "gælder" in admin.sees(f"/admin/people/{uuid_of('ny')}").text


def test_nobody_gives_themselves_a_role_in_the_pages(admin: Reader) -> None:
    given(admin, "admin", "municipal_nurse", "Distrikt Syd")
    with Session() as session:
        role = session.scalars(
            select(PersonRole.uuid).where(PersonRole.role == "municipal_nurse").order_by(PersonRole.id.desc())
        ).first()
    page = admin.sees("/admin/people")
    answer = admin.client.post(f"/admin/roles/{role}/approve", data=page.forms[0].fields)
    assert answer.status_code == 403


def test_who_is_deactivated_leaves_and_may_come_back(admin: Reader, app: Flask) -> None:
    nurse = Reader(app.test_client())
    nurse.signs_in("distrikt")
    page = admin.presses(admin.sees(f"/admin/people/{uuid_of('distrikt')}"), data_deactivate="")
    assert "deaktiveret" in page.text
    assert nurse.sees("/account").answer.request.path == "/sign-in"
    admin.presses(page, data_reactivate="")
    assert nurse.sees("/account").answer.request.path == "/sign-in"  # the old sign-in stays ended
    assert nurse.signs_in("distrikt").answer.status_code == 200


def test_the_last_administrator_is_told_why_not(admin: Reader) -> None:
    page = admin.presses(admin.sees(f"/admin/people/{uuid_of('admin')}"), data_deactivate="")
    assert (page.answer.status_code, "den sidste administrator" in page.text) == (409, True)
    page = admin.presses(admin.sees(f"/admin/people/{uuid_of('admin')}"), data_end_role="administrator")
    assert page.answer.status_code == 409


def test_a_sign_in_is_ended(admin: Reader, app: Flask) -> None:
    nurse = Reader(app.test_client())
    nurse.signs_in("distrikt")
    admin.presses(admin.sees("/admin/sign-ins"), data_end_sign_in="distrikt")
    assert nurse.sees("/account").answer.request.path == "/sign-in"


def test_a_role_that_is_taken_away_stops_at_once(admin: Reader, app: Flask) -> None:
    nurse = Reader(app.test_client())
    nurse.signs_in("distrikt")
    admin.presses(admin.sees(f"/admin/people/{uuid_of('distrikt')}"), data_end_role="municipal_nurse")
    assert "Du har ingen rolle endnu" in nurse.sees("/choose").text


def test_the_place_that_changes_authority_in_2027_and_another(admin: Reader) -> None:
    page = admin.sees(f"/admin/units/{unit_id('Akutpladserne')}")
    assert "Region Midtjylland fra 01.01.2027" in page.text
    assert "Randers Kommune indtil 31.12.2026" in page.text
    other = admin.sees(f"/admin/units/{unit_id('Distrikt Syd')}")
    with Session() as session:
        region = str(session.execute(text("select uuid from organisations where kind = 'region'")).scalar_one())
    address = f"/admin/units/{unit_id('Distrikt Syd')}/holders"
    changed = admin.sends(other, address, holding="operator", organisation=region, from_on="2028-02-01")
    assert "Drift Region Midtjylland fra 01.02.2028" in changed.text
    again = admin.sends(other, address, holding="operator", organisation=region, from_on="2028-01-01")
    assert again.answer.status_code == 409
    wrong = admin.sends(other, address, holding="operator", organisation="x", from_on="2029-01-01")
    assert wrong.answer.status_code == 404
    assert admin.sends(other, address, holding="king", organisation=region, from_on="x").answer.status_code == 422


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "'; drop table people; --", "Ærø O'Nan 🦔"]
)
def test_what_is_typed_is_shown_as_it_was_typed(admin: Reader, typed: str) -> None:
    page = admin.sends(admin.sees("/admin/people"), "/admin/people", name=typed, username="ny")
    assert typed in page.text
    assert "<script>alert" not in page.html


@pytest.mark.parametrize(
    ("typed", "status"), [({"username": "010740-1234"}, 422), ({"name": " "}, 422), ({"username": "ADMIN"}, 409),
                          ({"email": "x"}, 422), ({"mobile": "x"}, 422), ({"name": "010740-1234"}, 422)]
)  # fmt: skip
def test_a_person_who_cannot_be_is_refused(admin: Reader, typed: dict[str, str], status: int) -> None:
    sent = {"name": "Ny Demo", "username": "ny"} | typed
    assert admin.sends(admin.sees("/admin/people"), "/admin/people", **sent).answer.status_code == status
