"""Who looked, and what opens or shuts a citizen's episodes: the access log, its seals, break-glass, objections, merges.

The log names people, units, citizens and episodes by number without foreign keys: it outlives them, and writing it
costs one insert.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base, Line, Note, PublicId, RowNumber, reference
from workflow.vocabulary import Look, WhyLook


class AccessEntry(Base):
    """One look, in real time. Rows are only ever added; the months are partitions.

    `tx` stands first: its default gives the transaction its number before `id` is drawn, which sealing relies on.
    """

    __tablename__ = "access_log"
    __table_args__ = (
        Index("ix_access_log_citizens", "citizens", postgresql_using="gin"),
        Index("ix_access_log_person_id", "person_id", "at"),
        Index("ix_access_log_unit_id", "unit_id", "at"),
        {"postgresql_partition_by": "range (at)"},
    )

    tx: Mapped[int] = mapped_column(BigInteger, server_default=text("pg_current_xact_id()::text::bigint"))
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[Look]
    what: Mapped[str]  # the page, list or file
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    person: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    roles: Mapped[str]
    citizens: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # whom it showed: a list is one row
    episodes: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    related: Mapped[bool | None]  # whether the unit had a relation to all of them when it looked
    criterion: Mapped[bytes | None] = mapped_column(LargeBinary)  # of a search: a keyed hash of what was typed
    purpose: Mapped[Note | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]


class AccessSeal(Base):
    """A run of entries that no later change escapes: `row_hashes` one by one, 16 bytes each, and `hash` over them all,
    chained to the seal before. `ids` are the entries that there were.
    """

    __tablename__ = "access_seals"

    id: Mapped[RowNumber]
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(Integer)
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    row_hashes: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]


class AccessMark(Base):
    """One row: up to where the next seal goes once every transaction that began before `tx` is over."""

    __tablename__ = "access_mark"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True)
    last_id: Mapped[int] = mapped_column(BigInteger)
    tx: Mapped[int] = mapped_column(BigInteger)


class RecordSeal(Base):
    """A batch of rows of one table that only grows, each by its hash, chained to the seal before, of whichever table.

    `columns` are what was hashed: a table may get more later.
    """

    __tablename__ = "record_seals"
    __table_args__ = (Index("ix_record_seals_table_name", "table_name", "last_id"),)

    id: Mapped[RowNumber]
    table_name: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    last_id: Mapped[int] = mapped_column(BigInteger)
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    row_hashes: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]


class RecordMark(Base):
    """A row a table: up to where the next seal goes once every transaction that began before `tx` is over."""

    __tablename__ = "record_marks"

    table_name: Mapped[str] = mapped_column(primary_key=True)
    last_id: Mapped[int] = mapped_column(BigInteger)
    tx: Mapped[int] = mapped_column(BigInteger)


class LookToConfirm(Base):
    """A look that a rule has found or that was drawn at random: a manager of the unit says whether it was in order."""

    __tablename__ = "looks_to_confirm"
    __table_args__ = (
        UniqueConstraint("entry_id", "why"),
        Index("ix_looks_to_confirm_unit_id", "unit_id", postgresql_where="reviewed_at is null"),
        Index("ix_looks_to_confirm_week_on", "week_on", "unit_id", postgresql_where="why = 'sample'"),
        CheckConstraint("(reviewed_at is null) = (in_order is null)", name="review_says_how"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    why: Mapped[WhyLook]
    week_on: Mapped[date]  # the Monday of the week of the look
    entry_id: Mapped[int] = mapped_column(BigInteger)
    unit_id: Mapped[int] = reference("units")
    citizens: Mapped[int] = mapped_column(Integer)  # how many it showed; of the whole day, where the rule counts
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]
    in_order: Mapped[bool | None]
    note: Mapped[Note | None]


class BreakGlass(Base):
    """A person sees one citizen's episodes for some hours without a relation, for a reason that is reviewed."""

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("ends_at > opened_at", name="ends_after_it_opened"),
        CheckConstraint("(reviewed_at is null) = (in_order is null)", name="review_says_how"),
        Index("ix_break_glass_person_id", "person_id", "ends_at"),
        Index("ix_break_glass_unreviewed", "opened_at", postgresql_where="reviewed_at is null"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = reference("people")
    person: Mapped[str]
    unit_id: Mapped[int] = reference("units")
    citizen_id: Mapped[int] = reference("citizens")
    reason: Mapped[Note]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    review_unit_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # whose managers look at it next day
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]
    in_order: Mapped[bool | None]
    note: Mapped[Note | None]


class Objection(Base):
    """A citizen does not want what is known about them to be passed on (sundhedsloven sections 41(3) and 42).

    It is seen with the episode on which it was said, and stops what is sent of any.
    """

    __tablename__ = "objections"
    __table_args__ = (
        Index("uq_objections_standing", "citizen_id", unique=True, postgresql_where="withdrawn_at is null"),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_by is null)", name="withdrawn_by_somebody"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    citizen_id: Mapped[int] = reference("citizens")
    episode_id: Mapped[int | None] = reference("episodes")
    what: Mapped[Note]
    registered_at: Mapped[datetime]
    registered_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class Merge(Base):
    """A replacement number's citizen was found to be another: what was moved, so that it can be moved back."""

    __tablename__ = "merges"
    __table_args__ = (
        CheckConstraint("from_id <> into_id", name="two_citizens"),
        Index("uq_merges_standing", "from_id", unique=True, postgresql_where="undone_at is null"),
        Index("ix_merges_into_id", "into_id"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    from_id: Mapped[int] = reference("citizens")
    into_id: Mapped[int] = reference("citizens")
    episode_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    service_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    objection_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    message_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # these three as PostgreSQL found them
    thread_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    letter_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    cancelled_id: Mapped[int | None] = reference("episodes")
    reason: Mapped[Note]
    merged_at: Mapped[datetime]
    merged_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class SavedView(Base):
    """Filters of the board that a person keeps under a name; they see their own, and nobody else's."""

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("uq_saved_views_kept", "person_id", "name", unique=True, postgresql_where="removed_at is null"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = reference("people")
    name: Mapped[Line]
    query: Mapped[str]  # of the board's address; holds nothing about a citizen
    removed_at: Mapped[datetime | None]
