"""Closing a unit in the pages: what moves is shown first, one press does it, and a day to come can be called off."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.web.guests import Guest, behind_the_pages, discharged
from tests.web.reader import Reader
from tests.web.routes import enter
from workflow import clock
from workflow.calendar import local
from workflow.tables import Episode, Unit
from workflow.vocabulary import UnitKind

HOTEL = "Tryghedshotellet"


@pytest.fixture
def guest(app: Flask) -> Guest:
    return discharged(hours=2)


@pytest.fixture
def admin(app: Flask) -> Reader:
    reader = Reader(app.test_client())
    enter(reader.client, "admin")
    return reader


def two_houses() -> tuple[str, str]:
    """The house that closes, and the one that takes over."""
    with behind_the_pages() as session:
        old = session.scalars(select(Unit).where(Unit.kind == UnitKind.FACILITY).order_by(Unit.id)).first()
        assert old is not None
        new = Unit(organisation_id=old.organisation_id, name="Plejecenter Nord", kind=UnitKind.FACILITY)
        session.add(new)
        session.flush()
        return str(old.uuid), str(new.uuid)


def today(days: int = 0) -> str:
    with behind_the_pages() as session:
        return (local(clock.now(session)).date() + timedelta(days=days)).isoformat()


def test_a_unit_closes_today_and_its_successor_has_its_episodes(admin: Reader, guest: Guest) -> None:
    old, new = two_houses()
    page = admin.sees(f"/admin/units/{old}/closing")
    assert "Åbne forløb 1" in page.text
    closed = admin.sends(page, f"/admin/units/{old}/closing", successor=new, from_on=today())
    assert closed.answer.status_code == 200
    assert "Plejecenter Nord har overtaget det, den havde." in closed.text
    with behind_the_pages() as session:
        episode = session.scalars(select(Episode).where(Episode.uuid == guest.episode)).one()
        house = session.get_one(Unit, episode.facility_id)
        assert str(house.uuid) == new


def test_the_history_says_which_unit_has_taken_over(app: Flask, admin: Reader, guest: Guest) -> None:
    old, new = two_houses()
    page = admin.sees(f"/admin/units/{old}/closing")
    admin.sends(page, f"/admin/units/{old}/closing", successor=new, from_on=today())
    ward = Reader(app.test_client())
    ward.signs_in("afdeling")
    assert "Enhed lukket, overtaget" in ward.sees(f"/forloeb/{guest.episode}").text


def test_a_day_to_come_is_called_off(admin: Reader, guest: Guest) -> None:
    old, new = two_houses()
    page = admin.sees(f"/admin/units/{old}/closing")
    planned = admin.sends(page, f"/admin/units/{old}/closing", successor=new, from_on=today(7))
    assert "Enheden lukker" in planned.text
    assert "data-call-off" not in admin.presses(planned, data_call_off="").html


@pytest.mark.parametrize("days", [-1, 0])
def test_what_cannot_be_is_refused_on_the_page(admin: Reader, guest: Guest, days: int) -> None:
    old, new = two_houses()
    page = admin.sees(f"/admin/units/{old}/closing")
    typed = {"successor": new if days else "", "from_on": today(days)}
    refused = admin.sends(page, f"/admin/units/{old}/closing", **typed)
    assert refused.answer.status_code in {409, 422}
    assert "data-close-unit" in refused.html


def test_the_kind_of_a_unit_in_use_is_fixed(admin: Reader, guest: Guest) -> None:
    old, _ = two_houses()
    refused = admin.sends(admin.sees(f"/admin/units/{old}"), f"/admin/units/{old}", enhedsart="distrikt")
    assert refused.answer.status_code == 422
    assert "Enhedens art og organisation kan ikke ændres, mens den bruges: 1 åbne forløb" in refused.text
