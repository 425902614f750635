"""Until when something holds that nobody owes: the 72-hour line after a discharge."""

from datetime import datetime

from sqlalchemy.orm import Session

from workflow import timeline
from workflow.agreements import Terms
from workflow.obligations import Situation, window_ends
from workflow.tables import Episode


def line_until(session: Session, episode: Episode, terms: Terms) -> datetime | None:
    """When the ward's line for this citizen closes; None where nothing has opened it (rule R15, practice.md 2.5)."""
    situation = Situation(frozenset(episode.needs), episode.expected_discharge_at, None)
    ends = window_ends(terms, timeline.fold(timeline.entries(session, episode)), situation)
    return max(ends.values(), default=None)
