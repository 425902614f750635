"""The figures of operation, read in one statement that only touches indexes and short tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.vocabulary import MissCode

STATEMENT = text(
    """
    with clock as (select coalesce((select at from demo_clock), :now) as at)
    select 'clock' as figure, '' as label, 0 as number, at, 0.0 as seconds, 0 as total from clock
    union all select 'unraised', '', count(*), min(next_at), 0, 0 from deadlines where next_at <= (select at from clock)
    union all select 'unrouted', '', count(*), min(written_at), 0, 0 from outbox where routed_at is null
    union all select 'unsent', '', count(*), min(next_try_at), 0, 0 from deliveries where next_try_at is not null
    union all select 'dead', '', count(*), min(dead_at), 0, 0 from deliveries where dead_at is not null
    union all select 'miss', code, count(*), null, 0, 0 from misses group by code
    union all select 'heartbeat', part, 0, at, 0, 0 from heartbeats
    union all select 'sweep', sweep, done, started_at, seconds, total from sweep_runs
    """
)


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How much waits, and how long the oldest has waited past its time."""

    count: int
    oldest: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The last run of one sweep, in real time; `total` since the beginning."""

    name: str
    started_at: datetime
    seconds: float
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`at` is what pages and sweeps go by; `heartbeats` are real time."""

    at: datetime
    unraised: Backlog
    unrouted: Backlog
    unsent: Backlog
    dead: int
    dead_since: datetime | None
    misses: dict[MissCode, int]
    heartbeats: dict[str, datetime]
    sweeps: tuple[Sweep, ...]


def read(session: Session, *, now: datetime) -> Figures:
    """The figures. `now` is real time; where a demo clock is set, what it governs is measured by that."""
    rows = session.execute(STATEMENT, {"now": now}).all()
    single = {row.figure: row for row in rows}
    at = single["clock"].at

    def backlog(figure: str, until: datetime) -> Backlog:
        row = single[figure]
        return Backlog(count=row.number, oldest=max(until - row.at, timedelta()) if row.at else timedelta())

    return Figures(
        at=at,
        unraised=backlog("unraised", at),
        unrouted=backlog("unrouted", at),
        unsent=backlog("unsent", now),
        dead=single["dead"].number,
        dead_since=single["dead"].at,
        misses=dict.fromkeys(MissCode, 0) | {MissCode(row.label): row.number for row in rows if row.figure == "miss"},
        heartbeats={row.label: row.at for row in rows if row.figure == "heartbeat"},
        sweeps=tuple(
            Sweep(name=row.label, started_at=row.at, seconds=row.seconds, done=row.number, total=row.total)
            for row in sorted(rows, key=lambda row: row.label)
            if row.figure == "sweep"
        ),
    )
