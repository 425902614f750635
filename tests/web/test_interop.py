"""The sign-in against a certified OpenID provider: npm's oidc-provider, with its own pages in between."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select

from ops import processes
from web.app import create_app
from workflow.db import Session
from workflow.settings import Settings
from workflow.staff import people, sign_ins
from workflow.tables import Unit
from workflow.vocabulary import Role

HERE = Path(__file__).parent.parent / "interop"
SECRET = "a secret of this test alone, and long"
BACK = "http://127.0.0.1:8080/sign-in/provider/answer"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (HERE / "node_modules/oidc-provider").exists(), reason="not installed yet: make interop"),
]


class Form(HTMLParser):
    """The only form of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = values["action"]
        elif tag == "input" and "name" in values:
            self.fields[values["name"]] = values.get("value", "")


@pytest.fixture
def issuer(peopled: Settings) -> Iterator[str]:
    """The provider, running; its people have one role at the hospital."""
    with Session() as session:
        unit = session.scalars(select(Unit.sor).where(Unit.name == "Akutafdeling")).one()
    environ = {"CLIENT_SECRET": SECRET, "REDIRECT_URI": BACK, "ROLES": json.dumps([f"ward_nurse@{unit}"])}
    running = processes.start(
        ["node", "--no-warnings", str(HERE / "provider.mjs")], env={**os.environ, **environ}, output=subprocess.PIPE,
        stop_with=signal.SIGTERM, cwd=HERE,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        with running.stdout:
            yield next(line.strip() for line in running.stdout if line.startswith("http"))
    finally:
        processes.stop(running, signal.SIGTERM, grace=5)


@pytest.fixture
def client(peopled: Settings, issuer: str, tmp_path: Path) -> FlaskClient:
    """A browser at an installation that trusts it."""
    file = tmp_path / "provider.json"
    said = {"name": "oidc-provider", "issuer": issuer, "client_id": "overgang", "scope": "openid profile overgang"}
    file.write_text(json.dumps(said))
    return create_app(replace(peopled, provider_file=str(file), provider_secret=SECRET)).test_client()


def goes_through(address: str, username: str, *, agrees: bool = True) -> str:
    """A person at the provider's pages: signs in, agrees, and is sent back to us; returns where to."""
    browser = requests.Session()
    page = browser.get(address, allow_redirects=False, timeout=5)
    for _ in range(12):
        if page.is_redirect:
            onward = urljoin(page.url, page.headers["Location"])
            if onward.startswith(BACK):
                there = urlsplit(onward)
                return f"{there.path}?{there.query}"
            page = browser.get(onward, allow_redirects=False, timeout=5)
        elif agrees or "login" not in page.text:
            form = Form(page.text)
            typed = form.fields | ({"login": username, "password": "any"} if "login" in form.fields else {})
            page = browser.post(urljoin(page.url, form.action), data=typed, allow_redirects=False, timeout=5)
        else:
            page = browser.get(urljoin(page.url, f"{page.url}/abort"), allow_redirects=False, timeout=5)
    raise AssertionError(f"the provider stopped at {page.url}: {page.status_code}")


def test_there_and_back(client: FlaskClient) -> None:
    began = time.perf_counter()
    back = goes_through(client.get("/sign-in/provider?back=/account").location, "afdeling")
    answer = client.get(back)
    print(f"round trip {time.perf_counter() - began:.2f} s")
    assert (answer.status_code, answer.location) == (303, "/choose?back=/account")  # she has a role there, and this one
    with Session() as session:
        roles = sign_ins.roles_of(session, people.named(session, "afdeling").id)
        assert {(role.role, role.unit.name) for role in roles} == {
            (Role.WARD_NURSE, "Medicinsk afsnit"), (Role.WARD_NURSE, "Akutafdeling"),
        }  # fmt: skip


def test_who_is_not_known_here_stays_out(client: FlaskClient) -> None:
    answer = client.get(goes_through(client.get("/sign-in/provider").location, "ukendt"))
    assert answer.status_code == 403


def test_who_changes_their_mind_is_told(client: FlaskClient) -> None:
    answer = client.get(goes_through(client.get("/sign-in/provider").location, "afdeling", agrees=False))
    assert (answer.status_code, "fortrød" in answer.text) == (403, True)
