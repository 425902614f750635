"""What a unit has before it: what others brought that asks it to act, and what it has been told.

What asks to act is read from what is open, so it is gone when it is done, whoever did it. What was told is gone when
somebody of the unit has read it, or has opened the page that it is about.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session, joinedload

from workflow import db, parties
from workflow.lists import worklist
from workflow.lists.by_unit import of_units
from workflow.seeing.sight import Sight
from workflow.tables import Deadline, Episode, Handover, InboxItem, Notice, Unit
from workflow.telling import wordings
from workflow.vocabulary import Concerns, Language, Role

ROWS = 25
COUNTED = 99

# What stands among what asks to act for as long as it is open, and is told no more after that.
_OPEN_MATTERS = ("handover_sent", "handover_rejected", "question")
_ASKING = f"""
{
    of_units('''
    select d.id, d.due_at from deadlines d
    where d.unit_id = mine.id and d.ended_at is null and d.concerns <> 'state'
      and d.concerns in ('handover_answer', 'handover_mending', 'handover_sending', 'question')
      and (d.handover_id is not null or d.task_id is not null)
    order by d.due_at, d.id limit %(rows)s
''')
}
order by due_at, id limit %(rows)s
""".encode()
_READING = b"""
with reading as (
    update inbox set read_at = %(at)s, read_by = %(by)s
    where notice_id in (select id from outbox where episode_id = %(episode)s)
      and unit_id = any (%(units)s::bigint[]) and read_at is null
)
"""
_UNREAD = f"""
{
    of_units('''
    select i.id from inbox i join outbox o on o.id = i.notice_id
    where i.unit_id = mine.id and i.read_at is null and i.id < %(before)s and o.topic <> all (%(matters)s)
      and (o.audience <> 'managers' or %(manages)s)
      and o.by_unit_id is distinct from %(own)s
    order by i.id desc limit %(rows)s
''')
}
order by id desc limit %(rows)s
""".encode()
_NEWEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Something that another unit brought, and that ours must act on: a handover, a question, a rejection.

    `from_unit` brought it; `what` is a word: `answer` a handover, `again` (rejected), `send` (owed), `question`.
    """

    what: str
    due_at: datetime
    episode: Episode
    unit: Unit
    from_unit: Unit | None
    handover: Handover | None
    question: int | None  # the number of its entry


@dataclass(frozen=True)
class Item:
    """One notice as the unit sees it."""

    number: int
    notice: Notice
    episode: Episode
    unit: str
    said: str  # in the words of the unit's organisation


def count(session: Session, seen: Sight) -> int:
    """How many matters ask somebody of these units to act; of more than COUNTED, COUNTED + 1."""
    return len(_asking(session, seen, rows=COUNTED + 1))


def asking(session: Session, seen: Sight) -> list[Asking]:
    """What asks somebody of these units to act, the most urgent first; COUNTED at the most."""
    found = session.execute(
        select(Deadline, Episode, Unit)
        .join(Episode, Episode.id == Deadline.episode_id)
        .join(Unit, Unit.id == Deadline.unit_id)
        .where(Deadline.id.in_(_asking(session, seen, rows=COUNTED)))
        .order_by(Deadline.due_at, Deadline.id)
        .options(
            joinedload(Episode.citizen, innerjoin=True), joinedload(Deadline.handover), joinedload(Deadline.task)
        )
    ).all()
    units = parties.units(session, (deadline.other_unit_id for deadline, _, _ in found))
    return [
        Asking(
            what=_what(deadline), due_at=deadline.due_at, episode=episode, unit=unit, handover=deadline.handover,
            from_unit=units.get(deadline.other_unit_id or 0),
            question=deadline.task.anchor_number if deadline.task is not None else None,
        )
        for deadline, episode, unit in found
    ]  # fmt: skip


def _what(deadline: Deadline) -> str:
    if deadline.concerns == Concerns.QUESTION:
        return "question"
    if deadline.concerns == Concerns.HANDOVER_ANSWER:
        return "answer"
    return "again" if deadline.concerns == Concerns.HANDOVER_MENDING else "send"


def page(
    session: Session, seen: Sight, language: Language, *, before: int | None = None
) -> tuple[list[Item], int | None]:
    """What was told to the units that this person acts for; and what to ask for those before with, None at the end."""
    numbers = _unread(session, seen, before=before or _NEWEST, rows=ROWS + 1)
    rows = session.execute(
        select(InboxItem.id, Notice, Episode, Unit)
        .join(Notice, Notice.id == InboxItem.notice_id)
        .join(Episode, Episode.id == Notice.episode_id)
        .join(Unit, Unit.id == InboxItem.unit_id)
        .where(InboxItem.id.in_(numbers[:ROWS]))
        .order_by(InboxItem.id.desc())
        .options(joinedload(Episode.citizen, innerjoin=True))
    ).all()
    told = {notice.topic for _, notice, _, _ in rows}
    book = wordings.read(session, {unit.organisation_id for *_, unit in rows}, told, (language,))
    items = [
        Item(number, notice, episode, unit.name, book.line(notice, unit, language))
        for number, notice, episode, unit in rows
    ]
    return items, numbers[ROWS - 1] if len(numbers) > ROWS else None


def by_citizen(items: Collection[Item]) -> list[list[Item]]:
    """The same, of each citizen together, in the order of the newest."""
    groups: dict[int, list[Item]] = {}
    for item in items:
        groups.setdefault(item.episode.id, []).append(item)
    return list(groups.values())


def mark_read(session: Session, seen: Sight, numbers: Collection[int], *, at: datetime) -> int:
    """These have been read; returns how many of them had not been. Others' are left alone."""
    result = session.execute(
        update(InboxItem)
        .where(InboxItem.id.in_(numbers), InboxItem.unit_id.in_(seen.units), InboxItem.read_at.is_(None))
        .values(read_at=at, read_by=seen.actor.name)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def opened(session: Session, seen: Sight, episode: Episode, *, at: datetime) -> int:
    """Somebody has opened an episode: what their own unit was told of it has been read. Returns what `count` does."""
    return len(_asking(session, seen, rows=COUNTED + 1, opened=episode, at=at))


def _asking(
    session: Session, seen: Sight, *, rows: int, opened: Episode | None = None, at: datetime | None = None
) -> list[int]:
    """In one statement with the reading of what was told of an episode that is opened."""
    leads = seen.actor.roles == {Role.MANAGER}  # who leads neither receives nor answers
    asked = {
        "units": sorted(worklist.acts_for(seen)), "rows": 0 if leads else rows,
        "episode": opened.id if opened is not None else None, "at": at, "by": seen.actor.name,
    }  # fmt: skip
    statement = _READING + _ASKING if opened is not None else _ASKING
    return [number for number, _ in db.driver(session).execute(statement, asked)]


def _unread(session: Session, seen: Sight, *, before: int, rows: int) -> list[int]:
    asked = {
        "units": sorted(seen.units), "before": before, "rows": rows, "own": seen.actor.unit_id,
        "matters": list(_OPEN_MATTERS), "manages": Role.MANAGER in seen.actor.roles,
    }  # fmt: skip
    return [number for (number,) in db.driver(session).execute(_UNREAD, asked)]
