"""The timer rows, and the reminders that were raised from them."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Integer, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, RowNumber, reference
from workflow.tables.handovers import Handover
from workflow.tables.tasks import Task
from workflow.vocabulary import Audience, Concerns, Ended, MissCode


class Deadline(Base):
    """What a unit owes by when, and the ladder of who is told. One obligation has one live deadline.

    `rung_at` and `rung_to` are the ladder; `rung` is the next step of it, due at `next_at` (null when none is left).
    A moved or handed-on deadline is a new row that names the one it replaces, so both spans stay readable.
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_next_at", "next_at", "id", postgresql_where="next_at is not null"),
        Index("ix_deadlines_unit_id", "unit_id", "due_at", "id", postgresql_where="ended_at is null"),
        Index("ix_deadlines_other_unit_id", "other_unit_id", "due_at", "id", postgresql_where="ended_at is null"),
        Index(
            "ix_deadlines_unit_id_concerns", "unit_id", "concerns", "due_at", "id",
            postgresql_where="ended_at is null and concerns <> 'state'",
        ),
        Index(
            "ix_deadlines_other_unit_id_concerns", "other_unit_id", "concerns", "due_at", "id",
            postgresql_where="ended_at is null and concerns <> 'state'",
        ),
        Index("ix_deadlines_episode_id", "episode_id"),
        Index(
            "uq_deadlines_live_episode", "episode_id", "concerns", unique=True,
            postgresql_where="ended_at is null and task_id is null and handover_id is null",
        ),
        Index(
            "uq_deadlines_live_task", "task_id", unique=True,
            postgresql_where="ended_at is null and task_id is not null",
        ),
        Index(
            "uq_deadlines_live_handover", "handover_id", unique=True,
            postgresql_where="ended_at is null and handover_id is not null",
        ),
        CheckConstraint("task_id is null or handover_id is null", name="one_obligation"),
        CheckConstraint("ended_at is null or next_at is null", name="ended_raises_nothing"),
        CheckConstraint("cardinality(rung_at) = cardinality(rung_to)", name="ladder_in_step"),
        CheckConstraint("(ended_at is null) = (ended is null)", name="ended_says_why"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    episode_id: Mapped[int] = reference("episodes")
    concerns: Mapped[Concerns]
    task_id: Mapped[int | None] = reference("tasks")
    handover_id: Mapped[int | None] = reference("handovers")
    since_number: Mapped[int | None] = mapped_column(Integer)  # of a state: the history entry its time runs from
    unit_id: Mapped[int] = reference("units")
    other_unit_id: Mapped[int | None] = reference("units")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    miss: Mapped[MissCode | None]
    rung_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    rung_to: Mapped[list[Audience]] = mapped_column(ARRAY(Text))
    rung: Mapped[int] = mapped_column(SmallInteger)
    next_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended: Mapped[Ended | None]
    replaces_id: Mapped[int | None] = reference("deadlines")

    task: Mapped[Task | None] = relationship()
    handover: Mapped[Handover | None] = relationship()

    @property
    def opened_late(self) -> bool:
        """Whether it was due already when it was opened: one reminder to the unit is all it raises."""
        return self.due_at <= self.opened_at


class Reminder(Base):
    """A rung that was raised: planned for, raised at, to whom. Written once; never changed."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("deadline_id", "rung"),
        Index("ix_reminders_raised_at", "raised_at", postgresql_using="brin"),
    )

    id: Mapped[RowNumber]
    deadline_id: Mapped[int] = reference("deadlines")
    rung: Mapped[int] = mapped_column(SmallInteger)
    to: Mapped[Audience]
    planned_at: Mapped[datetime]
    raised_at: Mapped[datetime]
