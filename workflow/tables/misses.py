"""Misses: the recorded fact that a deadline passed unmet, what was later said of it, and what was learned."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Note, PublicId, RowNumber, reference
from workflow.vocabulary import Cause, MissCode, Outcome, Verdict


class Miss(Base):
    """Written once, by whoever sees first; never changed, never removed.

    `owing_unit_id` had to act; `responsible_unit_id` had the responsibility at that moment.
    `last_outcome` null and no attempts: never tried. Otherwise: tried in vain.
    """

    __tablename__ = "misses"
    __table_args__ = (
        Index("uq_misses_task", "task_id", "code", unique=True, postgresql_where="task_id is not null"),
        Index("uq_misses_handover", "handover_id", "code", unique=True, postgresql_where="handover_id is not null"),
        Index("ix_misses_owing_unit_id", "owing_unit_id", "due_at"),
        Index("ix_misses_responsible_unit_id", "responsible_unit_id", "due_at"),
        Index("ix_misses_episode_id", "episode_id"),
        Index("ix_misses_recorded_at", "recorded_at", postgresql_using="brin"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    episode_id: Mapped[int] = reference("episodes")
    task_id: Mapped[int | None] = reference("tasks")
    handover_id: Mapped[int | None] = reference("handovers")
    code: Mapped[MissCode]
    due_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    owing_unit_id: Mapped[int] = reference("units")
    responsible_unit_id: Mapped[int | None] = reference("units")
    reminders: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    last_outcome: Mapped[Outcome | None]


class MissVerdict(Base):
    """What was later said of a miss. The last one counts; without one, the miss stands.

    `given_by_id` is the manager who said it; null where it follows from what has happened.
    """

    __tablename__ = "miss_verdicts"
    __table_args__ = (UniqueConstraint("miss_id", "number"),)

    id: Mapped[RowNumber]
    miss_id: Mapped[int] = reference("misses")
    number: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[Verdict]
    reason: Mapped[Note]
    given_at: Mapped[datetime]
    given_by: Mapped[str]
    given_by_id: Mapped[int | None] = mapped_column(BigInteger)


class MissReview(Base):
    """One step of the review of a miss, with all that holds after it. The last one counts; rows are only added."""

    __tablename__ = "miss_reviews"
    __table_args__ = (
        UniqueConstraint("miss_id", "number"),
        Index("ix_miss_reviews_assigned_to_id", "assigned_to_id", postgresql_where="assigned_to_id is not null"),
        CheckConstraint("not closed or (cause is not null and learning <> '')", name="closed_says_what_was_learned"),
    )

    id: Mapped[RowNumber]
    miss_id: Mapped[int] = reference("misses")
    number: Mapped[int] = mapped_column(Integer)
    assigned_to_id: Mapped[int | None] = reference("people")
    cause: Mapped[Cause | None]
    learning: Mapped[Note]
    closed: Mapped[bool]
    reported: Mapped[bool | None]  # as an adverse event; null: nobody has said
    written_at: Mapped[datetime]
    written_by: Mapped[str]
    written_by_id: Mapped[int | None] = mapped_column(BigInteger)  # None: nobody, whose it was has left
