"""The access log in the pages: by citizen without the number in any address, by employee, what must be confirmed."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.web.reader import Reader
from workflow import citizens, clock, episodes, keys
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.seeing import access_log, audits
from workflow.seeing.access_log import Visit
from workflow.seeing.audits import Span
from workflow.staff import people
from workflow.tables import AccessEntry, Citizen, Organisation, PersonRole, Unit
from workflow.vocabulary import Look

NUMBER = "0119400007"
NAME = "Agnes Prøve Demo"


def a_citizen() -> str:
    """A citizen in a ward; returns the full number."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        ward = session.scalars(select(Unit).where(Unit.name == "Medicinsk afsnit")).first()
        municipality = session.scalars(select(Organisation).join(Unit).where(Unit.receives_for_municipality)).first()
        assert ward is not None
        assert municipality is not None
        citizen = citizens.register(session, Cpr.parse(NUMBER), NAME, municipality_id=municipality.id)
        at = clock.now(session)
        episodes.open_episode(session, citizen, "home", "admission", by=SYSTEM, at=at, ward=ward)
    return NUMBER


@pytest.fixture
def number(app: Flask) -> str:
    return a_citizen()


def looked(username: str) -> None:
    """Somebody of the demo has looked at that citizen, just now."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        person = people.named(session, username)
        role = session.scalars(select(PersonRole).where(PersonRole.person_id == person.id)).first()
        citizen = session.scalars(select(Citizen).where(Citizen.name == NAME)).one()
        assert role is not None
        by = Actor(name=person.name, person_id=person.id, unit_id=role.unit_id, roles=frozenset({role.role}))
        visit = Visit(what="episode", at=clock.real_now(), purpose="Stuegang")
        access_log.write(session, Look.READ, visit, by=by, citizens=[citizen.id], related=False)
        audits.find(session, Span(since=visit.at - timedelta(hours=1), until=visit.at + timedelta(hours=1)))


def manages(reader: Reader, username: str) -> None:
    """Sign in as a manager of several units: they act in one of them, and see all."""
    reader.signs_in(username)


@pytest.fixture
def manager(somebody: Reader, number: str) -> Reader:
    """The manager of the district, where somebody has looked."""
    looked("distrikt")
    manages(somebody, "leder.kommune")
    return somebody


def test_by_citizen(manager: Reader) -> None:
    page = manager.sends(manager.sees("/revision"), "/revision/citizen", cpr=NUMBER)
    assert page.answer.status_code == 200
    assert "Stuegang" in page.text
    assert NUMBER not in page.html
    assert NUMBER not in page.answer.request.url
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        search = session.scalars(select(AccessEntry).where(AccessEntry.kind == Look.SEARCH)).one()
        assert search.criterion is not None
        assert len(search.citizens) == 1


@pytest.mark.parametrize("address", ["/revision/citizen", "/revision/extract"])
def test_a_search_that_finds_nobody_is_kept_with_the_hash_of_what_was_typed(manager: Reader, address: str) -> None:
    page = manager.sees("/revision")
    form = next(form for form in page.forms if form.action == "/revision/citizen")
    for typed in ("0119400008", "011940-0008", "0119400009"):
        answer = manager.client.post(address, data=form.fields | {"cpr": typed})
        assert (answer.status_code, typed in answer.text) == (404, True)
        assert ("Det kan ikke vises" in answer.text, "gemt" in answer.text) == (True, False)
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        looked = select(AccessEntry).where(AccessEntry.what == address[1:].replace("/", "_")).order_by(AccessEntry.id)
        kept = session.scalars(looked).all()
        assert [(one.kind, one.purpose, one.citizens) for one in kept] == [(Look.REFUSED, "no_such_citizen", [])] * 3
        asked = keys.ring().fingerprint("search", b"0119400008")
        assert [one.criterion == asked for one in kept] == [True, True, False]


def test_the_extract_is_a_file(manager: Reader) -> None:
    page = manager.sees("/revision")
    form = next(form for form in page.forms if form.action == "/revision/citizen")
    answer = manager.client.post("/revision/extract", data=form.fields | {"cpr": NUMBER})
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Stuegang" in answer.text
    assert NUMBER not in answer.text


def test_by_employee(manager: Reader) -> None:
    page = manager.sends(manager.sees("/revision"), "/revision/employee", username="distrikt")
    assert "Stuegang" in page.text


def test_a_hit_is_confirmed_once_and_is_gone(manager: Reader) -> None:
    page = manager.sees("/revision")
    assert page.first("tr", data_why="no_relation")
    form = next(form for form in page.forms if "/revision/confirm/" in form.action)
    after = manager.sends(page, form.action, in_order="1", reason="")
    assert "no_relation" not in after.html


def test_another_house_reads_nothing_of_it(number: str, app: Flask) -> None:
    looked("distrikt")
    other = Reader(app.test_client())
    manages(other, "leder.hospital")
    assert "no_relation" not in other.sees("/revision").html
    assert "Stuegang" not in other.sends(other.sees("/revision"), "/revision/citizen", cpr=NUMBER).text


def test_monitoring_counts_over_everybodys_rows_though_no_page_sees_them(somebody: Reader, number: str) -> None:
    with Session.begin() as session:
        assert session.scalar(text("select count(*) from deadlines")) == 0
        clock.advance(session, timedelta(days=3))
    assert "\novergang_deadlines_unraised 1.0\n" in somebody.client.get("/metrics").text


@pytest.mark.parametrize("username", ["distrikt", "koordinator", "drift"])
def test_the_log_is_for_managers_and_administrators(somebody: Reader, username: str) -> None:
    somebody.signs_in(username)
    assert somebody.sees("/revision").answer.status_code == 403
