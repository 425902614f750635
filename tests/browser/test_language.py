"""No page has a word in the other language, whoever looks. Needs no browser, but the town that is looked at in one."""

import re
from enum import Enum

import pytest
from babel.dates import get_day_names, get_month_names, get_period_names
from flask.testing import FlaskClient
from sqlalchemy import text

from ops.demo import invented, year
from tests.browser import pages
from tests.browser.conftest import Town
from tests.browser.pages import LOOKERS
from tests.web.reader import Page
from tests.web.routes import NAME, enter
from tests.web.test_language import NAMES, Marked, untranslated
from web import guides, language
from workflow import vocabulary
from workflow.db import SWEEPS, Session
from workflow.tables import Episode
from workflow.vocabulary import Language

SECRET = re.compile(r"[A-Z2-7]{4}")  # of a second factor that is being set up
pytestmark = pytest.mark.xdist_group("browser")


def words_of(said: str) -> set[str]:
    """The words of a text, as the reader of pages finds them."""
    return set(re.findall(r"\w+", said))


def held() -> set[str]:
    """The words that people and hospitals wrote: all that the database holds, but for the codes of the engine."""
    names = " ".join(invented.name(number) for number in range(year.FIRST_NUMBER + year.CLOSED + year.OPEN))
    codes = {
        word
        for kind in vars(vocabulary).values()
        if isinstance(kind, type) and issubclass(kind, Enum) and kind is not Language
        for code in kind
        for word in (str(code.value), *words_of(str(code.value)))
    }
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        tables = Episode.metadata.tables
        written = [session.scalar(text(f"select string_agg(t::text, ' ') from {table} t")) or "" for table in tables]
    return (words_of(" ".join(written)) - codes) | words_of(f"{names} {NAME}")


def calendar() -> set[str]:
    """The names of days and months in the language that is spoken here by default."""
    ways = [(form, width) for form in ("format", "stand-alone") for width in ("wide", "abbreviated")]
    named = [list(get(width, form, "da").values()) for get in (get_day_names, get_month_names) for form, width in ways]
    return words_of(" ".join(word for names in named for word in map(str, names))) | set(get_period_names(locale="da"))


@pytest.fixture
def marked(town: Town, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A reader in a language in which every translated text stands in brackets, and the engine's words are left out."""
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr("workflow.sentences.word", lambda *_: "")
    return town.app.test_client()


@pytest.mark.parametrize("username", LOOKERS)
def test_no_page_has_a_word_that_is_not_translated(town: Town, marked: FlaskClient, username: str) -> None:
    enter(marked, username, LOOKERS[username])
    known, left = held() | calendar() | NAMES | {"demo"}, {}
    for target in pages.targets(town.app):
        addresses = [address for looker, address in pages.lookers(town.app, target) if looker == username]
        for address in addresses:
            page = Page(marked.get(address))
            assert page.answer.status_code == 200, address
            if words := {word for word in untranslated(page) if not SECRET.fullmatch(word)} - known:
                left[target.rule] = words
    assert left == {}


@pytest.mark.parametrize("screen", guides.GUIDES)
def test_nor_has_a_guide(marked: FlaskClient, screen: str) -> None:
    page = Page(marked.get(f"/hjaelp/{screen}"))
    assert page.answer.status_code == 200, f"nothing in this installation is called {screen}"
    assert set(untranslated(page)) <= NAMES


@pytest.mark.parametrize("chosen", Language)
def test_a_page_says_in_which_language_it_is_and_what_is_in_the_other(town: Town, chosen: Language) -> None:
    client = town.app.test_client()
    client.set_cookie(language.COOKIE, chosen)
    page = Page(client.get("/sign-in"))
    assert page.first("html")["lang"] == chosen
    for other in Language:
        assert page.first("button", data_language=other.value)["lang"] == other


def test_every_page_has_a_guide(town: Town) -> None:
    without = {target.rule for target in pages.targets(town.app) if guides.screen_of(target.rule) is None}
    assert without == set()
