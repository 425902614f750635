"""Every page, in both languages, for whoever looks: no barrier, no request elsewhere, no word on the console."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import pages
from tests.browser.chromium import Seen, photograph, put_cookie, window
from tests.browser.conftest import Town
from tests.browser.looking import barriers, hidden_otherwise, too_wide, unseen_focus
from tests.browser.pages import LOOKERS, Target
from tests.web.routes import SIGNED_IN, enter
from workflow.vocabulary import Language

pytestmark = pytest.mark.xdist_group("browser")
TARGETS = sorted(pages.targets(pages.the_app()), key=lambda target: target.endpoint)


@contextmanager
def opened(browser: Browser, town: Town, language: Language, username: str | None) -> Iterator[tuple[Page, Seen]]:
    """A window of somebody who is signed in, or of nobody."""
    with window(browser, town.home, language=language) as (page, seen):
        if username is not None:
            client = town.app.test_client()
            enter(client, username, LOOKERS[username])
            cookie = client.get_cookie(SIGNED_IN)
            assert cookie is not None
            put_cookie(page.context, town.home, SIGNED_IN, cookie.value)
        yield page, seen


def show(page: Page, address: str) -> None:
    """Open a page that is there."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, (address, answer.status)
    assert answer.headers["content-type"].startswith("text/html"), f"{address} is no page: say so in NO_PAGES"


def faults(page: Page, seen: Seen, language: Language, *, layout: bool) -> dict[str, object]:
    """What is wrong with a page, of what is asked of every page; its layout is the same in either language."""
    found: dict[str, object] = {
        "language": page.locator("html").get_attribute("lang") != language.value,
        "barriers": barriers(page),
        "elsewhere": seen.elsewhere,
        "complaints": seen.complaints,
        "too wide": too_wide(page),
    }
    if layout:
        found |= {"unseen focus": unseen_focus(page), "hidden": hidden_otherwise(page)}
    return {what: fault for what, fault in found.items() if fault}


@pytest.mark.parametrize("language", Language, ids=lambda language: language.value)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.endpoint)
def test_a_page(browser: Browser, town: Town, target: Target, language: Language) -> None:
    if target.public:
        username, address = None, target.address({})
    else:
        found = next(pages.lookers(town.app, target, town.numbers), None)
        assert found is not None, f"nobody of LOOKERS can see {target.rule}: let the town have what it shows"
        username, address = found
    with opened(browser, town, language, username) as (page, seen):
        show(page, address)
        assert faults(page, seen, language, layout=language == Language.DANISH) == {}


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.endpoint)
def test_a_page_for_each_role(browser: Browser, town: Town, target: Target) -> None:
    for username, address in pages.lookers(town.app, target, town.numbers):
        for language in Language:
            with opened(browser, town, language, username) as (page, seen):
                show(page, address)
                assert faults(page, seen, language, layout=True) == {}, username
                photograph(page, f"{target.endpoint}-{username}-{language.value}")
