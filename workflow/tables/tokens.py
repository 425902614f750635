"""Tokens, by which programs act; and what each was answered, so that asking again does nothing twice."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, PublicId, RowNumber, reference
from workflow.tables.organisations import Person, PersonRole


class Token(Base):
    """A secret by which a program acts as its person, in one role, within `scopes`. Only its hash lies here.

    Times are real time. `used_at` is when it was last used, to the minute.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_tokens_person_id", "person_id"),
        CheckConstraint("cardinality(scopes) > 0", name="may_do_something"),
        CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="revoked_by_somebody"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int] = reference("people")
    role_id: Mapped[int] = reference("person_roles")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]

    person: Mapped[Person] = relationship()
    role: Mapped[PersonRole] = relationship()


class Answer(Base):
    """What a token was answered under an idempotency key: for a day, the same question gets the same answer.

    `asked` is a keyed hash of method, address and body. Answers to changes name no citizen.
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("token_id", "key"), Index("ix_answers_at", "at"))

    id: Mapped[RowNumber]
    token_id: Mapped[int] = reference("tokens")
    key: Mapped[str]
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str]
    at: Mapped[datetime]
