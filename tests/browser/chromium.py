"""The browser: where it is, how it is started, and what a test writes down of what it shows."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from web.ground.language import COOKIE
from workflow.vocabulary import Language

ARTEFACTS = Path(__file__).parent / "artefacts"
DESK, PHONE = 1320, 390  # how wide, in CSS pixels
HEIGHT = 900
QUIET = (  # a browser that a test starts talks to nobody but us
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
REFUSED = "Failed to load resource: the server responded with a status of 4"
CLEARED = "Clear-Site-Data header"  # what a browser notes when somebody signs out
PATIENCE = 30_000  # milliseconds until a test that waits has failed; no test measures time


def where() -> str | None:
    """The program, where the Debian package has put it; None where it is not installed."""
    return shutil.which("chromium")


@contextmanager
def started() -> Iterator[Browser]:
    """One browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where(), args=list(QUIET))
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a browser did besides showing a page: what it asked elsewhere, and what it complained of."""

    home: str
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        """A request leaves the browser."""
        if urlsplit(request.url).scheme not in {"data", "blob"} and not request.url.startswith(self.home):
            self.elsewhere.append(request.url)

    def note_message(self, message: ConsoleMessage) -> None:
        """A page, or the browser about it, writes to the console. That a page refuses something is no complaint."""
        where = message.location.get("url", "")
        if message.text.startswith(CLEARED) or (message.text.startswith(REFUSED) and "/assets/" not in where):
            return
        self.complaints.append(f"{message.type}: {message.text} ({where})")


@contextmanager
def window(
    browser: Browser, home: str, *, language: Language = Language.DANISH, width: int = DESK, script: bool = True
) -> Iterator[tuple[Page, Seen]]:
    """A browser of somebody's own, with nothing in it; what it did is in `Seen`."""
    context = browser.new_context(
        base_url=home, viewport={"width": width, "height": HEIGHT}, locale="da-DK", timezone_id="Europe/Copenhagen",
        java_script_enabled=script,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE)
    put_cookie(context, home, COOKIE, language.value)
    page, seen = context.new_page(), Seen(home)
    context.on("request", seen.note_request)
    context.on("console", seen.note_message)
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    yield page, seen
    context.close()


def put_cookie(context: BrowserContext, home: str, name: str, value: str) -> None:
    """As an answer of ours would have."""
    context.add_cookies([{"name": name, "value": value, "url": home}])


def photograph(page: Page, name: str) -> None:
    """Keep two pictures of the whole page, at a desk and on a phone, for somebody to look at."""
    ARTEFACTS.mkdir(exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", name)
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.screenshot(path=ARTEFACTS / f"{stem}-{width}.png", full_page=True)
