"""What a handover starts from: what was last said about the citizen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow.tables import Episode, Handover, HandoverVersion, HistoryEntry
from workflow.vocabulary import EntryKind, Observed

# Who the citizen is, and what was so before: what is still worth reading when the citizen comes back.
LASTING = ("I.", "B.")
TOBS = "TOBS "  # how the line of a score begins


@dataclass(frozen=True)
class Carried:
    """What was said, field by field, and when."""

    content: Mapping[str, Any]
    said_at: datetime | None = None


@dataclass(frozen=True)
class Tobs:
    """A score that was written down on the episode."""

    score: int
    text: str
    observed_at: datetime
    recorded_at: datetime


def last_said(session: Session, episode: Episode) -> HandoverVersion | None:
    """What was last sent on this episode: a handover to somebody else starts from it."""
    return session.scalar(_newest_of(episode.id))


def before(session: Session, episode: Episode) -> Carried:
    """What was last said on the episode before this one, of what lasts."""
    said = session.scalar(_newest_of(episode.previous_id)) if episode.previous_id is not None else None
    if said is None:
        return Carried({})
    return Carried({key: text for key, text in said.content.items() if key.startswith(LASTING)}, said.sent_at)


def newest_tobs(session: Session, episode: Episode) -> Tobs | None:
    """The newest TOBS of this episode; of two at one time, the one that was written last."""
    scored = select(HistoryEntry).where(
        HistoryEntry.episode_id == episode.id, HistoryEntry.kind == EntryKind.OBSERVED,
        HistoryEntry.facts["what"].astext == Observed.TOBS,
    )  # fmt: skip
    entry = session.scalar(scored.order_by(HistoryEntry.effective_at.desc(), HistoryEntry.number.desc()).limit(1))
    if entry is None:
        return None
    return Tobs(entry.facts["score"], entry.facts["text"], entry.effective_at, entry.recorded_at)


def with_tobs(said: str, line: str) -> str:
    """What `A.vital_signs` says with that line: it stands first, in the place of an older TOBS."""
    return "\n".join([line, *(older for older in said.splitlines() if not older.startswith(TOBS))])


def _newest_of(episode_id: int) -> Select[HandoverVersion]:
    return (
        select(HandoverVersion)
        .join(Handover, Handover.id == HandoverVersion.handover_id)
        .where(Handover.episode_id == episode_id)
        .order_by(HandoverVersion.id.desc())
        .limit(1)
    )
