"""Samarbejdsaftaler in the pages: read, revised with a preview, applied in batches; and nobody agrees for others."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session as OpenSession

from tests.web.reader import Form, Page, Reader
from tests.web.routes import enter
from tests.web.test_language import Marked, untranslated
from tests.web.test_revision import a_citizen
from web.ground import language
from workflow import agreeing, agreements, clock, moving, sentences
from workflow.calendar import public_holidays
from workflow.db import SWEEPS, Session
from workflow.rule import Rule, hours
from workflow.tables import Agreement, Deadline, HistoryEntry, Organisation, PersonRole
from workflow.vocabulary import Audience, EntryKind, Role

NEW = "/admin/aftaler/ny"


@pytest.fixture
def admin(somebody: Reader) -> Reader:
    somebody.signs_in("admin")
    return somebody


def randers() -> str:
    with Session() as session:
        return str(session.scalars(select(Organisation.uuid).where(Organisation.name == "Randers Kommune")).one())


def form_of(page: Page) -> Form:
    return next(form for form in page.forms if form.action == f"{NEW}/vis")


def everything(page: Page) -> dict[str, str]:
    """What a browser would send of the form: with what is chosen in its lists."""
    fields = dict(form_of(page).fields)
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page.html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        if chosen:
            fields[name] = chosen[1]
    return fields


def editing(reader: Reader, rule: str, place: str = "") -> dict[str, str]:
    page = reader.sees(f"{NEW}?place={place}&pathway=home&rule={rule}")
    assert page.answer.status_code == 200
    return everything(page) | {"title": "Randers: kortere opkald"}


def in_force(key: str, place: str = "Randers Kommune") -> Rule:
    with Session() as session:
        found = session.scalars(select(Organisation).where(Organisation.name == place)).one()
        scope = agreeing.scope_of(found, "home")
        return agreements.in_force(session, scope, at=clock.now(session))[key]


def count_agreements() -> int:
    with Session() as session:
        return len(session.scalars(select(Agreement.id)).all())


def test_what_has_been_agreed_is_listed_and_read(admin: Reader) -> None:
    page = admin.sees("/admin/aftaler")
    assert "Favrskov (opdigtet)" in page.text
    assert page.first("a", href="/admin/aftaler")["aria-current"] == "page"
    address = next(
        v["href"] for t, v in page.tags if t == "a" and re.fullmatch(r"/admin/aftaler/[0-9a-f-]{36}", v.get("href", ""))
    )
    read = admin.sees(address)
    assert "Opfølgende opkald" in read.text
    assert "24 t efter: Udskrivning" in read.text
    assert "6 t før: den, der har taget opgaven" in read.text


def test_a_new_version_for_a_municipality_is_shown_before_it_is_saved(admin: Reader) -> None:
    place, before = randers(), count_agreements()
    chooser = admin.sees(f"{NEW}?place={place}&pathway=home")
    assert chooser.first("input", name="rule", value="R12")
    fields = editing(admin, "R12", place) | {"R12-hours": "20", "R12-rung-0": "4,5"}
    shown = Page(admin.client.post(f"{NEW}/vis", data=fields))
    assert shown.answer.status_code == 200
    changed = [
        (unescape(old), unescape(new)) for old, new in re.findall(r"<del>(.*?)</del>.*?<ins>(.*?)</ins>", shown.html)
    ]
    assert changed == [
        ("24 t efter: Udskrivning", "20 t efter: Udskrivning"),
        (
            "6 t før: den, der har taget opgaven · 2 t før: enheden · ved fristen: lederne",
            "4,5 t før: den, der har taget opgaven · 2 t før: enheden · ved fristen: lederne",
        ),
    ]
    assert count_agreements() == before  # nothing is saved yet
    saved = admin.client.post(NEW, data=everything(shown) | {"title": "Randers: kortere opkald"})
    assert saved.status_code == 303
    assert "Randers: kortere opkald" in admin.sees(saved.location).text
    rule = in_force("R12")
    assert (rule.after, rule.ladder[0].offset, rule.ladder[0].to) == (hours(20), -hours(4.5), Audience.CLAIMANT)
    assert in_force("R12", "Syddjurs Kommune").after == hours(24)
    with Session() as session:
        made = session.scalars(select(Agreement).order_by(Agreement.id.desc()).limit(1)).one()
        assert [row.key for row in made.rules] == ["R12"]  # what did not change goes on following what it followed


def test_open_deadlines_are_counted_moved_by_the_sweep_and_told_of(admin: Reader) -> None:
    a_citizen()
    fields = editing(admin, "state:admitted", randers()) | {"state:admitted-hours": "12", "moves": "1"}
    shown = Page(admin.client.post(f"{NEW}/vis", data=fields))
    assert "Der er 1 åbent forløb. Flyttes åbne frister, er det højst 1." in shown.text
    saved = admin.client.post(NEW, data=fields)
    assert saved.status_code == 303
    assert "flytter åbne frister: 0 forløb indtil nu" in admin.sees(saved.location).text
    with as_sweep() as session:
        due = session.scalars(select(Deadline.due_at).where(Deadline.ended_at.is_(None))).one()
    with as_sweep() as session:
        while moving.go_on(session, at=clock.now(session)):
            pass
    with as_sweep() as session:
        moved = session.scalars(select(Deadline.due_at).where(Deadline.ended_at.is_(None))).one()
        entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == EntryKind.AGREEMENT)).one()
        assert due - moved == hours(12)
        assert (entry.actor, entry.person_id) == ("Åse Demo", None)
    assert "flyttede frister i 1 forløb" in admin.sees(saved.location).text


@contextmanager
def as_sweep() -> Iterator[OpenSession]:
    """A transaction of the worker, which sees every row."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        yield session


