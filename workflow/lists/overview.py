"""How it goes for the units of a manager, in six figures: each a part of a whole, and each the count of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.share import Share
from workflow.vocabulary import MissCode

PERIOD = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The figures of some units at a moment. Calls and answers are those of the last PERIOD, and `before` it."""

    ownerless: Share  # open episodes in which nobody must take the next step
    calls: Share  # made in time, of those whose time ran out
    calls_before: Share
    answers: Share  # given in time, of the handovers that were sent
    free: Share  # places, of those that the organisation has; where it has none, of its region's


# Of one unit each, by `ix_tasks_calls` and `ix_tasks_calls_with`, `ix_handovers_to_sent` and `ix_handovers_from_sent`.
_FIGURES = text("""
with mine as materialized (
    select unnest(cast(:units as bigint[])) as id
), opened as (
    select owner_unit_id from episodes where closed_at is null and related && array(select id from mine)
), calls as (
    select distinct t.id, t.due_at, t.done_at, t.state, t.heard_late from (
        select id, due_at, done_at, state, heard_late, last_outcome from tasks
        where kind = 'follow_up_call' and unit_id = any (array(select id from mine))
          and due_at > :before and due_at <= :at
        union all
        select id, due_at, done_at, state, heard_late, last_outcome from tasks
        where kind = 'follow_up_call' and counterpart_unit_id = any (array(select id from mine))
          and due_at > :before and due_at <= :at
    ) t where t.state <> 'withdrawn' and not (t.state = 'done' and t.last_outcome = 'not_relevant')
), called as (
    select due_at > :since as lately, done_at is not null and done_at <= due_at as in_time from calls
    where done_at <= due_at or not heard_late
), handed as (
    select distinct h.id, h.answered_at from (
        select id, answered_at, state from handovers
        where to_unit_id = any (array(select id from mine)) and first_sent_at > :since and first_sent_at <= :at
        union all
        select id, answered_at, state from handovers
        where from_unit_id = any (array(select id from mine)) and first_sent_at > :since and first_sent_at <= :at
    ) h where h.state <> 'withdrawn'
), answered as (
    select answered_at is not null as given, late.id is not null or exists (
        select from deadlines d where d.handover_id = handed.id and d.ended_at is null
          and d.concerns = 'handover_answer' and d.due_at <= :at
    ) as late
    from handed left join misses late on late.handover_id = handed.id and late.code = :not_answered
), houses as (
    select u.id, u.organisation_id = :own as ours from units u join organisations o on o.id = u.organisation_id
    where u.kind = 'facility' and (o.id = :own or o.parent_id = (select parent_id from organisations where id = :own))
), places as (
    select h.ours, p.id in (select places_in_use(h.id, :at)) as used
    from houses h join places p on p.unit_id = h.id where not p.extra
)
select
    (select count(*) from opened) as open,
    (select count(*) from opened where owner_unit_id is null) as ownerless,
    (select count(*) from called where lately) as calls,
    (select count(*) from called where lately and in_time) as calls_in_time,
    (select count(*) from called where not lately) as calls_before,
    (select count(*) from called where not lately and in_time) as calls_before_in_time,
    (select count(*) from answered where given or late) as answers,
    (select count(*) from answered where given and not late) as answers_in_time,
    (select count(*) from places where ours = (select bool_or(ours) from places)) as places,
    (select count(*) from places where ours = (select bool_or(ours) from places) and not used) as free
""")


def read(session: Session, units: Sequence[int], *, own: int | None, at: datetime) -> Overview:
    """The figures of these units, of the organisation `own`, in one statement. Asks for the reader's sight to be open.

    A call concerns who owes it and who waits for it, a handover who sends and who answers. A call that both sides
    agreed is not relevant, or that was heard of too late to be made, is not counted; late is late by the clock.
    """
    found = session.execute(
        _FIGURES,
        {
            "units": sorted(units), "own": own, "at": at, "since": at - PERIOD, "before": at - 2 * PERIOD,
            "not_answered": MissCode.NOT_ANSWERED.value,
        },
    ).one()  # fmt: skip
    return Overview(
        ownerless=Share(found.ownerless, found.open), calls=Share(found.calls_in_time, found.calls),
        calls_before=Share(found.calls_before_in_time, found.calls_before),
        answers=Share(found.answers_in_time, found.answers), free=Share(found.free, found.places),
    )  # fmt: skip
