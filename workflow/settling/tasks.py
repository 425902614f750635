"""The tasks that are owed against those that are there: opened, kept, moved, handed on, withdrawn, restored."""

from datetime import datetime

from workflow.casefile import CaseFile
from workflow.obligations import Owed, tasks_owed
from workflow.parties import require_unit_as, unit_as
from workflow.rule import Rule
from workflow.settling.timers import Limit, end, keep
from workflow.tables import Task
from workflow.vocabulary import Concerns, Ended, TaskState


def settle_tasks(case: CaseFile, *, at: datetime) -> None:
    done: dict[tuple[str, int], tuple[int, datetime]] = {}
    for task in case.tasks:
        if task.state == TaskState.DONE and task.done_at is not None:
            done[task.rule, task.anchor_number] = (task.occurrence, task.done_at)
    owed = {
        o.key: o
        for o in tasks_owed(case.pathway, case.terms, case.timeline, case.situation, done)
        if o.rule.concerns != Concerns.QUESTION or unit_as(case.episode, o.rule.owner) is not None
    }  # whom a question asked may take no part any more
    for task in case.tasks:
        if task.state == TaskState.DONE and (live := case.deadline_of(task=task)) is not None:
            late = task.done_at is not None and task.done_at > live.due_at
            end(case, live, Ended.MET_LATE if late else Ended.MET, at=at, until=task.done_at)
    known = {(task.rule, task.anchor_number, task.occurrence): task for task in case.tasks}
    for key, task in known.items():
        if key not in owed and task.state == TaskState.OPEN:
            _withdraw_task(case, task, at=at)
    fresh = [_open_task(case, o, at=at) for key, o in owed.items() if key not in known]
    for task, o in [*fresh, *((known[key], o) for key, o in owed.items() if key in known)]:
        _keep_task(case, task, o, at=at)


def _open_task(case: CaseFile, owed: Owed, *, at: datetime) -> tuple[Task, Owed]:
    rule = owed.rule
    task = Task(
        episode_id=case.episode.id, rule=rule.key, kind=rule.task, done_by=rule.done_by, mandatory=rule.mandatory,
        miss=rule.miss, occurrence=owed.occurrence, anchor_number=owed.anchor.number,
        unit_id=require_unit_as(case.episode, rule.owner),
        counterpart_unit_id=_counterpart(case, rule), state=TaskState.OPEN, opened_at=at, due_at=owed.due_at,
        heard_late=False, attempts=0, text=owed.text,
    )  # fmt: skip
    case.add(task)
    return task, owed


def _counterpart(case: CaseFile, rule: Rule) -> int | None:
    return unit_as(case.episode, rule.counterpart) if rule.counterpart is not None else None


def _keep_task(case: CaseFile, task: Task, owed: Owed, *, at: datetime) -> None:
    """Open, restore, move or hand on: the task and its timer as they should be now."""
    if task.state == TaskState.WITHDRAWN:
        task.state = TaskState.OPEN
        case.moved.append({"task": str(task.uuid), "restored": True})
    if task.due_at != owed.due_at and task.state == TaskState.DONE:
        case.moved.append({"task": str(task.uuid), "due": [task.due_at.isoformat(), owed.due_at.isoformat()]})
    if task.state == TaskState.OPEN:
        task.unit_id = require_unit_as(case.episode, owed.rule.owner)
        task.counterpart_unit_id = _counterpart(case, owed.rule)
        known = case.deadline_of(task=task) is not None
        task.heard_late = task.heard_late or (owed.due_at <= at and not known)
        limit = Limit(
            rule=owed.rule, due_at=owed.due_at, unit_id=task.unit_id, other_unit_id=task.counterpart_unit_id,
            miss=None if owed.nudge else task.miss,
            overtaken=known and owed.rule.before is not None and owed.due_at <= at,
        )  # fmt: skip
        keep(case, limit, task=task, at=at)
    task.due_at = owed.due_at


def _withdraw_task(case: CaseFile, task: Task, *, at: datetime) -> None:
    task.state = TaskState.WITHDRAWN
    case.moved.append({"task": str(task.uuid), "withdrawn": True})
    if (live := case.deadline_of(task=task)) is not None:
        end(case, live, Ended.WITHDRAWN, at=at, until=_ended_by(case, task))


def _ended_by(case: CaseFile, task: Task) -> datetime | None:
    """When that happened which the task ends with; None where it should never have been owed."""
    anchored = case.timeline.numbered(task.anchor_number) is not None
    return case.timeline.last.effective_at if anchored else None
