"""Organisations, their units, and the people who work there."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, PublicId, RowNumber, reference
from workflow.vocabulary import OrganisationKind, Role, UnitKind


class Organisation(Base):
    """A region, hospital, municipality or practice. A hospital and a municipality lie in a region (`parent_id`)."""

    __tablename__ = "organisations"

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    name: Mapped[str]
    kind: Mapped[OrganisationKind]
    code: Mapped[str | None]  # the municipality's or region's number
    parent_id: Mapped[int | None] = reference("organisations")


class Unit(Base):
    """A ward, district, facility or team.

    `phone_line` is reachable day and night for the 72 hours after a discharge.
    """

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    organisation_id: Mapped[int] = reference("organisations")
    name: Mapped[str]
    kind: Mapped[UnitKind]
    phone: Mapped[str | None]
    phone_line: Mapped[str | None]
    email: Mapped[str | None]
    receives_for_municipality: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship()


class Person(Base):
    """Somebody at work."""

    __tablename__ = "people"

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    username: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    mobile: Mapped[str | None]
    active: Mapped[bool]

    __table_args__ = (UniqueConstraint("username"),)


class PersonRole(Base):
    """What a person may do in a unit."""

    __tablename__ = "person_roles"
    __table_args__ = (UniqueConstraint("unit_id", "role", "person_id"),)

    id: Mapped[RowNumber]
    person_id: Mapped[int] = reference("people")
    unit_id: Mapped[int] = reference("units")
    role: Mapped[Role]

    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()
