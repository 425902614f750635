"""A01 and A25 of the acceptance scripts: the first look, and what is left of every look."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.browser.looking import barriers
from tests.browser.words import AGNES, Scene, Somebody
from workflow import history
from workflow.db import Session

pytestmark = pytest.mark.xdist_group("browser")


def test_a01_the_first_look(play: Scene) -> None:
    # Open /, sign in as koordinator
    koordinator = play.enters("koordinator", toured=False)
    # The board in Danish, my unit named (that it comes within two seconds is for the bench)
    expect(koordinator.page.locator("html")).to_have_attribute("lang", "da")
    expect(koordinator.page).to_have_url("/overgange")
    expect(koordinator.page.locator("[data-whoami]")).to_contain_text("Udskrivningskoordination")
    # The first tour of four bubbles can be closed and never returns
    koordinator.keeps_a_picture()
    for _ in range(3):
        koordinator.presses("Næste")
    expect(koordinator.page.locator("[data-tour] li:visible")).to_contain_text("Her er hjælp.")
    koordinator.presses("Luk, og vis ikke igen")
    expect(koordinator.page.locator("[data-tour]")).to_have_count(0)
    # Tab reaches everything, and the focus is seen
    assert reached_by_tab(koordinator) == reachable(koordinator)
    assert barriers(koordinator.page) == []


def reachable(person: Somebody) -> int:
    """How many links, buttons and fields the page shows."""
    may = "a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
    return person.page.locator(may).filter(visible=True).count()


def reached_by_tab(person: Somebody) -> int:
    """How many of them somebody gets to who only presses Tab, from the top of the page to its end."""
    person.page.evaluate("document.activeElement?.blur(), scrollTo(0, 0)")
    places = 0
    while True:
        person.page.keyboard.press("Tab")
        where = person.page.evaluate("""() => {
            const e = document.activeElement, box = e.getBoundingClientRect();
            return e === document.body ? "" : box.width > 0 && getComputedStyle(e).outlineStyle !== "none" ? "seen" :
                e.outerHTML.slice(0, 200); }""")
        if where == "":
            return places
        assert where == "seen"
        places += 1
        assert places < 500, "Tab never gets to the end of the page"


def test_a25_every_look_is_left_and_nothing_is_left_in_the_browser(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    # Given that koordinator has searched for, read and printed Agnes
    koordinator = play.enters("koordinator")
    koordinator.searches(AGNES.value)
    koordinator.goes_to(f"/forloeb/{agnes}")
    koordinator.goes_to(f"/forloeb/{agnes}/borgerark")
    # Who answers for the hospital's log opens Revision for Agnes
    leder = play.enters("leder.hospital", unit="Udskrivningskoordination")
    leder.follows("Opslagslog")
    leder.writes(AGNES.value, into="CPR-nummer")
    leder.presses("Vis de seneste 90 dage")
    # Every look, with who, when, how and why; the number stands in no address
    leder.reads("Agnes Demo", "Karen Demo")
    for kind in ("search", "read", "print"):
        expect(leder.page.locator(f"[data-look={kind}]")).not_to_have_count(0)
    leder.reads_nothing_of(AGNES.value)
    assert barriers(leder.page) == []
    leder.keeps_a_picture()
    # Export as CSV
    leder.page.go_back()
    leder.writes(AGNES.value, into="CPR-nummer")
    with leder.page.expect_download() as download:
        leder.presses("Udtræk til borgeren (CSV)")
    assert "Karen Demo" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    # To change a row fails, also past the pages; the chain is whole
    with Session() as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text("update access_log set person = 'Nobody'"))
    with Session() as session:
        found = list(history.verify(session))
    assert all(isinstance(one, int) for one in found)
    # Sign out: Back shows nothing
    leder.goes_to("/revision")
    leder.page.locator("[data-whoami] summary").click()
    leder.presses("Log ud")
    expect(leder.page).to_have_url("/sign-in")
    leder.page.go_back()
    leder.reads("Log ind")
    leder.reads_nothing_of("Opslagslog", "Agnes")
