"""Whether anything has been forgotten: counts what must be nought, and shows how far behind the sweeps are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from workflow.vocabulary import MissCode

RAISING_PATIENCE = timedelta(seconds=60)  # a sweep comes every few seconds, and a restart takes less than this
LEAVING_PATIENCE = timedelta(minutes=5)
LOOKS_BACK = timedelta(days=7)  # at what has been raised, told and missed, whether its episode is open or not


class Fault(StrEnum):
    """What must be nought. Each is the name under which it is counted."""

    EPISODE_WITHOUT_OWNER = "episode_without_owner"
    EPISODE_WITHOUT_RESPONSIBLE = "episode_without_responsible"
    EPISODE_WITHOUT_NEXT_STEP = "episode_without_next_step"  # not exactly one live deadline of its state
    TASK_WITHOUT_DEADLINE = "task_without_deadline"
    HANDOVER_WITHOUT_DEADLINE = "handover_without_deadline"  # owed, unanswered or rejected, and nobody is waited for
    DEADLINE_OF_CLOSED_EPISODE = "deadline_of_closed_episode"
    DEADLINE_OF_CLOSED_TASK = "deadline_of_closed_task"
    DEADLINE_OF_CLOSED_HANDOVER = "deadline_of_closed_handover"
    DUE_NOT_RAISED = "due_not_raised"
    RAISED_NOT_TOLD = "raised_not_told"  # a reminder without a notice in the outbox
    ROUTED_NOT_LISTED = "routed_not_listed"  # of reminders: in nobody's inbox
    PASSED_NOT_MISSED = "passed_not_missed"  # the rung of the due time was raised, and no miss was written
    NOT_ROUTED = "not_routed"
    NOT_SENT = "not_sent"  # due to be tried, and nobody has


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How much waits, and how many seconds the oldest is past its time (0 when nothing is)."""

    count: int
    oldest_seconds: float

    def as_json(self) -> dict[str, float]:
        """The same as plain values."""
        return {"count": self.count, "oldest_seconds": self.oldest_seconds}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The last run of a sweep, in real time, and what all its runs have done."""

    sweep: str
    started_at: datetime
    seconds: float
    done: int
    runs: int
    total: int

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**vars(self), "started_at": self.started_at.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """One look. `faults` must be nought, every one; the rest is how it goes, and is never an error by itself.

    `due`: rungs due and not raised; `outbox`: notices not routed; `deliveries`: letters that wait, some for their next
    try. `misses` stand, by code, of the last seven days. `heartbeats`: seconds since each part was heard, in real time.
    """

    at: datetime
    real_at: datetime
    faults: dict[Fault, int]
    due: Backlog
    outbox: Backlog
    deliveries: Backlog
    dead_letters: int
    misses: dict[MissCode, int]
    sweeps: tuple[Sweep, ...]
    heartbeats: dict[str, float]

    @property
    def nought(self) -> bool:
        """Whether nothing has been forgotten."""
        return not any(self.faults.values())

    def as_json(self) -> dict[str, Any]:
        """The same as plain values; holds counts and times only."""
        return {
            "nought": self.nought,
            "at": self.at.isoformat(),
            "real_at": self.real_at.isoformat(),
            "faults": {fault.value: count for fault, count in self.faults.items()},
            "due": self.due.as_json(),
            "outbox": self.outbox.as_json(),
            "deliveries": self.deliveries.as_json(),
            "dead_letters": self.dead_letters,
            "misses": {code.value: count for code, count in self.misses.items()},
            "sweeps": [sweep.as_json() for sweep in self.sweeps],
            "heartbeats": self.heartbeats,
        }


# Each reads only what is open, through a partial index, or what is new: closed episodes cost nothing.

_OPEN = text("""
select
    (select count(*) from episodes where closed_at is null and owner_unit_id is null) as episode_without_owner,
    (select count(*) from episodes where closed_at is null and responsible_unit_id is null)
        as episode_without_responsible,
    (select count(*) from episodes e where e.closed_at is null and 1 <> (
        select count(*) from deadlines d
        where d.episode_id = e.id and d.ended_at is null and d.task_id is null and d.handover_id is null
    )) as episode_without_next_step,
    (select count(*) from tasks t where t.state = 'open' and not exists (
        select from deadlines d where d.task_id = t.id and d.ended_at is null
    )) as task_without_deadline,
    (select count(*) from handovers h
     where h.passed_at is null and h.state <> 'withdrawn' and h.state <> 'accepted' and not exists (
        select from deadlines d where d.handover_id = h.id and d.ended_at is null
    )) as handover_without_deadline
