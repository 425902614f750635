"""Eight people at work while a great many deadlines are raised: what they wait, against what they wait in quiet."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from multiprocessing.synchronize import Event
from random import Random
from uuid import UUID

import psycopg

from bench import engine
from bench.figure import Figure, percentile
from bench.filling import AT, Calls
from bench.raising import sweep, with_calls
from bench.server import Database, Server, say
from bench.size import Size
from tests.world import World
from workflow import db, episodes

PEOPLE = 8
FIRST_FEW = 2  # transitions of each that open connections, and are not counted


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """The 99th percentile of a transition's time, in ms from when it is asked for: with the sweep at work, and without.

    Everybody reports arrivals of citizens whose calls fall due meanwhile. A whole night's ladder is raised, so that the
    sweep works for as long as it takes to know a percentile.
    """
    with server.database("night") as database:
        world = with_calls(database, size.due, Calls.WHOLE_LADDER_DUE)
        quiet: list[float] = []
        busy: list[float] = []
        for turn in range(size.people_rounds):
            with server.database("night_now", of=database.name) as copy, engine.connected(copy, pool_size=PEOPLE):
                arrivals = _arrivals(copy, Random(turn))
                _work(world, arrivals, size.pace, _for_some(FIRST_FEW * size.pace))
                quiet += _work(world, arrivals, size.pace, _for_some(size.quiet_seconds))
                with _sweeper(copy) as still_at_work:
                    busy += _work(world, arrivals, size.pace, still_at_work)
        say(f"{len(quiet)} transitions in quiet, {len(busy)} while the sweep worked; in ms, quiet and busy:")
        for name, share in (("median", 0.5), ("p90", 0.9), ("p99", 0.99)):
            say(f"  {name}: {percentile(quiet, share):.1f} {percentile(busy, share):.1f}")
    yield Figure(
        bench="raise_due_with_people", ours=percentile(busy, 0.99), ceiling=percentile(quiet, 0.99), unit="ms p99",
        better="lower",
    )  # fmt: skip


def _arrivals(database: Database, random: Random) -> Iterator[UUID]:
    with psycopg.connect(database.url) as connection:
        found = [row[0] for row in connection.execute("select uuid from episodes where closed_at is null order by id")]
    random.shuffle(found)
    return iter(found)


@contextmanager
def _sweeper(database: Database) -> Iterator[Callable[[], bool]]:
    """A process that has begun to raise what is due; gives what tells whether it is still at work."""
    spawn = multiprocessing.get_context("spawn")
    begun, over = spawn.Event(), spawn.Event()
    process = spawn.Process(target=_sweep, args=(database, begun, over), daemon=True)
    process.start()
    begun.wait()
    yield lambda: not over.is_set()
    process.join()


def _sweep(database: Database, begun: Event, over: Event) -> None:
    try:
        begun.set()
        sweep(database)
    finally:
        over.set()


def _for_some(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def _work(world: World, arrivals: Iterator[UUID], pace: float, goes_on: Callable[[], bool]) -> list[float]:
    """Each person reports an arrival every `pace` seconds while `goes_on`; what each of the arrivals took, in ms."""

    def person(number: int) -> list[float]:
        took, next_at = [], began + number * pace / PEOPLE
        while goes_on():
            time.sleep(max(next_at - time.monotonic(), 0))
            with db.Session.begin() as session:
                episodes.record_event(session, next(arrivals), "patient_arrived", by=world.facility_nurse, at=AT)
            took.append((time.monotonic() - next_at) * 1_000)
            next_at += pace
        return took

    with ThreadPoolExecutor(PEOPLE) as threads:
        began = time.monotonic()
        return list(chain.from_iterable(threads.map(person, range(PEOPLE))))
