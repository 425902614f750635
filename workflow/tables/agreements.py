"""Agreements: the numbers of a pathway, by region and municipality, from a day on. Rows are added, never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, Note, PublicId, RowNumber, reference


class Agreement(Base):
    """One dated version.

    `municipality_id` and `pathway_key` narrow it; the narrowest, then the newest, wins rule by rule.
    """

    __tablename__ = "agreements"
    __table_args__ = (Index("ix_agreements_region_id", "region_id", "valid_from"),)

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    title: Mapped[Line]
    region_id: Mapped[int | None] = reference("organisations")
    municipality_id: Mapped[int | None] = reference("organisations")
    pathway_key: Mapped[str | None]
    valid_from: Mapped[datetime]
    moves_open_deadlines: Mapped[bool]
    note: Mapped[Note]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]

    rules: Mapped[list["AgreementRule"]] = relationship(order_by="AgreementRule.id")


class AgreementRule(Base):
    """One rule of an agreement; `terms` holds what `workflow.rule.Rule` says. `withdrawn` takes the rule away here."""

    __tablename__ = "agreement_rules"
    __table_args__ = (UniqueConstraint("agreement_id", "key"),)

    id: Mapped[RowNumber]
    agreement_id: Mapped[int] = reference("agreements")
    key: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    withdrawn: Mapped[bool]


class AgreementMove(Base):
    """How far an agreement that moves open deadlines has been applied: the open episodes up to `reached_id`."""

    __tablename__ = "agreement_moves"
    __table_args__ = (Index("ix_agreement_moves_under_way", "agreement_id", postgresql_where="done_at is null"),)

    agreement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("agreements.id"), primary_key=True)
    reached_id: Mapped[int] = mapped_column(BigInteger)
    moved: Mapped[int] = mapped_column(Integer)  # episodes
    done_at: Mapped[datetime | None]
