"""Takes the pictures of the README anew, of a demonstration that runs: `python -m tests.browser.pictures ADDRESS`."""

import sys
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import chromium

TO = Path(__file__).parents[2] / "docs" / "pictures"
WIDTH = 1320
# The picture, who looks, where, and what stands last on it: it is cut below that.
BOARD = "#board tbody tr:nth-child(8)"
PICTURES = (
    ("board", "koordinator", "/overgange", BOARD),
    ("overview", "leder.kommune", "/overblik", "ul.figures"),
    ("missed", "leder.kommune", "/missede?show=all", "table.missed tbody tr:nth-child(5)"),
    ("places", "tryghed", "/pladser", "main"),
    ("status", "drift", "/status", "main"),
)
FOLLOWED = (  # led to by the first of these on the page
    ("episode", "tryghed", "/overgange?show=awaiting", "#board tbody th a", "main"),
    ("call", "tryghed", "/overgange?show=calls", "#board [data-do=call]", "main"),
)
HIGHEST = 1170  # pixels


def enter(page: Page, address: str, who: str) -> None:
    """Sign in by a card, with the first tour closed."""
    page.context.clear_cookies()
    page.goto(f"{address}/sign-in")
    page.click(f'[data-demo-user="{who}"]')
    if page.query_selector("[data-tour-close]"):
        page.click("[data-tour-close]")


def take(page: Page, name: str, last: str) -> None:
    """The page from its top to the end of what stands last."""
    page.wait_for_load_state("networkidle")
    box = page.locator(last).first.bounding_box()
    assert box is not None, name
    height = min(box["y"] + box["height"], HIGHEST)
    page.screenshot(path=TO / f"{name}.png", clip={"x": 0, "y": 0, "width": WIDTH, "height": height}, full_page=True)


def main(address: str) -> None:
    with chromium.started() as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 960})
        for name, who, where, last in PICTURES:
            enter(page, address, who)
            page.goto(address + where)
            take(page, name, last)
        for name, who, where, leads, last in FOLLOWED:
            enter(page, address, who)
            page.goto(address + where)
            page.locator(leads).first.click()
            take(page, name, last)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
