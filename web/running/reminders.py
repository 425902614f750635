"""Whether reminders are out of order, said on every page: nobody relies on what no longer comes."""

from contextlib import nullcontext
from datetime import datetime, timedelta

from flask import Flask, g
from sqlalchemy.exc import OperationalError, TimeoutError

from workflow import clock, operations
from workflow.db import Session

TOLERATED = timedelta(minutes=5)  # domain/users.md 4.6; a restart takes less
BEAT = "beat"


def silent_since() -> datetime | None:
    """Since when there was no sign of life of the background work, where that is too long ago; None where it lives.

    Asked for who is signed in. While the database is away, the page says that, and not this.
    """
    if not g.get("signed_in"):
        return None
    try:
        with nullcontext(g.desk.session) if "desk" in g else Session.begin() as session:
            last = operations.heartbeat_of(session, BEAT)
    except (OperationalError, TimeoutError):
        return None
    return last if last is not None and clock.real_now() - last > TOLERATED else None


def register(app: Flask) -> None:
    """Let the frame of every page ask."""
    app.add_template_global(silent_since, "reminders_silent_since")
