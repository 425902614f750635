"""A full transition (lock, check, history, tasks, deadlines, outbox) against a plain loop that writes the same rows."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import engine
from bench.crew import Hands, crew
from bench.figure import Figure, RowsDiffer
from bench.plain import Job, PlainLoop, Written, job, rows_of, written
from bench.server import Database, Server, say
from bench.size import Size
from tests.world import ISBAR, World
from workflow import amendments, citizens, db, episodes
from workflow.cpr import Cpr
from workflow.handing import handovers

MORNING = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)  # a Thursday: no phone agreement is asked for
DISCHARGED_AT = MORNING + timedelta(hours=6)

# What PostgreSQL itself has counted in the transaction that is open.
_COUNTED = text("select relname, n_tup_ins + n_tup_upd from pg_stat_xact_user_tables where n_tup_ins + n_tup_upd > 0")


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Discharges a second, by two processes of four threads, the two sides in turns on two copies of one database."""
    with server.database("discharges") as database:
        world = engine.build_world(database)
        episode_ids = ready_for_discharge(database, world, (size.rounds + 1) * size.discharges + 1, size)
        with server.database("discharges_plain", of=database.name) as copy:
            yield _discharges(database, copy, world, episode_ids, size)


def ready_for_discharge(database: Database, world: World, count: int, size: Size) -> list[UUID]:
    """Admit citizens, send them to Tryghedshotellet, send the handover: through the engine, as people would."""
    say(f"admitting {count} citizens through the engine")
    with crew(size.processes, _engine_hands, database, world) as hands:
        hands.seconds("admit", range(count))
    with psycopg.connect(database.url) as connection:
        return [row[0] for row in connection.execute("select uuid from episodes order by id")]


def discharge(session: Session, world: World, episode_id: UUID) -> None:
    """The one call that a door makes."""
    episodes.record_event(session, episode_id, "patient_discharged", by=world.coordinator, at=DISCHARGED_AT)


def _admit(world: World, number: int) -> None:
    with db.Session.begin() as session:
        cpr = Cpr(f"01{13 + number // 10_000:02d}40{number % 10_000:04d}")  # month 13 and up: it cannot be anybody's
        citizen = citizens.register(session, cpr, "Agnes Demo", municipality_id=world.municipality.id)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=world.ward_nurse, at=MORNING, ward=world.ward,
            district=world.district,
        )  # fmt: skip
        by, at = world.coordinator, MORNING + timedelta(hours=1)
        amendments.reroute(session, episode.uuid, "tryghedshotel", facility=world.facility, by=by, at=at)
        handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=MORNING + timedelta(hours=4))


def _discharges(database: Database, copy: Database, world: World, episode_ids: list[UUID], size: Size) -> Figure:
    example, jobs = _example(database, world, episode_ids)
    speeds: dict[str, list[float]] = {"ours": [], "plain": []}
    with (
        crew(size.processes, _engine_hands, database, world) as ours,
        crew(size.processes, _plain_hands, copy, example) as plain,
    ):
        for turn in range(size.rounds + 1):
            some = slice(turn * size.discharges, (turn + 1) * size.discharges)
            seconds = {
                "ours": ours.seconds("discharge", episode_ids[1:][some]),
                "plain": plain.seconds("write", jobs[some]),
            }
            if turn or not size.rounds > 1:  # the first round opens connections and prepares statements
                for side, took in seconds.items():
                    speeds[side].append(size.discharges / took)
    return Figure(
        bench="transition", ours=median(speeds["ours"]), ceiling=median(speeds["plain"]), unit="discharges/s",
        better="higher",
    )  # fmt: skip


def _example(database: Database, world: World, episode_ids: list[UUID]) -> tuple[list[Written], list[Job]]:
    """What the engine writes for the first episode, and what that means for each of the others."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        numbers = [row[0] for row in connection.execute("select id from episodes order by id")]
        before = rows_of(connection, numbers[0])
        with engine.connected(database, pool_size=1), db.Session.begin() as session:
            discharge(session, world, episode_ids[0])
            session.flush()
            counted = Counter({table: count for table, count in session.execute(_COUNTED)})
        example = written(before, rows_of(connection, numbers[0]))
        if counted != Counter(row.table for row in example):
            raise RowsDiffer(f"PostgreSQL counts {dict(counted)}, and the plain loop would write {example}")
        say(f"a discharge writes {counted.total()} rows: {dict(counted)}")
        return example, [job(before, rows_of(connection, number)) for number in numbers[1:]]


def _discharge(world: World, episode_id: UUID) -> None:
    with db.Session.begin() as session:
        discharge(session, world, episode_id)


def _engine_hands(database: Database, world: World) -> Hands:
    engine.open_ring()
    db.connect(database.url, pool_size=4)
    return {"admit": partial(_admit, world), "discharge": partial(_discharge, world)}


def _plain_hands(database: Database, example: list[Written]) -> Hands:
    return {"write": PlainLoop(database.url, example)}
