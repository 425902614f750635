"""Tasks, and the tries to reach somebody."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, Note, PublicId, RowNumber, reference
from workflow.tables.episodes import Episode
from workflow.vocabulary import Claim, DoneBy, MissCode, Outcome, TaskState


class Task(Base):
    """Something a unit owes because a rule of the agreement says so, or because it was agreed in a conversation.

    `anchor_number` is the history entry whose effective time the limit runs from; `done_at` is when it counts as done:
    when it was said to be, or, while a claim waits or was refused, when it was told.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("episode_id", "rule", "anchor_number", "occurrence"),
        Index("ix_tasks_unit_id", "unit_id", "due_at", postgresql_where="state = 'open'"),
        Index("ix_tasks_calls", "unit_id", "due_at", postgresql_where="kind = 'follow_up_call'"),
        Index("ix_tasks_calls_with", "counterpart_unit_id", "due_at", postgresql_where="kind = 'follow_up_call'"),
        Index("ix_tasks_counterpart_unit_id", "counterpart_unit_id", "due_at", postgresql_where="state = 'open'"),
        Index("ix_tasks_done_at", "unit_id", "done_at", "id", postgresql_where="done_at is not null"),
        Index(
            "ix_tasks_claimed_by_id", "claimed_by_id", "due_at",
            postgresql_where="state = 'open' and claimed_by_id is not null",
        ),
        Index("ix_tasks_claim", "counterpart_unit_id", postgresql_where="claim = 'waiting'"),
        Index("ix_tasks_done_with", "counterpart_unit_id", "done_at", postgresql_where="state = 'done'"),
        CheckConstraint("(state = 'done') = (done_at is not null)", name="done_has_time"),
        CheckConstraint("(claim is null) = (said_done_at is null)", name="claim_says_when"),
        CheckConstraint("(kind = 'agreed') = (text is not null)", name="agreed_says_what"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    episode_id: Mapped[int] = reference("episodes")
    rule: Mapped[str]
    kind: Mapped[str]
    done_by: Mapped[DoneBy]
    mandatory: Mapped[bool]
    miss: Mapped[MissCode | None]
    occurrence: Mapped[int] = mapped_column(Integer)
    anchor_number: Mapped[int] = mapped_column(Integer)
    unit_id: Mapped[int] = reference("units")
    counterpart_unit_id: Mapped[int | None] = reference("units")
    state: Mapped[TaskState]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    heard_late: Mapped[bool]
    claimed_by_id: Mapped[int | None] = reference("people")
    claimed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by_name: Mapped[str | None]
    said_done_at: Mapped[datetime | None]  # by who owes it, told when the limit had passed: counts once confirmed
    claim: Mapped[Claim | None]
    claim_answered_at: Mapped[datetime | None]
    claim_answered_by: Mapped[str | None]
    spoken_with: Mapped[Line | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer)
    last_outcome: Mapped[Outcome | None]
    text: Mapped[Note | None]  # what was agreed
    questions: Mapped[Note | None]  # what the unit wants to ask when it rings

    episode: Mapped[Episode] = relationship()


class ContactAttempt(Base):
    """One try: who, when, how it went, and what was agreed."""

    __tablename__ = "contact_attempts"
    __table_args__ = (UniqueConstraint("task_id", "number"),)

    id: Mapped[RowNumber]
    task_id: Mapped[int] = reference("tasks")
    number: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    made_by: Mapped[str]
    unit_id: Mapped[int | None] = reference("units")
    outcome: Mapped[Outcome]
    spoken_with: Mapped[Line | None]
    doctor_involved: Mapped[bool | None]
    next_try_at: Mapped[datetime | None]
    agreed: Mapped[list[Any]] = mapped_column(JSONB)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))  # to the script's questions
    note: Mapped[Note | None]
