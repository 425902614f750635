"""Citizens, and the register of who receives municipal services: what "known to the municipality" means."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.cpr import Cpr, decrypt
from workflow.db import Base, Line, PublicId, RowNumber, reference


class Citizen(Base):
    """A person with a CPR or replacement CPR number, which is encrypted, and found by a keyed hash."""

    __tablename__ = "citizens"
    __table_args__ = (
        UniqueConstraint("cpr_fingerprint"),
        Index("ix_citizens_words", text("words_of(name)"), postgresql_using="gin"),
        Index("ix_citizens_phone", text("digits_of(phone)"), postgresql_where="phone is not null"),
    )

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    cpr_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    cpr_fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[Line]
    phone: Mapped[Line | None]
    municipality_id: Mapped[int | None] = reference("organisations")

    @property
    def cpr(self) -> Cpr:
        return decrypt(self.cpr_encrypted)


class MunicipalService(Base):
    """A citizen receives services of a municipality from a day, until a day or until further notice."""

    __tablename__ = "municipal_services"
    __table_args__ = (
        CheckConstraint("until_on is null or until_on >= from_on", name="until_after_from"),
        Index("ix_municipal_services_citizen_id", "citizen_id", "municipality_id"),
    )

    id: Mapped[RowNumber]
    citizen_id: Mapped[int] = reference("citizens")
    municipality_id: Mapped[int] = reference("organisations")
    service: Mapped[Line]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
