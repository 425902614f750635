"""What people wait for a page, with a million episodes in the database, beside a route that does nothing."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random

from sqlalchemy import select

from bench import engine, town
from bench.figure import Figure, percentile
from bench.server import AS_SWEEPS, Database, Server, say
from bench.size import Size
from ops import programs
from ops.processes import ROOT, free_port
from ops.valkey import Valkey
from tests.statements import listening
from web.app import create_app
from workflow import clock
from workflow.db import Session
from workflow.settings import Settings
from workflow.staff import sign_ins
from workflow.tables import Person, PersonRole
from workflow.vocabulary import Role, SignInBy

# A coordinator and a manager of five wards see every episode, the others those of a unit or two.
PEOPLE = {
    "koordinator": Role.DISCHARGE_COORDINATOR, "leder.hospital": Role.MANAGER, "afdeling": Role.WARD_NURSE,
    "birgit": Role.WARD_NURSE, "distrikt": Role.MUNICIPAL_NURSE, "tryghed": Role.FACILITY_NURSE,
    "leder.kommune": Role.MANAGER, "nabokommune": Role.MUNICIPAL_NURSE,
}  # fmt: skip
COOKIE = "overgang_sign_in"
BARE = "bare"
PAGES = {
    BARE: "/healthz", "board": "/overgange?turn=all", "episode": "/forloeb/{}", "tasks": "/opgaver",
    "inbox": "/indbakke",
}  # fmt: skip
ROUNDS_BEFORE = 2  # of every page by everybody, that open connections and prepare statements, and are not counted
STARTS_WITHIN = 60  # seconds


@dataclass
class Browser:
    """Somebody signed in, who goes from the board to one of its episodes, to the tasks and to the inbox."""

    port: int
    token: str
    random: Random
    episodes: list[str] = field(default_factory=list)

    def open(self, page: str) -> float | None:
        """The milliseconds until the whole page was there; None where nobody is on the board to be opened."""
        if page == "episode" and not self.episodes:
            return None
        address = PAGES[page].format(self.random.choice(self.episodes) if self.episodes else "")
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=STARTS_WITHIN)
        connection.request("GET", address, headers={"Cookie": f"{COOKIE}={self.token}"})
        answer = connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - began) * 1_000
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{page} answered {answer.status}")
        if page == "board":
            self.episodes = re.findall(r'data-episode="([0-9a-f-]+)"', text.decode())
        return took


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """The 95th percentile of each page's time, in ms as a browser sees it: ours, and of the bare route."""
    with server.database("pages") as database:
        say(f"filling {size.many} episodes")
        town.fill_town(database, size.many)
        people = Database(database.name, database.url.removesuffix(AS_SWEEPS), database.admin_url)
        with installed(people) as environment:
            with engine.connected(people):
                tokens = [signed_in(username, role) for username, role in PEOPLE.items()]
                _say_statements(Settings.from_environment(environment), tokens[0])
            with _web(environment) as port:
                took = _click(port, tokens, size)
    for page, times in took.items():
        told = ", ".join(f"p{share:.0%} {percentile(times, share):.1f}".replace("%", "") for share in (0.5, 0.95, 0.99))
        say(f"  {page}: {told} ms of {len(times)}")
    bare = percentile(took.pop(BARE), 0.95)
    for page, times in took.items():
        yield Figure(
            bench=f"pages_{page}", ours=percentile(times, 0.95), ceiling=bare, unit="ms p95", better="lower"
        )  # fmt: skip


def signed_in(username: str, role: Role) -> str:
    """The token of a new sign-in."""
    with Session.begin() as session:
        person = session.scalars(select(Person).where(Person.username == username)).one()
        held = session.scalars(select(PersonRole).where(PersonRole.person_id == person.id, PersonRole.role == role))
        token = sign_ins.begin(
            session, person, SignInBy.DEMO, address="127.0.0.1", at=clock.real_now(), life=timedelta(hours=1)
        )
        found = sign_ins.whose(session, token)
        assert found is not None
        sign_ins.choose(session, found.id, held.all()[0].uuid)
    return token


@contextmanager
def installed(database: Database) -> Iterator[dict[str, str]]:
    """What a process of an installation on this database needs; a broker of its own among it."""
    with tempfile.TemporaryDirectory(prefix="overgang-bench-") as home:
        valkey = Valkey(Path(home))
        valkey.start(say)
        try:
            yield {"OVERGANG_DEMO": "1", "DATABASE_URL": database.url, "REDIS_URL": valkey.url()}
        finally:
            valkey.stop()


def _say_statements(settings: Settings, token: str) -> None:
    """How many statements each page sends, counted in this process; the first round reads what is read once."""
    browser, told, episode = create_app(settings).test_client(), dict[str, int](), ""
    browser.set_cookie(COOKIE, token)
    with listening() as heard:
        for page, address in [*PAGES.items()] * 2:
            heard.clear()
            answer = browser.get(address.format(episode))
            told[page] = len(heard)
            if answer.status_code != 200:
                raise RuntimeError(f"{page} answered {answer.status}")
            if page == "board":
                episode = re.findall(r'data-episode="([0-9a-f-]+)"', answer.text)[0]
    say(f"  statements: {told}")


@contextmanager
def _web(environment: dict[str, str]) -> Iterator[int]:
    """The web server as an installation runs it; its port. Gone afterwards."""
    port = free_port()
    with subprocess.Popen(
        programs.web("127.0.0.1", port), env={**os.environ, **environment}, cwd=ROOT, stdout=sys.stderr
    ) as web:
        try:
            _wait_for(port)
            yield port
        finally:
            web.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            Browser(port, "", Random()).open(BARE)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


def _click(port: int, tokens: list[str], size: Size) -> dict[str, list[float]]:
    """Everybody opens a page every `pace` seconds, each page in turn, and the bare route half a pace after each."""
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    pages = [page for page in PAGES if page != BARE]

    def person(number: int) -> None:
        browser, next_at = Browser(port, tokens[number], Random(number)), began + number * size.pace / len(tokens)
        for turn in range(len(pages) * (ROUNDS_BEFORE + size.clicks)):
            for page in (pages[turn % len(pages)], BARE):
                time.sleep(max(next_at - time.monotonic(), 0))
                milliseconds = browser.open(page)
                if milliseconds is not None and turn >= len(pages) * ROUNDS_BEFORE:
                    took[page].append(milliseconds)
                next_at += size.pace / 2

    with ThreadPoolExecutor(len(tokens)) as threads:
        began = time.monotonic()
        for _ in threads.map(person, range(len(tokens))):
            pass
    return took
