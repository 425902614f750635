"""Missede in the pages: listed, reviewed to the end as A21 says, taken along as a file; each look is written down."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine

from tests.web.reader import Page, Reader
from tests.web.routes import enter
from tests.web.test_language import Marked, untranslated
from tests.web.test_revision import NAME, NUMBER, manages
from web.ground import language
from workflow import citizens, clock, deadlines, episodes, sentences
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry, MissReview, Organisation, Person, Unit
from workflow.vocabulary import Look, MissCode, Origin, Role

HOSPITAL = Actor(name="Advis", origin=Origin.MESSAGE)
LEARNED = "=Vi ringer, inden vagten skifter"
EVERY = [MissCode.CALL_NOT_MADE, MissCode.TASK_NOT_DONE, MissCode.NOT_SENT]  # the last due first


@pytest.fixture
def missed(app: Flask) -> None:
    """A citizen of Randers came home: no report, no handover and no call, and two days have gone."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        ward = session.scalars(select(Unit).where(Unit.name == "Medicinsk afsnit")).one()
        municipality = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr.parse(NUMBER), NAME, municipality_id=municipality.id)
        at = clock.now(session)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=SYSTEM, at=at, ward=ward, needs=("municipal_services",)
        )
        episodes.record_event(session, episode.uuid, "patient_discharged", by=HOSPITAL, at=at + timedelta(hours=8))
    pass_time(timedelta(hours=48))


def pass_time(length: timedelta) -> None:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        at = clock.advance(session, length)
        while deadlines.raise_due(session, at=at):
            pass


@pytest.fixture
def manager(somebody: Reader, missed: None) -> Reader:
    manages(somebody, "leder.kommune")
    return somebody


def rows(page: Page) -> list[str]:
    return [values["data-code"] for tag, values in page.tags if "data-miss" in values]


def address_of(page: Page, code: MissCode) -> str:
    return f"/missede/{page.first('tr', data_code=code.value)['data-miss']}"


def counted(page: Page) -> dict[str, int]:
    """What stands on top, by list."""
    found = re.findall(r'data-show="(\w+)"><b>([\d.]+)</b>', page.html)
    return {show: int(number) for show, number in found}


def looks(kind: Look) -> list[AccessEntry]:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        session.expire_on_commit = False
        return list(session.scalars(select(AccessEntry).where(AccessEntry.kind == kind).order_by(AccessEntry.id)))


def test_what_was_missed_is_listed_with_who_owed_it_and_the_number_masked(manager: Reader) -> None:
    page = manager.sees("/missede")
    assert rows(page) == [MissCode.CALL_NOT_MADE, MissCode.TASK_NOT_DONE]  # the handover was the hospital's
    assert NAME in page.text
    assert NUMBER not in page.html
    assert "aldrig forsøgt" in page.text
    assert "endnu ikke gjort" in page.text
    assert counted(page)["open"] == 2
    (look,) = (look for look in looks(Look.LIST) if look.what == "missed")
    assert (len(look.citizens), look.related) == (2, True)


def test_who_was_responsible_sees_it_too_and_another_municipality_nothing(app: Flask, missed: None) -> None:
    hospital, neighbour, nurse = (Reader(app.test_client()) for _ in range(3))
    manages(hospital, "leder.hospital")
    assert rows(hospital.sees("/missede?show=all")) == EVERY
    enter(neighbour.client, "leder.syddjurs", Role.MANAGER)
    page = neighbour.sees("/missede?show=all")
    assert rows(page) == []
    assert "data-empty" in page.html
    address = address_of(hospital.sees("/missede?show=all"), MissCode.CALL_NOT_MADE)
    assert neighbour.sees(address).answer.status_code == 404
    nurse.signs_in("distrikt")
    assert rows(nurse.sees("/missede")) == [MissCode.CALL_NOT_MADE, MissCode.TASK_NOT_DONE]
    theirs = nurse.sees(address)
    assert theirs.answer.status_code == 200
    assert not [form for form in theirs.forms if form.action.startswith("/missede")]


