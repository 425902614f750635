"""Misses: written once by whoever sees first, judged again when what is known changes, never removed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from workflow.actor import Actor
from workflow.db import plain
from workflow.tables import Deadline, Episode, Handover, Miss, MissVerdict, Reminder, Task
from workflow.vocabulary import MissCode, Verdict


@dataclass(frozen=True)
class Judged:
    """A miss with the verdict that counts now."""

    miss: Miss
    verdict: Verdict
    number: int  # of the verdict; 0 where none was ever given
    by_hand: bool  # a manager gave it: what follows from the events no longer changes it


def write(
    session: Session,
    episode: Episode,
    code: MissCode,
    *,
    due_at: datetime,
    owing_unit_id: int,
    at: datetime,
    task: Task | None = None,
    handover: Handover | None = None,
) -> None:
    """Record that something was not done by `due_at`, with who had to and who was responsible. Twice does nothing."""
    owned = Deadline.task_id == task.id if task is not None else Deadline.handover_id == (handover and handover.id)
    reminders = select(func.count()).select_from(Reminder).join(Deadline).where(owned).scalar_subquery()
    session.execute(
        insert(plain(Miss))
        .values(
            episode_id=episode.id, task_id=task and task.id, handover_id=handover and handover.id, code=code,
            due_at=due_at, recorded_at=at, owing_unit_id=owing_unit_id,
            responsible_unit_id=episode.responsible_unit_id, reminders=reminders,
            attempts=task.attempts if task is not None else 0, last_outcome=task and task.last_outcome,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


_Later = aliased(MissVerdict)
_OF_EPISODE = (
    select(Miss, MissVerdict.verdict, MissVerdict.number, MissVerdict.given_by_id)
    .outerjoin(
        MissVerdict,
        (MissVerdict.miss_id == Miss.id)
        & ~exists().where(_Later.miss_id == MissVerdict.miss_id, _Later.number > MissVerdict.number),
    )
    .where(Miss.episode_id == bindparam("episode"))
    .order_by(Miss.id)
)


def of_episode(session: Session, episode: Episode) -> list[Judged]:
    """Every miss of an episode, oldest first, with the verdict that counts."""
    rows = session.execute(_OF_EPISODE, {"episode": episode.id})
    return [
        Judged(miss, verdict or Verdict.STANDS, number or 0, by_hand=given_by_id is not None)
        for miss, verdict, number, given_by_id in rows
    ]


def judge(
    session: Session, judged: Judged, verdict: Verdict, reason: str, *, by: Actor, at: datetime, by_hand: bool = False
) -> None:
    """Append a verdict where it differs from the one that counts now. The miss itself stays as it was written.

    What a manager says `by_hand` counts until a manager says something else, whatever follows from the events.
    """
    if judged.verdict != verdict and (by_hand or not judged.by_hand):
        session.execute(
            insert(plain(MissVerdict)),
            {
                "miss_id": judged.miss.id, "number": judged.number + 1, "verdict": verdict, "reason": reason,
                "given_at": at, "given_by": by.name, "given_by_id": by.person_id if by_hand else None,
            },
        )  # fmt: skip
