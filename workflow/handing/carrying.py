"""What a handover starts from: what was last said about the citizen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow.tables import Episode, Handover, HandoverVersion

# Who the citizen is, and what was so before: what is still worth reading when the citizen comes back.
LASTING = ("I.", "B.")


@dataclass(frozen=True)
class Carried:
    """What was said, field by field, and when."""

    content: Mapping[str, Any]
    said_at: datetime | None = None


def last_said(session: Session, episode: Episode) -> HandoverVersion | None:
    """What was last sent on this episode: a handover to somebody else starts from it."""
    return session.scalar(_newest_of(episode.id))


def before(session: Session, episode: Episode) -> Carried:
    """What was last said on the episode before this one, of what lasts."""
    said = session.scalar(_newest_of(episode.previous_id)) if episode.previous_id is not None else None
    if said is None:
        return Carried({})
    return Carried({key: text for key, text in said.content.items() if key.startswith(LASTING)}, said.sent_at)


def _newest_of(episode_id: int) -> Select[HandoverVersion]:
    return (
        select(HandoverVersion)
        .join(Handover, Handover.id == HandoverVersion.handover_id)
        .where(Handover.episode_id == episode_id)
        .order_by(HandoverVersion.id.desc())
        .limit(1)
    )
