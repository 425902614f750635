"""What must be impossible for managers and administrators, asked for by hand (domain/users.md 4.3 and 4.5)."""

import re
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from tests.web.routes import MARK, NAME, NUMBER, Hidden, a_citizen, enter, ids
from tests.web.test_admin import unit_id, uuid_of
from workflow.db import Session
from workflow.staff import registry
from workflow.tables import Agreement, MissReview, Person, PersonRole
from workflow.vocabulary import Role, RoleState

Post = Callable[..., TestResponse]


@pytest.fixture
def hidden(app: Flask) -> Hidden:
    """A citizen of a ward, one miss, one look to confirm."""
    return a_citizen()


def forging(app: Flask, username: str, role: Role) -> Post:
    """A browser of somebody who sends what no page of theirs offers, with the mark that their forms carry."""
    client = app.test_client()
    mark = enter(client, username, role)

    def post(address: str, method: str = "POST", **fields: str) -> TestResponse:
        return client.open(address, method=method, data={MARK: mark, **fields} if method == "POST" else None)

    return post


@pytest.fixture
def admin(app: Flask) -> Post:
    return forging(app, "admin", Role.ADMINISTRATOR)


@pytest.fixture
def manager(app: Flask) -> Post:
    return forging(app, "leder.hospital", Role.MANAGER)


def roles_of(username: str, state: RoleState) -> list[PersonRole]:
    with Session() as session:
        of_person = select(PersonRole).join(Person).where(Person.username == username, PersonRole.state == state)
        return list(session.scalars(of_person.order_by(PersonRole.id.desc())))


# --- 4.3: a manager ---


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ["/missede/{miss_id}", "/forloeb/{episode_id}", "/revision/confirm/{look_id}"])
def test_history_a_miss_and_a_look_are_not_edited_or_deleted(
    manager: Post, hidden: Hidden, address: str, method: str
) -> None:
    assert manager(address.format(**ids()), method).status_code == 405


@pytest.mark.parametrize("table", ["history", "misses", "miss_verdicts", "miss_reviews", "access_log"])
def test_nor_by_the_program_itself(app: Flask, table: str) -> None:
    with Session() as session:
        may = text("select has_any_column_privilege(:t, 'update') or has_table_privilege(:t, 'delete, truncate')")
        assert session.scalar(may, {"t": table}) is False


def test_a_review_that_somebody_else_has_moved_on_is_not_overwritten(manager: Post, hidden: Hidden) -> None:
    address = f"/missede/{ids()['miss_id']}/review"
    assert manager(address, after="0", go="save", learning="Den første").status_code == 303
    assert manager(address, after="0", go="save", learning="Den anden").status_code == 409
    with Session.begin() as session:
        session.execute(text("set local role overgang_sweeps"))
        assert session.scalars(select(MissReview.learning)).all() == ["Den første"]


def test_a_review_is_not_closed_without_a_cause_or_with_a_number(manager: Post, hidden: Hidden) -> None:
    address = f"/missede/{ids()['miss_id']}/review"
    assert manager(address, after="0", go="close", learning="Vi ringer før").status_code == 422
    assert manager(address, after="0", go="save", learning=f"Agnes {NUMBER}").status_code == 422


def test_a_miss_is_not_excused_without_a_reason(manager: Post, hidden: Hidden) -> None:
    assert manager(f"/missede/{ids()['miss_id']}/verdict", verdict="excused", reason=" ").status_code == 422


@pytest.mark.parametrize("act", ["review", "reported", "verdict"])
def test_another_municipality_s_manager_judges_nothing_of_it(app: Flask, hidden: Hidden, act: str) -> None:
    neighbour = forging(app, "leder.syddjurs", Role.MANAGER)
    sent = neighbour(f"/missede/{ids()['miss_id']}/{act}", after="0", verdict="excused", reason="Nej", reported="1")
    assert sent.status_code == 404


def test_no_aggregate_holds_a_name_or_a_number(manager: Post, hidden: Hidden) -> None:
    book = ZipFile(BytesIO(manager("/missede.xlsx", "GET").data))
    sheets = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    for shown in (manager("/klynge", "GET").text, manager("/missede.csv", "GET").text, sheets):
        assert not [word for word in hidden.words if word in shown]
    assert ids()["miss_id"].hex[:8] in manager("/missede.csv", "GET").text.replace("-", "")  # the row itself is there


def test_a_small_number_of_others_stays_hidden(app: Flask, hidden: Hidden) -> None:
    page = forging(app, "leder.kommune", Role.MANAGER)("/klynge", "GET").text
    row = re.search(r'<tr data-unit="Medicinsk afsnit">.*?</tr>', page, re.DOTALL)
    assert row is not None
    assert re.findall(r">(\d+|&lt;5)</td>", row[0]) == ["&lt;5", *"00000000", "&lt;5"]


