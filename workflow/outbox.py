"""What must leave: written with the change that caused it, routed and delivered after it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.db import plain
from workflow.tables import Episode, Notice
from workflow.vocabulary import Audience, NoticeKind


def tell(
    session: Session,
    episode: Episode,
    unit_ids: Iterable[int | None],
    topic: str,
    *,
    by: Actor,
    at: datetime,
    kind: NoticeKind = NoticeKind.NOTICE,
    audience: Audience = Audience.UNIT,
) -> None:
    """Tell units that something happened, except who reported it. `topic` is a code of `workflow.sentences`."""
    said = {"episode_id": episode.id, "kind": kind, "topic": topic, "audience": audience, "written_at": at}
    told = [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id is not None and unit_id != by.unit_id]
    if told:
        session.execute(insert(plain(Notice)), [{**said, "unit_id": unit_id} for unit_id in told])
