"""Conversations with wards about a citizen, and messages of ours on their way out."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, PublicId, RowNumber, reference
from workflow.tables.citizens import Citizen
from workflow.vocabulary import LegalBasis, Sending


class Thread(Base):
    """One conversation about one citizen, whoever began it. It is unread when somebody wrote after `read_at`."""

    __tablename__ = "threads"
    __table_args__ = (
        UniqueConstraint("citizen_id", "identifier"),
        Index("ix_threads_unit_id", "unit_id", "last_at"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    citizen_id: Mapped[int] = reference("citizens")
    unit_id: Mapped[int] = reference("units")  # of ours, to whom it is addressed
    episode_id: Mapped[int | None] = reference("episodes")  # that it belongs to, and is seen with
    task_id: Mapped[int | None] = reference("tasks")  # that it is about; a message never completes it
    identifier: Mapped[str]
    with_sor: Mapped[str]
    with_gln: Mapped[str | None]
    with_name: Mapped[Line | None]
    category: Mapped[str]
    topic: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted
    episode_of_care_system: Mapped[str | None]
    episode_of_care: Mapped[str | None]
    last_at: Mapped[datetime]
    last_number: Mapped[str]  # the MessageHeader.id that a reply follows
    heard_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by: Mapped[str | None]

    citizen: Mapped[Citizen] = relationship()


class Segment(Base):
    """One piece of a conversation: a text, or an attachment. Texts, names and contents are encrypted."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("thread_id", "identifier"),
        CheckConstraint("num_nonnulls(text, content, url) <= 1", name="one_content"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    thread_id: Mapped[int] = reference("threads")
    identifier: Mapped[str]
    written_at: Mapped[datetime]
    activity: Mapped[str]  # of the message that it came with
    organisation: Mapped[str | None]
    author: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    text: Mapped[bytes | None] = mapped_column(LargeBinary)
    title: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    url: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int | None] = mapped_column(Integer)


class OutboundMessage(Base):
    """A message of ours: its values (encrypted), how far it has come, when it is sent next. Times are real time."""

    __tablename__ = "outbound_messages"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_outbound_messages_next_at", "next_at", "id", postgresql_where="next_at is not null"),
        Index("ix_outbound_messages_citizen_id", "citizen_id", postgresql_where="citizen_id is not null"),
        CheckConstraint(
            "(state in ('queued', 'awaiting', 'resending')) = (next_at is not null)", name="waits_for_time"
        ),
        CheckConstraint("(legal_basis is null) = (basis_reason is null)", name="basis_has_reason"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    number: Mapped[str]  # MessageHeader.id; the same at every transmission
    kind: Mapped[str]
    receiver: Mapped[str]
    citizen_id: Mapped[int | None] = reference("citizens")
    episode_id: Mapped[int | None] = reference("episodes")
    unit_id: Mapped[int | None] = reference("units")  # that is told when it fails
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[Sending]
    transmissions: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    said: Mapped[str | None]
    legal_basis: Mapped[LegalBasis | None]  # on which it was sent though the citizen objects
    basis_reason: Mapped[bytes | None] = mapped_column(LargeBinary)  # encrypted
