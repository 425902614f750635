"""One obligation, one live deadline: opened, left, replaced or ended, with the miss that passing it unmet is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflow import deadlines
from workflow.casefile import CaseFile
from workflow.misses import Unmet
from workflow.rule import Rule, Rung
from workflow.tables import Deadline, Handover, Task
from workflow.vocabulary import Audience, Ended, MissCode

AT_DUE = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """When something is due, and against whom that runs.

    `overtaken`: the event that it had to come before has happened, so passing the limit is a miss there and then, and
    not something that was only heard of late.
    """

    rule: Rule
    due_at: datetime
    unit_id: int
    other_unit_id: int | None
    miss: MissCode | None
    overtaken: bool = False
    since_number: int | None = None  # of a state: the entry that its time runs from


def keep(
    case: CaseFile,
    limit: Limit,
    *,
    at: datetime,
    task: Task | None = None,
    handover: Handover | None = None,
) -> None:
    """Give an obligation the one live deadline that `limit` says: open it, leave it, or replace it."""
    live = case.deadline_of(task=task, handover=handover, concerns=limit.rule.concerns)
    if live is not None:
        if _says(live, limit):
            return
        moved = live.due_at != limit.due_at
        if moved:
            case.moved.append(_moved(live, limit.due_at))
            if live.miss is not None and live.due_at <= at < limit.due_at:
                case.spared.append(live)
        # Passed unmet under the old limit, and not excused by the new: who had it until now missed it.
        passed = limit.due_at <= at or not moved
        end(case, live, Ended.MOVED if moved else Ended.HANDED_ON, at=at, until=at if passed else None)
    if limit.overtaken and limit.miss is not None and limit.due_at <= at:
        miss(case, limit.miss, due_at=limit.due_at, owing_unit_id=limit.unit_id, task=task, handover=handover)
    case.add(
        deadlines.start(
            case.episode, limit.rule.concerns, unit_id=limit.unit_id, other_unit_id=limit.other_unit_id,
            due_at=limit.due_at, ladder=_ladder(limit.rule, limit.miss), miss=limit.miss, at=at, task=task,
            handover=handover, replaces=live, since_number=limit.since_number,
        )
    )  # fmt: skip


def _says(live: Deadline, limit: Limit) -> bool:
    same = (live.due_at, live.unit_id, live.other_unit_id) == (limit.due_at, limit.unit_id, limit.other_unit_id)
    return same and live.concerns == limit.rule.concerns and (live.miss == limit.miss or live.opened_late)


def _ladder(rule: Rule, miss: MissCode | None) -> Sequence[Rung]:
    """A rule with a miss must have a rung at its due time, for that is when the miss is written."""
    if miss is None or any(rung.offset == AT_DUE for rung in rule.ladder):
        return rule.ladder
    return sorted((*rule.ladder, Rung(AT_DUE, Audience.MANAGERS)), key=lambda rung: rung.offset)


def _moved(live: Deadline, due_at: datetime) -> dict[str, Any]:
    subject: dict[str, Any] = {live.concerns.value: True}
    if live.task is not None:
        subject = {"task": str(live.task.uuid)}
    elif live.handover is not None:
        subject = {"handover": str(live.handover.uuid)}
    return {**subject, "due": [live.due_at.isoformat(), due_at.isoformat()]}


def end(case: CaseFile, live: Deadline, ended: Ended, *, at: datetime, until: datetime | None) -> None:
    """Stop a timer. If it had passed unmet by `until`, that is a miss, whether a sweep has seen it or not."""
    # Done on the stroke is in time; still not done on the stroke is not.
    undone = ended in {Ended.MOVED, Ended.HANDED_ON}
    if live.miss is not None and until is not None and (live.due_at < until or (undone and live.due_at == until)):
        miss(
            case, live.miss, due_at=live.due_at, owing_unit_id=live.unit_id, task=live.task, handover=live.handover
        )  # fmt: skip
    deadlines.end(live, ended, at=at)
    case.deadlines.remove(live)


def miss(
    case: CaseFile,
    code: MissCode,
    *,
    due_at: datetime,
    owing_unit_id: int,
    task: Task | None = None,
    handover: Handover | None = None,
) -> None:
    """A miss of this episode, as things are now: it is written, and its verdict looked at, before settling ends."""
    case.unmet.append(
        Unmet(
            code=code, due_at=due_at, owing_unit_id=owing_unit_id,
            responsible_unit_id=case.episode.responsible_unit_id, attempts=task.attempts if task is not None else 0,
            last_outcome=task.last_outcome if task is not None else None, task=task, handover=handover,
        )
    )  # fmt: skip
