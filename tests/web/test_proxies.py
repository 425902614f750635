"""Where a request comes from is believed of nobody but the proxies that were named."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.web.reader import Page
from web.app import create_app
from workflow.db import Session
from workflow.settings import MissingSettings, Settings
from workflow.tables import SignIn

FORGED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


def address_of(settings: Settings, peer: str, headers: dict[str, str]) -> str:
    """What is written down as the address of somebody who signs in from `peer`."""
    client = create_app(settings).test_client()
    environ = {"REMOTE_ADDR": peer}
    form = Page(client.get("/sign-in", environ_base=environ)).forms[0]
    sent = form.fields | {"user": "distrikt"}
    answer = client.post("/demo/sign-in", data=sent, headers=headers, environ_base=environ)
    assert answer.status_code == 303
    assert "evil" not in answer.location
    with Session() as session:
        return session.scalars(select(SignIn.address).order_by(SignIn.id.desc()).limit(1)).one()


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "found"),
    [
        ("", "10.0.0.5", "203.0.113.9", "10.0.0.5"),
        ("1", "10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("1", "10.0.0.5", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("2", "10.0.0.5", "6.6.6.6, 203.0.113.9, 10.0.0.4", "203.0.113.9"),
        ("10.0.0.5, 10.1.0.0/16", "10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5, 10.1.0.0/16", "10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5, 10.1.0.0/16", "10.2.0.1", "203.0.113.9", "10.2.0.1"),
    ],
)
def test_what_is_forwarded_counts_only_from_whom_we_trust(
    peopled: Settings, trusted: str, peer: str, said: str, found: str
) -> None:
    settings = replace(peopled, trusted_proxies=trusted)
    assert address_of(settings, peer, FORGED | {"X-Forwarded-For": said}) == found


@pytest.mark.parametrize("trusted", ["yes", "10.0.0", "-1", "10.0.0.5/x"])
def test_a_setting_that_means_nothing_stops_the_start(peopled: Settings, trusted: str) -> None:
    with pytest.raises(MissingSettings, match="OVERGANG_TRUSTED_PROXIES"):
        create_app(replace(peopled, trusted_proxies=trusted))
