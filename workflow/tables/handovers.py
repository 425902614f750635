"""Handovers, the versions of what they say, and the drafts of what they will say."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Note, PublicId, RowNumber, reference
from workflow.tables.episodes import Episode
from workflow.vocabulary import HandoverState


class Handover(Base):
    """Responsibility on its way from one unit to another, on one transition of an episode.

    `event_number` is the entry of the transition once it has happened; `passed_at` when responsibility moved.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        Index(
            "uq_handovers_under_way", "episode_id", unique=True,
            postgresql_where="passed_at is null and state <> 'withdrawn'",
        ),
        Index("ix_handovers_episode_id", "episode_id"),
        Index("ix_handovers_to_unit_id", "to_unit_id", "state", postgresql_where="passed_at is null"),
        Index("ix_handovers_from_unit_id", "from_unit_id", "state", postgresql_where="passed_at is null"),
        Index("ix_handovers_to_sent", "to_unit_id", "first_sent_at", postgresql_where="first_sent_at is not null"),
        Index("ix_handovers_from_sent", "from_unit_id", "first_sent_at", postgresql_where="first_sent_at is not null"),
        Index("ix_handovers_accepted", "to_unit_id", "answered_at", "id", postgresql_where="state = 'accepted'"),
        CheckConstraint("from_unit_id <> to_unit_id", name="between_two_units"),
        CheckConstraint("passed_at is null or state = 'accepted'", name="passes_only_accepted"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    episode_id: Mapped[int] = reference("episodes")
    trigger: Mapped[str]
    from_unit_id: Mapped[int] = reference("units")
    to_unit_id: Mapped[int] = reference("units")
    state: Mapped[HandoverState]
    opened_number: Mapped[int] = mapped_column(Integer)
    event_number: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    first_sent_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    answered_by_id: Mapped[int | None] = reference("people")
    passed_at: Mapped[datetime | None]
    withdrawn_number: Mapped[int | None] = mapped_column(Integer)
    withdrawn_state: Mapped[HandoverState | None]  # what it was before: a cancelled event restores it
    documented_at: Mapped[datetime | None]  # everything that was asked for is filled in
    communicated_at: Mapped[datetime | None]  # the receiver has opened it
    informed_at: Mapped[datetime | None]  # citizen or relatives have been told

    episode: Mapped[Episode] = relationship()


class HandoverVersion(Base):
    """What was sent, as it was sent, with what changed; and how it was answered. A newer one supersedes it."""

    __tablename__ = "handover_versions"
    __table_args__ = (UniqueConstraint("handover_id", "version"),)

    id: Mapped[RowNumber]
    handover_id: Mapped[int] = reference("handovers")
    version: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed: Mapped[list[str]] = mapped_column(ARRAY(Text))
    signed_by: Mapped[list[str]] = mapped_column(ARRAY(Text))  # the professions that signed their part
    missing: Mapped[list[str]] = mapped_column(ARRAY(Text))  # sent without, for the reason given
    override_reason: Mapped[Note | None]
    sent_at: Mapped[datetime]
    sent_by: Mapped[str]
    sent_by_id: Mapped[int | None] = reference("people")
    read_at: Mapped[datetime | None]
    read_by: Mapped[str | None]
    rejected_at: Mapped[datetime | None]
    rejected_by: Mapped[str | None]
    rejected_because: Mapped[Note | None]
    asked_for: Mapped[list[str]] = mapped_column(ARRAY(Text))


class HandoverDraft(Base):
    """What a unit has written on an episode and not sent yet. `number` counts the savings: a writer names the one that
    they saw.

    `content` is null once it was sent.
    """

    __tablename__ = "handover_drafts"
    __table_args__ = (UniqueConstraint("episode_id", "unit_id"),)

    id: Mapped[RowNumber]
    episode_id: Mapped[int] = reference("episodes")
    unit_id: Mapped[int] = reference("units")
    number: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    signed_by: Mapped[list[str]] = mapped_column(ARRAY(Text))
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]
    saved_by_id: Mapped[int | None] = reference("people")
