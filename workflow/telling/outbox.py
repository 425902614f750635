"""What must leave: written with the change that caused it, routed and delivered after it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import db
from workflow.actor import Actor
from workflow.tables import Episode
from workflow.vocabulary import Audience, NoticeKind

_TELL = """
    insert into outbox (episode_id, kind, topic, unit_id, audience, written_at, by_unit_id)
    select %(episode)s, %(kind)s, %(topic)s, unit_id, %(audience)s, %(at)s, %(by_unit)s
    from unnest(%(units)s::bigint[]) as unit_id
"""


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
    told = [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id is not None and unit_id != by.unit_id]
    if told:
        values = {
            "episode": episode.id, "kind": kind, "topic": topic, "units": told, "audience": audience, "at": at,
            "by_unit": by.unit_id,
        }  # fmt: skip
        db.driver(session).execute(_TELL, values)
