"""What an administrator does so that a system can work: it is added, two agree to its role, a token is shown once."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.web.reader import Page, Reader
from tests.web.test_admin import given, unit_id, uuid_of
from tests.web.test_signin import given_password, with_password
from workflow.db import Session
from workflow.tables import PersonRole, Unit
from workflow.vocabulary import Role


@pytest.fixture
def admin(somebody: Reader) -> Reader:
    somebody.signs_in("admin")
    return somebody


def added(admin: Reader) -> str:
    """A system; returns the address of its page."""
    page = admin.sends(admin.sees("/admin/systems"), "/admin/systems", name="EOJ Demo", username="eoj")
    assert "Giv først systemet en rolle" in page.text
    return page.answer.request.path


def with_role(admin: Reader, app: Flask) -> str:
    """The same, once a second person has agreed to its role in the ward."""
    address = added(admin)
    given(admin, "eoj", "ward_nurse", "Medicinsk afsnit")
    assert "Giv først systemet en rolle" in admin.sees(address).text  # it waits
    manager = Reader(app.test_client())
    manager.signs_in("leder.hospital")
    choosing = manager.sees("/choose")
    with Session() as session:
        own = select(PersonRole.uuid).join(Unit).where(Unit.name == "Medicinsk afsnit", PersonRole.role == Role.MANAGER)
        role = session.scalars(own).one()
    manager.sends(choosing, "/choose", role=str(role))
    manager.presses(manager.sees("/admin/roles"), data_approve="eoj")
    return address


def given_token(admin: Reader, address: str, **typed: str) -> Page:
    with Session() as session:
        role = session.scalars(select(PersonRole.uuid).order_by(PersonRole.id.desc()).limit(1)).one()
    page = admin.sees(address)
    return admin.sends(page, f"{address}/tokens", **{"role": str(role), "scope": "tasks:read", "days": "30"} | typed)


def test_a_system_works_by_a_token_that_is_shown_once(admin: Reader, app: Flask) -> None:
    address = with_role(admin, app)
    shown = given_token(admin, address)
    secret = shown.first("input", id="secret")["value"]
    header = {"Authorization": f"Bearer {secret}"}
    client = app.test_client()
    assert client.get("/api/v1/tasks", headers=header).status_code == 200
    page = admin.sees(address)
    assert secret not in page.html
    assert "læse opgaver og frister" in page.text
    assert "EOJ Demo" in admin.sees("/admin/systems").text
    after = admin.presses(page, data_revoke_token="")
    assert "trukket tilbage af" in after.text
    assert client.get("/api/v1/tasks", headers=header).status_code == 401


def test_what_cannot_be_given_is_refused(admin: Reader, app: Flask) -> None:
    address = with_role(admin, app)
    for typed, status in (
        ({"scope": ""}, 422), ({"scope": "calendar:read"}, 422), ({"days": "0"}, 422), ({"days": "9" * 400}, 422),
        ({"days": "mange"}, 422), ({"role": "x"}, 404), ({"role": unit_id("Medicinsk afsnit")}, 404),
    ):  # fmt: skip
        assert given_token(admin, address, **typed).answer.status_code == status, typed


def test_a_person_is_no_system(admin: Reader) -> None:
    assert admin.sees(f"/admin/systems/{uuid_of('distrikt')}").answer.status_code == 404


def test_another_system_s_role_is_not_given_by_its_number(admin: Reader, app: Flask) -> None:
    address = with_role(admin, app)
    admin.sends(admin.sees("/admin/systems"), "/admin/systems", name="Anden Demo", username="anden")
    other = f"/admin/systems/{uuid_of('anden')}"
    with Session() as session:
        role = session.scalars(select(PersonRole.uuid).order_by(PersonRole.id.desc()).limit(1)).one()
    fields = admin.sees(address).forms[-1].fields | {"role": str(role), "scope": "tasks:read", "days": "30"}
    assert admin.client.post(f"{other}/tokens", data=fields).status_code == 404


def test_nobody_is_signed_in_as_a_system_also_not_by_a_password(admin: Reader, app: Flask) -> None:
    with_role(admin, app)
    with_password("eoj")
    stranger = Reader(app.test_client())
    page = given_password(stranger, "eoj")
    assert (page.answer.status_code, "Et system logger ikke ind" in page.text) == (403, True)
    assert stranger.sees("/account").answer.request.path == "/sign-in"


def test_a_token_that_is_not_made_comes_back_as_it_was_typed(admin: Reader, app: Flask) -> None:
    page = given_token(admin, with_role(admin, app), days="9999")
    assert page.answer.status_code == 422
    assert page.first("a", href="#token-days")
    assert page.first("input", id="token-days", value="9999", aria_invalid="true")
    assert "checked" in page.first("input", name="scope", value="tasks:read")
