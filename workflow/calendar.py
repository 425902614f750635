"""Danish time: elapsed hours, clock times, working days and quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MIDNIGHT = time(0)
QUIET_FROM, QUIET_UNTIL = time(22), time(7)  # phones and mail of people (decisions D5); never a unit's own list


def local(instant: datetime) -> datetime:
    """The instant as the clock on a Danish wall shows it."""
    return instant.astimezone(COPENHAGEN)


def at_clock(day: date, clock: time) -> datetime:
    """The instant when a Danish wall clock shows `clock` on `day` (the first of two, the night the clock goes back)."""
    return datetime.combine(day, clock, COPENHAGEN).astimezone(UTC)


def public_holidays(year: int, language: str) -> list[tuple[date, str]]:
    """The public holidays of a year, each with its name in "da" or "en", by day: no working days."""
    spoken = {"da": "da", "en": "en_US"}[language]
    return sorted(holidays.country_holidays("DK", years=year, language=spoken).items())


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year))


def is_working_day(day: date) -> bool:
    """Monday to Friday except Danish public holidays (domain/practice.md 2.11)."""
    return day.weekday() < 5 and day not in _holidays_of(day.year)


def add_working_days(instant: datetime, days: int) -> datetime:
    """The same clock time, `days` working days later."""
    start = local(instant)
    day, left = start.date(), days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return at_clock(day, start.time())


def next_clock_time(instant: datetime, clock: time, days: int = 0) -> datetime:
    """The first instant after `instant` + `days` days when the wall clock shows `clock`."""
    day = local(instant).date() + timedelta(days=days)
    due = at_clock(day, clock)
    return due if due > instant else at_clock(day + timedelta(days=1), clock)


def outside_quiet_hours(instant: datetime) -> datetime:
    """The first instant, from `instant` on, when a person's phone may sound."""
    wall = local(instant)
    if QUIET_UNTIL <= wall.time() < QUIET_FROM:
        return instant
    day = wall.date() + timedelta(days=1) if wall.time() >= QUIET_FROM else wall.date()
    return at_clock(day, QUIET_UNTIL)
