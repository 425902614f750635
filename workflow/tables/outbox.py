"""What must leave, how it went, and what a unit has been told."""

from datetime import datetime

from sqlalchemy import Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, PublicId, RowNumber, reference
from workflow.vocabulary import Audience, NoticeKind


class Notice(Base):
    """Something that a unit must be told, written in the transaction that caused it. Names no citizen.

    `topic` is a code of `workflow.sentences`. The deliver sweep routes it: to the unit's inbox, and to people's
    channels.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unrouted", "id", postgresql_where="routed_at is null"),
        Index("ix_outbox_reminder_id", "reminder_id", postgresql_where="reminder_id is not null"),
        Index("ix_outbox_episode_id", "episode_id"),
    )

    id: Mapped[RowNumber]
    episode_id: Mapped[int] = reference("episodes")
    kind: Mapped[NoticeKind]
    topic: Mapped[str]
    unit_id: Mapped[int] = reference("units")
    audience: Mapped[Audience]
    person_id: Mapped[int | None] = reference("people")
    reminder_id: Mapped[int | None] = reference("reminders")
    written_at: Mapped[datetime]
    by_unit_id: Mapped[int | None] = reference("units")  # whose act it tells of
    routed_at: Mapped[datetime | None]


class InboxItem(Base):
    """A notice as the unit sees it."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("notice_id"),
        Index("ix_inbox_unread", "unit_id", "id", postgresql_where="read_at is null"),
    )

    id: Mapped[RowNumber]
    notice_id: Mapped[int] = reference("outbox")
    unit_id: Mapped[int] = reference("units")
    received_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by: Mapped[str | None]


class Delivery(Base):
    """A notice on its way to one address through one channel. `uuid` is the idempotency key that the receiver sees.

    Times here are real time, not the demo clock's: they belong to the wire.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel", "address"),
        Index("ix_deliveries_next_try_at", "channel", "next_try_at", "id", postgresql_where="next_try_at is not null"),
        Index("ix_deliveries_dead", "id", postgresql_where="dead_at is not null"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    notice_id: Mapped[int] = reference("outbox")
    channel: Mapped[str]
    address: Mapped[str]
    attempts: Mapped[int] = mapped_column(SmallInteger)
    next_try_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    error: Mapped[str | None]
