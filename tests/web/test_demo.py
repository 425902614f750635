"""The demo clock: in a demo on every page that goes by it, elsewhere nowhere."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import world as worlds
from tests.conftest import Database
from tests.medcom.conftest import SET_UP, serve
from tests.web.reader import Page, Reader
from web.app import create_app
from workflow import clock
from workflow.db import Session
from workflow.medcom import addresses
from workflow.tables import Episode


@pytest.fixture
def own_reader(own_client: FlaskClient) -> Reader:
    """Somebody looking at a demo that has just begun."""
    with Session.begin() as session:
        clock.start_demo(session)
    return Reader(own_client)


@pytest.mark.parametrize(("language", "shows"), [("da", "tors. 12.03.2026 kl. 08.00"), ("en", "Thu 12 Mar 2026 08:00")])
def test_the_bar_shows_the_time_that_pages_go_by(own_reader: Reader, language: str, shows: str) -> None:
    page = own_reader.presses(own_reader.sees("/status"), data_language=language)
    assert shows in page.html


@pytest.mark.parametrize(
    ("minutes", "shows"),
    [("15", "tors. 12.03.2026 kl. 08.15"), ("60", "tors. 12.03.2026 kl. 09.00"), ("1440", "fre. 13.03.2026 kl. 08.00")],
)
def test_a_button_moves_it_without_script(own_reader: Reader, minutes: str, shows: str) -> None:
    page = own_reader.presses(own_reader.sees("/status"), data_advance=minutes)
    assert page.answer.request.path == "/status"
    assert shows in page.html
    with Session() as session:
        assert clock.now(session) == clock.DEMO_START + timedelta(minutes=int(minutes))


@pytest.mark.parametrize("minutes", ["", "-60", "16", "x"])
def test_only_these_steps_move_it(own_reader: Reader, minutes: str) -> None:
    form = next(form for form in own_reader.sees("/status").forms if form.action == "/demo/clock")
    assert own_reader.client.post("/demo/clock", data=form.fields | {"minutes": minutes}).status_code == 400
    with Session() as session:
        assert clock.now(session) == clock.DEMO_START


def test_a_real_installation_has_neither_bar_nor_address(database: Database) -> None:
    client = create_app(replace(database.settings, demo=False)).test_client()
    page = Page(client.get("/status"))
    assert "data-demo-clock" not in page.html
    assert client.post("/demo/clock", data=page.forms[0].fields | {"minutes": "15"}).status_code == 404


def test_the_hospital_admits_and_then_discharges_a_citizen(own_reader: Reader) -> None:
    with Session.begin() as session:
        world = worlds.build(session)
        addresses.register(session, world.district, "99999001", gln="5799900000001", at=SET_UP)
        addresses.register(session, world.ward, "99999002", gln="5799900000002", at=SET_UP)
        serve(session, world, "0113990001")
    for state in ("admitted", "discharged", "discharged"):  # and then there is nobody left
        page = own_reader.presses(own_reader.sees("/status"), data_message="next")
        assert page.answer.request.path == "/status"
        with Session.begin() as session:
            assert session.scalars(select(Episode.state)).all() == [state]
