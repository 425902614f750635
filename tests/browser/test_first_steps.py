"""What helps a newcomer, and who works by keyboard or slowly: the tour, the keys, a sign-in that is about to end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text, update

from tests.browser.chromium import DESK, PHONE, window
from tests.browser.conftest import Town
from tests.browser.looking import barriers, unseen_focus
from tests.browser.test_pages import opened
from tests.web.conftest import beat
from web import guides
from workflow import clock
from workflow.db import Session
from workflow.tables import Person
from workflow.vocabulary import Language

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def newcomer(browser: Browser, town: Town) -> Iterator[Page]:
    """Somebody on their first day, at the first page they see."""
    person = update(Person).where(Person.username == "tryghed")
    with Session.begin() as session:
        session.execute(person.values(toured=False, shortcuts=True))
    with opened(browser, town, Language.DANISH, "tryghed") as (page, seen):
        page.goto("/status")
        yield page
        assert seen.complaints == []
    with Session.begin() as session:
        session.execute(person.values(toured=True, shortcuts=True))


# --- the tour ---


def clear(page: Page, what: str) -> None:
    """It is on the screen, and the tour does not cover it."""
    seen, tour = page.locator(what).first.bounding_box(), page.locator("[data-tour]").bounding_box()
    assert seen is not None
    assert tour is not None
    assert 0 <= seen["y"] < seen["y"] + seen["height"] <= 900, what
    beside = seen["x"] >= tour["x"] + tour["width"] or seen["x"] + seen["width"] <= tour["x"]
    assert beside or seen["y"] + seen["height"] <= tour["y"] or seen["y"] >= tour["y"] + tour["height"], what


def test_on_a_phone_the_tour_covers_neither_the_headline_nor_what_it_points_at(newcomer: Page) -> None:
    newcomer.set_viewport_size({"width": PHONE, "height": 900})
    newcomer.goto("/overgange")
    for number, beside in enumerate((".whoami", ".menu-phone", "#main h1", "[data-help]")):
        if number:
            newcomer.get_by_role("button", name="Næste").click()
        expect(newcomer.locator("[data-tour] li").nth(number)).to_be_visible()
        clear(newcomer, f"{beside}:visible")
        if number < 3:
            clear(newcomer, "#main h1")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_tour_has_four_bubbles_and_never_returns_once_closed(newcomer: Page, width: int) -> None:
    newcomer.set_viewport_size({"width": width, "height": 900})
    tour = newcomer.locator("[data-tour]")
    for number in range(4):
        expect(tour.locator("li").nth(number)).to_be_visible()
        assert tour.locator("li:visible").count() == 1
        box = tour.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert barriers(newcomer) == []
        if number < 3:
            newcomer.get_by_role("button", name="Næste").click()
    expect(newcomer.get_by_role("button", name="Næste")).to_be_hidden()
    newcomer.get_by_role("button", name="Luk, og vis ikke igen").click()
    expect(newcomer).to_have_url("/status")
    for address in ("/status", "/hjaelp"):
        newcomer.goto(address)
        expect(tour).to_have_count(0)


def test_without_script_the_tour_is_a_list_that_can_be_closed(browser: Browser, town: Town, newcomer: Page) -> None:
    with window(browser, town.home, script=False) as (page, _):
        page.context.add_cookies(newcomer.context.cookies())  # type: ignore[arg-type]
        page.goto("/status")
        assert page.locator("[data-tour] li:visible").count() == 4
        page.locator("[data-tour-close]").click()
        assert page.locator("[data-tour]").count() == 0


# --- keys ---


def test_a_question_mark_lists_the_keys_and_they_lead_where_it_says(newcomer: Page) -> None:
    newcomer.keyboard.press("?")
    listed = newcomer.get_by_role("dialog", name="Genvejstaster")
    expect(listed).to_be_visible()
    assert (barriers(newcomer), unseen_focus(newcomer)) == ([], [])
    newcomer.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    newcomer.keyboard.press("g")
    newcomer.keyboard.press("n")
    expect(newcomer).to_have_url("/noed-adgang")


def test_in_a_field_a_key_is_a_letter(newcomer: Page) -> None:
    newcomer.goto("/noed-adgang")
    newcomer.get_by_label("Begrundelse").press_sequentially("g d?")
    expect(newcomer.get_by_label("Begrundelse")).to_have_value("g d?")
    expect(newcomer.get_by_role("dialog")).to_be_hidden()


def test_who_has_switched_them_off_can_type_where_they_like(newcomer: Page) -> None:
    newcomer.goto("/hjaelp")
    newcomer.locator("[data-shortcuts=off]").click()
    expect(newcomer.locator("[data-shortcuts=on]")).to_be_visible()
    newcomer.keyboard.press("?")
    newcomer.keyboard.press("g")
    newcomer.keyboard.press("d")
    newcomer.wait_for_load_state()
    expect(newcomer).to_have_url("/hjaelp#genveje")
    newcomer.locator("[data-shortcuts=on]").click()
    expect(newcomer.locator("[data-shortcuts=off]")).to_be_visible()


# --- a sign-in that is about to end ---


def unused_for(minutes: float) -> None:
    """Let nobody have used the sign-ins of "tryghed" for so long."""
    with Session.begin() as session:
        session.execute(
            text("update sign_ins set used_at = :at where person_id = (select id from people where username = :name)"),
            {"at": clock.real_now() - timedelta(minutes=minutes), "name": "tryghed"},
        )


def test_a_sign_in_that_ends_soon_says_so_and_one_press_keeps_it_and_what_was_typed(newcomer: Page) -> None:
    newcomer.clock.install()
    newcomer.goto("/noed-adgang")
    newcomer.get_by_label("Begrundelse").fill("Faldet i hjemmet")
    newcomer.clock.run_for(27 * 60 * 1000)
    warning = newcomer.locator("#staying")
    expect(warning).to_be_empty()
    newcomer.clock.run_for(80 * 1000)
    expect(warning).to_contain_text("Du bliver snart logget ud")
    assert barriers(newcomer) == []
    unused_for(28.5)
    warning.get_by_role("button", name="Bliv").click()
    expect(warning).to_be_empty()
    expect(newcomer.get_by_label("Begrundelse")).to_have_value("Faldet i hjemmet")
    unused = "select now() - max(used_at) < interval '1 minute' from sign_ins"
    with Session() as session:
        assert session.scalar(text(unused)) is True


def test_one_that_has_ended_says_so_and_what_is_typed_is_sent_after_the_next_sign_in(newcomer: Page) -> None:
    newcomer.clock.install()
    newcomer.goto("/noed-adgang")
    newcomer.get_by_label("Borgerens fulde CPR-nummer").fill("0119400007")
    newcomer.get_by_label("Begrundelse").fill("Faldet i hjemmet")
    unused_for(31)
    newcomer.clock.run_for(31 * 60 * 1000)
    expect(newcomer.locator("#staying")).to_contain_text("Du er blevet logget ud")
    newcomer.locator("[data-break-glass]").click()
    newcomer.locator("[data-demo-user=tryghed]").click()
    expect(newcomer.locator("[data-glass-open]")).to_be_visible()
    newcomer.goto("/noed-adgang")
    expect(newcomer.locator("[data-opened]")).to_contain_text("Faldet i hjemmet")


def test_a_window_that_was_used_keeps_the_others_quiet(newcomer: Page) -> None:
    newcomer.clock.install()
    newcomer.goto("/noed-adgang")
    newcomer.clock.run_for(28 * 60_000 + 30_000)
    expect(newcomer.locator("#staying")).not_to_be_empty()
    with newcomer.context.new_page() as other:
        other.goto("/status")
    expect(newcomer.locator("#staying")).to_be_empty()


# --- help and what is out of order ---


def test_every_page_leads_to_its_own_help(newcomer: Page) -> None:
    newcomer.goto("/noed-adgang")
    newcomer.locator("[data-tour-close]").click()
    newcomer.locator("[data-help]").click()
    expect(newcomer).to_have_url("/hjaelp/noed-adgang")
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("Nødadgang")
    assert guides.screen_of("/noed-adgang/<uuid:opened_id>/review") == "noed-adgang"


def test_every_page_says_that_reminders_are_out_of_order(newcomer: Page) -> None:
    out_of_order = newcomer.locator("[data-out-of-order]")
    beat(clock.real_now() - timedelta(minutes=6))
    for address in ("/status", "/hjaelp", "/noed-adgang"):
        newcomer.goto(address)
        expect(out_of_order).to_contain_text("Påmindelser er ude af drift - brug listen.")
    assert barriers(newcomer) == []
    beat(clock.real_now() - timedelta(minutes=4))
    newcomer.reload()
    expect(out_of_order).to_have_count(0)
