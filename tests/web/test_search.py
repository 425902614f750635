"""Finding a citizen: by number, name or telephone, only whom one may see, never in an address, and written down."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from ops.demo import cluster
from tests.web.citizens import NAME, NUMBER
from tests.web.reader import Page, Reader
from tests.web.routes import enter
from workflow import citizens, clock, episodes
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry, Citizen, Episode
from workflow.vocabulary import Look, Role


def searches(somebody: Reader, typed: str, *, on: str = "/overgange") -> Page:
    return somebody.sends(somebody.sees(on), "/soeg", find=typed)


def named(name: str, *, number: str = "0119400002", phone: str | None = None) -> None:
    """Somebody in the medical ward."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        there = cluster.read(session)
        ward = there.units["Medicinsk afsnit"]
        citizen = citizens.register(
            session, Cpr.parse(number), name, municipality_id=there.municipalities[0].id, phone=phone
        )
        nurse = there.at_work(ward, Role.WARD_NURSE)[0]
        episodes.open_episode(session, citizen, "home", "admission", by=nurse, at=clock.now(session), ward=ward)


def last_look() -> AccessEntry:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        entry = session.scalars(select(AccessEntry).order_by(AccessEntry.id.desc()).limit(1)).one()
        session.expunge(entry)
        return entry


@pytest.mark.parametrize(
    "typed",
    [NUMBER, "011940-0001", " 011940 0001 ", "011940–0001", "agnes", "Prøv dem", "+45 00 12 34 56", "00–12.34\u00a056"],
)  # fmt: skip
def test_found_by_number_name_or_telephone(somebody: Reader, arriving: Episode, typed: str) -> None:
    somebody.signs_in("tryghed")
    page = searches(somebody, typed)
    assert NAME in page.text
    assert NUMBER not in page.html


@pytest.mark.parametrize("typed", ["12 34 56 00", "gnes", "agnes hansen", "0119400009"])
def test_what_does_not_fit_is_not_found(somebody: Reader, arriving: Episode, typed: str) -> None:
    somebody.signs_in("tryghed")
    assert NAME not in searches(somebody, typed).html


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Åge Sørensen Demo", "aage"), ("Aage Bæk Demo", "åge bæ"), ("Anne-Marie O'Hara Demo", "hara marie"),
        ("Björn Müller Demo", "bjørn mu"), ("Zoë 🌼 Demo", "zoe"),
    ],
)  # fmt: skip
def test_names_are_found_as_they_are_typed(somebody: Reader, name: str, typed: str) -> None:
    named(name)
    somebody.signs_in("afdeling")
    assert name in searches(somebody, typed).text


def test_a_number_without_relation_is_answered_as_one_that_nobody_has(somebody: Reader, arriving: Episode) -> None:
    somebody.signs_in("nabokommune")
    theirs, nobodys = searches(somebody, NUMBER), searches(somebody, "0119409999")
    assert theirs.text == nobodys.text
    assert "Ingen forløb på CPR-nummeret" in theirs.text
    assert theirs.first("a", href="/noed-adgang")
    assert NAME not in searches(somebody, "agnes").html


def test_a_manager_is_offered_no_new_episode(somebody: Reader) -> None:
    enter(somebody.client, "leder.syddjurs", Role.MANAGER)
    page = searches(somebody, NUMBER)
    assert "Ingen forløb på CPR-nummeret" in page.text
    assert not any(form.action == "/forloeb/nyt" for form in page.forms)


def test_the_number_stands_in_no_address_and_going_back_works(somebody: Reader, arriving: Episode) -> None:
    somebody.signs_in("tryghed")
    page = somebody.sees("/overgange")
    form = next(form for form in page.forms if form.action == "/soeg")
    answer = somebody.client.post("/soeg", data={**form.fields, "find": NUMBER})
    assert (answer.status_code, answer.location) == (303, "/soeg")
    assert NUMBER not in str(answer.headers)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    for _ in range(2):
        assert NAME in somebody.sees("/soeg").text


def test_what_somebody_searched_for_is_nobody_elses(somebody: Reader, app: Flask, arriving: Episode) -> None:
    somebody.signs_in("tryghed")
    searches(somebody, "agnes")
    carried = somebody.client.get_cookie("overgang_search")
    assert carried is not None
    other = Reader(app.test_client())
    other.signs_in("afdeling")
    for value in (carried.value, "nonsense", ""):
        other.client.set_cookie("overgang_search", value)
        assert NAME not in other.sees("/soeg").text


