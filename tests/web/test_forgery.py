"""A change that does not come from one of our pages is refused."""

import pytest
from flask.testing import FlaskClient

from tests.web.reader import Page, Reader
from web.app import create_app
from web.ground.forgery import HEADER
from workflow.settings import Settings


def mark_of(client: FlaskClient) -> str:
    return Page(client.get("/status")).forms[0].fields["form_mark"]


def test_unmarked_changes_are_refused_and_told_kindly(client: FlaskClient) -> None:
    client.get("/status")
    answer = client.post("/language", data={"language": "en"})
    assert answer.status_code == 400
    assert "genindlæs siden" in answer.text
    assert "Intet er ændret." in answer.text


def test_a_mark_counts_as_a_field_or_as_a_header(client: FlaskClient) -> None:
    mark = mark_of(client)
    assert client.post("/language", data={"language": "en", "form_mark": mark}).status_code == 303
    assert client.post("/language", data={"language": "en"}, headers={HEADER: mark}).status_code == 303


def test_the_mark_of_somebody_else_does_not_count(client: FlaskClient) -> None:
    theirs = mark_of(client)
    other = client.application.test_client()
    mark_of(other)
    assert other.post("/language", data={"language": "en", "form_mark": theirs}).status_code == 400


@pytest.mark.parametrize("mark", ["", "0" * 64, "æøå"])
def test_an_invented_mark_does_not_count(client: FlaskClient, mark: str) -> None:
    client.get("/status")
    assert client.post("/language", data={"language": "en", "form_mark": mark}).status_code == 400


def test_two_tabs_share_one_mark(client: FlaskClient) -> None:
    assert mark_of(client) == mark_of(client)


def test_behind_tls_the_cookie_cannot_be_planted_by_a_sister_site(production: Settings) -> None:
    client = create_app(production).test_client()
    page = Page(client.get("/status", base_url=production.base_url))
    sent = page.forms[0].fields | {"language": "en"}
    assert client.post("/language", data=sent, base_url=production.base_url).status_code == 303
    planted = create_app(production).test_client()
    planted.set_cookie("overgang_form", "planted", domain="overgang.example")
    assert planted.post("/language", data=sent, base_url=production.base_url).status_code == 400


@pytest.mark.parametrize("address", ["/status", "/nowhere"])
def test_every_form_of_every_page_is_marked(reader: Reader, address: str) -> None:
    forms = reader.sees(address).forms
    assert forms
    assert all("form_mark" in form.fields for form in forms)
