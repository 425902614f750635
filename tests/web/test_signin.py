"""Signing in and out: by card, by password and code, in which role, under a token nobody could plant."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.web.reader import Page, Reader
from web.app import create_app
from workflow import clock
from workflow.actor import SYSTEM
from workflow.db import Session
from workflow.settings import Settings
from workflow.staff import accounts, people, throttle
from workflow.tables import SignIn

PASSWORD = "tre grønne heste danser"


def with_password(username: str, *, must_change: bool = False) -> None:
    with Session.begin() as session:
        person = people.named(session, username)
        accounts.set_password(session, person, PASSWORD, at=clock.real_now(), must_change=must_change)


def with_app(username: str) -> str:
    """A password and an app; returns the app's secret. Its last code was of a minute ago."""
    with_password(username)
    with Session.begin() as session:
        person, before = people.named(session, username), clock.real_now() - timedelta(minutes=2)
        secret, _ = accounts.begin_second_factor(session, person.id)
        accounts.confirm_second_factor(session, person.id, pyotp.TOTP(secret).at(before), at=before)
    return secret


def given_password(reader: Reader, username: str, password: str = PASSWORD, *, start: str = "/sign-in") -> Page:
    return reader.sends(reader.sees(start), "/sign-in", username=username, password=password)


def token(reader: Reader) -> str | None:
    held = reader.client.get_cookie("overgang_sign_in")
    return held.value if held else None


# --- cards ---


@pytest.mark.parametrize("username", ["koordinator", "afdeling", "distrikt", "tryghed", "leder.kommune",
                                      "leder.hospital", "admin", "drift", "nabokommune"])  # fmt: skip
def test_each_of_the_demos_people_has_a_card_and_gets_in(somebody: Reader, username: str) -> None:
    page = somebody.signs_in(username)
    assert page.answer.status_code == 200
    assert page.first("details", **{"class": "whoami"})["data-whoami"] == username


def test_a_real_installation_has_no_cards(peopled: Settings) -> None:
    client = create_app(replace(peopled, demo=False)).test_client()
    page = Page(client.get("/sign-in"))
    assert "data-demo-user" not in page.html
    sent = page.forms[0].fields | {"user": "admin"}
    assert client.post("/demo/sign-in", data=sent).status_code == 404


def test_only_who_has_a_card_gets_in_by_one(somebody: Reader) -> None:
    form = somebody.sees("/sign-in").forms[0]
    assert somebody.client.post("/demo/sign-in", data=form.fields | {"user": "maja"}).status_code == 400


# --- in which role ---


def test_who_works_in_several_places_chooses_and_the_page_says_which(somebody: Reader) -> None:
    chosen = somebody.presses(somebody.signs_in("vikar"), data_role="ward_nurse")
    assert "Geriatrisk afsnit · sygeplejerske på afdelingen" in chosen.text
    other = somebody.presses(somebody.sees("/choose?back=/account"), data_role="facility_nurse")
    assert other.answer.request.path == "/account"
    assert "Akutpladserne · sygeplejerske" in other.text


def test_nobody_chooses_somebody_elses_role(somebody: Reader) -> None:
    somebody.signs_in("vikar")
    page = somebody.sees("/choose")
    with Session() as session:
        theirs = session.scalars(
            text("select r.uuid from person_roles r join people p on p.id = r.person_id where username = 'admin'")
        ).one()
    assert somebody.sends(page, "/choose", role=str(theirs)).answer.status_code == 404
    assert somebody.sends(page, "/choose", role="x").answer.status_code == 400


# --- passwords and codes ---


def test_a_password_lets_in_and_leads_where_one_wanted_to_go(somebody: Reader) -> None:
    with_password("distrikt")
    asked = somebody.sees("/account?x=1")
    assert asked.answer.request.path == "/sign-in"
    page = somebody.sends(asked, "/sign-in", username="distrikt", password=PASSWORD)
    assert page.answer.request.path == "/account"
    assert page.answer.request.query_string == b"x=1"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_and_never_elsewhere(app: Flask, elsewhere: str) -> None:
    with_password("distrikt")
    client = app.test_client()
    form = next(
        f for f in Page(client.get("/sign-in", query_string={"back": elsewhere})).forms if f.action == "/sign-in"
    )
    assert form.fields["back"] == "/"
    sent = form.fields | {"back": elsewhere, "username": "distrikt", "password": PASSWORD}
    answer = client.post("/sign-in", data=sent)
    assert (answer.status_code, answer.location) == (303, "/")


def test_a_wrong_password_and_an_unknown_name_look_the_same(somebody: Reader) -> None:
    with_password("distrikt")
    wrong, unknown = (given_password(somebody, name, "forkert kodeord") for name in ("distrikt", "ingen"))
    assert wrong.answer.status_code == unknown.answer.status_code == 401
    assert wrong.text == unknown.text
    assert wrong.first("input", id="username")["value"] == "distrikt"  # what was typed, but for the secret
    assert "forkert kodeord" not in wrong.html
    assert token(somebody) is None