def test_what_was_searched_for_is_forgotten_after_a_while(
    somebody: Reader, arriving: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody.signs_in("tryghed")
    assert NAME in searches(somebody, "agnes").text
    later = clock.real_now() + timedelta(minutes=16)
    monkeypatch.setattr("web.ground.carried.clock.real_now", lambda: later)
    assert NAME not in somebody.sees("/soeg").text


def test_a_search_is_written_down_with_a_hash_of_what_was_typed(somebody: Reader, arriving: Episode) -> None:
    somebody.signs_in("tryghed")
    searches(somebody, NUMBER)
    entry = last_look()
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        number = session.scalars(select(Citizen.id).where(Citizen.name == NAME)).one()
    assert (entry.kind, entry.citizens, entry.episodes) == (Look.SEARCH, [number], [arriving.id])
    assert entry.criterion is not None
    assert NUMBER.encode() not in entry.criterion


@pytest.mark.parametrize("typed", ["a", "123", "- -", "%%%", "'"])
def test_too_little_is_asked_for_more_of(somebody: Reader, typed: str) -> None:
    somebody.signs_in("afdeling")
    assert "mindst to bogstaver" in searches(somebody, typed).text


@pytest.mark.parametrize("typed", ["') or 1=1 --", "agnes:*|!", "<->", "\\'agnes"])
def test_what_is_typed_is_never_a_query(somebody: Reader, arriving: Episode, typed: str) -> None:
    somebody.signs_in("nabokommune")
    page = searches(somebody, typed)
    assert page.answer.status_code == 200
    assert NAME not in page.html


def test_who_sees_no_patients_has_no_field(somebody: Reader) -> None:
    assert not any(form.action == "/soeg" for form in somebody.signs_in("drift").forms)


def test_letters_of_a_mac_are_found_and_find(somebody: Reader) -> None:
    named("A\u030ase Prøve Demo")
    somebody.signs_in("afdeling")
    for typed in ("Åse", "A\u030ase", "aase"):
        assert "Åse Prøve Demo" in searches(somebody, typed).text


def ended(name: str, number: str) -> None:
    """Somebody in the medical ward whose episode is over."""
    named(name, number=number)
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        theirs = "citizen_id = (select max(id) from citizens)"
        session.execute(
            text(
                "update deadlines set ended_at = now(), ended = 'met', next_at = null "
                f"where episode_id in (select id from episodes where {theirs})"
            )
        )
        over = "closed_at = now(), owner_unit_id = null, responsible_unit_id = null"
        session.execute(text(f"update episodes set {over} where {theirs}"))


def test_of_many_with_the_same_name_the_open_ones_are_found(
    somebody: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.lists.finding.MOST", 2)
    for number in range(4):
        ended(f"Jens {number} Jensen Demo", f"011940010{number}")
    named("Jens Nu Jensen Demo", number="0119400109")
    somebody.signs_in("afdeling")
    page = searches(somebody, "jensen")
    assert "3 forløb" not in page.text
    assert "2 forløb for »jensen«" in page.text
    assert page.text.index("Jens Nu Jensen Demo") < page.text.index("Afsluttede (1)")


def test_a_closed_episode_is_no_dead_end(somebody: Reader) -> None:
    ended("Jens Jensen Demo", "0119400100")
    somebody.signs_in("afdeling")
    page = searches(somebody, "jensen")
    offered = somebody.presses(page, data_open_episode="")
    assert "Jens Jensen Demo" in offered.text
    assert "Hvordan begynder forløbet?" in offered.text


def test_an_episode_can_be_opened_from_every_search(somebody: Reader, arriving: Episode) -> None:
    somebody.signs_in("tryghed")
    for typed in ("agnes", "nobody at all", "0119409999"):
        assert "data-open-episode" in searches(somebody, typed).html, typed
    assert "data-open-episode" in somebody.sees("/soeg").html


def test_the_number_that_was_searched_for_is_not_typed_again(somebody: Reader) -> None:
    somebody.signs_in("afdeling")
    searches(somebody, "0119409999")
    assert somebody.sees("/noed-adgang").first("input", id="emergency-cpr")["value"] == "0119409999"
    searches(somebody, "agnes")
    assert somebody.sees("/noed-adgang").first("input", id="emergency-cpr")["value"] == ""
