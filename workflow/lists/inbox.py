"""What a unit has been told and has not read yet, newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, select, text, update
from sqlalchemy.orm import Session, joinedload

from workflow.seeing.sight import Sight
from workflow.tables import Episode, InboxItem, Notice, Unit

ROWS = 25
COUNTED = 99

_UNREAD = text("""
select i.id from unnest(cast(:units as bigint[])) as u (id) cross join lateral (
    select i.id from inbox i where i.unit_id = u.id and i.read_at is null and i.id < :before
    order by i.id desc limit :rows
) i order by i.id desc limit :rows
""")
_NEWEST = 2**63 - 1


@dataclass(frozen=True)
class Item:
    """One notice as the unit sees it."""

    number: int
    notice: Notice
    episode: Episode
    unit: str


def count(session: Session, seen: Sight) -> int:
    """How many wait to be read; of more than COUNTED, COUNTED + 1."""
    return len(session.execute(_UNREAD, {"units": sorted(seen.units), "before": _NEWEST, "rows": COUNTED + 1}).all())


def page(session: Session, seen: Sight, *, before: int | None = None) -> tuple[list[Item], int | None]:
    """What was told to the units that this person acts for; and what to ask for those before with, None at the end."""
    asked = {"units": sorted(seen.units), "before": before or _NEWEST, "rows": ROWS + 1}
    numbers = list(session.scalars(_UNREAD, asked))
    rows = session.execute(
        select(InboxItem.id, Notice, Episode, Unit.name)
        .join(Notice, Notice.id == InboxItem.notice_id)
        .join(Episode, Episode.id == Notice.episode_id)
        .join(Unit, Unit.id == InboxItem.unit_id)
        .where(InboxItem.id.in_(numbers[:ROWS]))
        .order_by(InboxItem.id.desc())
        .options(joinedload(Episode.citizen, innerjoin=True))
    )
    return [Item(*row) for row in rows], numbers[ROWS - 1] if len(numbers) > ROWS else None


def mark_read(session: Session, seen: Sight, numbers: Collection[int], *, at: datetime) -> int:
    """These have been read; returns how many of them had not been. Others' are left alone."""
    result = session.execute(
        update(InboxItem)
        .where(InboxItem.id.in_(numbers), InboxItem.unit_id.in_(seen.units), InboxItem.read_at.is_(None))
        .values(read_at=at, read_by=seen.actor.name)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
