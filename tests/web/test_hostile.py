"""Whatever is sent, nothing of it is executed, nothing goes wrong, and nobody is sent elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.web.reader import Page, Reader
from tests.web.routes import MARK, SIGNED_IN, a_citizen, asks, enter, ids, marked, names_read, state
from tests.web.test_every_route import PEOPLE
from web.forgery import HEADER
from workflow import people
from workflow.db import Session
from workflow.tables import Person

WRITERS = ("admin", "leder.kommune", "distrikt")  # between them they see every form
MARKUP = '"><xss-tag onload=steal()>\'</textarea></title></script><script>steal()</script>'
HOSTILE = {
    "quote": "'",
    "statement": "'); update people set name = 'executed'; --",
    "condition": "' or '1'='1",
    "wildcard": "%_\\",
    "markup": MARKUP,
    "script address": "javascript:steal()",
    "template": "{{ 'exec' ~ 'uted' }}{% print('exec' ~ 'uted') %}${'exec' + 'uted'}",
    "format": "%(x)s %s %n {0} {x.__class__}",
    "header": "x\r\nSet-Cookie: executed=1\r\n\r\nexecuted",
    "path": "../../../../etc/passwd\x00.html",
    "nought": "a\x00b",
    "surrogate": "\udcff\ud83d",
    "right to left": "\u202emodegnal\u202c\u200b\ufeff",
    "emoji": "👩🏽‍⚕️🦔" * 20,
    "combining": "a" + "\u0301" * 2_000,
    "long": "x" * 50_000,
    "number": "9" * 400,
    "negative": "-1",
    "not a number": "NaN",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "object": '{"__proto__": [], "$ne": 1}',
    "blank": " \t\u00a0\u2003",
}
ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example",
    "/\t/evil.example", "/\n/evil.example", "\x00//evil.example", " //evil.example", "javascript:steal()",
    "data:text/html,x", "//evil.example@127.0.0.1", "evil.example", "/%09/evil.example", "/\u00a0/evil.example",
)  # fmt: skip


@dataclass
class Offered:
    """A form as a page offers it: where it goes, and what it holds before anybody types."""

    action: str
    fields: dict[str, str]


def offered(page: Page) -> Iterator[Offered]:
    """Every form of a page that changes something, with its lists and long texts."""
    form: Offered | None = None
    for tag, values in page.tags:
        if tag == "form":
            form = Offered(values["action"], {})
            yield form
        elif form is not None and tag in {"input", "select", "textarea", "button"} and "name" in values:
            form.fields.setdefault(values["name"], values.get("value", ""))


def forms(app: Flask, client: FlaskClient) -> list[Offered]:
    """Every form that somebody sees on any page, one of each kind."""
    adapter, found = app.url_map.bind("localhost"), {}
    for ask in asks(app):
        if ask.method == "GET" and (ask.real or "<" not in ask.address) and ask.endpoint != "assets":
            for form in offered(Page(client.get(ask.address))):
                found.setdefault(adapter.match(form.action, method="POST")[0], form)
    return list(found.values())


def sent(client: FlaskClient, address: str, fields: dict[str, str]) -> TestResponse:
    """As a browser sends it, also what no browser would."""
    body = "&".join(f"{quote(name)}={quote(value, safe='', errors='surrogatepass')}" for name, value in fields.items())
    return client.post(address, data=body, content_type="application/x-www-form-urlencoded")


def harmless(answer: TestResponse) -> bool:
    """No bug, no element or attribute that was typed, nothing worked out, nobody sent elsewhere."""
    page = Page(answer) if answer.mimetype == "text/html" else None
    made = {tag for tag, _ in page.tags} | {name for _, values in page.tags for name in values} if page else set()
    return (
        answer.status_code < 500
        and not {"xss-tag", "onload"} & made
        and "steal()</script>" not in (answer.text if page else "")
        and re.search(r"\bexecuted\b(?!'; --|=1|\r|\n|&#39;)", answer.text) is None
        and "executed" not in str(answer.headers.getlist("Set-Cookie"))
        and stays(answer)
    )


def stays(answer: TestResponse) -> bool:
    """Whether the browser stays with us, as it reads an address: without blanks, with \\ for /."""
    to = re.sub(r"[\t\r\n]", "", answer.headers.get("Location", "/")).strip().replace("\\", "/")
    return urlsplit(urljoin("http://localhost/x", to))[:2] == ("http", "localhost")


# --- what is typed ---


@pytest.mark.parametrize("who", WRITERS)
def test_every_field_of_every_form_takes_what_is_typed_for_text(app: Flask, who: str) -> None:
    a_citizen()
    client = app.test_client()
    enter(client, who, PEOPLE[who])
    kinds = forms(app, client)
    assert len(kinds) > 3
    for form in kinds:
        for name in form.fields.keys() - {MARK}:
            enter(client, who, PEOPLE[who])
            for kind, typed in HOSTILE.items():
                answer = sent(client, form.action, form.fields | {name: typed})
                assert harmless(answer), (form.action, name, kind, answer.status_code)
    nothing_was_executed(app, client)


def test_so_does_every_field_that_the_code_reads_whoever_sends_it(app: Flask) -> None:
    a_citizen()
    client, names = app.test_client(), names_read()
    assert names > {"back", "username", "role", "before" if "before" in names else "back"}
    for who in WRITERS:
        for ask in asks(app):
            if ask.method == "POST" and ask.real or not ids():
                continue
            mark = enter(client, who, PEOPLE[who])
            for kind, typed in HOSTILE.items():
                if ask.method == "POST":
                    answer = sent(client, ask.address, dict.fromkeys(names, typed) | {MARK: mark})
                elif ask.endpoint != "assets":
                    value = quote(typed[:2_000], safe="", errors="surrogatepass")
                    answer = client.get(ask.address + "?" + "&".join(f"{name}={value}" for name in names))
                assert harmless(answer), (who, ask, kind, answer.status_code)
    nothing_was_executed(app, client)


def test_before_signing_in_too(app: Flask) -> None:
    client = app.test_client()
    mark = marked(client)
    for address in ("/sign-in", "/demo/sign-in", "/demo/clock", "/language", "/typed", "/sign-in/code", "/nowhere"):
        for kind, typed in HOSTILE.items():
            answer = sent(client, address, dict.fromkeys(names_read(), typed) | {MARK: mark})
            assert harmless(answer), (address, kind, answer.status_code)


def nothing_was_executed(app: Flask, client: FlaskClient) -> None:
    """Whatever was kept is shown on every page as text."""
    with Session() as session:
        assert session.scalar(text("select count(*) from people where name = 'executed'")) == 0
        assert session.query(Person).count() > len(PEOPLE)
    enter(client, "admin")
    for ask in asks(app):
        if ask.method == "GET" and ask.endpoint != "assets":
            assert harmless(client.get(ask.address)), ask


@pytest.mark.parametrize("typed", [MARKUP, HOSTILE["template"], HOSTILE["statement"], HOSTILE["emoji"]])
def test_what_is_kept_is_shown_as_it_was_typed(app: Flask, typed: str) -> None:
    reader = Reader(app.test_client())
    enter(reader.client, "admin")
    page = reader.sends(reader.sees("/admin/people"), "/admin/people", name=typed, username="ny")
    assert typed in page.text
    assert harmless(page.answer)


# --- what is sent ---

BODIES = {
    "no form": ("application/json", b'{"username": '),
    "xml": ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "half a part": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nab'),
    "no end": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 10_000),
    "bad header": ("multipart/form-data; boundary=x", b'--x\r\n\xff\xfe: \x00\r\n\r\nb\r\n--x--\r\n'),
    "2,000 parts": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 2_000 + b"--x--"),
    "20,000 fields": ("application/x-www-form-urlencoded", b"&".join(b"a%d=b" % n for n in range(20_000))),
    "bytes": ("application/x-www-form-urlencoded", bytes(range(256)) * 40),
    "bad percent": ("application/x-www-form-urlencoded", b"username=%zz%f&%=%&&&===;password=%ff"),
    "bad charset": ("application/x-www-form-urlencoded; charset=utf-7", b"username=+AD4-"),
    "bad type": ("\xe6;;;=", b"username=x"),
    "empty": ("application/x-www-form-urlencoded", b""),
    "two megabytes": ("application/x-www-form-urlencoded", b"username=" + b"x" * 2_000_000),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_form_is_refused_kindly(app: Flask, body: str) -> None:
    content_type, data = BODIES[body]
    for who in ("admin", "leder.kommune", None):
        client = app.test_client()
        mark = marked(client) if who is None else enter(client, who, PEOPLE[who])
        for ask in asks(app):
            if ask.method == "POST" and not ask.real and ask.endpoint != "sign_out":
                answer = client.post(ask.address, data=data, content_type=content_type, headers={HEADER: mark})
                assert harmless(answer), (who, ask, answer.status_code)
                assert body != "two megabytes" or answer.status_code in {303, 403, 413}, (who, ask, answer.status_code)


@pytest.mark.parametrize("address", ["/%00", "/%ED%A0%80", "/admin/people/%0d%0aX:1", "/" + "a/" * 4_000, "/assets/0/%00",
                                     "/assets/0/..%2f..%2fapp.py", "/assets/0/../app.py", "/assets/%2e%2e/app.py"])  # fmt: skip
def test_an_address_that_is_none_leads_nowhere(app: Flask, address: str) -> None:
    client = app.test_client()
    enter(client, "admin")
    answer = client.get(address)
    assert (answer.status_code, harmless(answer)) == (404, True)


def test_cookies_and_headers_may_hold_anything(app: Flask) -> None:
    for typed in ("'", "\xff\xfe", "x" * 8_000, "../x", "{{ 'exec' ~ 'uted' }}", "\u202e".encode().decode("latin-1")):
        client = app.test_client()
        headers = {
            "Cookie": f"{SIGNED_IN}={typed}; overgang_form={typed}; overgang_language={typed}; overgang_state={typed}",
            "X-Forwarded-For": typed, "HX-Request": typed, "Accept-Language": typed, HEADER: typed,
        }  # fmt: skip
        for address in ("/sign-in", "/account", "/status"):
            assert harmless(client.get(address, headers=headers)), (typed, address)
        assert client.post("/language", data={"language": "en"}, headers=headers).status_code == 400


# --- where one is sent ---


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_nobody_is_sent_elsewhere(app: Flask, elsewhere: str) -> None:
    client = app.test_client()
    mark = enter(client, "vikar")
    sending = ("/language", {"language": "en"}), ("/demo/clock", {"minutes": "15"}), ("/demo/sign-in", {"user": "drift"})
    for address, fields in sending:
        answer = sent(client, address, fields | {MARK: mark, "back": elsewhere})
        assert (answer.status_code, stays(answer)) == (303, True), address
    page = Page(client.get(f"/sign-in?back={quote(elsewhere)}"))
    assert all(urlsplit(form.fields["back"]).netloc == "" for form in page.forms)
    assert "evil.example" not in str([form.fields["back"] for form in page.forms if form.action != "/language"])


# --- whose request it is ---


def test_no_change_without_the_mark_of_ones_own_page(app: Flask) -> None:
    a_citizen()
    theirs = marked(app.test_client())
    for who in WRITERS:
        client = app.test_client()
        enter(client, who, PEOPLE[who])
        before = state()
        for ask in asks(app):
            if ask.method == "POST":
                for data in ({}, {MARK: ""}, {MARK: theirs}, {MARK: "0" * 64}):
                    assert client.post(ask.address, data=data).status_code == 400, ask
                assert client.post(f"{ask.address}?{MARK}={marked(client)}").status_code == 400, ask
        assert state() == before


@pytest.mark.parametrize("way", ["card", "password"])
def test_a_planted_token_is_nobodys_and_the_old_one_dies(app: Flask, way: str) -> None:
    reader = Reader(app.test_client())
    old = enter(reader.client, "afdeling") and reader.client.get_cookie(SIGNED_IN)
    assert old is not None
    if way == "card":
        reader.signs_in("distrikt")
    else:
        from tests.web.test_signin import given_password, with_password

        with_password("distrikt")
        given_password(reader, "distrikt")
    thief = app.test_client()
    thief.set_cookie(SIGNED_IN, old.value)
    assert thief.get("/account").location.startswith("/sign-in")


def test_nobody_reaches_what_is_somebody_elses_by_its_number(app: Flask) -> None:
    client, real = app.test_client(), ids()
    mark = enter(client, "nabokommune")
    with Session() as session:
        admin = people.named(session, "admin").uuid
    before = state()
    for address, fields, status in (
        ("/choose", {"role": str(real["role_id"])}, 404),
        (f"/admin/people/{admin}/active", {"active": "0"}, 403),
        (f"/admin/people/{admin}/roles", {"role": "administrator", "unit": str(real["unit_id"])}, 403),
        (f"/admin/sign-ins/{real['sign_in_id']}/end", {}, 403),
        (f"/admin/roles/{real['role_id']}/approve", {}, 403),
        (f"/admin/roles/{real['role_id']}/end", {}, 403),
    ):
        assert sent(client, address, fields | {MARK: mark}).status_code == status, address
    assert state() == before
