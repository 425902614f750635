"""The page of an episode: what each person sees and does there, and what nobody can do by a forged request."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask import session as signed_cookie
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster
from tests.web import handed
from tests.web.reader import Page, Reader
from tests.world import ISBAR
from web.episodes import episode as episode_page
from web.ground import formats
from workflow import citizens, clock, episodes, keys, merging, pathways
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.errors import NotPossible
from workflow.handing import handovers
from workflow.tables import AccessEntry, Episode, HistoryEntry, Objection, Organisation, Unit
from workflow.telling import delivery
from workflow.vocabulary import Look, Role, UnitKind


@pytest.fixture
def admitted(app: Flask) -> UUID:
    """Agnes, in the medical ward since five hours ago."""
    return handed.admitted()


def acting(app: Flask, username: str) -> Reader:
    reader = Reader(app.test_client())
    reader.signs_in(username)
    return reader


def address(episode: UUID, below: str = "") -> str:
    return f"/forloeb/{episode}{below}"


def seen(reader: Reader, episode: UUID) -> Page:
    page = reader.sees(address(episode))
    assert page.answer.status_code == 200, page.text
    return page


def records(reader: Reader, episode: UUID, trigger: str, **typed: str) -> Page:
    """Fill in the form of an event, and press its button."""
    page = seen(reader, episode)
    form = next(f for f in page.forms if f.fields.get("form") == f"event-{trigger}")
    return Page(reader.client.post(form.action, data=form.fields | typed, follow_redirects=True))


def forges(reader: Reader, episode: UUID, below: str, **typed: str) -> Page:
    """Send what no button sends, with the mark of a page of ours."""
    mark = next(f.fields["form_mark"] for f in reader.sees("/account").forms if "form_mark" in f.fields)
    return Page(reader.client.post(address(episode, below), data={"form_mark": mark, **typed}))


def entries(episode: UUID) -> list[str]:
    """What the history tells: the trigger of each entry, or else its kind."""
    with Session() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        rows = select(HistoryEntry).join(Episode, Episode.id == HistoryEntry.episode_id).where(Episode.uuid == episode)
        return [row.trigger or row.kind.value for row in session.scalars(rows.order_by(HistoryEntry.number))]


@contextmanager
def background() -> Iterator[tuple[OpenSession, datetime]]:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        yield session, clock.now(session)


def now() -> datetime:
    """By the demonstration's clock."""
    with background() as (_, at):
        return at


def looks() -> list[tuple[str, Look, str | None]]:
    with background() as (session, _):
        rows = session.scalars(select(AccessEntry).order_by(AccessEntry.id))
        return [(row.what, row.kind, row.purpose) for row in rows]


# --- what is there ---


def test_who_has_the_responsibility_and_what_to_do_next(app: Flask, admitted: UUID) -> None:
    page = seen(acting(app, "koordinator"), admitted)
    assert "Medicinsk afsnit, Regionshospitalet Randers (demo)" in page.text
    assert page.first("section", data_next="review")
    assert page.first("div", data_state="admitted")
    assert handed.NAME in page.text
    assert "tel:+4500" in page.html
    assert looks()[-1] == ("episode", Look.READ, None)


