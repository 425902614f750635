"""Which number to ring a unit on: by day, by night, and on the line that is open after a discharge."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import agreements, calendar, obligations, timeline
from workflow.obligations import Situation
from workflow.tables import Episode, Handover, Unit
from workflow.vocabulary import HandoverState


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
    sent = select(func.min(Handover.first_sent_at)).where(
        Handover.episode_id == episode.id, Handover.state != HandoverState.WITHDRAWN
    )
    situation = Situation(frozenset(episode.needs), episode.expected_discharge_at, session.scalar(sent))
    told = timeline.fold(timeline.entries(session, episode))
    ends = obligations.window_ends(agreements.terms_for(session, episode, at=at), told, situation)
    return max(ends.values(), default=None)