def test_guessing_on_is_stopped_though_redis_is_away_and_the_process_new(peopled: Settings, closed_port: int) -> None:
    with_password("distrikt")
    settings = replace(peopled, redis_url=f"redis://127.0.0.1:{closed_port}/0")
    answers = []
    for _ in range(throttle.OF_ACCOUNT + 1):
        answers.append(given_password(Reader(create_app(settings).test_client()), "distrikt", "forkert").answer)
    assert [answer.status_code for answer in answers] == [401] * throttle.OF_ACCOUNT + [429]
    right = given_password(Reader(create_app(settings).test_client()), "distrikt")
    assert (right.answer.status_code, "For mange forsøg" in right.text) == (429, True)


def test_signing_in_must_come_from_our_page(app: Flask) -> None:
    with_password("distrikt")
    answer = app.test_client().post("/sign-in", data={"username": "distrikt", "password": PASSWORD})
    assert answer.status_code == 400
    assert app.test_client().post("/demo/sign-in", data={"user": "admin"}).status_code == 400


def test_an_administrator_sets_up_an_app_first_and_gives_a_code_from_then_on(somebody: Reader) -> None:
    with_password("admin")
    page = given_password(somebody, "admin", start="/sign-in?back=/admin/people")
    assert page.answer.request.path == "/account/second-factor"
    assert somebody.sees("/admin/people").answer.request.path == "/account/second-factor"
    secret = next(text for text in page.texts if len(text) == 39 and text.isupper())
    app = pyotp.TOTP(secret.replace(" ", ""))
    assert somebody.sends(page, "/account/second-factor", code="000000").answer.status_code == 422
    used = app.now()
    assert somebody.sends(page, "/account/second-factor", code=used).answer.request.path == "/admin/people"
    again = Reader(somebody.client.application.test_client())
    half = given_password(again, "admin")
    assert half.answer.request.path == "/sign-in/code"
    replayed = again.sends(half, "/sign-in/code", code=used)
    assert (replayed.answer.status_code, "er brugt" in replayed.text) == (401, True)
    later = app.at(clock.real_now() + timedelta(seconds=30))
    assert again.sends(half, "/sign-in/code", code=later).answer.status_code == 200
    assert again.sees("/admin/people").answer.request.path == "/admin/people"


def test_codes_cannot_be_guessed_on(somebody: Reader) -> None:
    with_app("admin")
    half = given_password(somebody, "admin")
    answers = [somebody.sends(half, "/sign-in/code", code="123456").answer.status_code for _ in range(11)]
    assert answers == [401] * throttle.OF_ACCOUNT + [429]
    assert "For mange forsøg" in somebody.sends(half, "/sign-in/code", code="123456").text


def test_the_token_is_new_at_every_step(somebody: Reader) -> None:
    secret = with_app("admin")
    somebody.client.set_cookie("overgang_sign_in", "planted")
    half = given_password(somebody, "admin")
    first = token(somebody)
    assert first not in {None, "planted"}
    somebody.sends(half, "/sign-in/code", code=pyotp.TOTP(secret).now())
    assert token(somebody) not in {None, first}
    thief = Reader(somebody.client.application.test_client())
    for stolen in ("planted", str(first)):
        thief.client.set_cookie("overgang_sign_in", stolen)
        assert thief.sees("/account").answer.request.path == "/sign-in"


