"""The history of an episode: entries are only added, each chained to the one before by a keyed hash."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import cpr, db, keys, texts
from workflow.actor import Actor
from workflow.db import plain
from workflow.tables import Episode, HistoryEntry
from workflow.vocabulary import EntryKind, Origin

_CHAINED = (
    "number", "kind", "trigger", "source", "dest", "pathway_key", "pathway_version", "responsible_unit_id", "about",
    "effective_at", "recorded_at", "origin", "actor", "person_id", "unit_id", "reason", "facts",
)  # fmt: skip
_APPEND = (
    f"insert into history (episode_id, hash, {', '.join(_CHAINED)}) "
    f"values (%(episode)s, %(hash)s, {', '.join(f'%({name})s' for name in _CHAINED)})"
)


def append(
    session: Session,
    episode: Episode,
    kind: EntryKind,
    *,
    by: Actor,
    at: datetime,
    effective_at: datetime | None = None,
    trigger: str | None = None,
    source: str | None = None,
    about: int | None = None,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> int:
    """Add an entry to the history of a locked episode, as things are now; returns its number.

    `effective_at` is when it happened (default: now), `at` when we heard. `facts` must be JSON and name no citizen.
    Raises Invalid where a person has typed a CPR number into what is kept.
    """
    if by.origin == Origin.PERSON:
        cpr.require_none(reason, facts)
    number = episode.history_number + 1
    values = {
        "number": number,
        "kind": kind,
        "trigger": trigger,
        "source": source,
        "dest": episode.state,
        "pathway_key": episode.pathway_key,
        "pathway_version": episode.pathway_version,
        "responsible_unit_id": episode.responsible_unit_id,
        "about": about,
        "effective_at": effective_at or at,
        "recorded_at": at,
        "origin": by.origin,
        "actor": by.name,
        "person_id": by.person_id,
        "unit_id": by.unit_id,
        "reason": texts.taken(reason, field="reason") if reason is not None else None,
        "facts": texts.all_taken(facts or {}),
    }
    episode.history_number = number
    episode.history_hash = _link(episode.history_hash, str(episode.uuid), values)
    written = {**values, "facts": Jsonb(values["facts"]), "episode": episode.id, "hash": episode.history_hash}
    db.driver(session).execute(_APPEND, written)
    return number


def _link(previous: bytes, episode_uuid: str, values: dict[str, Any]) -> bytes:
    plain = {name: _plain(values[name]) for name in _CHAINED}
    body = json.dumps({"episode": episode_uuid, **plain}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return keys.ring().fingerprint("history", previous + body.encode())


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True)
class Broken:
    """The first entry of an episode where the chain does not hold, and how."""

    episode: str
    number: int
    how: str


def verify(session: Session, *, batch: int = 500) -> Iterator[Broken | int]:
    """Walk every chain.

    Yields a Broken for each episode whose history was changed, and last the number of entries read.
    """
    read, after = 0, 0
    while True:
        episodes = session.execute(
            select(Episode.id, Episode.uuid, Episode.history_number, Episode.history_hash)
            .where(Episode.id > after)
            .order_by(Episode.id)
            .limit(batch)
        ).all()
        if not episodes:
            yield read
            return
        after = episodes[-1].id
        entries: dict[int, list[Any]] = {row.id: [] for row in episodes}
        for entry in session.execute(
            select(plain(HistoryEntry))
            .where(HistoryEntry.episode_id.in_(entries))
            .order_by(HistoryEntry.episode_id, HistoryEntry.number)
        ):
            entries[entry.episode_id].append(entry)
            read += 1
        for row in episodes:
            if broken := _first_break(str(row.uuid), entries[row.id], row.history_number, bytes(row.history_hash)):
                yield broken


def _first_break(uuid: str, entries: list[Any], count: int, head: bytes) -> Broken | None:
    link = b""
    for expected, entry in enumerate(entries, start=1):
        if entry.number != expected:
            return Broken(uuid, expected, "missing")
        link = _link(link, uuid, dict(entry._mapping))
        if link != bytes(entry.hash):
            return Broken(uuid, entry.number, "changed")
    if len(entries) != count or link != head:
        return Broken(uuid, max(len(entries), count), "cut off")
    return None
