"""What the installation knows of its own work: signs of life, and the last run of each sweep. All in real time."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow.tables import Heartbeat, SweepRun


def record_heartbeat(session: Session, parts: Iterable[str], *, at: datetime) -> None:
    """These parts of the installation live at `at`."""
    beats = insert(Heartbeat).values([{"part": part, "at": at} for part in parts])
    session.execute(beats.on_conflict_do_update(index_elements=["part"], set_={"at": beats.excluded.at}))


def heartbeat_of(session: Session, part: str) -> datetime | None:
    """When a part of the installation was last known to live; None before its first sign of life."""
    return session.scalar(select(Heartbeat.at).where(Heartbeat.part == part))


def record_run(session: Session, sweep: str, *, started_at: datetime, seconds: float, done: int) -> None:
    """A sweep has run to its end and done this much. The last to end is the one that is shown; `total` adds up all."""
    run = insert(SweepRun).values(sweep=sweep, started_at=started_at, seconds=seconds, done=done, runs=1, total=done)
    new = run.excluded
    session.execute(
        run.on_conflict_do_update(
            index_elements=["sweep"],
            set_={
                "started_at": new.started_at,
                "seconds": new.seconds,
                "done": new.done,
                "runs": SweepRun.runs + 1,
                "total": SweepRun.total + new.done,
            },
        )
    )
