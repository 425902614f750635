"""Every answer carries the same locks, whatever it answers."""

import re

import pytest
from flask.testing import FlaskClient

from tests.web.reader import Page
from web.app import create_app
from workflow.settings import Settings

EVERY_KIND = (
    "/",
    "/status",
    "/healthz",
    "/readyz",
    "/metrics",
    "/assets/old/overgang.css",
    "/assets/old/none.css",
    "/nowhere",
)
PAGES = ("/status", "/nowhere")


@pytest.mark.parametrize("address", EVERY_KIND)
def test_every_answer_has_its_headers(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        pass
    policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{12}", answer.headers["X-Request-ID"])
    assert answer.headers["Cache-Control"] == ("no-cache" if address.endswith("overgang.css") else "no-store")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_refusals_have_them_too(client: FlaskClient, method: str) -> None:
    answer = client.open("/status", method=method)
    assert answer.status_code == 405
    assert "Content-Security-Policy" in answer.headers


def test_each_request_has_a_number_of_its_own(client: FlaskClient) -> None:
    assert len({client.get("/healthz").headers["X-Request-ID"] for _ in range(3)}) == 3


def test_behind_tls_the_browser_is_told_to_stay_there_and_cookies_do_too(production: Settings) -> None:
    client = create_app(production).test_client()
    answer = client.get("/status", base_url=production.base_url)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)
    assert any(cookie.startswith("__Host-") for cookie in cookies)


def test_without_tls_it_is_not(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/status").headers


@pytest.mark.parametrize("address", PAGES)
def test_no_script_or_style_stands_in_a_page_and_nothing_comes_from_elsewhere(
    client: FlaskClient, address: str
) -> None:
    page = Page(client.get(address))
    assert not [tag for tag, _ in page.tags if tag == "style"]
    assert all("src" in values for tag, values in page.tags if tag == "script")
    names = {name for _, values in page.tags for name in values}
    assert not {name for name in names if name == "style" or name.startswith(("on", "hx-on"))}
    fetched = [
        values[name] for _, values in page.tags for name in ("src", "href", "action", "hx-get") if name in values
    ]
    assert fetched
    assert [address for address in fetched if not re.match(r"/(?!/)|#", address)] == []
