"""Messages that were received, who may send them, and which unit each address on the wire is."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, PublicId, RowNumber, reference
from workflow.tables.organisations import Unit
from workflow.vocabulary import Fate


class Address(Base):
    """What a unit is called on the wire. A `placeholder` came with a message, and an administrator says what it is."""

    __tablename__ = "addresses"
    __table_args__ = (
        UniqueConstraint("sor"),
        Index("ix_addresses_unit_id", "unit_id"),
        Index("ix_addresses_placeholder", "id", postgresql_where="placeholder"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    sor: Mapped[str]
    gln: Mapped[str | None]
    name: Mapped[Line | None]
    unit_id: Mapped[int] = reference("units")
    placeholder: Mapped[bool]
    since: Mapped[datetime]

    unit: Mapped[Unit] = relationship()


class SenderKey(Base):
    """Who may deliver messages: by a key, of which only a keyed hash is kept, or by a certificate's name."""

    __tablename__ = "sender_keys"
    __table_args__ = (
        UniqueConstraint("key_hash"),
        UniqueConstraint("certificate"),
        CheckConstraint("(key_hash is null) <> (certificate is null)", name="one_credential"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    name: Mapped[Line]
    key_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate: Mapped[str | None]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Message(Base):
    """A message, received once however often it is sent: counted by its sender and the number that the sender gave it.

    Of a citizen without a relevant case there is no more than `sender`, numbers, times and hashes. `facts` are the
    values that a stay is folded from; they name nobody. `entry_number` is the history entry that it led to, of
    `episode_id`; `about_id` the episode that it belongs to, whether it led to anything or not.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("sender", "number"),
        Index("ix_messages_citizen_id", "citizen_id", "id", postgresql_where="citizen_id is not null"),
        Index("ix_messages_episode_id", "episode_id", postgresql_where="episode_id is not null"),
        Index("ix_messages_waiting", "id", postgresql_where="fate = 'waiting'"),
        CheckConstraint("(episode_id is null) = (entry_number is null)", name="entry_has_episode"),
        CheckConstraint(
            "fate <> 'unknown_citizen' or num_nonnulls(raw, facts, code, citizen_id) = 0", name="unknown_is_deleted"
        ),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    sender: Mapped[str]
    number: Mapped[str]  # MessageHeader.id
    kind: Mapped[str | None]
    code: Mapped[str | None]
    received_at: Mapped[datetime]
    received_from: Mapped[str]  # whose credential, or which folder
    fate: Mapped[Fate]
    why: Mapped[str | None]
    answer: Mapped[str | None]
    problems: Mapped[list[Any]] = mapped_column(JSONB)
    citizen_id: Mapped[int | None] = reference("citizens")
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # encrypted
    facts: Mapped[dict[str, Any] | None]
    episode_id: Mapped[int | None] = reference("episodes")
    entry_number: Mapped[int | None] = mapped_column(Integer)
    about_id: Mapped[int | None] = reference("episodes")


class Transmission(Base):
    """One sending of a message: a Bundle.id is never used again. The keyed hash tells whether two are alike."""

    __tablename__ = "transmissions"
    __table_args__ = (
        UniqueConstraint("sender", "bundle_id"),
        Index("ix_transmissions_message_id", "message_id"),
    )

    id: Mapped[RowNumber]
    message_id: Mapped[int] = reference("messages")
    sender: Mapped[str]
    bundle_id: Mapped[str]
    received_at: Mapped[datetime]
    raw_hash: Mapped[bytes] = mapped_column(LargeBinary)
