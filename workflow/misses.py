"""Misses: written once by whoever sees first, judged again when what is known changes, never removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from workflow import db, texts
from workflow.actor import Actor
from workflow.db import plain
from workflow.tables import Episode, Handover, Miss, MissVerdict, Task
from workflow.vocabulary import MissCode, Outcome, Verdict

CLAIMED = "told_by_its_unit"  # the reason of a verdict that waits for a manager


@dataclass(frozen=True)
class Judged:
    """A miss with the verdict that counts now."""

    miss: Miss
    verdict: Verdict
    number: int  # of the verdict; 0 where none was ever given
    by_hand: bool  # a manager gave it: what follows from the events no longer changes it
    claimed: bool = False  # its own unit has told of another time: a manager says whether that counts


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
    select %(episode)s, task, handover, code, due_at, %(at)s, owing, responsible, attempts, last_outcome, (
        select count(*) from reminders r join deadlines d on d.id = r.deadline_id
        where d.episode_id = %(episode)s and (d.task_id = task or d.handover_id = handover)
    )
    from unnest(%(tasks)s::bigint[], %(handovers)s::bigint[], %(codes)s::text[], %(due)s::timestamptz[],
                %(owing)s::bigint[], %(responsible)s::bigint[], %(attempts)s::integer[], %(outcomes)s::text[])
         as unmet (task, handover, code, due_at, owing, responsible, attempts, last_outcome)
    on conflict do nothing
    returning id, task_id, handover_id, code, due_at, owing_unit_id
"""


def write(session: Session, episode: Episode, unmet: Sequence[Unmet], *, at: datetime) -> list[Judged]:
    """Record what was not done; tasks and handovers have their numbers. Returns what had not been recorded before."""
    values = {
        "episode": episode.id, "at": at, "tasks": [one.task and one.task.id for one in unmet],
        "handovers": [one.handover and one.handover.id for one in unmet], "codes": [one.code for one in unmet],
        "due": [one.due_at for one in unmet], "owing": [one.owing_unit_id for one in unmet],
        "responsible": [one.responsible_unit_id for one in unmet], "attempts": [one.attempts for one in unmet],
        "outcomes": [one.last_outcome for one in unmet],
    }  # fmt: skip
    written = db.driver(session).execute(_WRITE, values).fetchall()
    return [
        Judged(
            Miss(
                id=row,
                task_id=task_id,
                handover_id=handover_id,
                code=MissCode(code),
                due_at=due_at,
                owing_unit_id=owing,
            ),
            Verdict.STANDS,
            number=0,
            by_hand=False,
        )
        for row, task_id, handover_id, code, due_at, owing in written
    ]


_Later = aliased(MissVerdict)
_OF_EPISODE = (
    select(Miss, MissVerdict.verdict, MissVerdict.number, MissVerdict.given_by_id, MissVerdict.reason)
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
        Judged(
            miss, verdict or Verdict.STANDS, number or 0, by_hand=given_by_id is not None, claimed=reason == CLAIMED
        )
        for miss, verdict, number, given_by_id, reason in rows
    ]


def judge(
    session: Session, judged: Judged, verdict: Verdict, reason: str, *, by: Actor, at: datetime, by_hand: bool = False
) -> None:
    """Append a verdict where it differs from the one that counts now. The miss itself stays as it was written.

    What a manager says `by_hand` counts until a manager says something else, whatever follows from the events.
    """
    differs = judged.verdict != verdict or (by_hand and judged.claimed)
    if differs and (by_hand or not judged.by_hand):
        _append(session, judged, verdict, texts.taken(reason, field="reason"), by=by, at=at, by_hand=by_hand)


def leave_to_managers(session: Session, judged: Judged, *, by: Actor, at: datetime) -> None:
    """Say once that the unit which missed it has told of another time: it stands until a manager says otherwise."""
    if not judged.claimed:
        _append(session, judged, Verdict.STANDS, CLAIMED, by=by, at=at)


def _append(
    session: Session, judged: Judged, verdict: Verdict, reason: str, *, by: Actor, at: datetime, by_hand: bool = False
) -> None:
    session.execute(
        insert(plain(MissVerdict)),
        {
            "miss_id": judged.miss.id, "number": judged.number + 1, "verdict": verdict, "reason": reason,
            "given_at": at, "given_by": by.name, "given_by_id": by.person_id if by_hand else None,
        },
    )  # fmt: skip
