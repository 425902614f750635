"""After every change the next page says what was done, for whom, and takes it back where the engine can."""

import base64
import re

import pytest
from flask import Flask
from sqlalchemy import select, text

from ops.demo import cluster
from tests.browser.pages import the_app
from tests.web.citizens import NAME, NUMBER
from tests.web.reader import Page, Reader
from web.ground import confirmation
from workflow import amendments, clock, keys
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry, Episode, HistoryEntry
from workflow.vocabulary import EntryKind, Look, Role

# Nothing is changed for anybody by these, or the page that comes next shows it and nothing else.
SHOWN_BY_ITSELF = {
    "advance_clock", "break_the_glass", "change_password", "choose", "choose_language", "close_tour",
    "extract_for_citizen", "find_employee", "give_code", "give_purpose", "give_token", "look_at_units",
    "looks_at_citizen", "make_calendar", "new_episode_for", "preview_agreement", "search",
    "set_up_second_factor", "show_cpr", "sign_in", "sign_in_as", "sign_out", "stay", "try_text", "typed_page",
    "use_shortcuts",
}  # fmt: skip


def test_every_change_has_a_sentence() -> None:
    app = the_app()
    with app.test_request_context():
        said = set(confirmation.sentences())
    changes = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/fhir/"))
    }
    assert changes == said | SHOWN_BY_ITSELF
    assert not said & SHOWN_BY_ITSELF


def done(page: Page) -> str:
    """What the line of the page says; empty where it has none."""
    found = re.search(r"data-done>(.*?)</p>", page.html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", found[1]).split()) if found else ""


@pytest.fixture
def nurse(somebody: Reader, arriving: Episode) -> Reader:
    """At Tryghedshotellet, where a citizen is about to arrive."""
    somebody.signs_in("tryghed")
    return somebody


def test_what_was_done_is_said_once_and_for_whom(nurse: Reader, arriving: Episode) -> None:
    page = accepted(nurse, arriving)
    assert done(page) == f"Modtaget: {NAME}"
    assert page.first("div", id="done")["role"] == "status"
    assert not done(nurse.sees("/overgange"))


def accepted(nurse: Reader, episode: Episode) -> Page:
    """The handover, taken over on its own page."""
    return nurse.presses(nurse.sees(f"/forloeb/{episode.uuid}/overlevering"), data_accept="")


def test_what_travels_names_nobody_and_is_for_this_sign_in_alone(nurse: Reader, arriving: Episode, app: Flask) -> None:
    form = next(f for f in nurse.sees(f"/forloeb/{arriving.uuid}/overlevering").forms if f.action.endswith("/modtag"))
    answer = nurse.client.post(form.action, data=form.fields)
    (cookie,) = (c for c in answer.headers.getlist("Set-Cookie") if c.startswith("overgang_done="))
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=60"} <= set(cookie.split("; "))
    assert str(arriving.uuid) not in answer.location.replace(f"/forloeb/{arriving.uuid}", "")
    value = cookie.split(";")[0].split("=", 1)[1]
    with app.app_context():
        carried = keys.ring().decrypt(base64.urlsafe_b64decode(value))
    assert NAME not in carried
    assert NUMBER not in carried
    other = Reader(app.test_client())
    other.signs_in("koordinator")
    other.client.set_cookie("overgang_done", value)
    assert not done(other.sees("/overgange"))


def test_the_name_that_is_shown_is_a_look_that_is_written_down(nurse: Reader, arriving: Episode) -> None:
    accepted(nurse, arriving)
    nurse.presses(nurse.sees("/overgange"), data_do="arrive")
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        reads = select(AccessEntry.what).where(AccessEntry.kind == Look.READ).order_by(AccessEntry.id.desc())
        assert session.scalars(reads.limit(1)).one() == "board"


def test_an_arrival_is_taken_back_where_it_was_confirmed(nurse: Reader, arriving: Episode) -> None:
    accepted(nurse, arriving)
    arrived = nurse.presses(nurse.sees("/overgange?show=arriving"), data_do="arrive")
    assert done(arrived) == f"Ankommet: {NAME} · Fortryd"
    undone = nurse.presses(arrived, data_undo="")
    assert done(undone) == f"Fortrudt: {NAME}"
    assert undone.answer.request.full_path == "/overgange?show=arriving"
    assert entries(arriving)[-2:] == [EntryKind.EVENT, EntryKind.CANCELLED]


def test_nothing_is_taken_back_once_something_has_come_since(nurse: Reader, arriving: Episode) -> None:
    accepted(nurse, arriving)
    arrived = nurse.presses(nurse.sees("/overgange"), data_do="arrive")
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        at, there = clock.now(session), cluster.read(session)
        nurse_there = there.at_work(there.units[cluster.HOTEL], Role.FACILITY_NURSE)[0]
        amendments.record_need(session, arriving.uuid, "municipal_services", by=nurse_there, at=at)
    late = nurse.presses(arrived, data_undo="")
    assert late.answer.status_code == 409
    assert entries(arriving)[-1] != EntryKind.CANCELLED


def entries(episode: Episode) -> list[EntryKind]:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        query = select(HistoryEntry.kind).where(HistoryEntry.episode_id == episode.id).order_by(HistoryEntry.number)
        return list(session.scalars(query))
