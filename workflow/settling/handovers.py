"""The handover that what has happened asks for, and who has the responsibility because of it."""

from datetime import datetime

from sqlalchemy.orm import Session

from workflow.casefile import CaseFile
from workflow.parties import unit_as
from workflow.pathway import Handover as HandoverTerms
from workflow.rule import Rule
from workflow.settling.timers import Limit, end, keep
from workflow.tables import Handover
from workflow.timeline import Happened
from workflow.vocabulary import Concerns, Ended, HandoverState

_UNANSWERED = {HandoverState.SENT, HandoverState.READ}


def settle_handovers(session: Session, case: CaseFile, *, number: int, at: datetime) -> None:
    """Bring handovers, who is responsible, and the limits of handovers into line with the timeline of `case`."""
    in_force = {event.number for event in case.timeline.events}
    for handover in case.handovers:
        if handover.event_number is not None and handover.event_number not in in_force:
            _undo_event(case, handover, number=number)
    if case.pathway.is_final(case.timeline.state):
        if case.under_way is not None:
            _withdraw(case, case.under_way, number=number)
    else:
        _settle_open(session, case, number=number, at=at)
    _settle_limits(case, at=at)


def _settle_open(session: Session, case: CaseFile, *, number: int, at: datetime) -> None:
    _follow_units(case)
    event, terms = _last_handing_event(case)
    target = unit_as(case.episode, terms.to) if terms is not None else None
    _derive_responsible(case)
    due = event if target is not None and target != case.episode.responsible_unit_id else None
    if case.under_way is not None and not _fits(case, case.under_way, case.under_way.state, due, target):
        _withdraw(case, case.under_way, number=number)
    if case.under_way is None:
        _restore(session, case, due, target)
        _follow_units(case)
    if due is None or target is None:
        return
    under_way = case.under_way or _owe(case, due, target, number=number)
    under_way.event_number = due.number
    if under_way.state == HandoverState.ACCEPTED:
        under_way.passed_at = max(due.effective_at, under_way.answered_at or at)
        _derive_responsible(case)
        _restore(session, case, None, None)  # what was sent early for the event after it


def _follow_units(case: CaseFile) -> None:
    """A side of what is under way that has closed is its successor's; between those two it is nothing any more."""
    if (handover := case.under_way) is not None:
        sides = case.timeline.now(handover.from_unit_id), case.timeline.now(handover.to_unit_id)
        if sides[0] != sides[1]:
            handover.from_unit_id, handover.to_unit_id = sides


def _fits(case: CaseFile, handover: Handover, state: HandoverState, due: Happened | None, target: int | None) -> bool:
    """Whether it is what must be handed over now: for the event that is due, or, sent early, for the next one ahead."""
    if due is not None:
        same = (handover.trigger, case.timeline.now(handover.to_unit_id)) == (due.trigger, target)
        return same and handover.event_number in {None, due.number}
    ahead = case.pathway.handover_ahead(case.timeline.state)
    if ahead is None or ahead.hands_over is None or handover.event_number is not None or state == HandoverState.OWED:
        return False
    to = case.timeline.now(handover.to_unit_id)
    return (handover.trigger, to) == (ahead.trigger, unit_as(case.episode, ahead.hands_over.to))


def _undo_event(case: CaseFile, handover: Handover, *, number: int) -> None:
    """The event that this handover was for is no longer in force: restore what was before, or let it go too."""
    event_number = handover.event_number
    handover.passed_at = handover.event_number = None
    gone_with_it = event_number in case.timeline.taken_back or handover.opened_number >= (event_number or 0)
    if gone_with_it and handover.state != HandoverState.WITHDRAWN:
        _withdraw(case, handover, number=number)
    for later in case.handovers if handover.state != HandoverState.WITHDRAWN else ():
        under_way = later.passed_at is None and later.state != HandoverState.WITHDRAWN
        if under_way and later.opened_number > handover.opened_number:  # it was for what came after the event
            _withdraw(case, later, number=number)


def _withdraw(case: CaseFile, handover: Handover, *, number: int) -> None:
    handover.withdrawn_state, handover.withdrawn_number = handover.state, number
    handover.state = HandoverState.WITHDRAWN
    case.moved.append({"handover": str(handover.uuid), "withdrawn": True})


def _restore(session: Session, case: CaseFile, due: Happened | None, target: int | None) -> None:
    """What a cancelled entry withdrew comes back where it fits; nothing newer is under way."""
    for handover in case.handovers:
        state = handover.withdrawn_state
        if state and handover.withdrawn_number in case.timeline.cancelled and _fits(case, handover, state, due, target):
            case.sheet.write_changes(
                session, Handover
            )  # what goes makes room for what comes back: one handover is under way at a time
            handover.state, handover.withdrawn_state, handover.withdrawn_number = state, None, None
            case.moved.append({"handover": str(handover.uuid), "restored": True})
            return


