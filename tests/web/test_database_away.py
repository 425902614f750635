"""The database is away for a moment: a 503 that loses nothing and signs nobody out, at every door."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from psycopg.sql import SQL, Identifier

from tests.conftest import Servers
from tests.web.reader import Page, Reader
from workflow.settings import Settings


@contextmanager
def away(servers: Servers, settings: Settings) -> Iterator[None]:
    """Nobody gets into the database, and who was in it is out."""
    name = settings.database_url.rpartition("/")[2]
    with psycopg.connect(servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
        admin.execute(SQL("alter database {} allow_connections false").format(Identifier(name)))
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(SQL("alter database {} allow_connections true").format(Identifier(name)))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/overgange", {}),
        ("/overgange", {"HX-Request": "true", "X-Poll": "true"}),
        ("/opgaver", {}),
        ("/account", {}),
        ("/sign-in", {}),
    ],
)
def test_a_page_says_so_and_the_sign_in_lives_on(
    servers: Servers, peopled: Settings, somebody: Reader, path: str, headers: dict[str, str]
) -> None:
    somebody.signs_in("koordinator")
    with away(servers, peopled):
        for _ in range(3):  # the first finds a connection that was broken, the others none
            answer = somebody.client.get(path, headers=headers)
            assert answer.status_code == 503, answer.location
            assert "HX-Redirect" not in answer.headers
    assert somebody.sees("/account").answer.request.path == "/account"


def test_what_was_typed_is_sent_again_by_one_press(servers: Servers, peopled: Settings, somebody: Reader) -> None:
    somebody.signs_in("distrikt")
    page = somebody.sees("/account")
    form = next(form for form in page.forms if form.action == "/account")
    with away(servers, peopled):
        refused = Page(somebody.client.post("/account", data=form.fields | {"mobile": "+45 00 00 00 77"}))
        assert refused.answer.status_code == 503
        assert "Det, du skrev, er her endnu." in refused.text
    saved = somebody.presses(refused, data_send_again="")
    assert saved.answer.status_code == 200
    assert "00 00 00 77" in somebody.sees("/account").html


def test_a_password_is_not_repeated(servers: Servers, peopled: Settings, somebody: Reader) -> None:
    page = somebody.sees("/sign-in")
    with away(servers, peopled):
        refused = somebody.sends(page, "/sign-in", username="distrikt", password="hemmelig og lang")
        assert refused.answer.status_code == 503
        assert "hemmelig" not in refused.html


def test_programs_and_hospitals_are_told_to_come_again(servers: Servers, peopled: Settings, app: Flask) -> None:
    client = app.test_client()
    with away(servers, peopled):
        asked = client.get("/api/v1/tasks", headers={"Authorization": "Bearer overgang_x"})
        assert (asked.status_code, asked.mimetype) == (503, "application/problem+json")
        sent = client.post("/fhir/$process-message", data=b"{}", headers={"Content-Type": "application/fhir+json"})
        assert sent.status_code in {401, 503}
