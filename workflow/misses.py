"""Misses: written once by whoever sees first, judged again when what is known changes, never removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from workflow import db
from workflow.actor import Actor
from workflow.db import plain
from workflow.tables import Episode, Handover, Miss, MissVerdict, Task
from workflow.vocabulary import MissCode, Outcome, Verdict


@dataclass(frozen=True)
class Judged:
    """A miss with the verdict that counts now."""

    miss: Miss
    verdict: Verdict
    number: int  # of the verdict; 0 where none was ever given


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """What was not done by `due_at`, who had to, and who was responsible: a miss that is to be written."""

    code: MissCode
    due_at: datetime
    owing_unit_id: int
    responsible_unit_id: int | None
    attempts: int
    last_outcome: Outcome | None
    task: Task | None = None
    handover: Handover | None = None


_WRITE = """
    insert into misses (episode_id, task_id, handover_id, code, due_at, recorded_at, owing_unit_id,
                        responsible_unit_id, attempts, last_outcome, reminders)
    values (%(episode)s, %(task)s, %(handover)s, %(code)s, %(due_at)s, %(at)s, %(owing_unit_id)s,
            %(responsible_unit_id)s, %(attempts)s, %(last_outcome)s,
            (select count(*) from reminders r join deadlines d on d.id = r.deadline_id
             where d.task_id = %(task)s or d.handover_id = %(handover)s))
    on conflict do nothing
"""


def write(session: Session, episode: Episode, unmet: Iterable[Unmet], *, at: datetime) -> None:
    """Record what was not done; tasks and handovers have their numbers. Twice does nothing."""
    for one in unmet:
        values = {
            **vars(one), "episode": episode.id, "at": at, "task": one.task and one.task.id,
            "handover": one.handover and one.handover.id,
        }  # fmt: skip
        db.driver(session).execute(_WRITE, values)


_Later = aliased(MissVerdict)
_OF_EPISODE = (
    select(Miss, MissVerdict.verdict, MissVerdict.number)
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
    return [Judged(miss, verdict or Verdict.STANDS, number or 0) for miss, verdict, number in rows]


def judge(session: Session, judged: Judged, verdict: Verdict, reason: str, *, by: Actor, at: datetime) -> None:
    """Append a verdict where it differs from the one that counts now. The miss itself stays as it was written."""
    if judged.verdict != verdict:
        session.execute(
            insert(plain(MissVerdict)),
            {
                "miss_id": judged.miss.id, "number": judged.number + 1, "verdict": verdict, "reason": reason,
                "given_at": at, "given_by": by.name,
            },
        )  # fmt: skip