""")

_LIVE = text("""
select
    count(*) filter (where e.closed_at is not null) as deadline_of_closed_episode,
    count(*) filter (where t.state <> 'open') as deadline_of_closed_task,
    count(*) filter (where h.passed_at is not null or h.state in ('accepted', 'withdrawn'))
        as deadline_of_closed_handover
from deadlines d
join episodes e on e.id = d.episode_id
left join tasks t on t.id = d.task_id
left join handovers h on h.id = d.handover_id
where d.ended_at is null
""")

_RAISED = text("""
select
    count(*) filter (where o.id is null) as raised_not_told,
    count(*) filter (where o.routed_at is not null and i.id is null) as routed_not_listed,
    count(distinct r.id) filter (where d.miss is not null and r.planned_at >= d.due_at and not exists (
        select from misses m
        where m.episode_id = d.episode_id and m.code = d.miss
          and m.task_id is not distinct from d.task_id and m.handover_id is not distinct from d.handover_id
    )) as passed_not_missed
from reminders r
join deadlines d on d.id = r.deadline_id
left join outbox o on o.reminder_id = r.id
left join inbox i on i.notice_id = o.id
where r.raised_at > :since
""")

_WAITING = text("""
select
    due.count as due_count, due.oldest as due_oldest, due.late as due_not_raised,
    outbox.count as outbox_count, outbox.oldest as outbox_oldest, outbox.late as not_routed,
    letters.count as letters_count, letters.oldest as letters_oldest, letters.late as not_sent,
    (select count(*) from deliveries where dead_at is not null) as dead_letters
from
    (select count(*), min(next_at) as oldest, count(*) filter (where next_at < :raised_by) as late
     from deadlines where next_at <= :at) as due,
    (select count(*), min(written_at) as oldest, count(*) filter (where written_at < :routed_by) as late
     from outbox where routed_at is null) as outbox,
    (select count(*), min(next_try_at) as oldest, count(*) filter (where next_try_at < :sent_by) as late
     from deliveries where next_try_at is not null) as letters
""")

_MISSES = text("""
select m.code, count(*) as standing
from misses m
left join lateral (
    select verdict from miss_verdicts v where v.miss_id = m.id order by v.number desc limit 1
) last on true
where m.recorded_at > :since and coalesce(last.verdict, 'stands') = 'stands'
group by m.code
""")

_SWEEPS = text("select sweep, started_at, seconds, done, runs, total from sweep_runs order by sweep")
_HEARTBEATS = text("select part, at from heartbeats order by part")


def look(session: Session, *, at: datetime, real_at: datetime) -> Reconciliation:
    """Look once. `at` is what pages and sweeps go by, `real_at` what the wire and the processes do.

    Each fault is counted in one statement, so it sees each writer's transaction whole or not at all.
    """
    since = at - LOOKS_BACK
    waiting = session.execute(
        _WAITING,
        {
            "at": at,
            "raised_by": at - RAISING_PATIENCE,
            "routed_by": at - LEAVING_PATIENCE,
            "sent_by": real_at - LEAVING_PATIENCE,
        },
    ).one()
    rows = [session.execute(_OPEN).one(), session.execute(_LIVE).one(), waiting]
    rows.append(session.execute(_RAISED, {"since": since}).one())
    counted = {name: value for row in rows for name, value in row._mapping.items()}
    standing = {MissCode(row.code): row.standing for row in _each(session, _MISSES, since=since)}
    return Reconciliation(
        at=at,
        real_at=real_at,
        faults={fault: counted[fault.value] for fault in Fault},
        due=_backlog(waiting.due_count, waiting.due_oldest, at),
        outbox=_backlog(waiting.outbox_count, waiting.outbox_oldest, at),
        deliveries=_backlog(waiting.letters_count, waiting.letters_oldest, real_at),
        dead_letters=waiting.dead_letters,
        misses=dict.fromkeys(MissCode, 0) | standing,
        sweeps=tuple(Sweep(**row._mapping) for row in _each(session, _SWEEPS)),
        heartbeats={row.part: (real_at - row.at).total_seconds() for row in _each(session, _HEARTBEATS)},
    )


def _each(session: Session, statement: TextClause, **values: object) -> Sequence[Row[Any]]:
    return session.execute(statement, values).all()


def _backlog(count: int, oldest: datetime | None, now: datetime) -> Backlog:
    return Backlog(count=count, oldest_seconds=max((now - oldest).total_seconds(), 0.0) if oldest is not None else 0.0)
