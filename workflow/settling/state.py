"""Who must take the next step in the state that the citizen is in, and by when."""

from datetime import datetime

from workflow.casefile import CaseFile
from workflow.parties import require_unit_as
from workflow.rule import Rule
from workflow.settling.timers import Limit, end, keep
from workflow.vocabulary import Concerns, Ended, RuleKind


def settle_owner(case: CaseFile) -> None:
    episode, state = case.episode, case.pathway.state(case.timeline.state)
    episode.state = state.name
    if state.owner is None:
        episode.owner_unit_id = episode.responsible_unit_id = None
        episode.closed_at = case.timeline.last.effective_at
    else:
        episode.owner_unit_id = require_unit_as(episode, state.owner)
        episode.closed_at = None


def settle_state(case: CaseFile, *, at: datetime) -> None:
    episode, timeline = case.episode, case.timeline
    live = case.deadline_of()
    if episode.owner_unit_id is None:
        if live is not None:
            end(case, live, Ended.MET, at=at, until=timeline.last.effective_at)
        return
    number, since = timeline.state_since
    rule = case.terms.concerning(Concerns.STATE, timeline.state, timeline.last.effective_at) or _own_rule(case)
    if rule.kind != RuleKind.REVIEW_EVERY:
        number, since = timeline.last.number, timeline.last.effective_at
    if live is not None and live.since_number != number:
        end(case, live, Ended.MET if at <= live.due_at else Ended.MET_LATE, at=at, until=None)
    limit = Limit(
        rule=rule, due_at=rule.due(since), unit_id=episode.owner_unit_id, other_unit_id=None, miss=None,
        since_number=number,
    )  # fmt: skip
    keep(case, limit, at=at)


def _own_rule(case: CaseFile) -> Rule:
    """An agreement may move a state's time, not take it away: an open episode has a next step with a time."""
    return next(r for r in case.pathway.rules() if r.concerns == Concerns.STATE and r.on == case.timeline.state)
