"""An expected discharge is a limit: until a receiver has accepted, the sending unit owes a handover before it."""

from datetime import datetime

from workflow.casefile import CaseFile
from workflow.obligations import DISCHARGED
from workflow.parties import unit_as
from workflow.rule import Rule, Rung, hours
from workflow.settling.timers import Limit, end, keep
from workflow.vocabulary import Audience, Concerns, Ended, HandoverState, Party, RuleKind

# The expected time itself is the limit, so no agreement has a number for it.
_RULE = Rule(
    key="before_discharge", kind=RuleKind.BEFORE_EVENT, concerns=Concerns.HANDOVER_SENDING, on=DISCHARGED,
    before=DISCHARGED, owner=Party.RESPONSIBLE, ladder=(Rung(hours(0), Audience.UNIT),),
)  # fmt: skip
_WITH_RECEIVER = {HandoverState.SENT, HandoverState.READ}


def settle_discharge(case: CaseFile, *, at: datetime) -> None:
    """Keep the deadline that an expected discharge is as long as nobody has accepted the citizen.

    Once it is sent, only the sender has this limit: the receiver has the agreed time to answer.
    """
    live, limit = case.deadline_of(concerns=Concerns.HANDOVER_SENDING), _limit(case)
    if limit is not None:
        keep(case, limit, at=at)
    elif live is not None:
        handover = case.under_way
        if handover is None or handover.state != HandoverState.ACCEPTED:
            end(case, live, Ended.WITHDRAWN, at=at, until=None)
        else:
            late = (handover.answered_at or at) > live.due_at
            end(case, live, Ended.MET_LATE if late else Ended.MET, at=at, until=None)


def _limit(case: CaseFile) -> Limit | None:
    episode, state = case.episode, case.timeline.state
    ahead = case.pathway.handover_ahead(state) if not case.pathway.is_final(state) else None
    if ahead is None or ahead.hands_over is None or ahead.trigger != DISCHARGED:
        return None
    sender, receiver = episode.responsible_unit_id, unit_as(episode, ahead.hands_over.to)
    if episode.expected_discharge_at is None or sender is None or receiver in {None, sender}:
        return None
    handover = case.under_way
    if handover is not None and handover.state == HandoverState.ACCEPTED:
        return None
    return Limit(
        rule=_RULE, due_at=episode.expected_discharge_at, unit_id=sender, miss=None,
        other_unit_id=None if handover is not None and handover.state in _WITH_RECEIVER else receiver,
    )  # fmt: skip
