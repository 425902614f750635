"""Every route has a rule, and the rule holds: whoever asks, however they ask, and whatever number they guess."""

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.web.reader import Reader
from tests.web.routes import MARK, NUMBER, SIGNED_IN, Ask, Hidden, a_citizen, asks, enter, ids, marked, state
from tests.web.test_signin import given_password, with_app, with_password
from web.app import create_app
from web.ground import rules
from web.ground.rules import Rule, Who
from workflow import clock
from workflow.actor import SYSTEM
from workflow.db import Session
from workflow.settings import Settings
from workflow.staff import people, roles, sign_ins
from workflow.vocabulary import Role, SignInEnd

PUBLIC = {
    "accessibility_page", "advance_clock", "api_described", "assets", "calendar", "choose_language", "front",
    "guide_page", "healthz", "help_page", "metrics", "process_message", "readyz", "send_message", "sign_in",
    "sign_in_as", "sign_in_page", "sign_out", "status_page",
}  # fmt: skip
PEOPLE = {
    "koordinator": Role.DISCHARGE_COORDINATOR, "afdeling": Role.WARD_NURSE, "distrikt": Role.MUNICIPAL_NURSE,
    "tryghed": Role.FACILITY_NURSE, "leder.kommune": Role.MANAGER, "leder.hospital": Role.MANAGER,
    "admin": Role.ADMINISTRATOR, "drift": Role.OPERATOR, "nabokommune": Role.MUNICIPAL_NURSE,
    "leder.syddjurs": Role.MANAGER, "vikar": Role.WARD_NURSE,
}  # fmt: skip
# What they may is what others of their role may, who are tried each time, strangers where there are any.
ALIKE = {"distrikt", "leder.hospital", "leder.kommune", "vikar"}
STRANGERS = {"admin", "drift", "nabokommune", "leder.syddjurs", "tryghed"}  # to the hidden citizen
PLAUSIBLE = {"username": "distrikt", "name": "Ny Demo", "reason": "Stuegang", "note": "Set", "in_order": "1"}
MALFORMED = ("0", "1", "-1", "null", "%00", "..%2f..%2fadmin", "' or 1=1 --", "ffffffff-ffff-ffff-ffff-fffffffffffg")


@pytest.fixture
def hidden(app: Flask) -> Hidden:
    """Somebody whom strangers must not learn of."""
    return a_citizen()


def answer_to(client: FlaskClient, ask: Ask, mark: str) -> TestResponse:
    """Send it as a page would; whatever comes back is no bug, may not be framed, and is not kept."""
    data = PLAUSIBLE | {MARK: mark} if ask.method == "POST" else None
    answer = client.open(ask.address, method=ask.method, data=data, buffered=True)
    assert answer.status_code < 500, ask
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], ask
    assert answer.headers["Cache-Control"] == "no-store" or ask.endpoint == "assets", ask
    return answer


def says_nothing_of(hidden: Hidden, answer: TestResponse) -> bool:
    """Neither in the page nor around it. The address that was asked for is what they knew already."""
    asked = unquote(answer.request.path)
    said = unquote(answer.get_data().decode(errors="replace") + str(answer.headers)).replace(asked, "")
    return not any(word in said for word in hidden.words)


# --- rules ---


def test_every_route_has_a_rule(app: Flask) -> None:
    assert [route.endpoint for route in app.url_map.iter_rules() if rules.of(app, route.endpoint) is None] == []


def test_only_these_are_public(app: Flask) -> None:
    assert {r.endpoint for r in app.url_map.iter_rules() if rules.of(app, r.endpoint) == rules.public} == PUBLIC


def test_a_route_without_a_rule_is_refused_even_for_an_administrator(peopled: Settings) -> None:
    app = create_app(peopled)

    @app.get("/forgotten")
    def forgotten() -> str:
        return "secret"

    client = app.test_client()
    enter(client, "admin")
    answer = client.get("/forgotten")
    assert (answer.status_code, "secret" in answer.text) == (403, False)


# --- who is not signed in ---


def nobody(client: FlaskClient) -> None:
    """A browser that has nothing."""


def planted(client: FlaskClient) -> None:
    """A token that we never gave."""
    client.set_cookie(SIGNED_IN, "planted")


def unused(client: FlaskClient) -> None:
    """Signed in, and idle for longer than the installation allows."""
    enter(client, "admin")
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '31 minutes'"))


def too_long(client: FlaskClient) -> None:
    """Signed in, and busy for longer than a sign-in lasts."""
    enter(client, "admin")
    with Session.begin() as session:
        session.execute(text("update sign_ins set began_at = began_at - interval '1 day', ends_at = now()"))


def gone(client: FlaskClient) -> None:
    """Signed in, and no longer at work."""
    enter(client, "leder.kommune", Role.MANAGER)
    with Session.begin() as session:
        session.execute(text("update people set active = false where username = 'leder.kommune'"))


def out(client: FlaskClient) -> None:
    """Signed out, and the token kept."""
    enter(client, "admin")
    with Session.begin() as session:
        person = people.named(session, "admin")
        sign_ins.end_all(session, person.id, because=SignInEnd.SIGNED_OUT, at=clock.real_now())


