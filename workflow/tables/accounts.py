"""How people show who they are: local accounts, identities elsewhere, sign-ins, and tries that failed."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, PublicId, RowNumber, reference
from workflow.tables.organisations import Person, PersonRole
from workflow.vocabulary import SignInBy, SignInEnd


class Account(Base):
    """A local account. `totp_step` is the last time step whose code was used: no code counts twice."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("person_id"),)

    id: Mapped[RowNumber]
    person_id: Mapped[int] = reference("people")
    password_hash: Mapped[str]
    password_set_at: Mapped[datetime]
    must_change: Mapped[bool]
    totp_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)


class ExternalIdentity(Base):
    """A person as an identity provider knows them."""

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[RowNumber]
    person_id: Mapped[int] = reference("people")
    issuer: Mapped[str]
    subject: Mapped[str]
    first_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class SignIn(Base):
    """One sign-in of a person in one browser, in real time. The browser holds the token; here lies its hash.

    `confirmed_at` is null until the second factor was given, where one is asked for.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_sign_ins_open", "person_id", postgresql_where="ended_at is null"),
        Index("ix_sign_ins_began_at", "person_id", "began_at"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int] = reference("people")
    role_id: Mapped[int | None] = reference("person_roles")
    by: Mapped[SignInBy]
    address: Mapped[str]
    began_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[SignInEnd | None]

    person: Mapped[Person] = relationship()
    role: Mapped[PersonRole | None] = relationship()


class SignInFailures(Base):
    """How often signing in failed lately, for an account or from an address; which one is a keyed hash."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    since: Mapped[datetime]
    failures: Mapped[int] = mapped_column(Integer)