def test_who_gave_a_role_or_holds_it_does_not_confirm_it(manager: Post, hidden: Hidden) -> None:
    own, other = roles_of("leder.hospital", RoleState.IN_FORCE), roles_of("distrikt", RoleState.IN_FORCE)
    for role in (own[0], other[0]):
        assert manager("/admin/roles/review", role=str(role.uuid)).status_code == 403
    assert manager("/admin/roles/review").status_code == 422  # nothing ticked is said, not passed over


# --- 4.5: an administrator ---


def test_the_last_administrator_stays(admin: Post) -> None:
    (own,) = roles_of("admin", RoleState.IN_FORCE)
    assert admin(f"/admin/people/{uuid_of('admin')}/active", active="0").status_code == 409
    assert admin(f"/admin/roles/{own.uuid}/end").status_code == 409


def test_a_unit_with_history_is_not_deleted(admin: Post, hidden: Hidden) -> None:
    assert admin(f"/admin/units/{unit_id('Medicinsk afsnit')}", "DELETE").status_code == 405
    assert admin("/admin/units/undo").status_code == 409  # nothing was imported: nothing goes


def test_nor_one_that_was_used_since_it_was_imported(admin: Post) -> None:
    line = "1082;kommune;Randers Kommune;730;;;Distrikt Øst;distrikt;;;;;;;;;"
    assert admin("/admin/units/file", text=f"{';'.join(registry.COLUMNS)}\n{line}").status_code == 303
    admin(f"/admin/people/{uuid_of('distrikt')}/roles", role="manager", unit=unit_id("Distrikt Øst"))
    assert admin("/admin/units/undo").status_code == 409
    assert unit_id("Distrikt Øst")


@pytest.mark.parametrize("to", ["admin", "distrikt"])
def test_no_role_is_in_force_without_a_second_person(admin: Post, app: Flask, to: str) -> None:
    sent = {"role": "ward_nurse", "unit": unit_id("Medicinsk afsnit"), "state": "in_force", "approved_by_id": "1"}
    assert admin(f"/admin/people/{uuid_of(to)}/roles", **sent).status_code == 303
    (waiting,) = roles_of(to, RoleState.PROPOSED)
    assert admin(f"/admin/roles/{waiting.uuid}/approve").status_code == 403
    assert admin("/admin/roles/review", role=str(waiting.uuid)).status_code in {403, 409}
    held = roles_of(to, RoleState.IN_FORCE)[0].role
    assert forging(app, to, held)("/choose", role=str(waiting.uuid)).status_code in {403, 404}
    assert [role.uuid for role in roles_of(to, RoleState.PROPOSED)] == [waiting.uuid]


def test_an_administrator_sees_no_citizen(admin: Post, hidden: Hidden) -> None:
    for address in ("/overgange", f"/forloeb/{hidden.episode}", "/missede", "/missede.csv", "/klynge", "/noed-adgang"):
        assert admin(address, "GET").status_code == 403
    assert admin("/noed-adgang", cpr=NUMBER, reason="Nysgerrig").status_code == 403
    assert NAME not in admin("/soeg", find=NUMBER).text


@pytest.mark.parametrize("hours", ["-24", "-0.1", "1e9", "nan", "x"])
def test_a_rule_has_no_negative_or_endless_time(admin: Post, hours: str) -> None:
    sent = {"pathway": "tryghedshotel", "rule": "R12", "R12-hours": hours, "title": "Forkert", "R12-rung-0": "0",
            "R12-to-0": "managers"}  # fmt: skip
    for address in ("/admin/aftaler/ny/vis", "/admin/aftaler/ny"):
        assert admin(address, **sent).status_code == 422
    with Session() as session:
        assert session.scalar(select(func.count()).where(Agreement.title == "Forkert")) == 0


@pytest.mark.parametrize("rung", ["-1", "99999"])
def test_nor_has_a_rung_of_its_ladder(admin: Post, rung: str) -> None:
    sent = {"pathway": "tryghedshotel", "rule": "R12", "R12-hours": "24", "title": "Forkert", "R12-rung-0": rung,
            "R12-to-0": "managers"}  # fmt: skip
    assert admin("/admin/aftaler/ny", **sent).status_code == 422


def test_no_agreement_holds_from_the_past(admin: Post) -> None:
    sent = {"pathway": "tryghedshotel", "rule": "R12", "R12-hours": "12", "title": "Forkert", "R12-rung-0": "0",
            "R12-to-0": "managers", "valid_from": "2020-01-01"}  # fmt: skip
    assert admin("/admin/aftaler/ny", **sent).status_code == 422


@pytest.mark.parametrize("address", ["/admin/units/new", "/admin/units/file", "/admin/units/undo", "/admin/people"])
def test_nobody_else_administers(manager: Post, address: str) -> None:
    assert manager(address, text="region", enhed="Ny", name="Ny Demo", username="ny").status_code == 403
