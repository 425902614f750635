"""Signing in with an identity provider: there and back, who they are here, and every way in which it must not work."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from tests import provider as providers
from tests.provider import Claims, Provider
from web.app import create_app
from workflow.db import Session
from workflow.settings import MissingSettings, Settings
from workflow.staff import people, sign_ins
from workflow.tables import ExternalIdentity, Person, Unit
from workflow.vocabulary import Role

SUBJECT = "f3b1c0de"
DORTHE: Claims = {"sub": SUBJECT, "preferred_username": "distrikt", "name": "Dorthe Demo"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.running(DORTHE) as running:
        yield running


@pytest.fixture
def configured(peopled: Settings, tmp_path: Path, provider: Provider) -> Callable[..., FlaskClient]:
    """A browser at an installation that trusts that provider."""

    def browser(**more: Any) -> FlaskClient:
        file = tmp_path / "provider.json"
        said = {"name": "Kommunelogin", "issuer": provider.issuer, "client_id": providers.CLIENT, **more}
        file.write_text(json.dumps(said))
        settings = replace(peopled, provider_file=str(file), provider_secret=providers.SECRET)
        return create_app(settings).test_client()

    return browser


@pytest.fixture
def client(configured: Callable[..., FlaskClient]) -> FlaskClient:
    return configured()


def sent_back(client: FlaskClient, *, start: str = "/sign-in/provider") -> str:
    """The address at which the provider sends the browser back to us."""
    asked = client.get(start)
    assert asked.status_code == 302, asked.text
    there = requests.get(asked.location, allow_redirects=False, timeout=5)
    address = urlsplit(there.headers["Location"])
    return f"{address.path}?{address.query}"


def comes_back(client: FlaskClient) -> TestResponse:
    return client.get(sent_back(client))


def who(client: FlaskClient) -> str | None:
    """As whom that browser is signed in."""
    answer = client.get("/account")
    return None if answer.status_code == 303 else answer.text.split('data-whoami="')[1].split('"')[0]


# --- there and back ---


def test_there_and_back(client: FlaskClient, provider: Provider) -> None:
    assert "Log ind med Kommunelogin" in client.get("/sign-in").text
    answer = client.get(sent_back(client, start="/sign-in/provider?back=/account"))
    assert (answer.status_code, answer.location) == (303, "/account")
    assert who(client) == "distrikt"
    assert provider.last is not None
    assert provider.last.redirect_uri.endswith("/sign-in/provider/answer")
    assert "openid" in provider.last.scope.split()


def test_without_a_provider_there_is_no_such_way_in(peopled: Settings) -> None:
    client = create_app(peopled).test_client()
    assert client.get("/sign-in/provider").status_code == 404


def test_afterwards_nobody_is_sent_elsewhere(client: FlaskClient) -> None:
    answer = client.get(sent_back(client, start="/sign-in/provider?back=//evil.example"))
    assert answer.location == "/"


def test_who_they_are_is_known_by_their_subject_and_not_by_a_name(client: FlaskClient, provider: Provider) -> None:
    comes_back(client)
    provider.claims = DORTHE | {"preferred_username": "admin"}
    comes_back(client)
    assert who(client) == "distrikt"
    provider.claims = {"sub": "another", "preferred_username": "distrikt"}
    stranger = client.application.test_client()
    assert comes_back(stranger).status_code == 403
    assert who(stranger) is None


def test_the_token_is_new(client: FlaskClient) -> None:
    client.set_cookie("overgang_sign_in", "planted")
    comes_back(client)
    held = client.get_cookie("overgang_sign_in")
    assert held is not None
    assert held.value != "planted"


def test_what_the_token_leaves_out_is_asked_for(client: FlaskClient, provider: Provider) -> None:
    provider.claims, provider.tells_more = {"sub": SUBJECT}, DORTHE
    assert comes_back(client).status_code == 303
    assert who(client) == "distrikt"


def test_and_not_believed_of_somebody_else(client: FlaskClient, provider: Provider) -> None:
    provider.claims, provider.tells_more = {"sub": SUBJECT}, DORTHE | {"sub": "another"}
    assert comes_back(client).status_code == 400
    assert who(client) is None


# --- what they may do here ---


def sor(name: str) -> str:
    with Session() as session:
        found = session.scalars(select(Unit.sor).where(Unit.name == name)).one()
    assert found is not None
    return found


def roles_of(username: str) -> set[tuple[Role, str]]:
    with Session() as session:
        person = people.named(session, username)
        return {(role.role, role.unit.name) for role in sign_ins.roles_of(session, person.id)}


def test_its_roles_become_ours_and_leave_again(configured: Callable[..., FlaskClient], provider: Provider) -> None:
    client = configured(
        claims={"roles": "https://kommune.example/roller"},
        roles={"OVG-SPL": "municipal_nurse", "OVG-LEDER": "manager"},
        role_pattern=r"(?P<role>[A-Z-]+):(?P<unit>\d+)",
    )
    nord, vest = sor("Distrikt Nord"), sor("Distrikt Vest")
    said = [f"OVG-SPL:{nord}", f"OVG-LEDER:{vest}", "OVG-KONGE:1", "OVG-SPL:99", "noget andet", 7]
    provider.claims = DORTHE | {"https://kommune.example/roller": said}
    comes_back(client)
    own = (Role.MUNICIPAL_NURSE, "Distrikt Syd")
    assert roles_of("distrikt") == {own, (Role.MUNICIPAL_NURSE, "Distrikt Nord"), (Role.MANAGER, "Distrikt Vest")}
    provider.claims = DORTHE | {"https://kommune.example/roller": f"OVG-SPL:{nord}"}
    comes_back(client)
    assert roles_of("distrikt") == {own, (Role.MUNICIPAL_NURSE, "Distrikt Nord")}


def test_somebody_new_is_let_in_only_where_that_is_said_and_with_a_role(
    configured: Callable[..., FlaskClient], provider: Provider
) -> None:
    new = {"sub": "new", "preferred_username": "ny", "name": "Ny Demo", "email": "ny@demo.example"}
    provider.claims = new | {"roles": [f"ward_nurse@{sor('Akutafdeling')}"]}
    assert comes_back(configured()).status_code == 403
    provider.claims = new
    assert comes_back(configured(creates_people=True)).status_code == 403
    provider.claims = new | {"roles": [f"ward_nurse@{sor('Akutafdeling')}"]}
    client = configured(creates_people=True)
    assert comes_back(client).status_code == 303
    assert who(client) == "ny"
    assert roles_of("ny") == {(Role.WARD_NURSE, "Akutafdeling")}
    with Session() as session:
        assert session.scalars(select(Person.email).where(Person.username == "ny")).one() == "ny@demo.example"


def test_who_was_deactivated_here_stays_out(client: FlaskClient) -> None:
    comes_back(client)
    with Session.begin() as session:
        session.execute(text("update people set active = false where username = 'distrikt'"))
    answer = comes_back(client)
    assert (answer.status_code, "ikke adgang til Overgang" in answer.text) == (403, True)
    assert who(client) is None


def test_the_last_administrator_stays_one_whatever_the_provider_says(
    configured: Callable[..., FlaskClient], provider: Provider
) -> None:
    client = configured()
    provider.claims = {
        "sub": "a",
        "preferred_username": "admin",
        "roles": [f"administrator@{sor('Systemforvaltning')}"],
    }
    with Session.begin() as session:
        session.execute(
            text("update person_roles set granted_by = :by where role = 'administrator'"), {"by": provider.issuer}
        )
    provider.claims = provider.claims | {"roles": []}
    comes_back(client)
    assert roles_of("admin") == {(Role.ADMINISTRATOR, "Systemforvaltning")}


# --- what must not work ---


def test_a_state_that_is_not_ours_is_refused(client: FlaskClient) -> None:
    back = sent_back(client)
    code = parse_qs(urlsplit(back).query)["code"][0]
    for state in ("", "x", "æ"):
        answer = client.get("/sign-in/provider/answer", query_string={"code": code, "state": state})
        assert (answer.status_code, "ikke til denne browser" in answer.text) == (400, True)
    assert who(client) is None


def test_another_browsers_answer_is_refused(client: FlaskClient) -> None:
    victim = client.application.test_client()
    answer = victim.get(sent_back(client))
    assert answer.status_code == 400
    assert who(victim) is None


def test_an_answer_counts_once(client: FlaskClient) -> None:
    back = sent_back(client)
    assert client.get(back).status_code == 303
    fresh = client.application.test_client()
    assert client.get(back).status_code == 400
    assert fresh.get(back).status_code == 400


def changed(**claims: Any) -> Callable[[Claims], Claims]:
    return lambda said: {name: value for name, value in (said | claims).items() if value is not None}


@pytest.mark.parametrize(
    "twist",
    [
        changed(nonce="another"), changed(nonce=None), changed(exp=int(time.time()) - 3600), changed(exp=None),
        changed(aud="another client"), changed(iss="https://evil.example"), changed(sub=None),
        changed(iat=int(time.time()) + 3600),
    ],
    ids=["wrong nonce", "no nonce", "expired", "never expires", "for another", "from another", "nobody", "of tomorrow"],
)  # fmt: skip
def test_a_token_that_does_not_hold_is_refused(
    client: FlaskClient, provider: Provider, twist: Callable[[Claims], Claims]
) -> None:
    provider.twist = twist
    answer = comes_back(client)
    assert (answer.status_code, "ikke bruges" in answer.text) == (400, True)
    assert who(client) is None


def test_a_signature_of_somebody_else_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    assert comes_back(client).status_code == 400


def test_a_provider_that_offers_no_signature_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.metadata = {"id_token_signing_alg_values_supported": ["none", "HS256"]}
    assert client.get("/sign-in/provider").status_code == 502


def test_another_issuer_at_that_address_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.metadata = {"issuer": "https://evil.example"}
    assert client.get("/sign-in/provider").status_code == 502


def test_a_refusal_of_the_provider_is_told_kindly(client: FlaskClient, provider: Provider) -> None:
    provider.denies = True
    answer = comes_back(client)
    assert (answer.status_code, "lukkede dig ikke ind" in answer.text) == (403, True)


def test_what_the_provider_says_of_an_error_is_not_shown(client: FlaskClient) -> None:
    said = {"error": "<script>alert(1)</script>", "error_description": "Ring til 010170-1234"}
    answer = client.get("/sign-in/provider/answer", query_string=said)
    assert answer.status_code == 403
    assert "alert(1)" not in answer.text
    assert "010170" not in answer.text


@pytest.mark.parametrize(
    "claims", [{"sub": SUBJECT}, {"sub": SUBJECT, "preferred_username": ["x"]}, DORTHE | {"roles": 7}]
)
def test_claims_of_another_shape_are_no_accident(client: FlaskClient, provider: Provider, claims: Claims) -> None:
    provider.claims = claims
    assert comes_back(client).status_code in {303, 403}


def test_a_provider_that_is_away_is_told(configured: Callable[..., FlaskClient], closed_port: int) -> None:
    client = configured(issuer=f"http://127.0.0.1:{closed_port}")
    answer = client.get("/sign-in/provider")
    assert (answer.status_code, "svarer ikke lige nu" in answer.text) == (502, True)
    assert client.get("/sign-in").status_code == 200


def test_nothing_of_it_is_left_in_the_browser_or_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    back = sent_back(client)
    client.get(back)
    state = client.get_cookie("overgang_state")
    assert state is None or len(state.value) < 60
    assert parse_qs(urlsplit(back).query)["code"][0] not in caplog.text
    with Session() as session:
        assert session.scalars(select(ExternalIdentity.subject)).all() == [SUBJECT]


# --- its configuration ---


@pytest.mark.parametrize(
    "said",
    ["", "{}", "[]", '{"name": "x", "issuer": "x", "client_id": "x", "unknown": 1}',
     '{"name": "x", "issuer": "x", "client_id": "x", "role_pattern": "x"}',
     '{"name": "x", "issuer": "x", "client_id": "x", "roles": {"A": "king"}}',
     '{"name": "x", "issuer": "x", "client_id": "x", "claims": {"king": "x"}}'],
)  # fmt: skip
def test_a_file_that_cannot_be_used_stops_the_start(peopled: Settings, tmp_path: Path, said: str) -> None:
    file = tmp_path / "provider.json"
    file.write_text(said)
    with pytest.raises(MissingSettings, match="OVERGANG_PROVIDER"):
        create_app(replace(peopled, provider_file=str(file)))
