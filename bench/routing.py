"""Notices from the outbox to inboxes and letters: the sweep's batches against one statement that writes the same."""

import time
from collections.abc import Iterator
from statistics import median

import psycopg

from bench import engine
from bench.figure import Figure, RowsDiffer
from bench.filling import AT, Calls
from bench.raising import sweep, with_calls
from bench.server import Database, Server
from bench.size import Size
from tasks import runs
from workflow.telling.channels.mail import Mail

MAIL = Mail("smtp://127.0.0.1:25", "overgang@demo.example")  # nothing is sent here: only written down to be sent

ONE_STATEMENT = """
with batch as materialized (
    select id, unit_id, audience, person_id from outbox where routed_at is null
), listed as (
    insert into inbox (notice_id, unit_id, received_at) select id, unit_id, %(at)s from batch
), told as materialized (
    select batch.id, p.email from batch join people p on p.id = batch.person_id where p.active and p.email <> ''
    union
    select batch.id, p.email
    from batch
    join person_roles r on r.unit_id = batch.unit_id and r.role = 'manager'
    join people p on p.id = r.person_id
    where batch.audience = 'managers' and p.active and p.email <> ''
), under_way as (
    insert into deliveries (notice_id, channel, address, attempts, next_try_at)
    select id, %(channel)s, email, 0, now() from told
    union all
    select batch.id, %(channel)s, u.email, 0, now()
    from batch join units u on u.id = batch.unit_id
    where u.email <> '' and not exists (select from told where told.id = batch.id)
)
update outbox set routed_at = %(at)s from batch where outbox.id = batch.id
"""

_WRITTEN = """
select (select count(*) from inbox), (select count(*) from deliveries),
       (select count(*) from outbox where routed_at is null)
"""


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Notices routed a second, after many deadlines were raised at one moment; in turns on fresh copies."""
    with server.database("raised") as database:
        with_calls(database, size.due, Calls.ONE_RUNG_DUE)
        sweep(database)
        database.settle_down()
        notices = _count(database, "select count(*) from outbox where routed_at is null")[0]
        speeds: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(max(size.rounds // 2, 1)):
            rows = set()
            for side, route in (("ours", _sweep), ("plain", _one_statement)):
                with server.database(f"raised_{side}", of=database.name) as copy:
                    speeds[side].append(notices / route(copy))
                    rows.add(_count(copy, _WRITTEN))
            if len(rows) != 1:
                raise RowsDiffer(rows)
    yield Figure(
        bench="route", ours=median(speeds["ours"]), ceiling=median(speeds["plain"]), unit="notices/s", better="higher"
    )


def _sweep(database: Database) -> float:
    with engine.connected(database, pool_size=1):
        began = time.perf_counter()
        while runs.route((MAIL,)):
            pass
        return time.perf_counter() - began


def _one_statement(database: Database) -> float:
    with psycopg.connect(database.url) as connection:
        began = time.perf_counter()
        connection.execute(ONE_STATEMENT, {"at": AT, "channel": MAIL.name})
        connection.commit()
        return time.perf_counter() - began


def _count(database: Database, counting: str) -> tuple[int, ...]:
    with psycopg.connect(database.url) as connection:
        return connection.execute(counting).fetchall()[0]