@pytest.mark.parametrize("how", [nobody, planted, unused, too_long, gone, out])
def test_who_is_not_signed_in_is_asked_to_and_changes_nothing(
    app: Flask, hidden: Hidden, how: Callable[[FlaskClient], None]
) -> None:
    client = app.test_client()
    how(client)
    mark, before = marked(client), state()
    for ask in asks(app):
        answer = answer_to(client, ask, mark)
        assert says_nothing_of(hidden, answer), ask
        if ask.rule.who == Who.PUBLIC:
            assert answer.status_code != 403, ask
        elif ask.method == "POST":
            assert answer.status_code in {303, 401}, ask
            assert answer.location == "/sign-in" if answer.status_code == 303 else "data-sign-in" in answer.text, ask
        else:
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), ask
    assert state() == before


# --- who is on the way in ---


def with_half(reader: Reader) -> None:
    """The password was given, and no code yet."""
    with_app("admin")
    given_password(reader, "admin")


def with_another_s_password(reader: Reader) -> None:
    """Somebody else knows the password too."""
    with_password("distrikt", must_change=True)
    given_password(reader, "distrikt")


def without_second_factor(reader: Reader) -> None:
    """An administrator who has only a password."""
    with_password("admin")
    given_password(reader, "admin")


def without_role(reader: Reader) -> None:
    """Somebody whose only role was taken away."""
    enter(reader.client, "distrikt")
    with Session.begin() as session:
        person = people.named(session, "distrikt")
        for role in sign_ins.roles_of(session, person.id):
            roles.end(session, role.uuid, by=SYSTEM, at=clock.real_now())


@pytest.mark.parametrize(
    ("how", "opens", "step"),
    [
        (with_half, Who.HALF, "/sign-in/code"),
        (with_another_s_password, Who.KNOWN, "/account/password"),
        (without_second_factor, Who.KNOWN, "/account/second-factor"),
        (without_role, Who.KNOWN, "/choose"),
    ],
)
def test_who_is_on_the_way_in_gets_no_further_than_the_next_step(
    app: Flask, somebody: Reader, hidden: Hidden, how: Callable[[Reader], None], opens: Who, step: str
) -> None:
    how(somebody)
    mark, before = marked(somebody.client), state()
    for ask in asks(app):
        if ask.rule.who > opens:
            answer = answer_to(somebody.client, ask, mark)
            assert (answer.status_code, answer.location) == (303, step), ask
    assert state() == before
    for ask in asks(app):
        if ask.rule.who <= opens and ask.endpoint != "sign_in_as":
            assert says_nothing_of(hidden, answer_to(somebody.client, ask, mark)), ask


# --- who is signed in ---


def lets_in(rule: Rule, role: Role) -> bool:
    """What the rule says of who acts in a role."""
    return not rule.roles or role in rule.roles


@pytest.mark.parametrize("who", [pytest.param(who, marks=[pytest.mark.long] if who in ALIKE else []) for who in PEOPLE])
def test_each_role_gets_where_it_may_and_nowhere_else(app: Flask, hidden: Hidden, who: str) -> None:
    client, role = app.test_client(), PEOPLE[who]
    mark, before = enter(client, who, role), state()
    refused = [ask for ask in asks(app) if not lets_in(ask.rule, role)]
    for ask in refused:
        answer = answer_to(client, ask, mark)
        assert (answer.status_code, says_nothing_of(hidden, answer)) == (403, True), ask
    assert state() == before
    for ask in asks(app):
        if lets_in(ask.rule, role) and ask.endpoint != "sign_in_as":
            answer = answer_to(client, ask, mark)
            assert ask.whose == "somebody's" or answer.status_code != 403, ask
            assert who not in STRANGERS or says_nothing_of(hidden, answer), ask
            if "sign-in" in (answer.location or ""):
                enter(client, who, role)  # what was asked for ended it


def test_what_is_no_number_at_all_is_no_page(app: Flask) -> None:
    client = app.test_client()
    enter(client, "admin")
    for ask in asks(app):
        for real in {str(each) for each in ids().values()}:
            for wrong in MALFORMED if real in ask.address else ():
                assert client.open(ask.address.replace(real, wrong)).status_code == 404, (ask, wrong)


def test_no_route_answers_to_another_method(app: Flask) -> None:
    client = app.test_client()
    mark = enter(client, "admin")
    for address in sorted({ask.address for ask in asks(app)}):
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "OVERGANG"):
            answer = client.open(address, method=method, headers={"X-Form-Mark": mark})
            assert answer.status_code == 405, (method, address)


@pytest.mark.parametrize("who", ["admin", "leder.syddjurs"])
@pytest.mark.parametrize("address", ["/revision/citizen", "/revision/extract"])
def test_a_full_number_is_answered_as_one_that_nobody_has(app: Flask, hidden: Hidden, who: str, address: str) -> None:
    client = app.test_client()
    mark = enter(client, who, PEOPLE[who])
    theirs, nobodys = (client.post(address, data={MARK: mark, "cpr": cpr}) for cpr in (NUMBER, "0119400008"))
    assert theirs.status_code == nobodys.status_code == 404
    assert says_nothing_of(hidden, theirs)