@pytest.mark.parametrize(
    "typed",
    [
        {"R12-hours": "-1"}, {"R12-hours": "0"}, {"R12-hours": ""}, {"R12-hours": "nan"}, {"R12-hours": "1e9"},
        {"R12-hours": "to"}, {"R12-rung-0": "-3"}, {"R12-to-0": "everybody"},
        {"R12-rung-0": "", "R12-rung-1": "", "R12-rung-2": ""}, {}, {"R12-hours": "20", "title": " "},
        {"R12-hours": "20", "valid_from": "2020-01-01"}, {"R12-hours": "20", "valid_from": "i morgen"},
        {"R12-hours": "20", "valid_from": "2031-01-01", "moves": "1"},
    ],
)  # fmt: skip
def test_what_cannot_be_agreed_is_refused_and_comes_back_with_what_was_typed(
    admin: Reader, typed: dict[str, str]
) -> None:
    before = count_agreements()
    fields = editing(admin, "R12", randers()) | typed
    page = Page(admin.client.post(NEW, data=fields))
    assert page.answer.status_code == 422
    assert page.first("div", data_refused="agreement")
    assert form_of(page).fields["R12-hours"] == fields["R12-hours"]
    assert count_agreements() == before


def test_a_rule_is_taken_away_and_what_is_required_is_changed(admin: Reader) -> None:
    place = randers()
    fields = editing(admin, "R17", place) | {"R17-away": "1"}
    assert "gælder ikke her" in Page(admin.client.post(f"{NEW}/vis", data=fields)).text
    assert admin.client.post(NEW, data=fields).status_code == 303
    with pytest.raises(KeyError):
        in_force("R17")
    key = "answer:patient_discharged"
    asked = ["S.reason", "B.allergies"]
    sent = editing(admin, key, place) | {f"{key}-requires": asked}
    assert admin.client.post(NEW, data=sent).status_code == 303
    assert list(in_force(key).requires) == asked
    assert in_force(key).after == hours(4)


def test_a_later_day_holds_from_that_day(admin: Reader) -> None:
    fields = editing(admin, "R12", randers()) | {"R12-hours": "20", "valid_from": "2031-01-01"}
    saved = admin.client.post(NEW, data=fields)
    assert saved.status_code == 303
    assert "endnu ikke" in admin.sees(saved.location).text
    assert in_force("R12").after == hours(24)


