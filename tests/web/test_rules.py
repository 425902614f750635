"""Every route has a rule, and the rule holds."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.web.reader import Page, Reader
from tests.web.test_signin import given_password, with_app
from web import rules
from web.app import create_app
from web.rules import Who
from workflow.db import Session
from workflow.settings import Settings
from workflow.vocabulary import Role

PUBLIC = {
    "advance_clock", "ask_provider", "assets", "choose_language", "front", "healthz", "metrics", "provider_answers",
    "readyz", "sign_in", "sign_in_as", "sign_in_page", "sign_out", "status_page",
}  # fmt: skip
WHO = {
    "administrator": "admin", "manager": "leder.kommune", "nurse": "distrikt", "neighbour": "nabokommune",
    "operator": "drift",
}  # fmt: skip


def asked(app: Flask, *, but: Who = Who.PUBLIC) -> Iterator[tuple[str, str, str]]:
    """Every route that is not public: endpoint, method and an address with ids that nobody has."""
    for route in app.url_map.iter_rules():
        rule = rules.of(app, route.endpoint)
        if rule is not None and rule.who > but:
            address = route.rule
            for name in route.arguments:
                address = address.replace(f"<uuid:{name}>", str(uuid4()))
            for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
                yield route.endpoint, method, address


def test_every_route_has_a_rule(app: Flask) -> None:
    assert [route.endpoint for route in app.url_map.iter_rules() if rules.of(app, route.endpoint) is None] == []


def test_only_these_are_public(app: Flask) -> None:
    public = {r.endpoint for r in app.url_map.iter_rules() if rules.of(app, r.endpoint) == rules.public}
    assert public == PUBLIC - {"ask_provider", "provider_answers"}


def test_a_route_without_a_rule_is_refused_even_for_an_administrator(app: Flask) -> None:
    @app.get("/forgotten")
    def forgotten() -> str:
        return "secret"

    reader = Reader(app.test_client())
    reader.signs_in("admin")
    assert reader.client.get("/forgotten").status_code == 403
    assert "secret" not in reader.sees("/forgotten").html


def test_nobody_gets_in_without_signing_in(app: Flask) -> None:
    client = app.test_client()
    form = next(form for form in Page(client.get("/sign-in")).forms if form.action == "/language")
    for endpoint, method, address in asked(app):
        answer = client.open(address, method=method, data={"form_mark": form.fields["form_mark"]})
        if method == "GET":
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), endpoint
        else:
            assert (answer.status_code, "data-sign-in" in answer.text) == (401, True), endpoint


def test_nor_with_a_sign_in_that_has_ended(app: Flask, somebody: Reader) -> None:
    somebody.signs_in("admin")
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '31 minutes'"))
    for endpoint, method, address in asked(app):
        if method == "GET":
            assert somebody.client.get(address).location.startswith("/sign-in"), endpoint


@pytest.mark.parametrize("who", WHO)
def test_each_role_gets_where_it_may_and_nowhere_else(app: Flask, somebody: Reader, who: str) -> None:
    page = somebody.signs_in(WHO[who])
    if "data-role" in page.html:
        page = somebody.presses(page, data_role="manager")
    mark = page.forms[0].fields["form_mark"]
    acts_as = Role(who) if who in set(Role) else Role.MUNICIPAL_NURSE
    for endpoint, method, address in asked(app, but=Who.KNOWN):
        rule = rules.of(app, endpoint)
        assert rule is not None
        may = not rule.roles or acts_as in rule.roles
        answer = somebody.client.open(address, method=method, data={"form_mark": mark})
        assert (answer.status_code != 403) is may, (endpoint, answer.status_code)
        assert answer.status_code < 500, endpoint


def test_half_a_sign_in_opens_only_the_code_page(app: Flask, half: FlaskClient) -> None:
    for endpoint, method, address in asked(app, but=Who.HALF):
        if method == "GET":
            assert half.get(address).location == "/sign-in/code", endpoint


@pytest.fixture
def half(peopled: Settings) -> FlaskClient:
    """A browser where the administrator's password was given, and no code yet."""
    with_app("admin")
    reader = Reader(create_app(peopled).test_client())
    assert given_password(reader, "admin").answer.request.path == "/sign-in/code"
    return reader.client
