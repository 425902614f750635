"""What was missed in the sending of handovers, and what counts of every miss now that more is known."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import misses
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.misses import Judged
from workflow.settling.timers import miss
from workflow.tables import Handover, Miss, Task
from workflow.vocabulary import Concerns, HandoverState, MissCode, RuleKind, TaskState, Verdict


def settle_misses(
    session: Session, case: CaseFile, tells_for: Callable[[int], bool], *, by: Actor, at: datetime
) -> None:
    """Write what was missed in sending, and append a verdict wherever what is known now changes what counts.

    Who `tells_for` the unit that missed something does not excuse it by another time alone: it stands, and says that
    this waits for a manager.
    """
    for live in case.spared:
        if live.miss is not None and tells_for(live.unit_id):
            miss(
                case, live.miss, due_at=live.due_at, owing_unit_id=live.unit_id, task=live.task, handover=live.handover
            )  # fmt: skip
    case.spared.clear()
    for handover in case.handovers:
        _miss_of_sending(case, handover, at=at)
    known = misses.of_episode(session, case.episode) if case.missed else []
    if case.unmet:
        case.number_rows(session)
        known += misses.write(session, case.episode, case.unmet, at=at)
        case.unmet.clear()
        case.missed = True
    for judged in known:
        verdict, reason = _verdict(case, judged, at=at)
        undone = (judged.verdict, verdict) == (Verdict.STANDS, Verdict.EXCUSED) and not judged.by_hand
        if undone and (judged.claimed or tells_for(judged.miss.owing_unit_id)):
            misses.leave_to_managers(session, judged, by=by, at=at)
        else:
            misses.judge(session, judged, verdict, reason, by=by, at=at)


def _miss_of_sending(case: CaseFile, handover: Handover, *, at: datetime) -> None:
    """M1, M2, M4: not sent, sent late, or rejected and not sent again, when the transition took effect."""
    event = case.timeline.numbered(handover.event_number) if handover.event_number is not None else None
    if event is None or handover.opened_number > event.number:
        return
    code, due_at = None, event.effective_at
    if handover.first_sent_at is None or handover.first_sent_at > event.effective_at:
        code = MissCode.NOT_SENT
    elif handover.state == HandoverState.REJECTED and (handover.answered_at or at) <= event.effective_at:
        code = MissCode.REJECTED_NOT_RESENT
    else:
        rule = case.terms.concerning(Concerns.HANDOVER_SENDING, handover.trigger, event.effective_at)
        if rule is not None and rule.kind in {RuleKind.AT_CLOCK_TIME, RuleKind.BEFORE_EVENT}:
            due_at = rule.limit_before(event.effective_at)
            code = MissCode.SENT_LATE if handover.first_sent_at > due_at else None
    if code is not None:
        miss(case, code, due_at=due_at, owing_unit_id=handover.from_unit_id, handover=handover)


def _verdict(case: CaseFile, judged: Judged, *, at: datetime) -> tuple[Verdict, str]:
    """What counts of a miss, given everything that is known now; the miss itself is never touched."""
    missed = judged.miss
    if missed.task_id is not None:
        return _task_verdict(case, missed, next(t for t in case.tasks if t.id == missed.task_id), at=at)
    handover = next(h for h in case.handovers if h.id == missed.handover_id)
    return _handover_verdict(case, missed, handover)


def _task_verdict(case: CaseFile, missed: Miss, task: Task, *, at: datetime) -> tuple[Verdict, str]:
    if case.timeline.numbered(task.anchor_number) is None:
        return Verdict.EXCLUDED, "event_cancelled"
    if task.state == TaskState.WITHDRAWN and case.timeline.last.effective_at <= missed.due_at:
        return Verdict.EXCLUDED, case.timeline.last.trigger
    if task.done_at is not None and task.done_at <= task.due_at:
        return Verdict.EXCUSED, "done_in_time"
    if task.state == TaskState.OPEN and task.due_at > at:
        return Verdict.EXCUSED, "time_corrected"
    return Verdict.STANDS, "not_in_time"


def _handover_verdict(case: CaseFile, missed: Miss, handover: Handover) -> tuple[Verdict, str]:
    sending = missed.code in {MissCode.NOT_SENT, MissCode.SENT_LATE, MissCode.REJECTED_NOT_RESENT}
    event = case.timeline.numbered(handover.event_number) if handover.event_number is not None else None
    if sending and event is None:
        return Verdict.EXCLUDED, "event_cancelled"
    if missed.code == MissCode.NOT_SENT and event is not None and _sent_by(handover, event.effective_at):
        return Verdict.EXCUSED, "time_corrected"
    withdrawn = missed.code == MissCode.NOT_ANSWERED and handover.state == HandoverState.WITHDRAWN
    if withdrawn and case.timeline.last.effective_at <= missed.due_at:
        return Verdict.EXCLUDED, case.timeline.last.trigger
    return Verdict.STANDS, "not_in_time"


def _sent_by(handover: Handover, moment: datetime) -> bool:
    return handover.first_sent_at is not None and handover.first_sent_at <= moment
