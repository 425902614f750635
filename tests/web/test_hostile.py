"""Whatever is sent, nothing of it is executed, nothing goes wrong, and nobody is sent elsewhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from tests.web.conftest import beat
from tests.web.reader import Page, Reader
from tests.web.routes import MARK, SIGNED_IN, a_citizen, asks, enter, ids, marked, names_read, state
from tests.web.test_every_route import PEOPLE, lets_in
from tests.web.test_signin import given_password, with_password
from web.fhir import TAKEN
from web.ground import throttling
from web.ground.forgery import HEADER
from workflow import clock
from workflow.db import SWEEPS, Base, Session
from workflow.staff import people
from workflow.tables import Person
from workflow.vocabulary import Role

WRITERS = ("admin", "leder.kommune", "distrikt")  # between them they see every form
MARKUP = "\"><xss-tag onload=steal()>'</textarea></title></script><script>steal()</script>"
HOSTILE = {
    "quote": "'",
    "statement": "'); update people set name = 'stolen'; --",
    "condition": "' or '1'='1",
    "wildcard": "%_\\",
    "markup": MARKUP,
    "attribute": '" onload="steal()" x="',
    "local address": '/"><xss-tag x="',
    "script address": "javascript:steal()",
    "template": "{{ 'exec' ~ 'uted' }}{% print('exec' ~ 'uted') %}${'exec' + 'uted'}",
    "format": "%(x)s %s %n {0} {x.__class__}",
    "header": "x\r\nSet-Cookie: planted=1\r\n\r\n<b>",
    "path": "../../../../etc/passwd\x00.html",
    "nought": "a\x00b",
    "surrogate": "\udcff\ud83d",
    "right to left": "\u202emodegnal\u202c\u200b\ufeff",
    "emoji": "👩🏽‍⚕️🦔" * 20,
    "combining": "a" + "\u0301" * 2_000,
    "decomposed": "A\u030ase O\u0308rsted Demo",
    "long": "x" * 50_000,
    "very long": "x" * 200_000,
    "number": "9" * 400,
    "negative": "-1",
    "not a number": "NaN",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "object": '{"__proto__": [], "$ne": 1}',
    "blank": " \t\u00a0\u2003",
}
GUESSED = {"/sign-in", "/sign-in/code", "/account/password"}  # who guesses there is told to wait, whoever it is
NUMBERS = count(1)
T = TypeVar("T")
ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:evil.example", "/\t/evil.example", "/\n/evil.example", "\x00//evil.example", " //evil.example",
    "javascript:steal()",
    "data:text/html,x", "//evil.example@127.0.0.1", "evil.example", "/%09/evil.example", "/\u00a0/evil.example",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A_PERSON", "AN_ADDRESS", "SIGN_INS"):
        monkeypatch.setattr(throttling, name, "1000000/minute")


@dataclass
class Share:
    """Which of many are tried: some of them, from another beginning each time."""

    every: int
    begins: Iterator[int]

    def __call__(self, kinds: Mapping[str, T]) -> list[tuple[str, T]]:
        return list(kinds.items())[next(self.begins) % self.every :: self.every]


@pytest.fixture
def share(request: pytest.FixtureRequest) -> Share:
    """All of them in `make soak`."""
    return Share(1 if request.config.getoption("--soak") else 25, count())


@dataclass
class Offered:
    """A form as a page offers it: where it goes, and what it holds before anybody types."""

    action: str
    fields: dict[str, str]


def offered(page: Page) -> Iterator[Offered]:
    """Every form of a page that changes something, with its lists and long texts."""
    form: Offered | None = None
    for tag, values in page.tags:
        if tag == "form" and values.get("method") == "get":
            form = None
        elif tag == "form":
            form = Offered(values["action"], {})
            yield form
        elif form is not None and tag in {"input", "select", "textarea", "button"} and "name" in values:
            form.fields.setdefault(values["name"], values.get("value", ""))


def forms(app: Flask, client: FlaskClient) -> dict[str, Offered]:
    """Every form that somebody sees on any page, by where it goes."""
    found: dict[str, Offered] = {}
    adapter = app.url_map.bind("localhost")
    for ask in asks(app):
        if ask.method == "GET" and ask.whose != "nobody's" and ask.endpoint != "assets":
            answer = client.get(ask.address)
            for form in offered(Page(answer)) if answer.mimetype == "text/html" else ():
                found.setdefault(adapter.match(form.action, method="POST")[0], form)
    return found


def filled(form: Offered) -> dict[str, str]:
    """As somebody fills it in who wants it to be taken; no two give the same username."""
    typed = {"username": f"ny{next(NUMBERS)}", "name": "Ny Demo", "reason": "Stuegang", "from_on": "2031-01-01"}
    return form.fields | {name: value for name, value in typed.items() if form.fields.get(name) == ""}


def sent(client: FlaskClient, address: str, fields: dict[str, str]) -> TestResponse:
    """As a browser sends it, also what no browser would."""
    body = "&".join(f"{quote(name)}={quote(value, safe='', errors='surrogatepass')}" for name, value in fields.items())
    return client.post(address, data=body, content_type=FORM)


def harmless(answer: TestResponse) -> bool:
    """No bug, no element or attribute that was typed, nothing worked out, nobody sent elsewhere."""
    raw = (b"<xss-tag", b'" onload="steal', b"steal()</script>", b"executed")
    return (
        answer.status_code < 500
        and (answer.status_code != 429 or answer.request.path in GUESSED)
        and not any(each in answer.data for each in raw)
        and not any(each.startswith("planted") for each in answer.headers.getlist("Set-Cookie"))
        and ours(answer.headers.get("Location", "/"))
    )


def ours(address: str) -> bool:
    """Whether a browser stays with us, as it reads an address: without breaks, with \\ for /."""
    read = re.sub(r"[\t\r\n]", "", address).strip().replace("\\", "/")
    return urlsplit(urljoin("http://localhost/x", read))[:2] == ("http", "localhost")


# --- what is typed ---


def test_every_field_of_every_form_takes_what_is_typed_for_text(app: Flask, share: Share) -> None:
    a_citizen()
    client, tried = app.test_client(), set()
    for who in WRITERS:
        enter(client, who, PEOPLE[who])
        for endpoint, form in forms(app, client).items():
            for name in form.fields.keys() - {MARK} if endpoint not in tried else ():
                enter(client, who, PEOPLE[who])
                for kind, typed in share(HOSTILE):
                    answer = sent(client, form.action, filled(form) | {name: typed})
                    assert harmless(answer), (form.action, name, kind, answer.status_code)
            tried.add(endpoint)
    assert tried > {"sign_in", "say_what_to_be_told", "add_person", "give_role", "hand_unit_over"}
    nothing_was_executed(app, client)
    everything_is_within_bounds()


def test_so_does_every_field_that_the_code_reads_whether_a_form_shows_it_or_not(app: Flask, share: Share) -> None:
    a_citizen()
    client, names = app.test_client(), names_read()
    assert names > {"back", "username", "role", "email", "typed"}
    enter(client, "leder.kommune", Role.MANAGER)
    for ask in [ask for ask in asks(app) if ask.whose != "nobody's" and ask.endpoint != "assets"]:
        who = next((who for who in WRITERS if lets_in(ask.rule, PEOPLE[who])), WRITERS[0])
        mark = enter(client, who, PEOPLE[who])
        for kind, typed in share(HOSTILE):
            if ask.method == "POST":
                answer = sent(client, ask.address, dict.fromkeys(names, typed) | {MARK: mark})
            else:
                value = quote(typed[:2_000], safe="", errors="surrogatepass")
                answer = client.get(f"{ask.address}?{'&'.join(f'{name}={value}' for name in names)}")
            assert harmless(answer), (who, ask, kind, answer.status_code)


def test_before_signing_in_too(app: Flask) -> None:
    client = app.test_client()
    mark = marked(client)
    for address in ("/sign-in", "/demo/sign-in", "/demo/clock", "/language", "/typed", "/sign-in/code", "/nowhere"):
        for kind, typed in HOSTILE.items():
            answer = sent(client, address, dict.fromkeys(names_read(), typed) | {MARK: mark})
            assert harmless(answer), (address, kind, answer.status_code)


def everything_is_within_bounds() -> None:
    """Whatever was kept is composed, and no longer than its column says."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        for table in Base.metadata.tables.values():
            for column in [column for column in table.columns if "most" in column.info]:
                wrong = (func.length(column) > column.info["most"]) | (func.normalize(column) != column)
                assert not session.scalar(select(func.count()).select_from(table).where(wrong)), column


