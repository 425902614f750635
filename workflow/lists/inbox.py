"""What a unit has been told and has not read yet, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session, joinedload

from workflow import db
from workflow.lists.by_unit import of_units
from workflow.seeing.sight import Sight
from workflow.tables import Episode, InboxItem, Notice, Unit
from workflow.telling import wordings
from workflow.vocabulary import Language

ROWS = 25
COUNTED = 99

_UNREAD = f"""
{
    of_units('''
    select i.id from inbox i where i.unit_id = mine.id and i.read_at is null and i.id < %(before)s
    order by i.id desc limit %(rows)s
''')
}
order by id desc limit %(rows)s
""".encode()
_NEWEST = 2**63 - 1


@dataclass(frozen=True)
class Item:
    """One notice as the unit sees it."""

    number: int
    notice: Notice
    episode: Episode
    unit: str
    said: str  # in the words of the unit's organisation


def count(session: Session, seen: Sight) -> int:
    """How many wait to be read; of more than COUNTED, COUNTED + 1."""
    return len(_unread(session, seen, before=_NEWEST, rows=COUNTED + 1))


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


def mark_read(session: Session, seen: Sight, numbers: Collection[int], *, at: datetime) -> int:
    """These have been read; returns how many of them had not been. Others' are left alone."""
    result = session.execute(
        update(InboxItem)
        .where(InboxItem.id.in_(numbers), InboxItem.unit_id.in_(seen.units), InboxItem.read_at.is_(None))
        .values(read_at=at, read_by=seen.actor.name)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _unread(session: Session, seen: Sight, *, before: int, rows: int) -> list[int]:
    asked = {"units": sorted(seen.units), "before": before, "rows": rows}
    return [number for (number,) in db.driver(session).execute(_UNREAD, asked)]
