"""The access log: who looked at whom, when and what for; written in the transaction of the look, and sealed later."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from workflow import cpr, db, keys, texts
from workflow.actor import Actor
from workflow.db import LONGEST_NOTE, plain
from workflow.tables import AccessEntry, AccessSeal
from workflow.vocabulary import Look

SEALED = (
    "id", "at", "kind", "what", "person_id", "person", "unit_id", "roles", "citizens", "episodes", "related",
    "criterion", "purpose", "address", "request_id",
)  # fmt: skip
_WRITE = f"insert into access_log ({', '.join(SEALED[1:])}) values ({', '.join(f'%({name})s' for name in SEALED[1:])})"
BATCH = 5_000
ROW_HASH = 16  # bytes
YEAR = 366  # days: nothing goes a day too early


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request, as its door knows it. `at` is real time: a look happens when it happens, also in a demo."""

    what: str  # the page, list or file, as a word of ours: nothing that was typed
    at: datetime
    purpose: str | None = None
    address: str | None = None
    request_id: str | None = None


def write(
    session: Session,
    kind: Look,
    visit: Visit,
    *,
    by: Actor,
    citizens: Sequence[int] = (),
    episodes: Sequence[int] = (),
    related: bool | None = None,
    criterion: str | None = None,
) -> None:
    """Write one look down. Of what was searched for (`criterion`), only a keyed hash is kept.

    Raises Invalid for a purpose that holds a CPR number.
    """
    cpr.require_none(visit.purpose)
    hashed = None if criterion is None else keys.ring().fingerprint("search", criterion.strip().upper().encode())
    db.driver(session).execute(
        _WRITE,
        {
            "at": visit.at, "kind": kind, "what": visit.what, "person_id": by.person_id, "person": by.name,
            "unit_id": by.unit_id, "roles": " ".join(sorted(by.roles)), "citizens": list(citizens),
            "episodes": list(episodes), "related": related, "criterion": hashed,
            "purpose": visit.purpose and texts.cut(visit.purpose, LONGEST_NOTE),
            "address": visit.address, "request_id": visit.request_id,
        },
    )  # fmt: skip


def keep(session: Session, *, years: int) -> int:
    """Make the months ahead, and drop those whose last day is `years` past; returns how many.

    Goes by the server's clock; a month is the only thing that ever leaves the log.
    """
    kept = session.scalar(select(func.keep_access_log(timedelta(days=years * YEAR))))
    assert kept is not None
    return int(kept)


# ---- sealing ----

# Whoever had drawn a number up to the mark had begun before it: when the oldest running transaction is younger than
# the mark, no row with such a number can appear any more. A mark of another cluster (a restored backup) is passed.
_RIPE = text("""
    select last_id from access_mark
    where pg_snapshot_xmin(pg_current_snapshot())::text::bigint > tx or tx > pg_current_xact_id()::text::bigint
""")
_MARK = text("""
    insert into access_mark (single, last_id, tx) values (true, :last_id, pg_current_xact_id()::text::bigint)
    on conflict (single) do update set last_id = excluded.last_id, tx = excluded.tx
""")
_ONE_SEALER = text("select pg_try_advisory_xact_lock(hashtext('overgang: sealing the access log'))")


def mark(session: Session) -> None:
    """Say up to where the next seal may go. In a transaction of its own, which has written nothing before this."""
    newest = session.scalar(select(AccessEntry.id).order_by(AccessEntry.id.desc()).limit(1))
    if newest is not None:
        session.execute(_MARK, {"last_id": newest})


def seal(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Seal up to `batch` entries that nothing can be added between any more, oldest first; returns how many."""
    if not session.scalar(_ONE_SEALER) or (ripe := session.scalar(_RIPE)) is None:
        return 0
    last = session.scalar(select(AccessSeal).order_by(AccessSeal.id.desc()).limit(1))
    entries = _entries(session, after=last.last_id if last is not None else 0, until=ripe, limit=batch)
    if not entries:
        return 0
    hashes = b"".join(map(_row_hash, entries))
    ids = [entry.id for entry in entries]
    session.execute(
        insert(plain(AccessSeal)),
        {
            "first_id": ids[0], "last_id": ids[-1], "last_at": max(entry.at for entry in entries), "count": len(ids),
            "ids": ids, "row_hashes": hashes, "hash": _chain(last.hash if last is not None else b"", ids, hashes),
            "sealed_at": at,
        },
    )  # fmt: skip
    return len(ids)


def _entries(session: Session, *, after: int, until: int, limit: int | None = None) -> Sequence[Any]:
    table = plain(AccessEntry)
    numbered = select(*(table.c[name] for name in SEALED)).where(table.c.id > after, table.c.id <= until)
    return session.execute(numbered.order_by(table.c.id).limit(limit)).all()


def _row_hash(entry: Any) -> bytes:
    plain_values = {name: _plain(value) for name, value in entry._mapping.items()}
    body = json.dumps(plain_values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return keys.ring().fingerprint("access entry", body.encode())[:ROW_HASH]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _chain(previous: bytes, ids: Sequence[int], hashes: bytes) -> bytes:
    numbers = ",".join(map(str, ids)).encode()
    return keys.ring().fingerprint("access seal", previous + b"\0" + numbers + b"\0" + hashes)


# ---- verifying ----


@dataclass(frozen=True)
class BrokenLog:
    """The first entry (or, where `how` is "seal", the first seal) that is not as it was sealed."""

    number: int
    how: str  # "changed", "deleted", "inserted" or "seal"


@dataclass(frozen=True)
class Verified:
    """How much was read, and up to which entry the seals reach."""

    entries: int
    seals: int
    last_id: int


def verify(session: Session, *, keep: timedelta, at: datetime) -> Iterator[BrokenLog | Verified]:
    """Hold every sealed entry against its seal, and every seal against the one before.

    Yields a BrokenLog where the chain first breaks, and last how much was read. Entries older than `keep` may be gone:
    their months have been dropped.
    """
    read, seals, link, reached = 0, 0, b"", 0
    for seal in _seals(session):
        if _chain(link, seal.ids, seal.row_hashes) != seal.hash or seal.first_id <= reached:
            yield BrokenLog(seal.id, "seal")
            break
        found = {entry.id: entry for entry in _entries(session, after=reached, until=seal.last_id)}
        expired = seal.last_at < at - keep
        if broken := _first_break(seal, found, expired=expired):
            yield broken
            break
        read, seals, link, reached = read + len(found), seals + 1, seal.hash, seal.last_id
    yield Verified(read, seals, reached)


def _seals(session: Session) -> Iterator[AccessSeal]:
    after = 0
    while seal := session.scalar(select(AccessSeal).where(AccessSeal.id > after).order_by(AccessSeal.id).limit(1)):
        yield seal
        after = seal.id
        session.expunge(seal)


def _first_break(seal: AccessSeal, found: dict[int, Any], *, expired: bool) -> BrokenLog | None:
    sealed = {
        number: seal.row_hashes[place * ROW_HASH : (place + 1) * ROW_HASH] for place, number in enumerate(seal.ids)
    }
    for number in sorted(sealed.keys() | found.keys()):
        if number not in sealed:
            return BrokenLog(number, "inserted")
        if number not in found:
            if not expired:
                return BrokenLog(number, "deleted")
        elif _row_hash(found[number]) != sealed[number]:
            return BrokenLog(number, "changed")
    return None