def _last_handing_event(case: CaseFile) -> tuple[Happened | None, HandoverTerms | None]:
    for event in reversed(case.timeline.events):
        transition = case.pathway.transition(event.source, event.trigger) if event.source else None
        if transition is not None and transition.hands_over is not None:
            return event, transition.hands_over
    return None, None


def _derive_responsible(case: CaseFile) -> None:
    """Only handovers move responsibility: the last that passed says who has it, else whoever opened the episode.

    Where that unit has closed, its successor has it.
    """
    passed = [h for h in case.handovers if h.passed_at is not None]
    had = passed[-1].to_unit_id if passed else case.timeline.opened_responsible
    case.episode.responsible_unit_id = case.timeline.now(had)


def _owe(case: CaseFile, event: Happened, target: int, *, number: int) -> Handover:
    handover = Handover(
        episode_id=case.episode.id, trigger=event.trigger, from_unit_id=case.episode.responsible_unit_id,
        to_unit_id=target, state=HandoverState.OWED, opened_number=number, event_number=event.number, version=0,
    )  # fmt: skip
    case.add(handover)
    return handover


def _settle_limits(case: CaseFile, *, at: datetime) -> None:
    for handover in case.handovers:
        live, limit = case.deadline_of(handover=handover), _limit(case, handover)
        if limit is not None:
            if live is not None and live.concerns != limit.rule.concerns:
                end(case, live, Ended.MET, at=at, until=handover.answered_at or handover.sent_at)
            keep(case, limit, handover=handover, at=at)
        elif live is not None:
            late = handover.state == HandoverState.ACCEPTED and (handover.answered_at or at) > live.due_at
            end(case, live, _how_ended(handover, late=late), at=at, until=handover.answered_at)


def _how_ended(handover: Handover, *, late: bool) -> Ended:
    if handover.state == HandoverState.WITHDRAWN:
        return Ended.WITHDRAWN
    return Ended.MET_LATE if late else Ended.MET


def _limit(case: CaseFile, handover: Handover) -> Limit | None:
    """Which limit runs for a handover as it stands: to answer against the receiver, to send against the sender."""
    event = case.timeline.numbered(handover.event_number) if handover.event_number is not None else None
    sender, receiver = handover.from_unit_id, handover.to_unit_id
    if handover.passed_at is None and handover.state in _UNANSWERED and handover.sent_at is not None:
        rule = case.terms.concerning(Concerns.HANDOVER_ANSWER, handover.trigger, handover.sent_at)
        arrival = _arrival(case, handover, event)
        if rule is None:
            return None
        due_at = rule.due(handover.sent_at)
        overtaken = arrival is not None and handover.sent_at <= arrival < due_at
        return Limit(
            rule=rule, due_at=arrival if overtaken and arrival else due_at, unit_id=receiver, other_unit_id=sender,
            miss=rule.miss, overtaken=overtaken,
        )  # fmt: skip
    if handover.passed_at is None and handover.state == HandoverState.REJECTED and handover.answered_at is not None:
        mending = _mending_rule(case, handover, handover.answered_at)
        due_at = _before_leaving(case, event, mending.due(handover.answered_at), handover.answered_at)
        return Limit(rule=mending, due_at=due_at, unit_id=sender, other_unit_id=receiver, miss=None)
    if handover.passed_at is None and handover.state == HandoverState.OWED and event is not None:
        rule = case.terms.concerning(Concerns.HANDOVER_SENDING, handover.trigger, event.effective_at)
        if rule is not None:
            return Limit(
                rule=rule, due_at=rule.due(event.effective_at), unit_id=sender, other_unit_id=receiver, miss=None
            )
    return None


def _mending_rule(case: CaseFile, handover: Handover, rejected_at: datetime) -> Rule:
    """Older agreements say nothing of a rejected handover: then the pathway does."""
    agreed = case.terms.concerning(Concerns.HANDOVER_MENDING, handover.trigger, rejected_at)
    own = (rule for rule in case.pathway.rules() if rule.concerns == Concerns.HANDOVER_MENDING)
    return agreed or next(rule for rule in own if rule.on == handover.trigger)


def _before_leaving(case: CaseFile, event: Happened | None, due_at: datetime, rejected_at: datetime) -> datetime:
    """A new version comes before the citizen leaves, where that is still ahead at the rejection."""
    leaves_at = event.effective_at if event is not None else case.episode.expected_discharge_at
    return min(due_at, leaves_at) if leaves_at is not None and leaves_at > rejected_at else due_at


def _arrival(case: CaseFile, handover: Handover, event: Happened | None) -> datetime | None:
    """When the citizen arrived where this handover sends them, if that has happened."""
    if event is None or event.source is None:
        return None
    transition = case.pathway.transition(event.source, event.trigger)
    arrival = transition and transition.hands_over and transition.hands_over.arrival
    arrived = next((e for e in case.timeline.events if e.number >= event.number and e.trigger == arrival), None)
    return arrived.effective_at if arrived is not None else None