def test_the_number_is_masked_until_somebody_asks_and_the_asking_is_written_down(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    page = seen(reader, admitted)
    with background() as (session, _):
        number = session.scalars(select(Episode).where(Episode.uuid == admitted)).one().citizen.cpr.value
    assert number[6:] not in page.text
    shown = reader.presses(page, data_show_cpr="")
    assert f"{number[:6]}-{number[6:]}" in shown.text
    assert number[6:] not in shown.answer.request.path
    assert looks()[-1] == ("episode", Look.CPR_SHOWN, None)


@pytest.mark.parametrize("username", ["nabokommune", "tryghed"])
def test_it_does_not_exist_for_who_has_no_relation(app: Flask, admitted: UUID, username: str) -> None:
    reader = acting(app, username)
    for below in ("", "/udskrift", "/korrespondance", "/nummer"):
        page = reader.sees(address(admitted, below))
        assert page.answer.status_code == 404, below
        assert handed.NAME not in page.text
    before = entries(admitted)
    for below in ("/haendelse", "/set-til", "/frabedt", "/forventet", "/ret/1", "/annuller/1", "/vej", "/flyt", "/cpr"):
        typed = {
            "trigger": "patient_died", "sure": "1", "reason": "x", "expected_at": "2026-03-13T10:00",
            "effective_at": "2026-03-12T07:00", "destination": "home",
        }  # fmt: skip
        assert forges(reader, admitted, below, **typed).answer.status_code in {403, 404}, below
    assert entries(admitted) == before
    with background() as (session, _):
        assert session.scalars(select(Objection)).all() == []


def test_a_discharge_is_not_expected_before_the_admission(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    page = seen(reader, admitted)
    refused = reader.sends(page, address(admitted, "/forventet"), expected_at="2026-01-01T10:00")
    assert refused.first("input", id="expected-expected_at")["aria-invalid"] == "true"
    assert entries(admitted) == ["patient_admitted"]


def test_what_is_not_chosen_is_asked_for_at_its_field(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    refused = reader.sends(seen(reader, admitted), address(admitted, "/behov"))
    assert refused.first("a", href="#need-need")
    dead = records(reader, admitted, "patient_died")
    assert dead.first("a", href="#event-patient_died-sure")
    assert dead.first("span", id="event-patient_died-sure-error")
    assert entries(admitted) == ["patient_admitted"]


def test_the_statements_do_not_grow_with_what_it_holds(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    seen(reader, admitted)
    first = counted(reader, admitted)
    for day in range(12):
        form = {"expected_at": f"2026-04-{day + 1:02d}T10:00"}
        page = seen(reader, admitted)
        reader.sends(page, address(admitted, "/forventet"), **form)
    assert counted(reader, admitted) == first


def counted(reader: Reader, episode: UUID) -> int:
    """How many statements the page sends through SQLAlchemy."""
    sent: list[str] = []

    def note(*args: Any) -> None:
        sent.append(args[2])

    bind = Session.kw["bind"]
    event.listen(bind, "before_cursor_execute", note)
    try:
        seen(reader, episode)
    finally:
        event.remove(bind, "before_cursor_execute", note)
    return len(sent)


# --- events ---


def test_three_clicks_record_an_event_now(app: Flask, admitted: UUID) -> None:
    page = records(acting(app, "koordinator"), admitted, "declared_ready")
    assert page.answer.status_code == 200
    assert page.first("div", data_state="ready_for_discharge")
    assert entries(admitted)[-1] == "declared_ready"


def test_what_was_long_ago_asks_why_and_nothing_typed_is_lost(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    earlier = formats.for_input(now() - timedelta(hours=2))
    page = records(reader, admitted, "declared_ready", effective_at=earlier)
    assert page.answer.status_code == 422
    assert earlier in page.html
    assert 'id="event-declared_ready-reason-error"' in page.html
    assert entries(admitted) == ["patient_admitted"]
    page = records(reader, admitted, "declared_ready", effective_at=earlier, reason="Skrevet efter stuegang")
    assert "Skrevet efter stuegang" in page.text
    assert "hørt" in page.text


@pytest.mark.parametrize("shift", [timedelta(hours=3), timedelta(hours=-9)])
def test_neither_in_the_future_nor_before_the_admission(app: Flask, admitted: UUID, shift: timedelta) -> None:
    typed = {"effective_at": formats.for_input(now() + shift), "reason": "Sent skrevet"}
    page = records(acting(app, "koordinator"), admitted, "declared_ready", **typed)
    assert page.answer.status_code == 422
    assert entries(admitted) == ["patient_admitted"]


def test_no_discharge_without_saying_where_to(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    offered = reader.sees(address(admitted))
    assert "data-not-yet" in offered.html
    assert "Vælg først, hvor borgeren skal hen." in offered.text
    page = records(reader, admitted, "patient_discharged", reason="Haster")
    assert page.answer.status_code == 409
    assert 'href="#event-patient_discharged-destination"' in page.html
    forged = forges(reader, admitted, "/haendelse", trigger="patient_discharged")
    assert forged.answer.status_code == 409
    assert "uden et sted kan udskrivningen ikke registreres" in forged.text
    assert entries(admitted) == ["patient_admitted"]


def test_no_discharge_without_a_handover_or_a_reason(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    page = records(reader, admitted, "patient_discharged", destination="home", effective_at="")
    assert page.answer.status_code == 422
    assert page.first("a", href="#event-patient_discharged-handover_sent")
    assert entries(admitted) == ["patient_admitted"]
    page = records(reader, admitted, "patient_discharged", destination="home", reason="Borgeren gik selv")
    assert page.first("div", data_state="discharged")
    assert "Registreret uden:" in page.text


def test_a_discharge_to_tryghedshotellet_goes_that_way_and_shows_the_72_hours(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    with background() as (session, _):
        hotel = session.scalars(select(Unit.uuid).where(Unit.name == "Tryghedshotellet")).one()
        clock.advance(session, timedelta(hours=20))  # only a stay of more than a day leaves the ward 72 hours
    page = seen(reader, admitted)
    assert "Tryghedshotellet · 20 ledige pladser" in page.text
    page = reader.sends(page, address(admitted, "/vej"), destination=str(hotel))
    assert entries(admitted)[-1] == "rerouted"
    page = reader.presses(page, data_keep_place="")
    assert "reserveret" in page.text
    page = records(reader, admitted, "patient_discharged", destination=str(hotel), reason="Overlevering på vej")
    assert page.first("div", data_state="discharged")
    assert page.first("small", data_line_ends="")
    nurse = acting(app, "tryghed")
    assert seen(nurse, admitted).first("section", data_next="arrival")
    page = nurse.presses(seen(nurse, admitted), data_confirm_arrival="")
    assert page.first("div", data_state="at_tryghedshotel")
    assert "Optaget" in page.text


def test_what_must_be_phoned_is_asked_for_beforehand(app: Flask) -> None:
    episode = handed.sent()
    reader = acting(app, "koordinator")
    page = reader.sends(seen(reader, episode), address(episode, "/behov"), need="action_within_24_h")
    assert "Ring til kommunen først" in page.text
    page = records(reader, episode, "patient_discharged", destination="home")
    assert page.answer.status_code == 422
    assert "telefonaftale med kommunen" in page.text
    page = records(
        reader, episode, "patient_discharged", destination="home", spoken_with="Dorthe Demo", agreed="Insulin kl. 18",
        made_at=formats.for_input(now()),
    )  # fmt: skip
    assert page.first("div", data_state="discharged")
    assert "Dorthe Demo" in page.text


def test_two_at_once_are_told_kindly(app: Flask, admitted: UUID) -> None:
    one, two = acting(app, "koordinator"), acting(app, "afdeling")
    page = seen(two, admitted)
    form = next(f for f in page.forms if f.fields.get("form") == "event-declared_ready")
    records(one, admitted, "declared_ready")
    answer = Page(two.client.post(form.action, data=form.fields))
    assert answer.answer.status_code == 409
    assert "En anden har registreret noget imens" in answer.text
    assert entries(admitted).count("declared_ready") == 1


@pytest.mark.parametrize("trigger", ["patient_died", "episode_cancelled"])
def test_an_end_is_confirmed(app: Flask, admitted: UUID, trigger: str) -> None:
    reader = acting(app, "koordinator")
    assert records(reader, admitted, trigger, reason="Fejl").answer.status_code == 422
    assert entries(admitted) == ["patient_admitted"]
    page = records(reader, admitted, trigger, reason="Oprettet ved en fejl", sure="1")
    assert "data-event" not in page.html
    assert entries(admitted)[-1] == trigger


def test_a_role_sees_only_what_it_may_record(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "distrikt")
    page = seen(reader, admitted)
    offered = {values["data-event"] for _, values in page.tags if "data-event" in values}
    assert offered == {"patient_died", "episode_cancelled"}
    assert forges(reader, admitted, "/haendelse", trigger="declared_ready").answer.status_code == 403
    assert entries(admitted) == ["patient_admitted"]


def test_back_in_hospital_is_a_new_episode_linked_to_the_old(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    records(reader, admitted, "patient_discharged", destination="home", reason="Gik selv")
    with background() as (session, _):
        clock.advance(session, timedelta(days=2))
        ward = session.scalars(select(Unit.uuid).where(Unit.name == "Kirurgisk afsnit")).one()
    page = reader.sends(seen(reader, admitted), address(admitted, "/genindlaeg"), ward=str(ward))
    assert page.answer.request.path != address(admitted)
    assert page.first("div", data_state="admitted")
    assert "forløbet før dette" in page.text
    assert page.first("a", href=address(admitted))


def test_to_another_ward(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    with background() as (session, _):
        ward = session.scalars(select(Unit.uuid).where(Unit.name == "Kirurgisk afsnit")).one()
        elsewhere = session.scalars(select(Unit.uuid).where(Unit.name == "Distrikt Syd")).one()
    assert forges(reader, admitted, "/flyt", ward=str(elsewhere)).answer.status_code == 403
    page = reader.sends(seen(reader, admitted), address(admitted, "/flyt"), ward=str(ward))
    assert "Kirurgisk afsnit, Regionshospitalet Randers (demo)" in page.text
    assert entries(admitted)[-1] == "transferred"


def test_nobody_but_the_ward_moves_its_citizen(app: Flask, admitted: UUID) -> None:
    reader, before = acting(app, "distrikt"), entries(admitted)
    with background() as (session, _):
        wards = session.scalars(select(Unit.uuid).where(Unit.kind == UnitKind.WARD)).all()
    assert not any(form.action.endswith(("/flyt", "/genindlaeg")) for form in seen(reader, admitted).forms)
    for ward in wards:
        assert forges(reader, admitted, "/flyt", ward=str(ward)).answer.status_code == 403
        assert forges(reader, admitted, "/genindlaeg", ward=str(ward)).answer.status_code >= 400
    assert entries(admitted) == before


def test_looked_at(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "afdeling")
    reader.presses(seen(reader, admitted), data_review="")
    assert entries(admitted)[-1] == "reviewed"


# --- put right ---


def test_a_wrong_time_is_corrected_by_a_new_entry(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    earlier = formats.for_input(now() - timedelta(hours=6))
    page = seen(reader, admitted)
    page = reader.sends(page, address(admitted, "/ret/1"), effective_at=earlier, reason="Kom kl. 7")
    assert page.first("small", data_correction="")
    assert "Kom kl. 7" in page.text
    assert entries(admitted) == ["patient_admitted", "patient_admitted"]
    refused = reader.sends(page, address(admitted, "/ret/1"), effective_at=earlier, reason=" ")
    assert refused.answer.status_code == 422
    assert len(entries(admitted)) == 2


def test_only_the_newest_event_can_be_cancelled_and_both_stay(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    page = records(reader, admitted, "declared_ready")
    assert forges(reader, admitted, "/annuller/1", reason="Fejl").answer.status_code == 409
    page = reader.sends(page, address(admitted, "/annuller/2"), reason="Forkert borger")
    assert page.first("div", data_state="admitted")
    assert page.first("b", data_cancelled="")
    assert "Forkert borger" in page.text


# --- objection ---


def test_an_objection_stands_on_the_page_and_stops_what_is_sent(app: Flask, admitted: UUID) -> None:
    reader = acting(app, "koordinator")
    page = reader.sends(seen(reader, admitted), address(admitted, "/frabedt"), reason="Intet om min psykiatri")
    assert "Intet om min psykiatri" in page.text
    assert "sundhedsloven § 41" in page.text
    with background() as (session, at):
        by = cluster.read(session).named("Medicinsk afsnit", Role.WARD_NURSE)
        with pytest.raises(NotPossible, match="frabedt"):
            handovers.send(session, admitted, ISBAR, by=by, at=at)
    page = reader.presses(page, data_withdraw_objection="")
    assert "data-objection" not in page.html


# --- purpose, paper, numbers ---


def test_a_sensitive_pathway_asks_for_the_purpose_first(
    app: Flask, admitted: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("home", pathways.newest("home").version)
    monkeypatch.setitem(pathways.PATHWAYS, key, replace(pathways.PATHWAYS[key], sensitive=True))
    reader = acting(app, "koordinator")
    page = reader.sees(address(admitted))
    assert handed.NAME not in page.text
    refused = reader.sends(page, address(admitted, "/formaal"), purpose=" ")
    assert refused.answer.status_code == 422
    page = reader.sends(page, address(admitted, "/formaal"), purpose="Udskrivning i dag")
    assert handed.NAME in page.text
    assert looks()[-1] == ("episode", Look.READ, "Udskrivning i dag")
    assert handed.NAME not in acting(app, "afdeling").sees(address(admitted)).text


def test_on_paper_it_is_a_print_in_the_log(app: Flask, admitted: UUID) -> None:
    page = acting(app, "koordinator").sees(address(admitted, "/udskrift"))
    assert handed.NAME in page.text
    assert not [tag for tag, values in page.tags if tag == "form" and "haendelse" in values["action"]]
    assert looks()[-1][1] == Look.PRINT


def test_a_replacement_number_is_merged_and_separated_again(app: Flask) -> None:
    with background() as (session, at):
        here = cluster.read(session)
        home = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr("011340Æ001"), "Ukendt Demo", municipality_id=home.id)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=here.named("Medicinsk afsnit", Role.WARD_NURSE), at=at,
            ward=here.units["Medicinsk afsnit"],
        )  # fmt: skip
        number = episode.uuid
    reader = acting(app, "koordinator")
    page = seen(reader, number)
    assert page.first("a", href=address(number, "/nummer"))
    page = reader.sees(address(number, "/nummer"))
    page = reader.sends(page, address(number, "/nummer"), cpr="0113403999", reason="Fundet i journalen")
    assert "Fundet i journalen" in page.text
    assert "3999" not in page.text
    with background() as (session, _):
        merged = merging.standing(session, session.scalars(select(Episode.citizen_id)).one())[0].uuid
    page = reader.sends(page, address(number, f"/nummer/{merged}/adskil"), reason="To forskellige")
    assert "data-merged" not in page.html
    assert entries(number)[-2:] == ["merged", "unmerged"]


def test_the_purpose_is_of_one_person_and_read_by_nobody_else(app: Flask) -> None:
    with app.test_request_context():
        one = UUID(int=1)
        assert episode_page.purpose_of(one, 7) is None
        signed_cookie["purpose"] = keys.ring().encrypt(json.dumps([str(one), 7, "Udskrivning"]))
        assert b"Udskrivning" not in signed_cookie["purpose"]
        assert episode_page.purpose_of(one, 7) == "Udskrivning"
        assert episode_page.purpose_of(one, 8) is None
        assert episode_page.purpose_of(UUID(int=2), 7) is None


def test_the_link_of_a_letter_leads_to_the_page_of_its_episode(somebody: Reader, arriving: Episode) -> None:
    somebody.signs_in("tryghed")
    page = somebody.sees(delivery.link("", arriving.uuid))
    assert page.answer.status_code == 200
    assert page.first("form", action=f"/forloeb/{arriving.uuid}/cpr")


def test_the_head_says_where_to_and_when_and_nothing_is_filled_in_with_now(app: Flask) -> None:
    koordinator, episode = acting(app, "koordinator"), handed.admitted()
    page = seen(koordinator, episode)
    assert "Udskrives til Eget hjem (Distrikt Syd)" in page.text
    assert "Forventet udskrivning Ikke angivet" in page.text
    expected = next(form for form in page.forms if form.fields.get("form") == "expected")
    assert expected.fields["expected_at"] == ""
    first = page.html.index('data-event="patient_discharged"')
    assert first < page.html.index('class="others"') < page.html.index('data-event="leave_started"')


def test_who_has_it_from_the_discharge_stands_beside_who_has_it_now(app: Flask) -> None:
    distrikt, episode = acting(app, "distrikt"), handed.sent()
    distrikt.presses(distrikt.sees(address(episode, "/overlevering")), data_accept="")
    page = seen(acting(app, "koordinator"), episode)
    assert "Fra udskrivelsen: Distrikt Syd, Randers Kommune" in page.text


def test_where_the_72_hours_do_not_hold_the_page_says_why(app: Flask) -> None:
    koordinator, episode = acting(app, "koordinator"), handed.sent()
    records(koordinator, episode, "patient_discharged", destination="home", reason="Sendt hjem i god tid")
    assert "72 timer Gælder ikke: indlæggelsen varede under 24 timer" in seen(acting(app, "distrikt"), episode).text
