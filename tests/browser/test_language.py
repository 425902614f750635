"""No page has a word in the other language, whoever looks. Needs no browser, but the town that is looked at in one."""

import re
from enum import Enum

import pytest
from babel import Locale
from babel.dates import get_period_names
from flask.testing import FlaskClient
from sqlalchemy import text

from ops.demo import invented, year
from tests.browser import pages
from tests.browser.conftest import Town
from tests.browser.pages import LOOKERS
from tests.web.reader import Page
from tests.web.routes import NAME, enter
from tests.web.test_language import NAMES, Marked, untranslated
from web import guides
from web.ground import language
from web.work import board
from workflow import vocabulary
from workflow.calendar import public_holidays
from workflow.db import SWEEPS, Session
from workflow.pathways import PATHWAYS
from workflow.staff.registry import COLUMNS
from workflow.tables import Episode
from workflow.telling import texts
from workflow.vocabulary import Language, MissCode

FORMS, WIDTHS = ("format", "stand-alone"), ("wide", "abbreviated")
SECRET = re.compile(r"[A-Z2-7]{4}")  # of a second factor that is being set up
pytestmark = pytest.mark.xdist_group("browser")


def words_of(said: str) -> set[str]:
    """The words of a text, as the reader of pages finds them."""
    return set(re.findall(r"\w+", said))


CODES = {
    str(code.value)
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, Enum) and kind not in {Language, MissCode}
    for code in kind
}


def held() -> set[str]:
    """The words that people, hospitals and pathways chose: all that the database holds, and the pathways' titles."""
    titles = " ".join(title for pathway in PATHWAYS.values() for title in pathway.title.values())
    names = " ".join(invented.name(number) for number in range(year.FIRST_NUMBER + year.CLOSED + year.OPEN))
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        tables = Episode.metadata.tables
        written = [session.scalar(text(f"select string_agg(t::text, ' ') from {table} t")) or "" for table in tables]
    return words_of(f"{' '.join(written)} {titles} {names} {NAME}")


def worded() -> set[str]:
    """What administrators are shown to be worded otherwise, in every language at once."""
    shipped = [one.shipped(language) for one in texts.EVERY.values() for language in one.languages]
    letters = [*texts.KINDS.values(), "http://127.0.0.1/forloeb/"]
    return words_of(" ".join([*shipped, *(said.capitalize() for said in shipped), *letters]))


def calendar() -> set[str]:
    """The names of days, holidays and months in the language that is spoken here by default."""
    data = Locale("da")
    named = [
        list(kind[form][width].values()) for kind in (data.days, data.months) for form in FORMS for width in WIDTHS
    ]
    named.append([name for on in (year.NOW.year, year.NOW.year + 1) for _, name in public_holidays(on, "da")])
    periods = {*get_period_names(locale="da"), "kl"}
    return words_of(" ".join(word for names in named for word in map(str, names))) | periods


@pytest.fixture
def marked(town: Town, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A reader in a language in which every translated text stands in brackets, and the engine's words are left out."""
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr("workflow.sentences.word", lambda *_: "")
    monkeypatch.setattr(board, "drawn", board.drawn.__wrapped__)  # in no words of before
    return town.app.test_client()


@pytest.mark.parametrize("username", LOOKERS)
def test_no_page_has_a_word_that_is_not_translated(town: Town, marked: FlaskClient, username: str) -> None:
    enter(marked, username, LOOKERS[username])
    known, left = held() | calendar() | worded() | NAMES | {"CPR", *COLUMNS}, {}
    for target in pages.targets(town.app):
        looked_at = pages.lookers(town.app, target, town.numbers)
        addresses = [address for looker, address in looked_at if looker == username]
        for address in addresses:
            page = Page(marked.get(address))
            assert page.answer.status_code == 200, address
            words = {word for word in untranslated(page) if not SECRET.fullmatch(word)} - known
            if wrong := words | (CODES & set(page.texts)):
                left[target.rule] = wrong
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
