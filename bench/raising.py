"""Deadlines that fall due at one moment: the sweep's batches against one statement that writes the same rows."""

import time
from collections.abc import Iterator
from statistics import median

import psycopg

from bench import engine
from bench.figure import Figure, RowsDiffer
from bench.filling import AT, Calls, fill, ground_of
from bench.server import Database, Server, say
from bench.size import Size
from tasks import runs
from tests.world import World
from workflow import clock, db

ONE_STATEMENT = """
with due as materialized (
    select d.id, d.episode_id, d.task_id, d.handover_id, d.concerns, d.unit_id, d.other_unit_id, d.due_at, d.rung,
           d.next_at, d.rung_to[d.rung + 1] as audience, d.miss, d.miss is not null and d.next_at >= d.due_at as missed
    from deadlines d where d.next_at <= %(at)s
), moved_on as (
    update deadlines d set rung = d.rung + 1, next_at = d.rung_at[d.rung + 2] from due where d.id = due.id
), reminded as (
    insert into reminders (deadline_id, rung, "to", planned_at, raised_at)
    select id, rung, audience, next_at, %(at)s from due
    returning id, deadline_id
), written as (
    insert into misses (episode_id, task_id, handover_id, code, due_at, recorded_at, owing_unit_id, responsible_unit_id,
                        reminders, attempts, last_outcome)
    select due.episode_id, task_id, handover_id, due.miss, due.due_at, %(at)s, due.unit_id, e.responsible_unit_id,
           due.rung + 1, coalesce(t.attempts, 0), t.last_outcome
    from due join episodes e on e.id = due.episode_id left join tasks t on t.id = due.task_id
    where missed
)
insert into outbox (episode_id, kind, topic, unit_id, audience, person_id, reminder_id, written_at)
select due.episode_id, case when missed then 'miss' when audience = 'managers' then 'escalation' else 'reminder' end,
       due.concerns, told.unit_id, audience, case when audience = 'claimant' then t.claimed_by_id end, reminded.id,
       %(at)s
from due
join reminded on reminded.deadline_id = due.id
left join tasks t on t.id = due.task_id
cross join lateral (
    values (due.unit_id), (case when audience = 'managers' then due.other_unit_id end)
) told (unit_id)
where told.unit_id is not null
"""

_WRITTEN = """
select (select count(*) from reminders where raised_at = %(at)s), (select count(*) from misses),
       (select count(*) from outbox where written_at = %(at)s),
       (select count(*) from deadlines where next_at <= %(at)s)
"""


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Deadlines raised a second: the sweep until nothing is due, and one statement, in turns on fresh copies."""
    with server.database("due") as database:
        with_calls(database, size.due, Calls.ONE_RUNG_DUE)
        speeds: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(max(size.rounds // 2, 1)):
            rows = set()
            for side, raise_all in (("ours", sweep), ("plain", _one_statement)):
                with server.database(f"due_{side}", of=database.name) as copy:
                    speeds[side].append(size.due / raise_all(copy))
                    rows.add(_written(copy))
            if len(rows) != 1:
                raise RowsDiffer(rows)
    yield Figure(
        bench="raise_due", ours=median(speeds["ours"]), ceiling=median(speeds["plain"]), unit="deadlines/s",
        better="higher",
    )  # fmt: skip


def with_calls(database: Database, count: int, calls: Calls) -> World:
    """Fill an empty database with open episodes, each with a follow-up call; its clock shows AT."""
    say(f"filling {count} episodes")
    world = engine.build_world(database)
    fill(database, [ground_of(world)], count, closed=0, calls=calls)
    with engine.connected(database), db.Session.begin() as session:
        clock.start_demo(session, AT)
    return world


def sweep(database: Database) -> float:
    """What the worker does when it is woken; returns the seconds that it took."""
    with engine.connected(database, pool_size=1):
        began = time.perf_counter()
        while runs.raise_due():
            pass
        return time.perf_counter() - began


def _one_statement(database: Database) -> float:
    with psycopg.connect(database.url) as connection:
        began = time.perf_counter()
        connection.execute(ONE_STATEMENT, {"at": AT})
        connection.commit()
        return time.perf_counter() - began


def _written(database: Database) -> tuple[int, ...]:
    with psycopg.connect(database.url) as connection:
        return connection.execute(_WRITTEN, {"at": AT}).fetchall()[0]
