"""Organisations, their units, and the people who work there."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, PublicId, RowNumber, reference
from workflow.vocabulary import Holding, NoticeKind, OrganisationKind, Role, RoleState, UnitKind

EVERY_KIND = [kind.value for kind in NoticeKind]


def numbered(table: str) -> tuple[Any, ...]:
    """The numbers that Danish registers give: SOR (one organisation or unit), GLN (where messages go; shared)."""
    return (
        Index(f"uq_{table}_sor", "sor", unique=True, postgresql_where="sor is not null"),
        Index(f"ix_{table}_gln", "gln", postgresql_where="gln is not null"),
        CheckConstraint("sor ~ '^[0-9]{6,19}$'", name="sor_is_a_number"),
        CheckConstraint("gln ~ '^[0-9]{13}$'", name="gln_has_13_digits"),
    )


class Organisation(Base):
    """A region, hospital, municipality or practice. A hospital and a municipality lie in a region (`parent_id`)."""

    __tablename__ = "organisations"
    __table_args__ = numbered("organisations")

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    name: Mapped[Line]
    kind: Mapped[OrganisationKind]
    code: Mapped[Line | None]  # the municipality's or region's number
    parent_id: Mapped[int | None] = reference("organisations")
    sor: Mapped[str | None]
    gln: Mapped[str | None]


class Unit(Base):
    """A ward, district, facility or team.

    `phone` is answered by day and `phone_night` by night; `phone_line` day and night for the 72 hours after a
    discharge. What is sent to the unit is read from `reads_from` until `reads_until`, Danish time; without them, round
    the clock. From `closed_at` on it is no choice for anything, and what it had is its successor's.
    """

    __tablename__ = "units"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        *numbered("units"),
        CheckConstraint("(reads_from is null) = (reads_until is null)", name="reads_from_until"),
        CheckConstraint("successor_id is null or closed_on is not null", name="closes_before_it_is_followed"),
        CheckConstraint("successor_id <> id", name="follows_another"),
        CheckConstraint("(closed_on is null) = (closed_by is null)", name="closed_by_somebody"),
        CheckConstraint("closed_at is null or closed_on is not null", name="closed_on_its_day"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    organisation_id: Mapped[int] = reference("organisations")
    name: Mapped[Line]
    kind: Mapped[UnitKind]
    phone: Mapped[Line | None]
    phone_night: Mapped[Line | None]
    phone_line: Mapped[Line | None]
    email: Mapped[Line | None]
    reads_from: Mapped[time | None]
    reads_until: Mapped[time | None]
    receives_for_municipality: Mapped[bool] = mapped_column(default=False)
    sor: Mapped[str | None]
    gln: Mapped[str | None]
    closed_on: Mapped[date | None]  # from which day: said beforehand
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]  # since when it is: the day has come
    successor_id: Mapped[int | None] = reference("units")

    organisation: Mapped[Organisation] = relationship()


class UnitHolder(Base):
    """Who is a unit's authority, or its operator, from a day until a day (both included). One at a time of each."""

    __tablename__ = "unit_holders"
    __table_args__ = (
        ExcludeConstraint(
            ("unit_id", "="), ("holding", "="), (text("daterange(from_on, until_on, '[]')"), "&&"),
            name="ex_unit_holders_one_at_a_time", using="gist",
        ),
        CheckConstraint("until_on >= from_on", name="begins_before_it_ends"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    unit_id: Mapped[int] = reference("units")
    holding: Mapped[Holding]
    organisation_id: Mapped[int] = reference("organisations")
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship()


class ClosedDay(Base):
    """A day on which a unit does not read what is sent to it; `removed_at` where it reads on that day after all."""

    __tablename__ = "closed_days"
    __table_args__ = (
        Index("uq_closed_days_in_force", "unit_id", "day", unique=True, postgresql_where="removed_at is null"),
        CheckConstraint("(removed_at is null) = (removed_by is null)", name="removed_by_somebody"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    unit_id: Mapped[int] = reference("units")
    day: Mapped[date]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]


class RegistryImport(Base):
    """A file of organisations and units that was read, or one unit that was typed; `changes` holds what each row was
    before, to undo it by.
    """

    __tablename__ = "registry_imports"

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    imported_at: Mapped[datetime]
    imported_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class Person(Base):
    """Somebody at work, or a system.

    `mail_about` and `sms_about` say which notices they want where; `toured`, that they closed the first tour;
    `shortcuts`, that single keys do something.
    """

    __tablename__ = "people"

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    username: Mapped[Line]
    name: Mapped[Line]
    email: Mapped[Line | None]
    mobile: Mapped[Line | None]
    mail_about: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=EVERY_KIND, server_default="{notice,reminder,escalation,miss}"
    )
    sms_about: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=EVERY_KIND, server_default="{notice,reminder,escalation,miss}"
    )
    toured: Mapped[bool] = mapped_column(default=False, server_default="false")
    shortcuts: Mapped[bool] = mapped_column(default=True, server_default="true")
    active: Mapped[bool]
    is_system: Mapped[bool] = mapped_column(default=False, server_default="false")  # acts by tokens, never signs in

    __table_args__ = (UniqueConstraint("username"),)


class PersonRole(Base):
    """What a person may do in a unit, once it is in force: who was given it by whom, and which second person agreed.

    `granted_by_id` is null where the installation's operator, the demo or the identity provider gave it. `confirmed_at`
    is when somebody last said that it is still needed.
    """

    __tablename__ = "person_roles"
    __table_args__ = (
        Index("uq_person_roles_open", "unit_id", "role", "person_id", unique=True, postgresql_where="state <> 'ended'"),
        Index("ix_person_roles_person_id", "person_id", postgresql_where="state <> 'ended'"),
        CheckConstraint(
            "state <> 'in_force' or granted_by_id is null or (approved_by_id is not null and approved_by_id <> "
            "granted_by_id and approved_by_id <> person_id)",
            name="a_second_person_agreed",
        ),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = reference("people")
    unit_id: Mapped[int] = reference("units")
    role: Mapped[Role]
    state: Mapped[RoleState] = mapped_column(default=RoleState.IN_FORCE, server_default="in_force")
    granted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    granted_by: Mapped[str] = mapped_column(default="Overgang", server_default="Overgang")
    granted_by_id: Mapped[int | None] = mapped_column(BigInteger)
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_by_id: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]

    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()
