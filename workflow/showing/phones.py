"""Which number to ring a unit on: by day, by night, and on the line that is open after a discharge."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from workflow import agreements, calendar, db, obligations, timeline
from workflow.obligations import Situation
from workflow.tables import Episode, Unit

_ENTRIES = timeline.entries_and(
    "(select min(first_sent_at) from handovers where episode_id = %(episode)s and state <> 'withdrawn') as first_sent",
    "(select max(id) from agreements) as newest_agreement",
)


class Line(StrEnum):
    """What a number is for; a word of `workflow.sentences` with `phone:` before it."""

    DAY = "day"
    NIGHT = "night"
    LINE = "line"  # day and night, for as long as the hospital answers for the treatment


@dataclass(frozen=True)
class Number:
    """One number; `now`: the one to ring at this hour."""

    line: Line
    phone: str
    now: bool


def numbers(unit: Unit, *, at: datetime, line_until: datetime | None = None) -> tuple[Number, ...]:
    """The numbers of a unit, the one to ring at `at` first. The line counts until `line_until`."""
    day = calendar.outside_quiet_hours(at) == at
    line = unit.phone_line if line_until is not None and at < line_until else None
    found = ((Line.DAY, unit.phone, day), (Line.NIGHT, unit.phone_night, not day), (Line.LINE, line, False))
    there = [Number(kind, phone, now) for kind, phone, now in found if phone]
    return tuple(sorted(there, key=lambda number: not number.now))


def line_until(session: Session, episode: Episode, *, at: datetime) -> datetime | None:
    """Until when the hospital is to be reached day and night after the discharge (R15); None where that never began."""
    with db.driver(session).cursor(row_factory=namedtuple_row) as cursor:
        told: list[Any] = cursor.execute(_ENTRIES, {"episode": episode.id}).fetchall()
    situation = Situation(frozenset(episode.needs), episode.expected_discharge_at, told[0].first_sent)
    terms = agreements.terms_for(session, episode, at=at, newest_known=told[0].newest_agreement or 0)
    return max(obligations.window_ends(terms, timeline.fold(told), situation).values(), default=None)
