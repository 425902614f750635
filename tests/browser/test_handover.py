"""A handover in a real browser: nothing bars the way, and what is typed is kept without a press."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Town
from tests.browser.looking import barriers, too_wide, unseen_focus
from tests.browser.test_pages import opened
from tests.web import handed
from workflow.vocabulary import Language

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("language", list(Language))
def test_nobody_is_kept_out_of_writing_reading_and_printing_it(
    browser: Browser, town: Town, language: Language
) -> None:
    unsent, sent = (f"/forloeb/{one}/overlevering" for one in (handed.admitted(), handed.sent(to_hotel=True)))
    with opened(browser, town, language, "afdeling") as (page, _):
        page.goto(unsent)
        assert (barriers(page), unseen_focus(page)) == ([], [])
        page.locator("[data-send]").click()
        expect(page.locator("#refused")).to_be_focused()
        assert barriers(page) == []
        for address in (f"{sent}/udskriv", sent.replace("overlevering", "borgerark")):
            page.goto(address)
            assert (barriers(page), too_wide(page)) == ([], [])
    with opened(browser, town, language, "tryghed") as (page, _):
        page.goto(sent)
        page.locator(".answers summary").first.click()
        assert (barriers(page), unseen_focus(page), too_wide(page)) == ([], [], [])


def test_a_draft_keeps_itself_and_the_second_writer_is_told(browser: Browser, town: Town) -> None:
    address = f"/forloeb/{handed.admitted()}/overlevering"
    with (
        opened(browser, town, Language.DANISH, "afdeling") as (first, _),
        opened(browser, town, Language.DANISH, "koordinator") as (second, _),
    ):
        for page in (first, second):
            page.goto(address)
        missing = first.locator("[data-missing='S.reason']")
        expect(missing).to_be_visible()
        first.locator("[name='S.reason']").fill("Faldt på trappen")
        expect(missing).to_be_hidden()
        expect(first.locator("[data-saved]")).to_contain_text("Kladde gemt")
        first.goto(address)
        expect(first.locator("[name='S.reason']")).to_have_value("Faldt på trappen")
        second.locator("[name='S.reason']").fill("Svimmel")
        expect(second.locator("[data-newer]")).to_be_visible()
        second.locator("[data-keep-draft]").click()
        expect(second.locator("[data-theirs='S.reason']")).to_contain_text("Faldt på trappen")
        expect(second.locator("[name='S.reason']")).to_have_value("Svimmel")