def test_a21_a_review_from_open_to_closed(manager: Reader) -> None:
    address = address_of(manager.sees("/missede"), MissCode.CALL_NOT_MADE)
    page = manager.sees(address)
    assert page.first("a", data_report="")["href"] == "https://dpsd.dk/"
    assert page.first("a", data_report="")["rel"] == "noopener noreferrer"
    facts = unescape(page.html.split("data-facts>")[1].split("</textarea>")[0])
    assert "Distrikt Syd" in facts
    assert not any(word in facts for word in (NAME, NUMBER, NUMBER[:6]))
    page = manager.presses(page, data_reported="yes")
    assert "rapporteret som utilsigtet hændelse" in page.text
    form = next(form for form in page.forms if form.action.startswith(f"{address}/review"))
    whose = re.search(r'<option value="([0-9a-f-]{36})">Lars Demo, Medicinsk afsnit', page.html)
    assert whose is not None
    sent = form.fields | {"cause": "communication", "learning": LEARNED, "assigned_to": whose[1], "go": "close"}
    answer = manager.client.post(form.action, data=sent)
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/missede")
    assert rows(manager.sees("/missede")) == [MissCode.TASK_NOT_DONE]
    closed = manager.sees("/missede?show=closed")
    assert rows(closed) == [MissCode.CALL_NOT_MADE]
    assert "Kommunikation" in closed.text
    assert counted(closed)["all"] == 2  # it stays in what is counted
    again = manager.presses(manager.sees(address), data_review="reopen")
    assert 'data-review="close"' in again.html


def test_from_a_review_one_goes_on_to_the_next_and_back_to_the_same_list(manager: Reader) -> None:
    whole = "/missede?from=2025-06-01&until=2026-03-31&show=open"
    listed = manager.sees(whole)
    first, second = (values["data-miss"] for tag, values in listed.tags if "data-miss" in values)
    leads = next(values["href"] for tag, values in listed.tags if first in values.get("href", ""))
    review = manager.sees(leads)
    assert "from=2025-06-01" in next(v["href"] for t, v in review.tags if v.get("href", "").startswith("/missede?"))
    sent = {"cause": "communication", "learning": LEARNED, "go": "next"}
    form = next(form for form in review.forms if "/review" in form.action)
    answer = manager.client.post(form.action, data=form.fields | sent)
    assert answer.location.startswith(f"/missede/{second}?")
    assert "from=2025-06-01" in answer.location
    following = manager.sees(answer.location)
    assert "data-done" in following.html
    form = next(form for form in following.forms if "/review" in form.action)
    answer = manager.client.post(form.action, data=form.fields | sent)
    assert answer.location.startswith("/missede?")  # there is no next one
    assert "from=2025-06-01" in answer.location


def test_a_review_that_lacks_something_comes_back_with_what_was_typed(manager: Reader) -> None:
    address = address_of(manager.sees("/missede"), MissCode.CALL_NOT_MADE)
    form = next(form for form in manager.sees(address).forms if form.action.startswith(f"{address}/review"))
    page = Page(manager.client.post(form.action, data=form.fields | {"learning": LEARNED, "cause": "", "go": "close"}))
    assert page.answer.status_code == 422
    assert page.first("a", href="#review-cause")
    assert LEARNED in unescape(page.html)


def test_of_two_reviewers_the_second_is_told(manager: Reader) -> None:
    address = address_of(manager.sees("/missede"), MissCode.CALL_NOT_MADE)
    form = next(form for form in manager.sees(address).forms if form.action.startswith(f"{address}/review"))
    sent = form.fields | {"learning": "Min", "cause": "culture", "assigned_to": "", "go": "save"}
    assert manager.client.post(form.action, data=sent).status_code == 303
    page = Page(manager.client.post(form.action, data=sent | {"learning": "Din"}))
    assert page.answer.status_code == 409
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        assert [step.learning for step in session.scalars(select(MissReview))] == ["Min"]


def test_a_verdict_needs_a_reason_and_takes_it_out_of_what_counts(manager: Reader) -> None:
    address = address_of(manager.sees("/missede"), MissCode.CALL_NOT_MADE)
    form = next(form for form in manager.sees(address).forms if form.action.startswith(f"{address}/verdict"))
    sent = form.fields | {"verdict": "excluded", "reason": " "}
    assert manager.client.post(form.action, data=sent).status_code == 422
    assert manager.client.post(form.action, data=sent | {"reason": "Strømsvigt i hele byen"}).status_code == 303
    assert rows(manager.sees("/missede")) == [MissCode.TASK_NOT_DONE]
    assert "Strømsvigt i hele byen" in manager.sees(address).text
    assert len(rows(manager.sees("/missede?show=all"))) == 2


