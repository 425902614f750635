"""The figures of operation, read in one statement that only touches what is open, what is new and short tables."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.vocabulary import MissCode

LOOKS_BACK = timedelta(days=7)  # at what is only added to, whether its episode is open or not
COUNTING = "reconcile"  # the sweep that counts what must be nought

_FIGURES = text("""
select 'unraised' as figure, '' as label, count(*) as number, min(next_at) as at,
       0.0::float8 as seconds, 0::bigint as runs, 0::bigint as total
from deadlines where next_at <= :at
union all select 'unrouted', '', count(*), min(written_at), 0, 0, 0 from outbox where routed_at is null
union all select 'unsent', '', count(*), min(next_try_at), 0, 0, 0 from deliveries where next_try_at is not null
union all select 'dead', '', count(*), min(dead_at), 0, 0, 0 from deliveries where dead_at is not null
union all select 'miss', m.code, count(*), null, 0, 0, 0
    from misses m
    left join lateral (
        select verdict from miss_verdicts v where v.miss_id = m.id order by v.number desc limit 1
    ) last on true
    where m.recorded_at > :since and coalesce(last.verdict, 'stands') = 'stands'
    group by m.code
union all select 'heartbeat', part, 0, at, 0, 0, 0 from heartbeats
union all select 'sweep', sweep, done, started_at, seconds, runs, total from sweep_runs
order by figure, label
""")


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How much waits, and how long the oldest has waited past its time."""

    count: int
    oldest: timedelta = timedelta()

    def as_json(self) -> dict[str, float]:
        """The same as plain values."""
        return {"count": self.count, "oldest_seconds": self.oldest.total_seconds()}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The last run of one sweep, in real time; `runs` and `total` since the beginning."""

    name: str
    started_at: datetime
    seconds: float
    done: int
    runs: int
    total: int

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "started_at": self.started_at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How it goes; none of it is an error by itself. `at` is what pages and sweeps go by, `real_at` what the wire does.

    `unraised`: rungs due and not raised; `unrouted`: notices not routed; `unsent`: letters not sent, some of which only
    wait for the morning or their next try; `dead`: letters given up. `misses` stand, by code, of the last seven days.
    """

    at: datetime
    real_at: datetime
    unraised: Backlog
    unrouted: Backlog
    unsent: Backlog
    dead: int
    dead_since: datetime | None
    misses: dict[MissCode, int]
    heartbeats: dict[str, datetime]
    sweeps: tuple[Sweep, ...]

    @property
    def last_count(self) -> Sweep | None:
        """The last count of what must be nought, if ever; its `done` is the number of faults."""
        return next((sweep for sweep in self.sweeps if sweep.name == COUNTING), None)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values; holds counts and times only. `heartbeats` are seconds since."""
        return {
            "at": self.at.isoformat(),
            "real_at": self.real_at.isoformat(),
            "unraised": self.unraised.as_json(),
            "unrouted": self.unrouted.as_json(),
            "unsent": self.unsent.as_json(),
            "dead": self.dead,
            "dead_since": self.dead_since.isoformat() if self.dead_since else None,
            "misses": {code.value: count for code, count in self.misses.items()},
            "heartbeats": {part: (self.real_at - at).total_seconds() for part, at in self.heartbeats.items()},
            "sweeps": [sweep.as_json() for sweep in self.sweeps],
        }


def read(session: Session, *, at: datetime, real_at: datetime) -> Figures:
    """The figures. `at` is what pages and sweeps go by, `real_at` what the wire and the processes do."""
    rows = session.execute(_FIGURES, {"at": at, "since": at - LOOKS_BACK}).all()
    single = {row.figure: row for row in rows}

    def backlog(figure: str, now: datetime) -> Backlog:
        row = single[figure]
        return Backlog(count=row.number, oldest=max(now - row.at, timedelta()) if row.at else timedelta())

    return Figures(
        at=at,
        real_at=real_at,
        unraised=backlog("unraised", at),
        unrouted=backlog("unrouted", at),
        unsent=backlog("unsent", real_at),
        dead=single["dead"].number,
        dead_since=single["dead"].at,
        misses=dict.fromkeys(MissCode, 0) | {MissCode(row.label): row.number for row in rows if row.figure == "miss"},
        heartbeats={row.label: row.at for row in rows if row.figure == "heartbeat"},
        sweeps=tuple(
            Sweep(
                name=row.label, started_at=row.at, seconds=row.seconds, done=row.number, runs=row.runs, total=row.total
            )
            for row in rows
            if row.figure == "sweep"
        ),
    )
