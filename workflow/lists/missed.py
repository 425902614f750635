"""What was missed, for who owed it or had the responsibility: counted, listed, and row by row for a file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, case, func, select, true, tuple_, union
from sqlalchemy.orm import Session, aliased, joinedload

from workflow.seeing.sight import Sight
from workflow.tables import (
    ContactAttempt,
    Deadline,
    Episode,
    Handover,
    Miss,
    MissReview,
    MissVerdict,
    Notice,
    Organisation,
    Person,
    Reminder,
    Task,
    Unit,
)
from workflow.vocabulary import Cause, HandoverState, MissCode, TaskState, Verdict

PAGE = 50
MOST = 50_000  # rows of a file


class Show(StrEnum):
    """Which of the misses of a period."""

    OPEN = "open"  # it stands, and nobody has closed its review
    NEW = "new"  # recorded since the reader's last sign-in
    MINE = "mine"  # the reader reviews it
    CLOSED = "closed"
    LATE = "late"  # done all the same, and late
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of it is asked for. Due from `since` until before `until`; `new_since` is None at somebody's first visit."""

    since: datetime
    until: datetime
    new_since: datetime | None = None
    show: Show = Show.ALL
    unit_id: UUID | None = None  # that owed it
    code: MissCode | None = None
    cause: Cause | None = None


