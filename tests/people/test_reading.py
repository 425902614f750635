"""When a unit reads what is sent to it: its hours, and the days on which it is closed."""

from datetime import UTC, date, datetime, time
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.people.conftest import Staff
from workflow import calendar
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotFound
from workflow.staff import reading
from workflow.tables import ClosedDay, Unit
from workflow.vocabulary import Role

WEDNESDAY, THURSDAY, FRIDAY = date(2026, 12, 23), date(2026, 12, 24), date(2026, 12, 25)
NOW = datetime(2026, 12, 23, 11, 0, tzinfo=UTC)


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return calendar.at_clock(day, time(hour, minute))


def unit(reads_from: int | None = None, reads_until: int | None = None) -> Unit:
    hours = [time(hour) if hour is not None else None for hour in (reads_from, reads_until)]
    return Unit(name="Distrikt", reads_from=hours[0], reads_until=hours[1])


@pytest.mark.parametrize(
    ("reads", "closed", "at", "next_at"),
    [
        ((None, None), set(), wall(WEDNESDAY, 3), wall(WEDNESDAY, 3)),
        ((7, 22), set(), wall(WEDNESDAY, 7), wall(WEDNESDAY, 7)),
        ((7, 22), set(), wall(WEDNESDAY, 6, 59), wall(WEDNESDAY, 7)),
        ((7, 22), set(), wall(WEDNESDAY, 22), wall(THURSDAY, 7)),
        ((7, 22), {WEDNESDAY}, wall(WEDNESDAY, 12), wall(THURSDAY, 7)),
        ((7, 22), {THURSDAY}, wall(WEDNESDAY, 23), wall(FRIDAY, 7)),
        ((7, 22), {THURSDAY, FRIDAY}, wall(WEDNESDAY, 12), wall(WEDNESDAY, 12)),
        ((7, 22), {THURSDAY, FRIDAY}, wall(THURSDAY, 3), wall(date(2026, 12, 26), 7)),
        ((None, None), {THURSDAY}, wall(THURSDAY, 12), wall(FRIDAY, 0)),
        ((22, 6), set(), wall(WEDNESDAY, 12), wall(WEDNESDAY, 22)),
        ((22, 6), set(), wall(WEDNESDAY, 23), wall(WEDNESDAY, 23)),
        ((22, 6), {WEDNESDAY}, wall(WEDNESDAY, 23), wall(THURSDAY, 0)),
        ((8, 8), set(), wall(WEDNESDAY, 3), wall(WEDNESDAY, 3)),
        ((7, 22), set(), wall(date(2026, 3, 28), 23), wall(date(2026, 3, 29), 7)),  # the clock goes forward that night
        ((2, 3), set(), wall(date(2026, 3, 28), 12), wall(date(2026, 3, 30), 2)),  # the hour that there is not
    ],
)
def test_what_is_sent_is_read_when_the_unit_reads_next(
    reads: tuple[int | None, int | None], closed: set[date], at: datetime, next_at: datetime
) -> None:
    assert reading.reads_at(unit(*reads), closed, at=at) == next_at


def test_a_day_is_added_once_and_taken_back(session: Session, staff: Staff) -> None:
    ward, by = staff.world.ward, staff.first
    for day in (THURSDAY, WEDNESDAY, THURSDAY):
        reading.close(session, ward, day, by=by, at=NOW)
    there = reading.closed_days(session, ward, since=WEDNESDAY)
    assert [one.day for one in there] == [WEDNESDAY, THURSDAY]
    assert reading.reads_again(session, ward, at=NOW) == wall(FRIDAY, 0)
    assert reading.next_closed(session, since=THURSDAY) == {ward.id: THURSDAY}
    for _ in range(2):
        reading.open_again(session, ward, there[0].uuid, by=by, at=NOW)
    session.flush()
    assert reading.reads_again(session, ward, at=NOW) is None
    assert (there[0].removed_at, there[0].removed_by) == (NOW, by.name)
    reading.close(session, ward, WEDNESDAY, by=by, at=NOW)
    assert len(session.scalars(select(ClosedDay)).all()) == 3


def test_what_cannot_be_a_closed_day(session: Session, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    ward = staff.world.ward
    with pytest.raises(Invalid, match="gået"):
        reading.close(session, ward, date(2026, 12, 22), by=staff.first, at=NOW)
    monkeypatch.setattr(reading, "MOST", 1)
    reading.close(session, ward, WEDNESDAY, by=staff.first, at=NOW)
    with pytest.raises(Invalid, match="højst 1"):
        reading.close(session, ward, THURSDAY, by=staff.first, at=NOW)


def test_only_who_administers_the_unit_closes_it(session: Session, staff: Staff) -> None:
    ward, municipality = staff.world.ward, staff.world.municipality
    reading.close(session, ward, THURSDAY, by=staff.first, at=NOW)
    (closed,) = reading.closed_days(session, ward, since=WEDNESDAY)
    elsewhere = Actor(name="Eva", organisation_id=municipality.id, roles=frozenset({Role.ADMINISTRATOR}))
    for by in (elsewhere, staff.manager):
        with pytest.raises(NotAllowed):
            reading.close(session, ward, FRIDAY, by=by, at=NOW)
        with pytest.raises(NotAllowed):
            reading.open_again(session, ward, closed.uuid, by=by, at=NOW)
    for unit, number in ((ward, uuid4()), (staff.world.district, closed.uuid)):
        with pytest.raises(NotFound):
            reading.open_again(session, unit, number, by=staff.first, at=NOW)
    assert closed.removed_at is None
