"""Every page is written from a few statements, however much it lists; who asks, what they see and the look included."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from ops.demo import year
from tests.browser import pages
from tests.browser.pages import LOOKERS, Target
from tests.conftest import Servers
from tests.statements import listening
from tests.web import town
from tests.web.conftest import beat
from tests.web.routes import enter
from web.app import create_app
from workflow import clock, db
from workflow.settings import Settings

TOO_MANY = 15
TARGETS = sorted(pages.targets(pages.the_app()), key=lambda target: target.endpoint)


@dataclass
class Listened:
    """The pages on a town with sixty citizens in it, and what they send to the database."""

    app: Flask
    heard: list[str]
    numbers: dict[str, dict[str, UUID]]
    clients: dict[str | None, FlaskClient] = field(default_factory=dict)

    def client(self, username: str | None) -> FlaskClient:
        """A browser of somebody who is signed in, or of nobody."""
        if username not in self.clients:
            self.clients[username] = self.app.test_client()
            if username is not None:
                enter(self.clients[username], username, LOOKERS[username])
        return self.clients[username]

    def sent(self, username: str | None, address: str) -> list[str]:
        """What is sent for a page, at the minute at which it is noted that a sign-in is used."""
        client = self.client(username)
        with db.Session.begin() as session:
            session.execute(text("update sign_ins set used_at = used_at - interval '2 minutes'"))
        self.heard.clear()
        answer = client.get(address)
        assert answer.status_code in {200, 303}, (username, address)
        return list(self.heard)


@pytest.fixture(scope="module")
def listened(servers: Servers) -> Iterator[Listened]:
    """One for every page."""
    name = servers.copy()
    settings = Settings.from_environment(servers.environment(name))
    engine = town.build(settings, year.here())
    beat(clock.real_now() - timedelta(seconds=1))
    numbers = {username: pages.numbers_of(username) for username in LOOKERS}
    with listening() as heard:
        yield Listened(create_app(settings), heard, numbers)
    db.Session.configure(bind=None)
    engine.dispose()
    servers.drop(name)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.endpoint)
def test_a_page_is_written_from_a_few_statements_and_none_of_them_for_each_row(
    listened: Listened, target: Target
) -> None:
    lookers = pages.lookers(listened.app, target, listened.numbers)
    for username, address in [(None, target.address({}))] if target.public else list(lookers):
        sent = listened.sent(username, address)
        assert len(sent) < TOO_MANY, (username, address, sent)
        assert [statement for statement, times in Counter(sent).items() if times > 2] == [], (username, address)
