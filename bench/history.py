"""Verifying the history: the engine against a plain loop that reads the same rows and hashes each once."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from statistics import median

import psycopg
from psycopg.rows import tuple_row

from bench import engine
from bench.discharge import ready_for_discharge
from bench.figure import Figure
from bench.server import Database, Server
from bench.size import Size
from workflow import db, history


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Entries verified a second, one process, in turns with the plain loop."""
    with server.database("history") as database:
        ready_for_discharge(database, engine.build_world(database), size.walked, size)
        speeds: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(size.rounds):
            for side, read in (("ours", _verify), ("plain", _read_and_hash)):
                entries, seconds = read(database)
                speeds[side].append(entries / seconds)
    yield Figure(
        bench="history_verify", ours=median(speeds["ours"]), ceiling=median(speeds["plain"]), unit="entries/s",
        better="higher",
    )  # fmt: skip


def _verify(database: Database) -> tuple[int, float]:
    with engine.connected(database), db.Session.begin() as session:
        began = time.perf_counter()
        (read,) = history.verify(session)  # one answer, the number read: no chain is broken
        assert isinstance(read, int)
        return read, time.perf_counter() - began


def _read_and_hash(database: Database) -> tuple[int, float]:
    with psycopg.connect(database.url) as connection, connection.cursor(row_factory=tuple_row) as cursor:
        began = time.perf_counter()
        rows = cursor.execute("select * from history order by episode_id, number").fetchall()
        for row in rows:
            hmac.digest(b"key", repr(row).encode(), hashlib.sha256)
        return len(rows), time.perf_counter() - began
