"""Danish by default, English by choice, and no word left untranslated."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask.testing import FlaskClient

import web
from tests.web.conftest import beat, swept
from tests.web.reader import Page, Reader
from web.ground import language
from workflow import clock

WEB = Path(web.__file__).parent
NAMES = {"Overgang", "Dansk", "English"} | {f"M{number}" for number in range(1, 7)}


def test_danish_until_the_reader_chooses(reader: Reader) -> None:
    page = reader.sees("/status")
    assert page.first("html")["lang"] == "da"
    assert "Drift" in page.text


def test_a_choice_works_without_script_and_is_remembered(reader: Reader) -> None:
    page = reader.presses(reader.sees("/status"), data_language="en")
    assert page.answer.request.path == "/status"  # back where the reader was
    assert page.first("html")["lang"] == "en"
    assert "System status" in page.text
    assert reader.sees("/nowhere").first("html")["lang"] == "en"
    assert reader.presses(page, data_language="da").first("html")["lang"] == "da"


def test_a_choice_lasts_a_year(reader: Reader) -> None:
    reader.presses(reader.sees("/status"), data_language="en")
    cookie = reader.client.get_cookie(language.COOKIE)
    assert cookie is not None
    assert (cookie.max_age, cookie.http_only, cookie.same_site) == (365 * 24 * 3600, True, "Lax")


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", ""])
def test_nobody_is_sent_elsewhere(reader: Reader, elsewhere: str) -> None:
    form = next(form for form in reader.sees("/status").forms if form.action == "/language")
    answer = reader.client.post("/language", data=form.fields | {"back": elsewhere, "language": "en"})
    assert (answer.status_code, answer.location) == (303, "/")


def test_an_unknown_language_is_refused(reader: Reader) -> None:
    form = next(form for form in reader.sees("/status").forms if form.action == "/language")
    assert reader.client.post("/language", data=form.fields | {"language": "xx"}).status_code == 400


def test_every_text_of_the_code_has_its_danish_and_no_danish_is_left_over() -> None:
    found = extract_from_dir(WEB, [("**.py", "python"), ("templates/**.html", "jinja2")])
    used = {forms_of(text) for _, _, text, _, _ in found}
    with language.DANISH.open("rb") as file:
        danish = {forms_of(entry.id): entry for entry in read_po(file) if entry.id}
    assert used - danish.keys() == set()
    assert danish.keys() - used == set()
    for english, entry in danish.items():
        assert not entry.fuzzy, english
        assert all(forms_of(entry.string)), english
        assert len({blanks(form) for form in (*english, *forms_of(entry.string))}) == 1, english


def forms_of(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """One form, or singular and plural."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def blanks(text: str) -> frozenset[str]:
    """What is filled in."""
    return frozenset(re.findall(r"%\(\w+\)s", text))


class Marked(NullTranslations):
    """A language in which every translated text stands in brackets."""

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, msgid1: str, msgid2: str, num: int) -> str:
        return f"⟦{msgid1 if num == 1 else msgid2}⟧"


@pytest.mark.parametrize("address", ["/status", "/nowhere"])
@pytest.mark.parametrize("silent_for", [timedelta(), timedelta(minutes=5)])
@pytest.mark.parametrize("faults", [0, 2])
def test_no_page_shows_a_text_that_is_not_translated(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str, silent_for: timedelta, faults: int
) -> None:
    beat(clock.real_now() - silent_for)
    for sweep, done in {"raise_due": 0, "deliver": 0, "heartbeat": 1, "reconcile": faults}.items():
        swept(sweep, done)
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr("workflow.sentences.word", lambda *_: "")  # each has its own two languages
    page = Page(client.get(address))
    assert untranslated(page) == []


def test_nor_when_the_database_is_away(without_database: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    assert untranslated(Page(without_database.get("/status"))) == []


def untranslated(page: Page) -> list[str]:
    """Words outside the brackets that are no names."""
    bare = [re.sub(r"⟦[^⟦⟧]*⟧", "", re.sub(r"⟦[^⟦⟧]*⟧", "", text)) for text in page.texts]
    words = [word for text in bare for word in re.findall(r"\w+", text) if re.search(r"[^\W\d_]", word)]
    return [word for word in words if word not in NAMES and not re.fullmatch(r"[0-9a-f]{12}", word)]