def test_filters_and_the_numbers_lead_to_the_list(manager: Reader) -> None:
    assert rows(manager.sees("/missede?code=M6")) == [MissCode.TASK_NOT_DONE]
    assert rows(manager.sees("/missede?from=2020-01-01&until=2020-02-01")) == []
    assert "data-older" not in manager.sees("/missede").html
    assert "data-older" in manager.sees("/missede?from=2026-03-20&until=2026-03-20").html
    assert rows(manager.sees("/missede?cause=culture&show=all")) == []
    page = manager.sees("/missede")
    link = next(values["href"] for tag, values in page.tags if tag == "a" and "code=M5" in values.get("href", ""))
    assert rows(manager.sees(link)) == [MissCode.CALL_NOT_MADE]


@pytest.mark.parametrize(
    "asked",
    ["from=nonsense", "from=2026-03-02&until=2026-03-01", "from=2020-01-01&until=2026-01-01", "from=0001-01-01"],
)
def test_a_period_that_is_none_is_refused_in_words(manager: Reader, asked: str) -> None:
    assert manager.sees(f"/missede?{asked}").answer.status_code == 422


def test_small_numbers_of_others_are_hidden_in_the_overview(app: Flask, missed: None) -> None:
    hospital = Reader(app.test_client())
    manages(hospital, "leder.hospital")
    page = hospital.sees("/missede?show=all")
    overview = page.html.split("data-overview")[1].split("</table>")[0]
    mine, theirs = (
        overview.split(f'data-unit="{unit}"')[1].split("</tr>")[0] for unit in ("Medicinsk afsnit", "Distrikt Syd")
    )
    assert "&lt;5" not in mine
    assert theirs.count("&lt;5") == 2
    assert NAME not in overview


def test_new_is_what_came_since_the_last_visit(app: Flask, missed: None) -> None:
    first = Reader(app.test_client())
    manages(first, "leder.kommune")
    assert 'data-show="new"' not in first.sees("/missede").html
    second = Reader(app.test_client())
    manages(second, "leder.kommune")
    assert counted(second.sees("/missede"))["new"] == 2  # raised as the clock was moved, a moment ago
    pass_time(timedelta(hours=1))
    assert counted(second.sees("/missede"))["new"] == 0


def test_a_file_holds_no_name_and_no_number_and_is_written_down(manager: Reader) -> None:
    answer = manager.client.get("/missede.csv?show=all")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert [line[2] for line in lines[1:]] == [MissCode.CALL_NOT_MADE, MissCode.TASK_NOT_DONE]
    assert not any(word in answer.text for word in (NAME, "Agnes", NUMBER, NUMBER[:6]))
    (look,) = looks(Look.EXPORT)
    assert (look.what, len(look.citizens), look.related) == ("missed_csv", 1, True)


def test_the_workbook_has_the_words_explained(manager: Reader) -> None:
    answer = manager.client.get("/missede.xlsx?show=all")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        everything = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert "Ordforklaring" in everything
    assert "Opfølgende opkald" in everything
    assert not any(word in everything for word in (NAME, NUMBER, NUMBER[:6], "<f>"))
    assert [look.what for look in looks(Look.EXPORT)] == ["missed_xlsx"]


def test_files_are_for_managers(app: Flask, missed: None) -> None:
    nurse = Reader(app.test_client())
    nurse.signs_in("distrikt")
    assert {nurse.sees(f"/missede.{kind}").answer.status_code for kind in ("csv", "xlsx")} == {403}
    assert "missede.csv" not in nurse.sees("/missede").html


def test_few_statements_whatever_is_listed(manager: Reader) -> None:
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for address in ("/missede?show=all", address_of(manager.sees("/missede"), MissCode.CALL_NOT_MADE)):
            sent.clear()
            manager.sees(address)
            assert len(sent) < 15, (address, len(sent))
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_no_words_are_left_in_the_other_language(manager: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = manager.sees("/missede")
    address = address_of(listed, MissCode.CALL_NOT_MADE)
    manager.presses(listed, data_language="en")
    manager.presses(manager.sees(address), data_reported="no")
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr(sentences, "word", lambda code, _: f"⟦{code}⟧")
    with Session() as session:
        names = [name for kind in (Unit, Organisation, Person) for name in session.scalars(select(kind.name))]
    known = set(re.findall(r"\w+", " ".join([*names, NAME, "CPR Fri Sat Mar"])))
    for page in (manager.sees("/missede?show=all"), manager.sees("/missede?show=closed"), manager.sees(address)):
        assert page.answer.status_code == 200
        assert [word for word in untranslated(page) if word not in known] == []
