"""A unit's deadlines in somebody's calendar: by an address that they make, without a name, until they take it back."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from tests.api.conftest import NAME, NUMBER, Programs, background
from tests.api.story import Story
from tests.api.test_icalendar import unfolded
from tests.web.reader import Page, Reader
from tests.web.routes import SIGNED_IN
from tests.world import World
from workflow import clock
from workflow.actor import Actor
from workflow.db import Session
from workflow.staff import sign_ins
from workflow.tables import AccessEntry, Episode, Person, Token
from workflow.vocabulary import Look, Role, SignInBy


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def at_work(app: Flask, who: Actor) -> Reader:
    """That person at a browser, signed in."""
    client = app.test_client()
    with Session.begin() as session:
        person = session.get_one(Person, who.person_id)
        life = app.config["OVERGANG"].life
        token = sign_ins.begin(session, person, SignInBy.DEMO, address="127.0.0.1", at=clock.real_now(), life=life)
    client.set_cookie(SIGNED_IN, token)
    return Reader(client)


def made(reader: Reader) -> str:
    """The address that they are shown once, as a path."""
    page = reader.presses(reader.sees("/account/calendar"), data_make_calendar="")
    address = page.first("input", id="address")["value"]
    found = re.fullmatch(r"http://127.0.0.1:8080(/kalender/overgang_[\w-]{43}\.ics)", address)
    assert found, address
    return found[1]


def test_it_shows_what_is_owed_by_when_and_nobodys_name(
    app: Flask, client: FlaskClient, story: Story, world: World
) -> None:
    episode, call = story.call()
    answer = client.get(made(at_work(app, world.facility_nurse)))
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    lines = unfolded(answer.text)
    assert "NAME:Frister: Tryghedshotellet" in lines
    assert "SUMMARY:Opfølgende opkald" in lines
    assert f"UID:{call}" in lines
    assert "DTSTART:20260313T070000Z" in lines  # 24 hours after the discharge
    assert f"URL:http://127.0.0.1:8080/forloeb/{episode}" in lines
    assert not re.search("Agnes|Demo|" + NUMBER[:6], answer.text.replace("NAME:Frister", ""))
    assert NAME not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_each_reading_is_written_down_under_who_made_it(
    app: Flask, client: FlaskClient, story: Story, world: World
) -> None:
    episode, _ = story.call()
    client.get(made(at_work(app, world.facility_nurse)))
    with background() as session:
        number = session.scalars(select(Episode.id).where(Episode.uuid == episode)).one()
        look = session.scalars(select(AccessEntry).where(AccessEntry.what == "calendar")).one()
        assert (look.kind, look.person_id, look.citizens) == (Look.LIST, world.facility_nurse.person_id, [])
        assert set(look.episodes) == {number}


def test_another_unit_has_other_deadlines(app: Flask, client: FlaskClient, story: Story, world: World) -> None:
    story.call()
    answer = client.get(made(at_work(app, world.stranger)))
    assert (answer.status_code, "VEVENT" in answer.text) == (200, False)


def test_it_speaks_the_language_that_is_asked_for(app: Flask, client: FlaskClient, story: Story, world: World) -> None:
    story.call()
    address = made(at_work(app, world.facility_nurse))
    assert "SUMMARY:Follow-up call" in client.get(address, headers={"Accept-Language": "en"}).text


def test_taken_back_it_leads_nowhere(app: Flask, client: FlaskClient, world: World) -> None:
    reader = at_work(app, world.facility_nurse)
    address = made(reader)
    assert client.get(address).status_code == 200
    page = reader.presses(reader.sees("/account/calendar"), data_revoke_calendar="")
    assert "data-revoke-calendar" not in page.html
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("sql", ["update people set active = false", "update person_roles set state = 'ended'"])
def test_who_leaves_takes_it_along(app: Flask, client: FlaskClient, world: World, sql: str) -> None:
    address = made(at_work(app, world.facility_nurse))
    with background() as session:
        session.execute(text(sql))
    assert client.get(address).status_code == 404


def test_the_secret_of_a_calendar_opens_nothing_else_and_no_other_opens_a_calendar(
    app: Flask, client: FlaskClient, programs: Programs, world: World
) -> None:
    secret = made(at_work(app, world.facility_nurse)).removeprefix("/kalender/").removesuffix(".ics")
    for path in ("/api/v1/tasks", "/api/v1/episodes", "/api/v1/units"):
        assert client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    assert client.get(f"/kalender/{programs['hotel'].secret}.ics").status_code == 404
    assert client.get("/kalender/overgang_wrong.ics").status_code == 404


def test_nobody_takes_back_what_is_another_s(app: Flask, world: World) -> None:
    made(at_work(app, world.facility_nurse))
    with background() as session:
        number = session.scalars(select(Token.uuid).order_by(Token.id.desc()).limit(1)).one()
    other = at_work(app, world.second_facility_nurse)
    fields = Page(other.client.get("/account/calendar")).forms[0].fields
    assert other.client.post(f"/account/calendar/{number}/revoke", data=fields).status_code == 403


def test_in_the_role_of_a_manager_too(app: Flask, client: FlaskClient, world: World) -> None:
    assert Role.MANAGER in world.facility_manager.roles
    assert client.get(made(at_work(app, world.facility_manager))).status_code == 200
