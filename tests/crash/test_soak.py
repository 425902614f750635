"""The long form: for some minutes, anything is killed or stopped at random moments, while the clock goes its way."""

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ops import programs
from tests.crash.conftest import Ground, at_work_on
from tests.crash.installation import Installation, family, kill
from tests.crash.population import ENDS

pytestmark = pytest.mark.xdist_group("crash")

SECONDS = min(max(int(os.environ.get("SOAK_SECONDS", "300")), 30), 3_600)
SEED = int(os.environ.get("SOAK_SEED", time.time_ns() % 1_000_000))

LATEST = ENDS + timedelta(hours=24)  # the clock may have gone past the end by some steps

# Sweeps take long enough to be hit: every hundredth notice holds up its batch for a moment.
DRAG = """
create or replace function turnstile() returns trigger language plpgsql as $$
begin
    perform pg_sleep(0.02);
    return new;
end $$
"""


OWN = "soak"


@pytest.fixture
def soaked(ground: Ground, tmp_path: Path) -> Iterator[Installation]:
    """An installation as it is run for real, its beat too, beside that of the short form."""
    with at_work_on(ground, OWN):
        installation = Installation(ground.servers, OWN, 1, ground.ladders, tmp_path, programs.beat())
        yield installation
        installation.close()


class Havoc:
    """What can happen to an installation, at a moment that `chance` chooses."""

    def __init__(self, installation: Installation, chance: random.Random) -> None:
        self.installation, self.chance = installation, chance
        self.acts: list[Callable[[], None]] = [
            self.a_child_dies, self.a_process_dies, self.a_process_dies_without_its_children, self.postgres_dies,
            self.the_postmaster_dies, self.a_backend_dies, self.valkey_is_wiped, self.valkey_stands_still,
            self.postgres_stands_still, self.one_more, self.one_less, self.the_clock_steps, self.nothing,
        ]  # fmt: skip

    def strikes(self) -> str:
        """Do one of them; returns what."""
        act = self.chance.choice(self.acts)
        self.pause(3)
        act()
        return act.__name__

    def pause(self, longest: float) -> None:
        time.sleep(self.chance.uniform(0, longest))

    def a_child_dies(self) -> None:
        children = self.chance.choice(self.installation.parts).family[1:]
        if children:
            kill([self.chance.choice(children)])

    def a_process_dies(self) -> None:
        self.chance.choice(self.installation.parts).kill()

    def a_process_dies_without_its_children(self) -> None:
        """They go on for a while, beside those of its successor."""
        part = self.chance.choice(self.installation.parts)
        orphans = part.family[1:]
        kill(part.family[:1])
        part.process.wait()
        self.pause(3)
        self.installation.mend()
        self.pause(3)
        kill(orphans)

    def postgres_dies(self) -> None:
        self.installation.kill_postgres()
        self.pause(5)
        self.installation.servers.postgres.start(print)

    def the_postmaster_dies(self) -> None:
        """Its backends see it, each when it next looks up."""
        process = self.installation.servers.postgres.process
        assert process is not None
        process.kill()
        process.wait()
        self.installation.servers.postgres.start(print)

    def a_backend_dies(self) -> None:
        """The server ends all the others, and recovers by itself."""
        process = self.installation.servers.postgres.process
        assert process is not None
        kill([self.chance.choice(family(process.pid)[1:])])

    def valkey_is_wiped(self) -> None:
        self.installation.kill_valkey()
        self.pause(5)
        self.installation.servers.valkey.start(print)

    def valkey_stands_still(self) -> None:
        with self.installation.stopped_valkey():
            self.pause(15)

    def postgres_stands_still(self) -> None:
        with self.installation.stopped_postgres():
            self.pause(15)

    def one_more(self) -> None:
        more = self.chance.choice((self.installation.another_worker, self.installation.another_beat))
        if len(self.installation.parts) < 6:
            more()

    def one_less(self) -> None:
        if len(self.installation.parts) > 3:
            self.installation.end(self.installation.parts[-1])

    def the_clock_steps(self) -> None:
        for hours in (-1, 1, 1, -1):
            self.installation.patiently(lambda hours=hours: self.installation.move_clock(timedelta(hours=hours)))  # type: ignore[misc]
            self.pause(2)

    def nothing(self) -> None:
        """Most of the time, nothing happens."""


@pytest.mark.long
def test_whatever_happens_whenever(soaked: Installation, ground: Ground) -> None:
    chance, ends_at, rounds = random.Random(SEED), time.monotonic() + SECONDS, 0
    print(f"\nSOAK_SEED={SEED} SOAK_SECONDS={SECONDS}", flush=True)
    havoc = Havoc(soaked, chance)
    while time.monotonic() < ends_at:
        rounds += 1
        ground.lay(OWN)
        with psycopg.connect(ground.servers.postgres.url("owner", OWN)) as owner:
            owner.execute(DRAG)
        happened = []
        while soaked.patiently(soaked.now) < ENDS:
            soaked.mend()
            step = timedelta(minutes=chance.choice((15, 60, 240, 480)))
            soaked.patiently(lambda step=step: soaked.move_clock(step))  # type: ignore[misc]
            happened.append(havoc.strikes())
        soaked.mend()
        print(f"round {rounds}: {', '.join(happened)}", flush=True)
        soaked.set_clock(LATEST)
        soaked.prove()
