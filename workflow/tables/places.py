"""Places and who has them: PostgreSQL says that two people are never in one place."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import Base, Line, Note, PublicId, RowNumber, reference
from workflow.vocabulary import PlaceKind, StayState


class Place(Base):
    """A bed at Tryghedshotellet, an akutplads, a short stay. `extra`: made by a manager when all were taken."""

    __tablename__ = "places"
    __table_args__ = (UniqueConstraint("unit_id", "name"),)

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    unit_id: Mapped[int] = reference("units")
    name: Mapped[Line]
    kind: Mapped[PlaceKind]
    extra: Mapped[bool]


class PlaceStay(Base):
    """What a place is used for, from when to when. Reservations and closures take the place like people do."""

    __tablename__ = "place_stays"
    __table_args__ = (
        ExcludeConstraint(
            ("place_id", "="), ("during", "&&"), name="ex_place_stays_one_at_a_time", using="gist",
            where="state <> 'released'",
        ),
        Index("ix_place_stays_episode_id", "episode_id"),
        Index("uq_place_stays_current", "episode_id", unique=True, postgresql_where="state in ('reserved', 'taken')"),
        CheckConstraint("(state = 'closed') = (episode_id is null)", name="closed_or_somebody"),
    )  # fmt: skip

    id: Mapped[RowNumber]
    uuid: Mapped[PublicId]
    place_id: Mapped[int] = reference("places")
    episode_id: Mapped[int | None] = reference("episodes")
    state: Mapped[StayState]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    reason: Mapped[Note | None]
    leaves_on: Mapped[date | None]  # of somebody who lies there: when they are expected to go home
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]

    place: Mapped[Place] = relationship()


class PlaceRequest(Base):
    """Somebody waits for a place of a kind in a unit."""

    __tablename__ = "place_requests"
    __table_args__ = (
        Index("uq_place_requests_waiting", "episode_id", unique=True, postgresql_where="ended_at is null"),
        Index("ix_place_requests_unit_id", "unit_id", "requested_at", postgresql_where="ended_at is null"),
    )

    id: Mapped[RowNumber]
    episode_id: Mapped[int] = reference("episodes")
    unit_id: Mapped[int] = reference("units")
    kind: Mapped[PlaceKind]
    requested_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
