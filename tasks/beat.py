"""Beat by a clock that nobody sets: Celery's own goes silent for as long as the time is set back."""

import time
from datetime import datetime
from typing import Any

from celery.beat import Scheduler
from celery.schedules import schedstate, schedule


class Every(schedule):
    """Due at the start, and so many seconds after each run; when that is, SteadyScheduler knows."""

    def is_due(self, last_run_at: datetime) -> schedstate:
        """Asked when the time has come: run now, and come again in so many seconds."""
        return schedstate(is_due=True, next=self.seconds)


class SteadyScheduler(Scheduler):
    """Orders what comes next by that clock. Remembers nothing: a sweep that comes too often finds nothing to do."""

    def _when(self, entry: Any, next_time_to_run: Any, *_: Any) -> float:
        return time.monotonic() + (self.adjust(next_time_to_run) or 0)
