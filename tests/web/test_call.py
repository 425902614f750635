"""The call from nurse to nurse, as a nurse records it; and what cannot be recorded, by a forged request either."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ops.demo import cluster
from tests.statements import listening
from tests.web.guests import Guest, behind_the_pages, discharged, later
from tests.web.reader import Page, Reader
from tests.web.routes import enter
from web.ground.formats import for_input
from workflow import clock, deadlines, episodes
from workflow.tables import ContactAttempt, Miss, Task
from workflow.vocabulary import Role, TaskState

SPOKEN = {"form": "call", "outcome": "completed", "spoken_with": "Pia Demo", "condition": "same", "doctor": "no"}


@pytest.fixture
def guest(app: Flask) -> Guest:
    return discharged()


@pytest.fixture
def tryghed(somebody: Reader, guest: Guest) -> Reader:
    somebody.signs_in("tryghed")
    return somebody


def other(app: Flask, username: str) -> Reader:
    reader = Reader(app.test_client())
    enter(reader.client, username)
    return reader


def call(reader: Reader, guest: Guest, **typed: str) -> Page:
    address = f"/opgaver/{guest.call}/opkald"
    return reader.sends(reader.sees(address), address, **typed)


def attempts(guest: Guest) -> list[ContactAttempt]:
    with behind_the_pages() as session:
        session.expire_on_commit = False
        made = select(ContactAttempt).join(Task, Task.id == ContactAttempt.task_id).where(Task.uuid == guest.call)
        return list(session.scalars(made.order_by(ContactAttempt.number)))


def state(guest: Guest) -> TaskState:
    with behind_the_pages() as session:
        return session.scalars(select(Task.state).where(Task.uuid == guest.call)).one()


def shown_now(**after: float) -> str:
    with behind_the_pages() as session:
        return for_input(clock.now(session) + timedelta(**after))


def test_nobody_answers_in_two_clicks_with_the_next_try_planned(tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees("/opgaver")
    link = next(v["href"] for tag, v in page.tags if tag == "a" and v.get("href") == f"/opgaver/{guest.call}")
    page = tryghed.presses(tryghed.sees(link), data_no_answer="")
    assert "prøv igen" in page.text
    assert "Intet svar" in page.text
    (made,) = attempts(guest)
    assert made.next_try_at is not None
    assert timedelta(minutes=29) < made.next_try_at - made.made_at <= timedelta(minutes=31)


def test_the_next_try_is_before_the_time_runs_out(tryghed: Reader, guest: Guest) -> None:
    later(hours=23, minutes=45)
    tryghed.presses(tryghed.sees(f"/opgaver/{guest.call}/opkald"), data_no_answer="")
    with behind_the_pages() as session:
        due_at = session.scalars(select(Task.due_at).where(Task.uuid == guest.call)).one()
    made = attempts(guest)[0]
    assert made.next_try_at is not None
    assert made.made_at < made.next_try_at < due_at


def test_three_tries_the_last_in_time(app: Flask, tryghed: Reader, guest: Guest) -> None:
    for _ in range(2):
        later(hours=1)
        tryghed.presses(tryghed.sees(f"/opgaver/{guest.call}/opkald"), data_no_answer="")
    later(hours=21)
    page = call(tryghed, guest, **SPOKEN, medicine="FMK ajourført", rating="complete")
    for said in ("Gennemført til tiden", "Pia Demo", "Forsøg 1", "Forsøg 3", "FMK ajourført", "Fyldestgørende"):
        assert said in page.text, said
    last = attempts(guest)[-1]
    assert (last.number, last.doctor_involved, last.answers["condition"]) == (3, False, "same")
    ward = other(app, "afdeling")
    page = ward.sees(f"/opgaver/{guest.call}/opkald")
    assert "Gennemført til tiden" in page.text
    assert "Bekræftet af Anders Demo" in ward.presses(page, data_confirm="").text
    assert "data-confirm" not in tryghed.sees(f"/opgaver/{guest.call}/opkald").html


def test_a_late_call_is_done_stays_late_and_stays_missed(tryghed: Reader, guest: Guest) -> None:
    at = later(hours=26)
    with behind_the_pages() as session:
        while deadlines.raise_due(session, at=at):
            pass
    page = call(tryghed, guest, **SPOKEN)
    assert "Gennemført for sent" in page.text
    assert "2 t 00 min" in page.text
    with behind_the_pages() as session:
        assert session.scalars(
            select(Miss.code).join(Task, Task.id == Miss.task_id).where(Task.uuid == guest.call)
        ).one()
    assert "Gennemført for sent" in tryghed.sees("/opgaver?vis=done").text


def test_whom_to_ring_by_day_by_night_and_on_the_line(tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    numbers = [v["href"] for tag, v in page.tags if tag == "a" and v.get("href", "").startswith("tel:")]
    assert [n[-2:] for n in numbers] == ["00", "24"]  # the stay was a day: no line
    later(hours=15)
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    numbers = [v["href"] for tag, v in page.tags if tag == "a" and v.get("href", "").startswith("tel:")]
    assert [n[-2:] for n in numbers] == ["24", "00"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"outcome": ""}, "Vælg, hvordan det gik"),
        ({"outcome": "shouted"}, "Vælg, hvordan det gik"),
        ({"spoken_with": " "}, "Skriv navnet"),
        ({"condition": ""}, "Samtalen mangler"),
        ({"doctor": "perhaps"}, "Samtalen mangler"),
        ({"effective_at": "2031-01-01T08:00"}, "fremtiden"),
        ({"effective_at": "soon"}, "klokkeslæt"),
        ({"outcome": "call_later", "next_try_at": ""}, "hvornår der ringes igen"),
        ({"outcome": "not_relevant"}, "begrundelse"),
        ({"agreed_text_1": "Sårpleje", "agreed_owner_1": "ward"}, "hvornår aftalen"),
        ({"agreed_text_1": "Sårpleje", "agreed_owner_1": "nobody"}, "hvem der har aftalen"),
        ({"agreed_text_1": "Sårpleje", "agreed_owner_1": "ward", "agreed_due_1": "2020-01-01T08:00"}, "efter samtalen"),
    ],
)
def test_what_is_not_said_or_cannot_be_is_refused_and_nothing_is_lost(
    tryghed: Reader, guest: Guest, typed: dict[str, str], says: str
) -> None:
    page = call(tryghed, guest, **(SPOKEN | {"medicine": "Mangler blodfortyndende"} | typed))
    assert page.answer.status_code == 422
    assert says in page.text
    assert "Mangler blodfortyndende" in page.html
    assert (state(guest), attempts(guest)) == (TaskState.OPEN, [])


def test_the_dead_are_not_called(tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    with behind_the_pages() as session:
        nurse = cluster.read(session).named(cluster.HOTEL, Role.FACILITY_NURSE)
        episodes.record_event(session, guest.episode, "patient_died", by=nurse, at=clock.now(session))
    refused = tryghed.sends(page, f"/opgaver/{guest.call}/opkald", **SPOKEN)
    assert refused.answer.status_code == 409
    assert "bortfaldet" in refused.text
    assert "Bortfaldet" in tryghed.sees(f"/opgaver/{guest.call}/opkald").text
    assert attempts(guest) == []


def test_who_has_no_part_in_it_records_nothing(app: Flask, tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    for who in ("nabokommune", "gitte"):
        stranger = other(app, who)
        mark = next(f for f in stranger.sees("/noed-adgang").forms if f.action == "/noed-adgang").fields["form_mark"]
        fields = page.forms[-1].fields | SPOKEN | {"form_mark": mark}
        answer = stranger.client.post(f"/opgaver/{guest.call}/opkald", data=fields)
        assert answer.status_code == 404
    assert attempts(guest) == []


def test_not_relevant_takes_two(app: Flask, tryghed: Reader, guest: Guest) -> None:
    call(tryghed, guest, form="call", outcome="not_relevant", reason="Ligger på et andet sygehus")
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    assert "data-not-relevant" not in page.html
    confirm = f"/opgaver/{guest.call}/ikke-relevant"
    assert tryghed.client.post(confirm, data=page.forms[-1].fields).status_code == 403
    assert state(guest) == TaskState.OPEN
    bo = other(app, "bo")
    page = bo.sees(f"/opgaver/{guest.call}/opkald")
    assert "Ligger på et andet sygehus" in page.text
    assert "Ikke relevant" in bo.presses(page, data_not_relevant="").text
    assert state(guest) == TaskState.DONE


def test_what_is_agreed_is_a_task_of_the_ward(app: Flask, tryghed: Reader, guest: Guest) -> None:
    agreed = {"agreed_text_1": "Medicinliste sendes igen", "agreed_owner_1": "ward", "agreed_due_1": shown_now(hours=6)}
    page = call(tryghed, guest, **SPOKEN, **agreed)
    assert "Aftalt: Medicinliste sendes igen" in page.text
    ward = other(app, "afdeling")
    page = ward.sees("/opgaver")
    assert "Medicinliste sendes igen" in page.text
    link = next(v["href"] for tag, v in page.tags if tag == "a" and v.get("href", "").startswith("/opgaver/0"))
    done = ward.sends(ward.sees(link), f"{link}/udfoert", record="Sendt")
    assert "Medicinliste sendes igen" not in done.text
    assert "Gennemført til tiden" in ward.sees(link).text


def test_questions_are_prepared_for_whoever_rings(app: Flask, tryghed: Reader, guest: Guest) -> None:
    address = f"/opgaver/{guest.call}/spoergsmaal"
    tryghed.sends(tryghed.sees(f"/opgaver/{guest.call}/opkald"), address, questions="Hvornår fjernes sting?")
    assert other(app, "bo").sees(f"/opgaver/{guest.call}/opkald").html.count("Hvornår fjernes sting?") == 2


def test_a_call_told_after_its_limit_is_late_until_the_ward_confirms_when_it_was(
    app: Flask, tryghed: Reader, guest: Guest
) -> None:
    later(hours=25)
    made, address = shown_now(hours=-2), f"/opgaver/{guest.call}/opkald"
    asked = call(tryghed, guest, **SPOKEN, effective_at=made)
    assert "Mere end 15 minutter siden? Skriv hvorfor." in asked.text
    assert asked.first("a", href="#call-reason")
    waits = call(tryghed, guest, **SPOKEN, effective_at=made, reason="Travl vagt")
    assert "Tæller som for sent, indtil den anden part eller en leder bekræfter tidspunktet" in waits.text
    assert "data-confirm" not in waits.html
    ward = other(app, "afdeling")
    confirmed = ward.presses(ward.sees(address), data_confirm="")
    assert confirmed.answer.status_code == 200
    assert "Gennemført til tiden" in ward.sees(address).text


def test_a_claimed_time_that_is_not_right_is_refused_with_a_reason(app: Flask, tryghed: Reader, guest: Guest) -> None:
    later(hours=25)
    call(tryghed, guest, **SPOKEN, effective_at=shown_now(hours=-2), reason="Travl vagt")
    ward, address = other(app, "afdeling"), f"/opgaver/{guest.call}/opkald"
    page = ward.sends(ward.sees(address), f"/opgaver/{guest.call}/afvis", reason="Vi har ikke talt med nogen")
    assert page.answer.status_code == 200
    assert "tæller som for sent" in ward.sees(address).text


def test_the_page_is_read_in_few_statements(tryghed: Reader, guest: Guest) -> None:
    for _ in range(5):
        tryghed.presses(tryghed.sees(f"/opgaver/{guest.call}/opkald"), data_no_answer="")
    with listening() as sent:
        page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    assert page.html.count("data-attempt") == 5
    assert guest.number not in page.html
    assert len(sent) < 15, sent


def test_the_time_stands_first_and_agreements_are_folded_until_they_are_wanted(tryghed: Reader, guest: Guest) -> None:
    later(hours=25)
    page = tryghed.sees(f"/opgaver/{guest.call}/opkald")
    assert page.html.index("data-stands") < page.html.index("data-call")
    folded = [values for tag, values in page.tags if tag == "details" and values.get("class") == "agreement"]
    assert len(folded) == 3
    assert not [values for values in folded if "open" in values]
    refused = call(tryghed, guest, **SPOKEN, agreed_text_2="Sårpleje", agreed_owner_2="ward")
    opened = [v for tag, v in refused.tags if tag == "details" and v.get("class") == "agreement" and "open" in v]
    assert len(opened) == 1
