"""What must hold once everything that fell due has been raised and told, whatever was killed meanwhile."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from tests.crash.population import ENDS
from workflow import history, reconcile
from workflow.db import plain
from workflow.tables import Deadline, Episode, Miss, Reminder, Task
from workflow.vocabulary import Audience, MissCode, NoticeKind

Told = Counter[tuple[Any, ...]]

_NOTICES = text("""
select r.deadline_id, r.rung, o.unit_id, o.kind, o.topic, o.audience, o.person_id
from outbox o join reminders r on r.id = o.reminder_id
""")
_INBOX = text("""
select o.id, o.routed_at, count(i.id) as listed, count(i.id) filter (where i.unit_id = o.unit_id) as rightly
from outbox o left join inbox i on i.notice_id = o.id
group by o.id
having o.routed_at is null or count(i.id) <> 1 or count(i.id) filter (where i.unit_id = o.unit_id) <> 1
limit 5
""")
_WAITING = text("""
select (select count(*) from deadlines where next_at <= :at) + (select count(*) from outbox where routed_at is null)
""")


@dataclass(frozen=True)
class Ladders:
    """Every deadline as it stood before anything fell due, with who took its task: what is held against the rows."""

    rows: tuple[Row[Any], ...]
    episodes: int  # each owes a call

    @classmethod
    def read(cls, session: Session) -> "Ladders":
        """As they stand now."""
        deadline, task = plain(Deadline), plain(Task)
        running = select(deadline, task.c.kind, task.c.claimed_by_id, task.c.attempts, task.c.last_outcome)
        joined = running.outerjoin_from(deadline, task, task.c.id == deadline.c.task_id)
        rows = tuple(session.execute(joined.where(deadline.c.ended_at.is_(None))))
        return cls(rows, episodes=session.scalar(select(func.count()).select_from(Episode)) or 0)

    def raised(self, at: datetime) -> Iterable[tuple[Row[Any], int]]:
        """The rungs that must have been raised when the clock shows `at`, each with its deadline."""
        for row in self.rows:
            for rung in range(row.rung, len(row.rung_at)):
                if row.rung_at[rung] <= at:
                    yield row, rung


def waiting(session: Session, *, at: datetime) -> int:
    """How many rungs are due and how many notices unrouted."""
    return int(session.execute(_WAITING, {"at": at}).scalar_one())


def hold(session: Session, ladders: Ladders, *, at: datetime, real_at: datetime) -> None:
    """Each rung raised, told and listed once, each call missed once, nothing forgotten, every history whole."""
    _reminders(session, ladders, at)
    _notices(session, ladders, at)
    _misses(session, ladders, at)
    _positions(session, ladders, at)
    found = reconcile.look(session, at=at, real_at=real_at)
    assert found.nought, found.as_json()
    assert [broken for broken in history.verify(session) if not isinstance(broken, int)] == []


def _same(found: Told, expected: Told, what: str) -> None:
    lost, extra = expected - found, found - expected
    assert not lost, f"{lost.total()} {what} lost of {expected.total()}, such as {list(lost)[:3]}"
    assert not extra, f"{extra.total()} {what} too many beside {expected.total()}, such as {list(extra)[:3]}"


def _reminders(session: Session, ladders: Ladders, at: datetime) -> None:
    expected = Counter((row.id, rung, row.rung_to[rung], row.rung_at[rung]) for row, rung in ladders.raised(at))
    raised = list(session.execute(select(plain(Reminder))))
    _same(Counter((r.deadline_id, r.rung, r.to, r.planned_at) for r in raised), expected, "reminders")
    early = [r for r in raised if not r.planned_at <= r.raised_at <= at]
    assert early == [], "raised before it was due, or later than now"


def _notices(session: Session, ladders: Ladders, at: datetime) -> None:
    expected: Told = Counter()
    for row, rung in ladders.raised(at):
        audience, missed = row.rung_to[rung], row.miss is not None and row.rung_at[rung] >= row.due_at
        told_late = NoticeKind.ESCALATION if audience == Audience.MANAGERS else NoticeKind.REMINDER
        person = row.claimed_by_id if audience == Audience.CLAIMANT else None
        units = {row.unit_id, row.other_unit_id if audience == Audience.MANAGERS else None} - {None}
        for unit in units:
            kind = NoticeKind.MISS if missed else told_late
            expected[row.id, rung, unit, kind, row.kind or row.concerns, audience, person] += 1
    _same(Counter(map(tuple, session.execute(_NOTICES))), expected, "notices")
    assert session.execute(_INBOX).all() == [], "each notice is in its unit's inbox once"


def _misses(session: Session, ladders: Ladders, at: datetime) -> None:
    first: dict[int, tuple[Any, ...]] = {}
    for row, rung in ladders.raised(at):
        if row.miss is not None and row.rung_at[rung] >= row.due_at and row.id not in first:
            first[row.id] = (
                row.episode_id, row.task_id, row.handover_id, row.miss, row.due_at, row.unit_id, rung + 1,
                row.attempts or 0, row.last_outcome,
            )  # fmt: skip
    found = [
        (
            m.episode_id, m.task_id, m.handover_id, m.code, m.due_at, m.owing_unit_id, m.reminders, m.attempts,
            m.last_outcome,
        )
        for m in session.execute(select(plain(Miss)))
    ]  # fmt: skip
    _same(Counter(found), Counter(first.values()), "misses")
    if at >= ENDS:
        calls = [code for _, _, _, code, *_ in found if code == MissCode.CALL_NOT_MADE]
        assert len(calls) == ladders.episodes, "every call is missed"


def _positions(session: Session, ladders: Ladders, at: datetime) -> None:
    now = {row.id: row for row in session.execute(select(plain(Deadline)))}
    for row in ladders.rows:
        left = [moment for moment in row.rung_at if moment > at]
        assert now[row.id].next_at == (left[0] if left else None), f"not on its rung: {now[row.id]}"
        assert now[row.id].ended_at is None
