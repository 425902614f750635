"""What a transition and a sweep cost with few episodes in the database, and with a thousand times as many."""

import time
from collections.abc import Callable, Iterator
from random import Random
from statistics import median
from uuid import UUID

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from bench import engine
from bench.figure import Figure
from bench.filling import AT, Calls, fill, ground_of
from bench.server import Database, Server, say
from bench.size import Size
from tests.world import World
from workflow import deadlines, episodes

OPEN_SHARE = 0.1
DUE_AT_ONCE = 100

_OPEN = "select uuid from episodes where closed_at is null order by id"
_OPEN_CALLS = "select id from deadlines where ended_at is null and task_id is not null order by id"


class Place:
    """One of the two databases, with what is needed to work on it."""

    def __init__(self, database: Database, world: World) -> None:
        self.database, self.world = database, world
        self.engine = create_engine(database.url, pool_size=1)
        with psycopg.connect(database.url) as connection:
            self.open = [row[0] for row in connection.execute(_OPEN)]
            self.calls = [row[0] for row in connection.execute(_OPEN_CALLS)]
        self.random, self.due = Random(1), list[int]()
        self.random.shuffle(self.open)

    def arrive(self, episode_id: UUID) -> float:
        """One transition; the seconds that it took."""
        began = time.perf_counter()
        with Session(self.engine) as session, session.begin():
            episodes.record_event(session, episode_id, "patient_arrived", by=self.world.facility_nurse, at=AT)
        return time.perf_counter() - began

    def sweep(self) -> float:
        """One run of the sweep; the seconds that it took."""
        began = time.perf_counter()
        with Session(self.engine) as session, session.begin():
            deadlines.raise_due(session, at=AT)
        return time.perf_counter() - began

    def make_due(self) -> None:
        """Let the first reminder of some calls that were opened together fall due; the last time is undone first."""
        with psycopg.connect(self.database.admin_url) as admin:
            admin.execute("set session_replication_role = replica")  # else PostgreSQL refuses to take back a reminder
            admin.execute("delete from reminders where deadline_id = any(%s)", [self.due])
            admin.execute("update deadlines set rung = 0, next_at = rung_at[1] where id = any(%s)", [self.due])
            start = self.random.randrange(max(len(self.calls) - DUE_AT_ONCE, 1))
            self.due = self.calls[start : start + DUE_AT_ONCE]
            admin.execute("update deadlines set next_at = %s where id = any(%s)", [AT, self.due])


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Median ms with many episodes (ours) and with few (ceiling), in turns; the newest tenth is open."""
    with server.database("few") as small, server.database("many") as large:
        few, many = _filled(small, size.few), _filled(large, size.many)
        try:
            yield from _compare(few, many, size.samples)
        finally:
            few.engine.dispose()
            many.engine.dispose()


def _filled(database: Database, count: int) -> Place:
    say(f"filling {count} episodes")
    world = engine.build_world(database)
    fill(database, [ground_of(world)], count, closed=round(count * (1 - OPEN_SHARE)), calls=Calls.NOT_DUE)
    with psycopg.connect(database.url) as connection:
        ((taken,),) = connection.execute("select pg_size_pretty(pg_database_size(current_database()))").fetchall()
    say(f"  {taken}")
    engine.open_ring()
    return Place(database, world)


def _compare(few: Place, many: Place, samples: int) -> Iterator[Figure]:
    def arrival(place: Place, turn: int) -> float:
        return place.arrive(place.open[turn])

    def idle_sweep(place: Place, turn: int) -> float:
        return place.sweep()

    def sweep(place: Place, turn: int) -> float:
        place.make_due()
        return place.sweep()

    measured: tuple[tuple[str, Callable[[Place, int], float], int], ...] = (
        ("scale_transition", arrival, samples),
        ("scale_sweep_nothing_due", idle_sweep, samples),
        ("scale_sweep_100_due", sweep, max(samples // 4, 1)),
    )
    for name, once, times in measured:
        took = [(once(few, turn), once(many, turn)) for turn in range(times)]
        counted = took[times // 8 :]  # the first few open connections and prepare statements
        yield Figure(
            bench=name, ours=median(t for _, t in counted) * 1_000, ceiling=median(t for t, _ in counted) * 1_000,
            unit="ms", better="lower",
        )  # fmt: skip
