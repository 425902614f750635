"""A citizen's conversations as a page shows them: who said what, how far ours has come, and what can be begun."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from workflow import keys
from workflow.actor import Actor
from workflow.errors import NotFound
from workflow.medcom import conversation
from workflow.seeing.sight import Sight
from workflow.tables import Episode, Handover, OutboundMessage, Segment, Task, Thread, Unit
from workflow.vocabulary import HandoverState, TaskState

MOST = 50  # conversations about one citizen, the newest
CALL = "follow_up_call"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One thing that was said: a text, or an attachment that can be fetched by `id`."""

    row: Segment
    text: str | None
    title: str | None
    author: str | None
    contact: str | None
    url: str | None

    @property
    def id(self) -> UUID:
        return self.row.uuid


@dataclass(frozen=True, kw_only=True)
class Talk:
    """One conversation. `sent` is the latest letter, where it was ours; `ours` whether the reader may answer."""

    thread: Thread
    topic: str | None
    pieces: Sequence[Piece]
    sent: OutboundMessage | None
    ours: bool

    @property
    def unread(self) -> bool:
        return self.thread.read_at is None or self.thread.heard_at > self.thread.read_at


def _seen(seen: Sight) -> ColumnElement[bool]:
    """A conversation is there for the unit that it is addressed to, and for who sees the episode that it belongs to."""
    of_theirs = select(Episode.id).where(seen.visible(), Episode.citizen_id == Thread.citizen_id)
    return or_(Thread.unit_id.in_(sorted(seen.units)), Thread.episode_id.in_(of_theirs))


def of_citizen(session: Session, seen: Sight, citizen_id: int) -> list[Talk]:
    """The conversations that the reader sees, the one that was last written in first."""
    asked = select(Thread, OutboundMessage, Unit.organisation_id).join(Unit, Unit.id == Thread.unit_id)
    asked = asked.outerjoin(OutboundMessage, OutboundMessage.number == Thread.last_number)
    own = asked.where(Thread.citizen_id == citizen_id, _seen(seen))
    rows = session.execute(own.order_by(Thread.last_at.desc(), Thread.id.desc()).limit(MOST)).all()
    said = select(Segment).where(Segment.thread_id.in_([thread.id for thread, _, _ in rows]))
    pieces: dict[int, list[Piece]] = {}
    for row in session.scalars(said.order_by(Segment.written_at, Segment.id)):
        pieces.setdefault(row.thread_id, []).append(_piece(row))
    return [
        Talk(
            thread=thread, topic=conversation.topic_of(thread), pieces=pieces.get(thread.id, []), sent=sent,
            ours=organisation_id == seen.actor.organisation_id,
        )
        for thread, sent, organisation_id in rows
    ]  # fmt: skip


def about(session: Session, episode: Episode, *, by: Actor) -> Task | Handover | None:
    """What this person can begin a letter about: their follow-up call, else the handover to them. None: nothing."""
    calls = select(Task).where(
        Task.episode_id == episode.id, Task.kind == CALL, Task.state != TaskState.WITHDRAWN
    )  # fmt: skip
    call = session.scalars(calls.order_by(Task.id.desc()).limit(1)).first()
    if call is not None and by.unit_id in {call.unit_id, episode.district_id}:
        return call
    sent = select(Handover).where(Handover.episode_id == episode.id, Handover.state != HandoverState.WITHDRAWN)
    handover = session.scalars(sent.order_by(Handover.id.desc()).limit(1)).first()
    return handover if handover is not None and by.unit_id in {handover.to_unit_id, episode.district_id} else None


def attachment(session: Session, seen: Sight, episode: Episode, segment_id: UUID) -> tuple[str, bytes]:
    """Its type, as the sender said, and its content. Raises NotFound."""
    own = select(Segment).join(Thread, Thread.id == Segment.thread_id)
    row = session.scalar(own.where(Segment.uuid == segment_id, Thread.citizen_id == episode.citizen_id, _seen(seen)))
    if row is None or row.content is None:
        raise NotFound("no_such_thread")
    return row.content_type or "", base64.b64decode(keys.ring().decrypt(row.content))


def _piece(row: Segment) -> Piece:
    return Piece(
        row=row, text=_shown(row.text), title=_shown(row.title), author=_shown(row.author), contact=_shown(row.contact),
        url=_shown(row.url),
    )  # fmt: skip


def _shown(stored: bytes | None) -> str | None:
    return keys.ring().decrypt(stored) if stored is not None else None