def test_every_text_field_says_how_much_it_holds(app: Flask) -> None:
    a_citizen()
    client, seen = app.test_client(), 0
    for who in WRITERS:
        enter(client, who, PEOPLE[who])
        for ask in asks(app):
            shown = ask.method == "GET" and ask.whose != "nobody's" and ask.endpoint != "assets"
            answer = client.get(ask.address) if shown else None
            for tag, values in Page(answer).tags if answer and answer.mimetype == "text/html" else ():
                typed = tag == "textarea" or (tag == "input" and values.get("type", "text") in {"text", "email", "tel"})
                if typed and "readonly" not in values and "name" in values:
                    seen += 1
                    assert "maxlength" in values, (ask.address, values["name"])
    assert seen > 50


def nothing_was_executed(app: Flask, client: FlaskClient) -> None:
    """Whatever was kept is shown on every page as text."""
    reader = Reader(client)
    enter(client, "admin")
    reader.sends(reader.sees("/admin/people"), "/admin/people", name=MARKUP, username="markup")
    with Session() as session:
        assert session.scalar(text("select count(*) from people where name = 'stolen'")) == 0
        assert session.scalar(select(func.count()).where(Person.name == MARKUP))
    beat(clock.real_now())  # so much was sent that the last one is long ago
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

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n'
BODIES = {
    "no form": ("application/json", b'{"username": '),
    "xml": ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "half a part": (MULTIPART, PART + b"ab"),
    "no end": (MULTIPART, b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 10_000),
    "bad header": (MULTIPART, b"--x\r\n\xff\xfe: \x00\r\n\r\nb\r\n--x--\r\n"),
    "2,000 parts": (MULTIPART, (PART + b"b\r\n") * 2_000 + b"--x--"),
    "5,000 fields": (FORM, b"&".join(b"a%d=b" % n for n in range(5_000))),
    "bytes": (FORM, bytes(range(256)) * 40),
    "bad percent": (FORM, b"username=%zz%f&%=%&&&===;password=%ff"),
    "bad charset": ("application/x-www-form-urlencoded; charset=utf-7", b"username=+AD4-"),
    "bad type": ("\xe6;;;=", b"username=x"),
    "empty": (FORM, b""),
    "two megabytes": (FORM, b"username=" + b"x" * 2_000_000),
}  # fmt: skip