def test_a_second_sign_in_ends_the_first_in_that_browser(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    first = token(somebody)
    somebody.signs_in("afdeling")
    with Session() as session:
        open_ones = session.scalars(select(SignIn).where(SignIn.ended_at.is_(None))).all()
        assert len(open_ones) == 1
    assert token(somebody) != first


def test_a_password_that_was_given_must_be_changed_and_others_are_signed_out(somebody: Reader, app: Flask) -> None:
    with_password("distrikt")
    elsewhere = Reader(app.test_client())
    given_password(elsewhere, "distrikt")
    with Session.begin() as session:
        session.execute(text("update accounts set must_change = true"))
    page = given_password(somebody, "distrikt")
    assert page.answer.request.path == "/account/password"
    new = "fire blå køer synger"
    for typed, why in (
        ({"old": PASSWORD, "new": "kort", "again": "kort"}, "mindst 12"),
        ({"old": PASSWORD, "new": new, "again": "noget andet"}, "ikke ens"),
        ({"old": "forkert", "new": new, "again": new}, "nuværende adgangskode er forkert"),
    ):
        refused = somebody.sends(page, "/account/password", **typed)
        assert (refused.answer.status_code, why in refused.text) == (422, True)
    assert somebody.sends(page, "/account/password", old=PASSWORD, new=new, again=new).answer.status_code == 200
    assert somebody.sees("/account").answer.request.path == "/account"
    assert elsewhere.sees("/account").answer.request.path == "/sign-in"
    assert given_password(elsewhere, "distrikt").answer.status_code == 401
    assert given_password(elsewhere, "distrikt", new).answer.status_code == 200


# --- out ---


def test_out_is_out_and_back_shows_nothing(somebody: Reader) -> None:
    page = somebody.signs_in("distrikt")
    kept = token(somebody)
    seen = somebody.client.get("/account")
    assert seen.headers["Cache-Control"] == "no-store"
    form = next(form for form in page.forms if form.action == "/sign-out")
    answer = somebody.client.post("/sign-out", data=form.fields | {"everywhere": "0"})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert token(somebody) is None
    somebody.client.set_cookie("overgang_sign_in", str(kept))
    assert somebody.sees("/account").answer.request.path == "/sign-in"


def test_out_everywhere_is_out_everywhere(somebody: Reader, app: Flask) -> None:
    other = Reader(app.test_client())
    other.signs_in("distrikt")
    stranger = Reader(app.test_client())
    stranger.signs_in("afdeling")
    somebody.presses(somebody.signs_in("distrikt"), data_sign_out="everywhere")
    assert other.sees("/account").answer.request.path == "/sign-in"
    assert stranger.sees("/account").answer.request.path == "/account"


def test_out_must_come_from_our_page(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    assert somebody.client.post("/sign-out").status_code == 400
    assert somebody.sees("/account").answer.request.path == "/account"


def test_who_is_deactivated_is_out_at_the_next_click(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    with Session.begin() as session:
        people.deactivate(session, people.named(session, "distrikt"), by=SYSTEM, at=clock.real_now())
    assert somebody.sees("/account").answer.request.path == "/sign-in"


def test_the_cookie_behind_tls_cannot_be_planted_read_or_sent_across(peopled: Settings) -> None:
    settings = replace(peopled, base_url="https://overgang.example")
    client = create_app(settings).test_client()
    form = Page(client.get("/sign-in", base_url=settings.base_url)).forms[0]
    sent = form.fields | {"user": "distrikt"}
    answer = client.post("/demo/sign-in", data=sent, base_url=settings.base_url)
    given = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-overgang="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(given.split("; "))
    assert "Domain" not in given
    assert "Expires" not in given


def test_htmx_is_sent_to_the_sign_in_as_a_whole_page(app: Flask) -> None:
    answer = app.test_client().get("/account", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.text) == (401, "/sign-in", "")


def test_what_one_is_told_is_ones_own_choice(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    page = somebody.sees("/account")
    form = next(form for form in page.forms if form.action == "/account")
    sent = form.fields | {"email": "ny@demo.example", "mobile": "+45 00 00 00 01", "mail": ["miss"], "sms": []}
    assert "data-done" not in page.html
    assert "data-done" in Page(somebody.client.post("/account", data=sent, follow_redirects=True)).html
    with Session() as session:
        person = people.named(session, "distrikt")
        assert (person.email, person.mobile) == ("ny@demo.example", "+45 00 00 00 01")
        assert (person.mail_about, person.sms_about) == (["miss"], [])


def test_a_wrong_work_mail_is_pointed_at_and_nothing_that_was_typed_is_lost(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    typed = {"email": "x", "mobile": "+45 00 00 00 01", "mail": "miss", "sms": "reminder"}
    page = somebody.sends(somebody.sees("/account"), "/account", **typed)
    assert page.answer.status_code == 422
    assert page.first("a", href="#account-email")
    assert page.first("input", id="account-email", value="x", aria_invalid="true")
    assert page.first("input", id="account-mobile", value="+45 00 00 00 01")
    ticked = {(one["name"], one["value"]) for tag, one in page.tags if tag == "input" and "checked" in one}
    assert ticked == {("mail", "miss"), ("sms", "reminder")}


def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '29 minutes'"))
    assert somebody.client.get("/status", headers={"HX-Request": "true"}).status_code == 200
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '2 minutes'"))
    assert somebody.sees("/account").answer.request.path == "/sign-in"


def test_a_wrong_password_leads_to_the_fields_below_the_cards(somebody: Reader) -> None:
    page = somebody.sends(somebody.sees("/sign-in"), "/sign-in", username="distrikt", password="forkert")
    assert page.answer.status_code == 401
    assert page.first("a", href="#username")
    assert page.first("input", id="username", value="distrikt")


def test_a_manager_of_several_units_goes_in_at_once_and_who_sees_one_unit_at_a_time_chooses(app: Flask) -> None:
    manager, temp = Reader(app.test_client()), Reader(app.test_client())
    assert manager.signs_in("leder.kommune").answer.request.path == "/overblik"
    assert temp.signs_in("vikar").answer.request.path == "/choose"
