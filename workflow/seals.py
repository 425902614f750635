"""Seals on what only grows: rows are sealed in batches behind those who write them, each seal chained to the last."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from workflow import keys
from workflow.db import plain
from workflow.tables import (
    AccessSeal,
    Agreement,
    AgreementRule,
    ContactAttempt,
    HandoverVersion,
    HistoryEntry,
    Miss,
    MissReview,
    MissVerdict,
    RecordSeal,
    Reminder,
    Transmission,
    Wording,
)

SEALED = (
    HistoryEntry, Miss, MissVerdict, MissReview, Reminder, ContactAttempt, HandoverVersion, Agreement, AgreementRule,
    Transmission, Wording, AccessSeal,
)  # fmt: skip
# How a version was received is written on its row later; what it says is not.
FILLED_IN_LATER = {
    "handover_versions": {"read_at", "read_by", "rejected_at", "rejected_by", "rejected_because", "asked_for"}
}
TABLES = {plain(entity).name: plain(entity) for entity in SEALED}
BATCH = 5_000
ROW_HASH = 16  # bytes

_ONE_SEALER = text("select pg_try_advisory_xact_lock(hashtext('overgang: sealing what only grows'))")
# As for the access log: a number below the mark was drawn by a transaction that is over when all older ones are.
_RIPE = text("""
    select last_id from record_marks
    where table_name = :name
      and (pg_snapshot_xmin(pg_current_snapshot())::text::bigint > tx or tx > pg_current_xact_id()::text::bigint)
""")
_MARK = text("""
    insert into record_marks (table_name, last_id, tx) values (:name, :last_id, pg_current_xact_id()::text::bigint)
    on conflict (table_name) do update set last_id = excluded.last_id, tx = excluded.tx
""")


def mark(session: Session) -> None:
    """Say up to where the next seals may go. In a transaction of its own, which has written nothing before this."""
    newest = {name: session.scalar(select(func.max(table.c.id))) for name, table in TABLES.items()}
    for name, last_id in newest.items():
        if last_id is not None:
            session.execute(_MARK, {"name": name, "last_id": last_id})


def seal(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Seal up to `batch` rows of each table that nothing can be added between any more; returns how many in all."""
    if not session.scalar(_ONE_SEALER):
        return 0
    link = session.scalar(select(RecordSeal.hash).order_by(RecordSeal.id.desc()).limit(1)) or b""
    last = select(RecordSeal.table_name, func.max(RecordSeal.last_id)).group_by(RecordSeal.table_name)
    reached = {name: last_id for name, last_id in session.execute(last)}
    sealed = 0
    for name, table in TABLES.items():
        ripe = session.scalar(_RIPE, {"name": name})
        if ripe is None or ripe <= reached.get(name, 0):
            continue
        columns = [column.name for column in table.columns if column.name not in FILLED_IN_LATER.get(name, ())]
        rows = _rows(session, table, columns, after=reached.get(name, 0), until=ripe, limit=batch)
        if not rows:
            continue
        ids, hashes = [row.id for row in rows], b"".join(_row_hash(name, row) for row in rows)
        link = _chain(link, name, columns, ids, hashes)
        session.execute(
            insert(plain(RecordSeal)),
            {
                "table_name": name, "columns": columns, "last_id": ids[-1], "ids": ids, "row_hashes": hashes,
                "hash": link, "sealed_at": at,
            },
        )  # fmt: skip
        sealed += len(ids)
    return sealed


def _rows(
    session: Session, table: Table, columns: Sequence[str], *, after: int, until: int, limit: int | None = None
) -> Sequence[Any]:
    numbered = select(*(table.c[name] for name in columns)).where(table.c.id > after, table.c.id <= until)
    return session.execute(numbered.order_by(table.c.id).limit(limit)).all()


def _row_hash(name: str, row: Any) -> bytes:
    body = json.dumps(dict(row._mapping), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return keys.ring().fingerprint("sealed row", name.encode() + b"\0" + body.encode())[:ROW_HASH]


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _chain(previous: bytes, name: str, columns: Sequence[str], ids: Sequence[int], hashes: bytes) -> bytes:
    head = json.dumps([name, list(columns), list(ids)], separators=(",", ":"))
    return keys.ring().fingerprint("record seal", previous + b"\0" + head.encode() + b"\0" + hashes)


# ---- verifying ----


@dataclass(frozen=True)
class BrokenSeal:
    """The first row of a table (or, where `how` is "seal", the first seal) that is not as it was sealed."""

    table: str
    number: int
    how: str  # "changed", "deleted", "inserted", "seal" or "cut off"


@dataclass(frozen=True)
class VerifiedSeals:
    """How much was read, and the newest seal: whoever keeps it elsewhere sees later that nothing was cut off."""

    rows: int
    seals: int
    newest: str  # number:hash; empty where nothing is sealed yet


def name_of(number: int, link: bytes) -> str:
    """A seal as it is written on paper."""
    return f"{number}:{link.hex()}"


def verify(session: Session, *, kept: str | None = None) -> Iterator[BrokenSeal | VerifiedSeals]:
    """Hold every sealed row against its seal, and every seal against the one before.

    `kept` is a newest seal that an earlier look named: it must still be there. Yields a BrokenSeal for each table
    where it first breaks, and last how much was read.
    """
    read, seals, link, newest = 0, 0, b"", ""
    reached: dict[str, int] = {}
    broken: set[str] = set()
    for one in _seals(session):
        name = one.table_name
        if _chain(link, name, one.columns, one.ids, one.row_hashes) != one.hash or name not in TABLES:
            yield BrokenSeal(name, one.id, "seal")
            break
        link, newest, seals = one.hash, name_of(one.id, one.hash), seals + 1
        if newest == kept:
            kept = None
        after, reached[name] = reached.get(name, 0), one.last_id
        if name in broken:
            continue
        rows = {row.id: row for row in _rows(session, TABLES[name], one.columns, after=after, until=one.last_id)}
        read += len(rows)
        if found := _first_break(one, rows):
            broken.add(name)
            yield found
    if kept is not None:
        yield BrokenSeal("record_seals", int(kept.partition(":")[0]), "cut off")
    yield VerifiedSeals(read, seals, newest)


def _seals(session: Session) -> Iterator[RecordSeal]:
    after = 0
    while one := session.scalar(select(RecordSeal).where(RecordSeal.id > after).order_by(RecordSeal.id).limit(1)):
        yield one
        after = one.id
        session.expunge(one)


def _first_break(one: RecordSeal, rows: dict[int, Any]) -> BrokenSeal | None:
    sealed = {n: one.row_hashes[place * ROW_HASH : (place + 1) * ROW_HASH] for place, n in enumerate(one.ids)}
    for number in sorted(sealed.keys() | rows.keys()):
        if number not in sealed:
            return BrokenSeal(one.table_name, number, "inserted")
        if number not in rows:
            return BrokenSeal(one.table_name, number, "deleted")
        if _row_hash(one.table_name, rows[number]) != sealed[number]:
            return BrokenSeal(one.table_name, number, "changed")
    return None
