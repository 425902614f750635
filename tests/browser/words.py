"""The words of the acceptance scripts: given who is there, when they do something, then what they see."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import text

from ops.demo import cluster, invented
from tests import steps
from tests.browser.chromium import Seen, photograph, window
from tests.browser.stack import Stack
from tests.web.test_signin import PASSWORD, with_password
from tests.world import ISBAR
from workflow import amendments, citizens, clock, episodes, places
from workflow.calendar import COPENHAGEN
from workflow.db import Session
from workflow.handing import handovers
from workflow.vocabulary import Role

UNFOLD = "e => { while (e = e.parentElement?.closest('details')) e.open = true; }"
AGNES = invented.cpr(0)  # the first of the newcomers: nobody has an episode for her yet


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """A time of the demonstration's year on Danish clocks; it begins on 12.03.2026 08:00."""
    return datetime(2026, month, day, hour, minute, tzinfo=COPENHAGEN)


@dataclass
class Somebody:
    """One of the demonstration's people at a browser."""

    name: str
    page: Page
    seen: Seen
    script: str  # the acceptance script, for the names of pictures
    width: int
    pictures: int = 0

    # ---- when ----

    def goes_to(self, address: str) -> None:
        """Types an address, or takes a bookmark."""
        self.page.goto(address)

    def follows(self, name: str) -> None:
        """A link with this name; on a telephone the menu is opened for it."""
        menu, link = self.page.locator(".menu-phone"), self.page.get_by_role("link", name=name).first
        if menu.is_visible() and not link.is_visible():
            menu.click()
        link.click()

    def presses(self, name: str) -> None:
        """A button with this name."""
        self.page.get_by_role("button", name=name).first.click()

    def writes(self, value: str, *, into: str) -> None:
        """Into the field with this label."""
        self.main.get_by_label(into).first.fill(value)

    def searches(self, typed: str) -> None:
        """In the field at the top of every page."""
        self.page.locator("#find").fill(typed)
        self.page.locator("#find").press("Enter")
        self.page.wait_for_url("**/soeg")

    def does(self, act: str) -> None:
        """Presses what the page has marked as the act (`data-<act>`), where it must be unfolded first too."""
        pressed = self.page.locator(f"[data-{act}]").first
        pressed.evaluate(UNFOLD)
        pressed.click()

    def fills(self, form: str, **fields: str) -> None:
        """Fields of the form of this name, by their own names."""
        for name, value in fields.items():
            field = self.page.locator(f"[id='{form}-{name.replace('__', '.')}']")
            field.evaluate(UNFOLD)
            field.fill(value)

    # ---- then ----

    @property
    def main(self) -> Locator:
        """What the page is about: all but its frame."""
        return self.page.locator("main")

    def reads(self, *words: str) -> None:
        """On the page, somewhere."""
        for each in words:
            expect(self.main).to_contain_text(each)

    def reads_nothing_of(self, *words: str) -> None:
        """Nowhere on the page, nor in its address or title."""
        for each in words:
            expect(self.page.locator("body")).not_to_contain_text(each)
            assert each not in self.page.url + self.page.title()

    def keeps_a_picture(self) -> None:
        """At both widths, as an artefact."""
        self.pictures += 1
        photograph(self.page, f"{self.script}-{self.pictures}-{self.name}")
        self.page.set_viewport_size({"width": self.width, "height": 900})


@dataclass
class Scene:
    """One acceptance script as it is played, on the running stack."""

    script: str
    stack: Stack
    browser: Browser
    width: int
    windows: ExitStack
    people: dict[str, Somebody] = field(default_factory=dict)

    # ---- given, and when ----

    def enters(self, name: str, *, toured: bool = True, card: bool = True, unit: str | None = None) -> Somebody:
        """Somebody opens a browser of their own and signs in: by their card, or as who has none, with a password.

        Who has several units acts in `unit`.
        """
        if toured:
            with Session.begin() as session:
                session.execute(text("update people set toured = true where username = :name"), {"name": name})
        opened = window(self.browser, self.stack.home, width=self.width)
        page, seen = self.windows.enter_context(opened)
        page.goto("/")
        if card:
            page.locator(f"[data-demo-user='{name}']").click()
        else:
            with_password(name)
            page.locator("#username").fill(name)
            page.locator("#password").fill(PASSWORD)
            page.locator("[data-sign-in]").click()
        if unit is not None:
            if not page.url.endswith("/choose"):  # who has one kind of role in one organisation goes in at once
                page.goto("/choose")
            page.locator("[data-role]", has_text=unit).first.click()
        expect(page.locator("[data-whoami]")).to_have_attribute("data-whoami", name)
        self.people[name] = Somebody(name, page, seen, self.script, self.width)
        return self.people[name]

    def given_agnes_is_admitted(self) -> UUID:
        """Agnes has been in the medical ward for an hour; returns the number of her episode."""
        with Session.begin() as session:
            people, now = cluster.read(session), clock.now(session)
            citizen = citizens.find(session, AGNES)
            assert citizen is not None
            nurse = people.named("Medicinsk afsnit", Role.WARD_NURSE)
            episode = episodes.open_episode(
                session, citizen, "home", "admission", by=nurse, at=now, effective_at=now - timedelta(hours=1),
                ward=people.units["Medicinsk afsnit"], district=people.units["Distrikt Syd"],
            )  # fmt: skip
            return episode.uuid

    def given_agnes_is_at_tryghedshotellet(self) -> UUID:
        """She came on 12 March at 13:40, discharged at 13:00. Returns the number of her episode."""
        agnes = self.given_agnes_is_admitted()
        self.clock_shows(at(12, 13, 40))
        with Session.begin() as session:
            people = cluster.read(session)
            ward = people.named("Medicinsk afsnit", Role.WARD_NURSE)
            tove = people.named(cluster.HOTEL, Role.FACILITY_NURSE)
            hotel = people.units[cluster.HOTEL]
            amendments.reroute(session, agnes, "tryghedshotel", facility=hotel, by=ward, at=at(12, 9))
            sent = handovers.send(session, agnes, ISBAR, by=ward, at=at(12, 10))
            steps.receive(session, sent.uuid, by=tove, at=at(12, 11))
            places.reserve(session, people.places[cluster.HOTEL][0].uuid, agnes, by=tove, at=at(12, 11))
            episodes.record_event(session, agnes, "patient_discharged", by=ward, at=at(12, 13))
            places.arrive(session, agnes, by=tove, at=at(12, 13, 40))
        return agnes

    def clock_shows(self, moment: datetime) -> None:
        """The demonstration's clock is put there."""
        self.stack.clock_shows(moment)

    def time_passes(self, *, hours: float) -> None:
        """The demonstration's clock moves on."""
        self.stack.clock_moves(timedelta(hours=hours))

    # ---- then ----

    def until(self, query: str, **values: object) -> None:
        """Wait until the running stack has brought this about: a query of one truth."""

        def holds() -> bool:
            with Session() as session:
                return bool(session.scalar(text(query), values))

        self.stack.until(holds, query)

    def count(self, query: str, **values: object) -> int:
        """How many, by a query of one number."""
        with Session() as session:
            return int(session.execute(text(query), values).scalar_one())


@contextmanager
def scene(script: str, stack: Stack, browser: Browser, *, width: int) -> Iterator[Scene]:
    """Play a script; at its end nobody's browser has complained or asked elsewhere."""
    with ExitStack() as windows:
        played = Scene(script, stack, browser, width, windows)
        yield played
        for person in played.people.values():
            assert (person.name, person.seen.complaints) == (person.name, [])
            assert (person.name, person.seen.elsewhere) == (person.name, [])