@dataclass(frozen=True, kw_only=True)
class Missed:
    """One miss as a list shows it."""

    miss: Miss
    episode: Episode
    owing: Unit
    responsible: Unit | None
    about: str  # the kind of the task, or the trigger of the handover: a word of `workflow.sentences`
    made_good_at: datetime | None
    owed_still: bool
    verdict: Verdict
    closed: bool
    cause: Cause | None
    assigned_to: str | None
    new: bool


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many misses of one unit, one code and one cause there are; `shown` says how many each list would have."""

    organisation_id: int
    organisation: str
    unit_id: UUID
    unit: str
    code: MissCode
    cause: Cause | None
    standing: int
    shown: dict[Show, int]


_owing, _responsible = aliased(Unit), aliased(Unit)
_HANDED_OVER_AT = case(
    (Miss.code == MissCode.NOT_ANSWERED, Handover.answered_at),
    (Miss.code == MissCode.REJECTED_NOT_RESENT, case((Handover.sent_at > Miss.due_at, Handover.sent_at))),
    else_=Handover.first_sent_at,
)
_made_good_at: ColumnElement[datetime | None] = func.coalesce(Task.done_at, _HANDED_OVER_AT)


def _newest(entity: type[MissReview] | type[MissVerdict], name: str) -> FromClause:
    newest = select(entity).where(entity.miss_id == Miss.id).order_by(entity.number.desc()).limit(1)
    return newest.lateral(name)


# Looked up for each miss, however many there are: `offset 0` keeps the planner from reading every episode first.
_episode = select(Episode.citizen_id, Episode.related).where(Episode.id == Miss.episode_id).offset(0).lateral("episode")
_review, _verdict = _newest(MissReview, "review"), _newest(MissVerdict, "verdict")
_STANDS = func.coalesce(_verdict.c.verdict, Verdict.STANDS.value) == Verdict.STANDS.value
_CLOSED = func.coalesce(_review.c.closed, False)
_LATE = _made_good_at > Miss.due_at


def _lists(seen: Sight, wanted: Wanted) -> dict[Show, ColumnElement[bool]]:
    """What belongs to each list."""
    new = Miss.recorded_at > wanted.new_since if wanted.new_since is not None else Miss.id.is_(None)
    return {
        Show.OPEN: and_(_STANDS, ~_CLOSED),
        Show.NEW: new,
        Show.MINE: and_(_review.c.assigned_to_id == seen.actor.person_id, ~_CLOSED),
        Show.CLOSED: _CLOSED,
        Show.LATE: _LATE,
    }


def _joined(*columns: Any) -> Select[Any]:
    """Misses, with who owed each, what it was about, and the review and the verdict that count."""
    return (
        select(*columns)
        .select_from(Miss)
        .join(_owing, _owing.id == Miss.owing_unit_id)
        .outerjoin(Task, Task.id == Miss.task_id)
        .outerjoin(Handover, Handover.id == Miss.handover_id)
        .outerjoin(_review, true())
        .outerjoin(_verdict, true())
    )


def _misses(seen: Sight, wanted: Wanted, *columns: Any) -> Select[Any]:
    """Those of the period that the actor's units owed, had the responsibility for, or that the actor was to review.

    Each part is found by its own index; row-level security leaves what belongs to an episode that they see.
    """
    within, units = (Miss.due_at >= wanted.since, Miss.due_at < wanted.until), sorted(seen.units)
    concerned = union(
        select(Miss.id).where(Miss.owing_unit_id.in_(units), *within),
        select(Miss.id).where(Miss.responsible_unit_id.in_(units), *within),
        select(Miss.id).join(MissReview).where(MissReview.assigned_to_id == seen.actor.person_id, *within),
    )
    found = _joined(*columns).where(Miss.id.in_(concerned))
    if wanted.unit_id is not None:
        found = found.where(_owing.uuid == wanted.unit_id)
    if wanted.code is not None:
        found = found.where(Miss.code == wanted.code)
    if wanted.cause is not None:
        found = found.where(_review.c.cause == wanted.cause.value)
    return found


def count(session: Session, seen: Sight, wanted: Wanted) -> list[Count]:
    """How many there are of each, by unit, code and cause; which list is shown does not matter. One statement."""
    lists = _lists(seen, wanted)
    of_unit = (Organisation.id, Organisation.name, _owing.uuid, _owing.name)
    rows = session.execute(
        _misses(
            seen, wanted, *of_unit, Miss.code, _review.c.cause, func.count().filter(_STANDS), func.count(),
            *(func.count().filter(which) for which in lists.values()),
        )
        .join(Organisation, Organisation.id == _owing.organisation_id)
        .group_by(*of_unit, Miss.code, _review.c.cause)
        .order_by(Organisation.name, Organisation.id, _owing.name, Miss.code)
    )  # fmt: skip
    return [
        Count(
            organisation_id=organisation_id, organisation=organisation, unit_id=unit_id, unit=unit, code=code,
            cause=Cause(cause) if cause else None, standing=standing,
            shown={Show.ALL: everything, **dict(zip(lists, counts, strict=True))},
        )
        for organisation_id, organisation, unit_id, unit, code, cause, standing, everything, *counts in rows
    ]  # fmt: skip


_WHOLE = (Miss, Episode, _owing, _responsible, Task, Handover, _made_good_at, _verdict.c.verdict, _CLOSED,
          _review.c.cause, Person.name)  # fmt: skip


_LAST_DUE_FIRST = (Miss.due_at.desc(), Miss.id.desc())


def page(session: Session, seen: Sight, wanted: Wanted, *, after: UUID | None = None) -> list[Missed]:
    """One PAGE of them, and one more where there are more, the last due first; `after` is the last one shown before."""
    found = _shown(seen, wanted, Miss.id)
    if after is not None:
        last = select(Miss.due_at, Miss.id).where(Miss.uuid == after).scalar_subquery()
        found = found.where(tuple_(Miss.due_at, Miss.id) < last)
    listed = _whole(_these(found, _joined(*_WHOLE), most=PAGE + 1))
    return [_missed(row, wanted.new_since) for row in session.execute(listed)]


def _these(found: Select[Any], asked: Select[Any], *, most: int) -> Select[Any]:
    """What is asked of the first `most` that are found, in their order.

    Which they are is found first, and only then what hangs on each: otherwise the planner begins with every episode.
    """
    shown = found.order_by(*_LAST_DUE_FIRST).limit(most).cte("shown")
    return asked.join(shown, shown.c.id == Miss.id).order_by(*_LAST_DUE_FIRST)


def one(session: Session, miss: Miss) -> Missed:
    """A miss with what hangs on it, for who has been found to see it."""
    return _missed(session.execute(_whole(_joined(*_WHOLE)).where(Miss.id == miss.id)).one(), None)


def older_are_open(session: Session, seen: Sight, wanted: Wanted, *, back: timedelta) -> bool:
    """Whether some of the time before the period, not longer ago than `back`, still wait for their review."""
    before = replace(wanted, since=wanted.since - back, until=wanted.since, show=Show.OPEN)
    return session.scalar(_shown(seen, before, Miss.id).limit(1)) is not None


def rows(session: Session, seen: Sight, wanted: Wanted) -> Sequence[Row[Any]]:
    """What a file holds of each, the last due first, MOST at the most: no name, no number, no text of anybody."""
    asked = _joined(
        Miss.uuid, Miss.due_at, Miss.code, func.coalesce(Task.kind, Handover.trigger).label("about"),
        _owing.name.label("owing"), Organisation.name.label("organisation"), _responsible.name.label("responsible"),
        Miss.reminders, Miss.attempts, Miss.last_outcome, _made_good_at.label("made_good_at"),
        func.coalesce(_verdict.c.verdict, Verdict.STANDS.value).label("verdict"), _CLOSED.label("closed"),
        _review.c.cause, _review.c.reported, Miss.episode_id, _episode.c.citizen_id, _episode.c.related,
    )  # fmt: skip
    asked = (
        _these(_shown(seen, wanted, Miss.id), asked, most=MOST)
        .join(_episode, true())
        .join(Organisation, Organisation.id == _owing.organisation_id)
        .outerjoin(_responsible, _responsible.id == Miss.responsible_unit_id)
    )
    return session.execute(asked).all()


def ladder(session: Session, miss: Miss) -> Sequence[Any]:
    """Every reminder about what was missed: `to`, `planned_at`, `raised_at`, and the `unit` that was told."""
    about = Deadline.task_id == miss.task_id if miss.task_id is not None else Deadline.handover_id == miss.handover_id
    return session.execute(
        select(Reminder.to, Reminder.planned_at, Reminder.raised_at, Unit.name.label("unit"))
        .join(Deadline, Deadline.id == Reminder.deadline_id)
        .outerjoin(Notice, Notice.reminder_id == Reminder.id)
        .outerjoin(Unit, Unit.id == Notice.unit_id)
        .where(about)
        .order_by(Reminder.raised_at, Reminder.id, Notice.id)
        .limit(PAGE)
    ).all()


def attempts(session: Session, miss: Miss) -> Sequence[ContactAttempt]:
    """Every try to reach somebody, before the time had passed and after; the oldest first."""
    tries = select(ContactAttempt).where(ContactAttempt.task_id == miss.task_id).order_by(ContactAttempt.number)
    return session.scalars(tries.limit(PAGE)).all()


def verdicts(session: Session, miss: Miss) -> Sequence[MissVerdict]:
    """What has been said of it since, the oldest first."""
    said = select(MissVerdict).where(MissVerdict.miss_id == miss.id).order_by(MissVerdict.number)
    return session.scalars(said.limit(PAGE)).all()


def _shown(seen: Sight, wanted: Wanted, *columns: Any) -> Select[Any]:
    found = _misses(seen, wanted, *columns)
    return found if wanted.show == Show.ALL else found.where(_lists(seen, wanted)[wanted.show])


def _whole(found: Select[Any]) -> Select[Any]:
    return (
        found.join(Episode, Episode.id == Miss.episode_id)
        .outerjoin(_responsible, _responsible.id == Miss.responsible_unit_id)
        .outerjoin(Person, Person.id == _review.c.assigned_to_id)
        .options(joinedload(Episode.citizen), joinedload(_owing.organisation), joinedload(_responsible.organisation))
    )


def _missed(row: Any, new_since: datetime | None) -> Missed:
    miss, episode, owing, responsible, task, handover, made_good_at, verdict, closed, cause, assigned_to = row
    return Missed(
        miss=miss, episode=episode, owing=owing, responsible=responsible, about=_about(task, handover),
        made_good_at=made_good_at, owed_still=_owed_still(task, handover, episode, made_good_at),
        verdict=Verdict(verdict or Verdict.STANDS), closed=closed, cause=Cause(cause) if cause else None,
        assigned_to=assigned_to, new=new_since is not None and miss.recorded_at > new_since,
    )  # fmt: skip


def _about(task: Task | None, handover: Handover | None) -> str:
    return task.kind if task is not None else handover.trigger if handover is not None else "state"


def _owed_still(task: Task | None, handover: Handover | None, episode: Episode, made_good_at: datetime | None) -> bool:
    if task is not None:
        return task.state == TaskState.OPEN
    open_one = handover is not None and handover.state != HandoverState.WITHDRAWN and episode.closed_at is None
    return open_one and made_good_at is None