@pytest.fixture
def municipal(app: Flask) -> Reader:
    """An administrator of Syddjurs Kommune."""
    with Session.begin() as session:
        role = session.scalars(select(PersonRole).join(PersonRole.person).where(text("username = 'hanne'"))).one()
        session.add(PersonRole(person_id=role.person_id, unit_id=role.unit_id, role=Role.ADMINISTRATOR))
    reader = Reader(app.test_client())
    enter(reader.client, "hanne", Role.ADMINISTRATOR)
    return reader


def test_nobody_agrees_for_others(municipal: Reader, admin: Reader) -> None:
    assert municipal.sees("/admin/aftaler").answer.status_code == 200
    assert municipal.sees(f"{NEW}?pathway=home").answer.status_code == 403
    assert municipal.sees(f"{NEW}?place={randers()}&pathway=home").answer.status_code == 403
    fields = editing(admin, "R12", randers()) | {"R12-hours": "20"}
    own = form_of(municipal.sees(f"{NEW}?place={syddjurs()}&pathway=home&rule=R12")).fields
    before = count_agreements()
    forged = fields | {"form_mark": own["form_mark"]}
    for address in (NEW, f"{NEW}/vis"):
        assert municipal.client.post(address, data=forged).status_code == 403
        assert municipal.client.post(address, data=forged | {"place": ""}).status_code == 403
    assert count_agreements() == before
    assert municipal.client.post(NEW, data=forged | {"place": syddjurs()}).status_code == 303


def syddjurs() -> str:
    with Session() as session:
        return str(session.scalars(select(Organisation.uuid).where(Organisation.name == "Syddjurs Kommune")).one())


@pytest.mark.parametrize("username", ["distrikt", "koordinator", "drift"])
def test_it_is_for_administrators(somebody: Reader, username: str) -> None:
    somebody.signs_in(username)
    assert {somebody.sees(address).answer.status_code for address in ("/admin/aftaler", NEW)} == {403}


def test_every_field_has_a_label_and_no_words_are_left(admin: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.presses(admin.sees("/admin/aftaler"), data_language="en")
    fields = editing(admin, "R12", randers()) | {"R12-hours": "20"}
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr(sentences, "word", lambda code, _: f"⟦{code}⟧")
    answer_rule = "answer:patient_discharged"
    pages = [
        admin.sees("/admin/aftaler"), admin.sees(f"{NEW}?pathway=home&rule={answer_rule}&rule=R12&rule=R05"),
        Page(admin.client.post(f"{NEW}/vis", data=fields)),
    ]  # fmt: skip
    with Session() as session:
        titles = [*session.scalars(select(Agreement.title)), *session.scalars(select(Organisation.name))]
    titles += [name for year in (2026, 2027) for _, name in public_holidays(year, "en")]
    known = set(
        re.findall(r"\w+", " ".join([*titles, "Åse Demo Systemforvaltning Discharge home Tryghedshotellet R12 R05"]))
    )
    known |= set(re.findall(r"\w+", answer_rule))
    for page in pages:
        assert page.answer.status_code == 200
        labelled = {values["for"] for tag, values in page.tags if tag == "label"}
        asked = [v for tag, v in page.tags if tag in {"input", "select", "textarea"} and v.get("type") != "hidden"]
        assert [v for v in asked if v.get("id") not in labelled] == []
        assert [word for word in untranslated(page) if word not in known] == []


def test_the_holidays_that_are_no_working_days_stand_there(admin: Reader) -> None:
    page = admin.sees("/admin/aftaler")
    assert '<time datetime="2026-04-02">02.04.2026</time></dt><dd>Skærtorsdag</dd>' in page.html
    assert '<time datetime="2027-12-26">26.12.2027</time></dt><dd>Anden juledag</dd>' in page.html


def test_a_place_for_which_nothing_is_agreed_of_every_pathway_leads_on_to_each(admin: Reader) -> None:
    page = admin.sees(f"{NEW}?place={randers()}&pathway=")
    assert "Vælg et forløb" in page.text
    assert "Vælg de regler" not in page.text
    chosen = admin.sees(unescape(page.first("a", href=f"{NEW}?pathway=home&place={randers()}")["href"]))
    assert "Vælg de regler" in chosen.text