def test_a_body_that_is_no_form_is_refused_kindly(app: Flask, share: Share) -> None:
    for who in ("admin", None):
        client = app.test_client()
        mark = marked(client) if who is None else enter(client, who, PEOPLE[who])
        for ask in [ask for ask in asks(app) if ask.method == "POST" and ask.whose != "somebody's"]:
            for body, (content_type, data) in share(BODIES) if ask.endpoint != "sign_out" else ():
                answer = client.post(ask.address, data=data, content_type=content_type, headers={HEADER: mark})
                assert harmless(answer), (who, ask, body, answer.status_code)
                assert body != "two megabytes" or answer.status_code in {303, 403, 404, 409, 413, 415}, (who, ask)


@pytest.mark.parametrize(
    "address",
    ["/%00", "/%ED%A0%80", "/admin/people/%0d%0aX:1", "/" + "a/" * 4_000, "/assets/0/%00", "/assets/0/..%2f..%2fapp.py",
     "/assets/0/../app.py", "/assets/%2e%2e/app.py"],
)  # fmt: skip
def test_an_address_that_is_none_leads_nowhere(app: Flask, address: str) -> None:
    client = app.test_client()
    enter(client, "admin")
    answer = client.get(address)
    assert (answer.status_code, harmless(answer)) == (404, True)


def test_cookies_and_headers_may_hold_anything(app: Flask) -> None:
    for typed in ("'", "\xff\xfe", "x" * 8_000, "../x", "{{ 'exec' ~ 'uted' }}"):
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
    sending = {"/language": {"language": "en"}, "/demo/clock": {"minutes": "15"}, "/demo/sign-in": {"user": "drift"}}
    for address, fields in sending.items():
        answer = sent(client, address, fields | {MARK: mark, "back": elsewhere})
        assert (answer.status_code, ours(answer.location)) == (303, True), address
    page = Page(client.get(f"/sign-in?back={quote(elsewhere)}"))
    assert all(ours(form.fields["back"]) for form in page.forms)


# --- whose request it is ---


def test_no_change_without_the_mark_of_ones_own_page(app: Flask) -> None:
    a_citizen()
    theirs = marked(app.test_client())
    changes = [ask for ask in asks(app) if ask.method == "POST"]
    for turn, who in enumerate(WRITERS):  # the mark is asked for before anybody is: who asks is all the same
        client = app.test_client()
        mark = enter(client, who, PEOPLE[who])
        before = state()
        for ask in changes[turn :: len(WRITERS)]:
            # The endpoint of gateways looks at no cookie: it takes no form, and asks for a key of its own.
            refused = 415 if ask.endpoint == "process_message" else 400
            for data in ({}, {MARK: theirs}):
                assert client.post(ask.address, data=data).status_code == refused, ask
            assert client.post(f"{ask.address}?{MARK}={mark}").status_code == refused, ask
            for media_type in sorted(TAKEN) if ask.endpoint == "process_message" else ():
                assert client.post(ask.address, data=b"{}", content_type=media_type).status_code == 401
        assert state() == before


@pytest.mark.parametrize("way", ["card", "password"])
def test_a_planted_token_is_nobodys_and_the_old_one_dies(app: Flask, way: str) -> None:
    reader = Reader(app.test_client())
    enter(reader.client, "afdeling")
    old = reader.client.get_cookie(SIGNED_IN)
    assert old is not None
    if way == "card":
        reader.signs_in("distrikt")
    else:
        with_password("distrikt")
        given_password(reader, "distrikt")
    thief = app.test_client()
    thief.set_cookie(SIGNED_IN, old.value)
    assert thief.get("/account").location.startswith("/sign-in")


def test_nobody_reaches_what_is_somebody_elses_by_its_number(app: Flask) -> None:
    client = app.test_client()
    enter(app.test_client(), "afdeling")
    real = ids()
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
