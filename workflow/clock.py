"""The time. Asked once at each door (a view, a sweep, a command), then passed on as `at`."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.errors import NotPossible

DEMO_START = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)  # Thursday 12 March 2026, 08:00 in Copenhagen


def real_now() -> datetime:
    """The instant now, for heartbeats, sessions, throttles and resends; never moved by the demo clock."""
    return datetime.now(UTC)


def now(session: Session) -> datetime:
    """The instant that pages and sweeps go by: the demo clock where one is set, else the real time."""
    shown: datetime | None = session.execute(text("select at from demo_clock")).scalar_one_or_none()
    return shown.astimezone(UTC) if shown else real_now()


def start_demo(session: Session, at: datetime = DEMO_START) -> None:
    """Set the demo clock. It stands still until somebody moves it. Only a demo may call this."""
    session.execute(
        text("insert into demo_clock (single, at) values (true, :at) on conflict (single) do update set at = :at"),
        {"at": at},
    )


def advance(session: Session, by: timedelta) -> datetime:
    """Move the demo clock on, and return what it shows. Raises NotPossible where there is no demo clock."""
    moved = session.execute(text("update demo_clock set at = at + :by returning at"), {"by": by}).scalar_one_or_none()
    if moved is None:
        raise NotPossible("no_demo_clock")
    shown: datetime = moved
    return shown.astimezone(UTC)
