"""A plain process that records one event."""

import os
import sys
from collections.abc import Mapping
from uuid import UUID

from workflow import clock, db, episodes, keys
from workflow.actor import SYSTEM
from workflow.settings import Settings


def record(environment: Mapping[str, str], episode: UUID, trigger: str) -> None:
    """The whole of what the process does; what it says of an error is not listened to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    settings = Settings.from_environment(environment)
    keys.use(settings)
    db.connect(settings.database_url, role=db.SWEEPS)
    with db.Session.begin() as session:
        episodes.record_event(session, episode, trigger, by=SYSTEM, at=clock.now(session))
