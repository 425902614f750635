"""Episodes and their history."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Note, PublicId, RowNumber, reference
from workflow.tables.citizens import Citizen
from workflow.vocabulary import EntryKind, Origin


class Episode(Base):
    """One citizen on one version of one pathway.

    `owner_unit_id` must take the next step; `responsible_unit_id` has the responsibility, and only handovers move it.
    An open episode has both: PostgreSQL says so.
    """

    __tablename__ = "episodes"
    __table_args__ = (
        CheckConstraint("(closed_at is null) = (owner_unit_id is not null)", name="open_has_owner"),
        CheckConstraint("(closed_at is null) = (responsible_unit_id is not null)", name="open_has_responsible"),
        Index("uq_episodes_open_citizen", "citizen_id", unique=True, postgresql_where="closed_at is null"),
        Index("ix_episodes_citizen_id", "citizen_id", "opened_at"),
        Index("ix_episodes_hospital_id", "hospital_id", "municipality_id", "opened_at"),  # who shares with whom
        Index("ix_episodes_pathway_open", "pathway_key", "pathway_version", postgresql_where="closed_at is null"),
        Index("ix_episodes_related", "related", postgresql_using="gin", postgresql_where="closed_at is null"),
        Index(
            "ix_episodes_leaving", "ward_id", "expected_discharge_at",
            postgresql_where="closed_at is null and expected_discharge_at is not null and state in "
            "('acute', 'admitted', 'admitted_at_home', 'on_leave', 'ready_for_discharge')",
        ),
        Index(
            "ix_episodes_arriving", "facility_id", "expected_discharge_at",
            postgresql_where="closed_at is null and facility_id is not null and state <> 'at_home' and "
            "state <> 'at_tryghedshotel'",
        ),
        Index(
            "ix_episodes_facility_id", "facility_id", "id",
            postgresql_where="closed_at is null and facility_id is not null and state <> 'at_home'",
        ),
        Index("ix_episodes_previous_id", "previous_id", postgresql_where="previous_id is not null"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    citizen_id: Mapped[int] = reference("citizens")
    pathway_key: Mapped[str]
    pathway_version: Mapped[int]
    state: Mapped[str]
    region_id: Mapped[int] = reference("organisations")
    hospital_id: Mapped[int | None] = reference("organisations")
    municipality_id: Mapped[int] = reference("organisations")
    ward_id: Mapped[int | None] = reference("units")
    facility_id: Mapped[int | None] = reference("units")
    district_id: Mapped[int] = reference("units")
    practice_id: Mapped[int | None] = reference("units")
    owner_unit_id: Mapped[int | None] = reference("units")
    responsible_unit_id: Mapped[int | None] = reference("units")
    related: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))  # the units that see it: workflow.seeing.relations
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    expected_discharge_at: Mapped[datetime | None]
    needs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    previous_id: Mapped[int | None] = reference("episodes")
    history_number: Mapped[int] = mapped_column(Integer)
    history_hash: Mapped[bytes] = mapped_column(LargeBinary)

    citizen: Mapped[Citizen] = relationship()


class HistoryEntry(Base):
    """One thing that was recorded about an episode. Rows are only ever added, and each is chained to the one before."""

    __tablename__ = "history"
    __table_args__ = (UniqueConstraint("episode_id", "number"),)

    id: Mapped[RowNumber]
    episode_id: Mapped[int] = reference("episodes")
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[EntryKind]
    trigger: Mapped[str | None]
    source: Mapped[str | None]
    dest: Mapped[str]
    pathway_key: Mapped[str]
    pathway_version: Mapped[int]
    responsible_unit_id: Mapped[int | None] = mapped_column(BigInteger)
    about: Mapped[int | None] = mapped_column(Integer)  # the number of the entry that this corrects or cancels
    effective_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    origin: Mapped[Origin]
    actor: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[Note | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
