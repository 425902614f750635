"""Tasks: tried, done, claimed, handed on. Done means evidence: a contact that names the person, or a record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import cpr, history, instants, texts
from workflow.actor import SYSTEM, Actor
from workflow.agreed import KIND as AGREED
from workflow.agreed import OWNERS, Agreed
from workflow.casefile import CaseFile, fetch
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.parties import unit_as
from workflow.seeing import access
from workflow.settle import settle
from workflow.tables import ContactAttempt, Episode, Person, PersonRole, Task
from workflow.telling import outbox
from workflow.timeline import Told
from workflow.vocabulary import Audience, Claim, DoneBy, EntryKind, NoticeKind, Outcome, Role, RoleState, TaskState

VAIN_TRIES_BEFORE_MANAGER = 2
PHONE_AGREEMENT = "phone_agreement"


def record_attempt(
    session: Session,
    task_id: UUID,
    outcome: Outcome,
    *,
    by: Actor,
    at: datetime,
    made_at: datetime | None = None,
    spoken_with: str | None = None,
    doctor_involved: bool | None = None,
    next_try_at: datetime | None = None,
    agreed: tuple[Agreed, ...] = (),
    answers: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Task:
    """Record one try. Either side may; only a completed one, which names the person spoken to, completes the task.

    `made_at` is when the call was made (default: now), never before what it answers; `note` says why where it is told
    later. A call in time that the owing side tells of when the limit has passed is claimed, and counts as in time when
    the other side or a manager confirms it.
    `answers` are those to the questions of the script, by their keys. What was `agreed` becomes tasks, and the units
    that owe them are told. Two vain tries tell the ward's managers. Raises Invalid, NotAllowed, NotPossible, NotFound.
    """
    case, task = _fetch(session, task_id, by=by, at=at)
    _require_side(case, task, by)
    _require_open(task)
    made = instants.told(made_at, at=at, follows=_answers(case, task))
    instants.require_why(made, note, by=by, at=at)
    if task.done_by != DoneBy.CONTACT:
        raise NotPossible("not_a_call")
    if outcome == Outcome.COMPLETED and not (spoken_with or "").strip():
        raise Invalid("who_did_you_speak_to")
    if outcome == Outcome.CALL_LATER and next_try_at is None:
        raise Invalid("when_to_call_again")
    if outcome == Outcome.NOT_RELEVANT and not (note or "").strip():
        raise Invalid("reason_needed")
    _require_agreeable(case, agreed, outcome, made)
    _add_attempt(
        session, task, outcome, by=by, at=at, made_at=made, spoken_with=spoken_with, doctor_involved=doctor_involved,
        next_try_at=next_try_at, agreed=[one.text for one in agreed], note=note,
        answers=texts.all_taken(dict(answers or {})),
    )  # fmt: skip
    if outcome == Outcome.COMPLETED:
        _finish(case, task, said=made, by=by, at=at, spoken_with=spoken_with)
    facts: dict[str, Any] = {"task": str(task.uuid), "outcome": outcome, "attempt": task.attempts}
    if agreed:
        facts |= {"anchor": task.anchor_number, "agreed": [one.as_json() for one in agreed]}
    late_because = note if made < at - instants.TOLD_LATER else None
    _write(session, case, EntryKind.ATTEMPT, by=by, at=at, effective_at=made, facts=facts, reason=late_because)
    if outcome == Outcome.COMPLETED:
        outbox.tell(session, case.episode, (task.unit_id, task.counterpart_unit_id), "call_completed", by=by, at=at)
        _ask_for_confirmation(session, case, task, by=by, at=at)
        owing = dict.fromkeys(unit_as(case.episode, one.owner) for one in agreed)
        outbox.tell(session, case.episode, owing, AGREED, by=by, at=at)
    elif outcome.vain and _vain_tries(session, task) == VAIN_TRIES_BEFORE_MANAGER:
        outbox.tell(
            session, case.episode, (task.counterpart_unit_id,), "tried_in_vain", by=by, at=at,
            kind=NoticeKind.ESCALATION, audience=Audience.MANAGERS,
        )  # fmt: skip
    return case.close(session, task)


def _add_attempt(session: Session, task: Task, outcome: Outcome, *, by: Actor, at: datetime, **said: Any) -> None:
    cpr.require_none(said)
    task.attempts += 1
    task.last_outcome = outcome
    session.add(
        ContactAttempt(
            task_id=task.id, number=task.attempts, recorded_at=at, made_by=by.name, unit_id=by.unit_id, outcome=outcome,
            **{"answers": {}, **said, "agreed": list(said.get("agreed", ()))},
        )
    )  # fmt: skip


def _require_agreeable(case: CaseFile, agreed: tuple[Agreed, ...], outcome: Outcome, made_at: datetime) -> None:
    if agreed and outcome != Outcome.COMPLETED:
        raise Invalid("agreed_with_nobody")
    for one in agreed:
        if not one.text.strip():
            raise Invalid("what_was_agreed")
        if one.due_at <= made_at:
            raise Invalid("agreed_for_the_past")
        if one.owner not in OWNERS or unit_as(case.episode, one.owner) is None:
            raise NotPossible("no_such_party", party=one.owner)


def _vain_tries(session: Session, task: Task) -> int:
    session.flush()
    vain = [outcome for outcome in Outcome if outcome.vain]
    count = select(func.count()).where(ContactAttempt.task_id == task.id, ContactAttempt.outcome.in_(vain))
    return session.scalar(count) or 0


def note_phone_agreement(
    session: Session,
    case: CaseFile,
    event: int,
    spoken_with: str,
    made_at: datetime,
    agreed: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """A phone agreement that was given with the discharge completes the task that the discharge has just opened."""
    case.write(session)
    for task in case.tasks:
        if task.kind == PHONE_AGREEMENT and task.anchor_number == event and task.state == TaskState.OPEN:
            _add_attempt(
                session,
                task,
                Outcome.COMPLETED,
                by=by,
                at=at,
                made_at=made_at,
                spoken_with=spoken_with,
                agreed=(agreed,),
            )
            _finish(case, task, said=made_at, by=by, at=at, spoken_with=spoken_with)


def prepare(session: Session, task_id: UUID, questions: str, *, by: Actor, at: datetime) -> Task:
    """Keep what the unit wants to ask when it rings, for whoever rings. Raises NotAllowed, NotPossible, NotFound."""
    case, task = _fetch(session, task_id, by=by, at=at)
    _require_side(case, task, by)
    _require_open(task)
    cpr.require_none(questions)
    task.questions = questions.strip() or None
    return case.close(session, task)


def confirm(session: Session, task_id: UUID, *, by: Actor, at: datetime) -> Task:
    """The other side confirms what one side recorded. It counts once, confirmed or not.

    Where it was claimed to have been done in time, it counts so from now on; a manager may say so too.
    """
    case, task = _fetch(session, task_id, by=by, at=at)
    if task.state != TaskState.DONE:
        raise NotPossible("not_done_yet")
    if task.claim is not None:
        return _answer_claim(session, case, task, Claim.CONFIRMED, by=by, at=at)
    _require_side(case, task, by)
    recorder = session.scalar(
        select(ContactAttempt.unit_id).where(ContactAttempt.task_id == task.id, ContactAttempt.number == task.attempts)
    )
    if not may_confirm(by, case.episode, task, recorder):
        raise NotAllowed("other_side_confirms")
    if task.confirmed_at is None:
        task.confirmed_at, task.confirmed_by = at, by.name
        _write(session, case, EntryKind.TASK_CONFIRMED, by=by, at=at, facts={"task": str(task.uuid)})
    return case.close(session, task)


def may_confirm(by: Actor, episode: Episode, task: Task, recorder: int | None) -> bool:
    """Whether this person acts for the other side of a call that somebody of the unit `recorder` has recorded.

    Who coordinates discharges records and confirms for the ward.
    """
    coordinated = recorder not in {task.unit_id, task.counterpart_unit_id} and task.unit_id == episode.ward_id
    owed_it = recorder == task.unit_id or coordinated
    return access.acts_for(by, task.counterpart_unit_id if owed_it else task.unit_id, episode)


def refuse(session: Session, task_id: UUID, *, by: Actor, at: datetime, reason: str) -> Task:
    """The other side, or a manager, does not agree that it was done in time: it stays late. Raises as `confirm`."""
    case, task = _fetch(session, task_id, by=by, at=at)
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    return _answer_claim(session, case, task, Claim.REFUSED, by=by, at=at, reason=reason.strip())


def _answer_claim(
    session: Session, case: CaseFile, task: Task, answer: Claim, *, by: Actor, at: datetime, reason: str | None = None
) -> Task:
    if task.claim is None:
        raise NotPossible("nothing_is_claimed")
    if task.claim == answer:
        return case.close(session, task)
    if task.claim != Claim.WAITING:
        raise NotPossible("claim_answered", by=task.claim_answered_by, at=task.claim_answered_at)
    if not may_answer_claim(by, case.episode, task):
        raise NotAllowed("other_side_confirms")
    task.claim, task.claim_answered_at, task.claim_answered_by = answer, at, by.name
    kind, facts = EntryKind.CLAIM_REFUSED, {"task": str(task.uuid)}
    if answer == Claim.CONFIRMED:
        task.confirmed_at, task.confirmed_by, task.done_at = at, by.name, task.said_done_at
        kind = EntryKind.TASK_CONFIRMED
    _write(session, case, kind, by=by, at=at, facts=facts, reason=reason)
    outbox.tell(session, case.episode, (task.unit_id,), f"claim_{answer.value}", by=by, at=at)
    return case.close(session, task)


def may_answer_claim(by: Actor, episode: Episode, task: Task) -> bool:
    """Whether this person may say that a claimed time is right: of the other side, or a manager; never who told it."""
    if by.name == task.done_by_name or not access.has_relation(by, episode):
        return False
    ours, theirs = (access.acts_for(by, unit, episode) for unit in (task.unit_id, task.counterpart_unit_id))
    return Role.MANAGER in by.roles or (theirs and not ours)


def confirm_not_relevant(session: Session, task_id: UUID, *, by: Actor, at: datetime) -> Task:
    """A second person, or a manager, agrees that a task is not relevant: it ends without being done, and is no miss."""
    case, task = _fetch(session, task_id, by=by, at=at)
    _require_open(task)
    proposer = session.scalar(
        select(ContactAttempt.made_by).where(ContactAttempt.task_id == task.id, ContactAttempt.number == task.attempts)
    )
    if task.last_outcome != Outcome.NOT_RELEVANT:
        raise NotPossible("nobody_proposed_it")
    _require_side(case, task, by)
    if proposer == by.name:
        raise NotAllowed("second_person_needed")
    _finish(case, task, said=at, by=by, at=at, spoken_with=None)
    _write(session, case, EntryKind.NOT_RELEVANT, by=by, at=at, facts={"task": str(task.uuid)})
    return case.close(session, task)


def complete(
    session: Session,
    task_id: UUID,
    *,
    by: Actor,
    at: datetime,
    done_at: datetime | None = None,
    record: str,
    reason: str | None = None,
) -> Task:
    """Record that a task that is no call was done: when, and where that can be seen. Late stays late.

    `reason` says why it is told later; a time before the limit, told after it, is claimed as in `record_attempt`.
    """
    case, task = _fetch(session, task_id, by=by, at=at)
    access.require_unit(by, task.unit_id, case.episode)
    _require_open(task)
    if task.done_by == DoneBy.CONTACT:
        raise NotPossible("only_a_call_completes_it")
    if task.done_by == DoneBy.ANSWER:
        raise NotPossible("only_an_answer_completes_it")
    if not record.strip():
        raise Invalid("record_needed")
    made = instants.told(done_at, at=at, follows=_answers(case, task))
    instants.require_why(made, reason, by=by, at=at)
    _finish(case, task, said=made, by=by, at=at, spoken_with=None)
    facts = {"task": str(task.uuid), "record": record}
    _write(session, case, EntryKind.TASK_DONE, by=by, at=at, effective_at=made, facts=facts, reason=reason)
    _ask_for_confirmation(session, case, task, by=by, at=at)
    return case.close(session, task)


def claim(session: Session, task_id: UUID, *, by: Actor, at: datetime, take_over: bool = False) -> Task:
    """Take a task of the unit. Taking one that a colleague has asks for `take_over`. Raises NotPossible, NotAllowed."""
    case, task = _fetch(session, task_id, by=by, at=at)
    access.require_unit(by, task.unit_id, case.episode)
    _require_open(task)
    if task.claimed_by_id == by.person_id:
        return case.close(session, task)
    if task.claimed_by_id is not None and not take_over:
        raise NotPossible("already_claimed", by=session.get_one(Person, task.claimed_by_id).name)
    facts = {"task": str(task.uuid), "from": task.claimed_by_id}
    task.claimed_by_id, task.claimed_at = by.person_id, at
    _write(session, case, EntryKind.TASK_CLAIMED, by=by, at=at, facts=facts)
    return case.close(session, task)


def hand_on(session: Session, task_id: UUID, *, to: Person | None, by: Actor, at: datetime, note: str) -> Task:
    """Give a claimed task to a colleague in the unit, or back to the unit (`to` None), with a note."""
    case, task = _fetch(session, task_id, by=by, at=at)
    access.require_unit(by, task.unit_id, case.episode)
    _require_open(task)
    if to is not None and not _works_in(session, to, task.unit_id):
        raise NotPossible("not_in_the_unit")
    facts = {"task": str(task.uuid), "from": task.claimed_by_id, "to": to and to.id, "note": note}
    task.claimed_by_id, task.claimed_at = (to.id, at) if to is not None else (None, None)
    _write(session, case, EntryKind.TASK_HANDED_ON, by=by, at=at, facts=facts)
    return case.close(session, task)


def give_back(session: Session, task_id: UUID, person_id: int, name: str, *, at: datetime) -> bool:
    """Give a task that somebody took back to the unit, because they have stopped there; whether they had it still."""
    case, task = _fetch(session, task_id, by=SYSTEM, at=at)
    has_it = task.state == TaskState.OPEN and task.claimed_by_id == person_id
    if has_it:
        task.claimed_by_id, task.claimed_at = None, None
        facts = {"task": str(task.uuid), "from": person_id, "to": None, "note": "", "left": name}
        _write(session, case, EntryKind.TASK_HANDED_ON, by=SYSTEM, at=at, facts=facts)
    case.close(session, task)
    return has_it


def change_shift(session: Session, *, by: Actor, at: datetime, note: str) -> int:
    """Give everything that this person has claimed back to the unit, with a note; returns how many tasks."""
    mine = select(Task.uuid).where(
        Task.state == TaskState.OPEN, Task.unit_id == by.unit_id, Task.claimed_by_id == by.person_id
    )
    held = session.scalars(mine.order_by(Task.episode_id, Task.id)).all()
    for task_id in held:
        hand_on(session, task_id, to=None, by=by, at=at, note=note)
    return len(held)


def _works_in(session: Session, person: Person, unit_id: int) -> bool:
    roles = select(PersonRole.id).where(
        PersonRole.person_id == person.id, PersonRole.unit_id == unit_id, PersonRole.state == RoleState.IN_FORCE,
        PersonRole.role.in_([Role.WARD_NURSE, Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE, Role.DISCHARGE_COORDINATOR]),
    )  # fmt: skip
    return person.active and session.scalar(roles.limit(1)) is not None


def _fetch(session: Session, task_id: UUID, *, by: Actor, at: datetime) -> tuple[CaseFile, Task]:
    row = session.execute(select(Task.id, Task.episode_id).where(Task.uuid == task_id)).one_or_none()
    if row is None:
        raise NotFound("no_such_task")
    case = fetch(session, row.episode_id, at=at)
    if not access.has_relation(by, case.episode):
        raise NotFound("no_such_task")
    return case, next(t for t in case.tasks if t.id == row.id)


def _require_side(case: CaseFile, task: Task, by: Actor) -> None:
    if not (
        access.acts_for(by, task.unit_id, case.episode) or access.acts_for(by, task.counterpart_unit_id, case.episode)
    ):
        raise NotAllowed("not_your_task")


def _require_open(task: Task) -> None:
    if task.state == TaskState.WITHDRAWN:
        raise NotPossible("task_withdrawn")
    if task.state == TaskState.DONE:
        raise NotPossible("task_done", by=task.done_by_name, at=task.done_at)


def _answers(case: CaseFile, task: Task) -> datetime | None:
    """When that happened which a task answers; a phone agreement comes before the discharge that asks for it."""
    asked = case.timeline.events[0] if task.kind == PHONE_AGREEMENT else case.timeline.numbered(task.anchor_number)
    return asked.effective_at if asked is not None else None


def _finish(case: CaseFile, task: Task, *, said: datetime, by: Actor, at: datetime, spoken_with: str | None) -> None:
    """The task is done. Whoever owes it does not say alone, after the limit, that it was done before it."""
    task.state, task.done_at, task.done_by_name, task.spoken_with = TaskState.DONE, said, by.name, spoken_with
    if said <= task.due_at < at and access.acts_for(by, task.unit_id, case.episode):
        task.done_at, task.said_done_at, task.claim = at, said, Claim.WAITING


def _ask_for_confirmation(session: Session, case: CaseFile, task: Task, *, by: Actor, at: datetime) -> None:
    if task.claim == Claim.WAITING:
        outbox.tell(
            session, case.episode, (task.counterpart_unit_id or task.unit_id,), "claim_waits", by=by, at=at,
            kind=NoticeKind.ESCALATION, audience=Audience.UNIT if task.counterpart_unit_id else Audience.MANAGERS,
        )  # fmt: skip


def _write(
    session: Session,
    case: CaseFile,
    kind: EntryKind,
    *,
    by: Actor,
    at: datetime,
    facts: dict[str, Any],
    effective_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    number = case.episode.history_number + 1
    told = Told(
        number=number, kind=kind, dest=case.episode.state, effective_at=effective_at or at, recorded_at=at, facts=facts
    )
    case.timeline = case.ahead(told)
    follows = settle(session, case, number=number, by=by, at=at)
    history.append(
        session, case.episode, kind, by=by, at=at, effective_at=effective_at, reason=reason, facts={**facts, **follows}
    )
