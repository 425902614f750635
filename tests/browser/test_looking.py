"""What looks at the pages finds what it looks for: each fault, put into a page that has none."""

import pytest
from playwright.sync_api import Browser, Error

from ops.processes import free_port
from tests.browser.chromium import window
from tests.browser.conftest import Town
from tests.browser.looking import barriers, hidden_otherwise, too_wide, unseen_focus

pytestmark = pytest.mark.xdist_group("browser")


def test_each_fault_is_found(browser: Browser, town: Town) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"
    with window(browser, town.home) as (page, seen):
        page.goto("/sign-in")
        assert (barriers(page), too_wide(page), unseen_focus(page), hidden_otherwise(page)) == ([], [], [], [])
        page.locator("main").evaluate(
            "main => main.append(document.createElement('img'), document.createElement('h6'))"
        )
        assert {"image-alt", "heading-order", "empty-heading"} & {rule for rule, _, _ in barriers(page)} >= {
            "image-alt"
        }
        page.locator("h1").evaluate("h1 => { h1.style.width = '400px'; }")
        assert too_wide(page) != []
        page.locator("[data-sign-in]").evaluate("button => button.style.cssText = 'outline: none; box-shadow: none'")
        assert len(unseen_focus(page)) == 1
        sheet = "@media print { h1, h2 { display: none } }  @media (forced-colors: active) { form { display: none } }"
        page.evaluate("""rules => { const sheet = new CSSStyleSheet(); sheet.replaceSync(rules);
            document.adoptedStyleSheets = [sheet]; }""", sheet)  # fmt: skip
        assert len(hidden_otherwise(page)) == 2
        page.evaluate("fetch('https://elsewhere.example/').catch(() => null)")
        assert "Content Security Policy" in " ".join(seen.complaints)
        assert seen.elsewhere == []
        with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
            page.goto(nobody)
        assert seen.elsewhere == [nobody]
