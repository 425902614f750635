"""Whether anything has been forgotten: counts what must be nought."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow import figures
from workflow.figures import LOOKS_BACK, Figures

RAISING_PATIENCE = timedelta(seconds=60)  # a sweep comes every few seconds, and a restart takes less than this
LEAVING_PATIENCE = timedelta(minutes=5)


class Fault(StrEnum):
    """What must be nought. Each is the name under which it is counted."""

    EPISODE_WITHOUT_OWNER = "episode_without_owner"
    EPISODE_WITHOUT_RESPONSIBLE = "episode_without_responsible"
    EPISODE_WITHOUT_NEXT_STEP = "episode_without_next_step"  # not exactly one live deadline of its state
    EPISODE_THAT_NOBODY_CAN_MOVE = "episode_that_nobody_can_move"  # it lies with an office, or where nobody is at work
    EPISODE_WITHOUT_AGREEMENT = "episode_without_agreement"  # nothing of its pathway's own is in force where it is
    EPISODE_OF_CLOSED_UNIT = "episode_of_closed_unit"  # the unit that owns it or has the responsibility has closed
    TASK_WITHOUT_DEADLINE = "task_without_deadline"
    HANDOVER_WITHOUT_DEADLINE = "handover_without_deadline"  # owed, unanswered or rejected, and nobody is waited for
    DEADLINE_OF_CLOSED_EPISODE = "deadline_of_closed_episode"
    DEADLINE_OF_CLOSED_TASK = "deadline_of_closed_task"
    DEADLINE_OF_CLOSED_HANDOVER = "deadline_of_closed_handover"
    DUE_NOT_RAISED = "due_not_raised"
    RAISED_NOT_TOLD = "raised_not_told"  # a reminder without a notice in the outbox
    ROUTED_NOT_LISTED = "routed_not_listed"  # of reminders: in nobody's inbox
    PASSED_NOT_MISSED = "passed_not_missed"  # the rung of the due time was raised, and no miss was written
    NOT_ROUTED = "not_routed"
    NOT_SENT = "not_sent"  # due to be tried, and nobody has


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """One look. `faults` must be nought, every one; `figures` are how it goes."""

    faults: dict[Fault, int]
    figures: Figures

    @property
    def nought(self) -> bool:
        """Whether nothing has been forgotten."""
        return not any(self.faults.values())

    def as_json(self) -> dict[str, Any]:
        """The same as plain values; holds counts and times only."""
        return {
            "nought": self.nought,
            "faults": {fault.value: count for fault, count in self.faults.items()},
            **self.figures.as_json(),
        }


# Each reads only what is open, through a partial index, or what is new: closed episodes cost nothing.

# Who says what happens to those whom a unit has: its nurses; of a ward also who coordinates, or messages.
_OPEN = text("""
with at_work as (
    select distinct r.unit_id, u.organisation_id, r.role
    from person_roles r join people p on p.id = r.person_id and p.active join units u on u.id = r.unit_id
    where r.state = 'in_force'
), able as materialized (
    select u.id from units u where exists (
        select from at_work w where w.unit_id = u.id and (u.kind, w.role) in (
            ('ward', 'ward_nurse'), ('district', 'municipal_nurse'), ('facility', 'facility_nurse')
        )
    ) or u.kind = 'ward' and (
        exists (select from at_work w where w.organisation_id = u.organisation_id and w.role = 'discharge_coordinator')
        or exists (select from addresses a where a.unit_id = u.id)
    )
)
select
    (select count(*) from episodes e where e.closed_at is null and (
        e.owner_unit_id not in (select id from able)
        or e.responsible_unit_id not in (select id from able union all select id from units where kind = 'practice')
    )) as episode_that_nobody_can_move,
    (select count(*) from episodes where closed_at is null and owner_unit_id is null) as episode_without_owner,
    (select count(*) from episodes where closed_at is null and responsible_unit_id is null)
        as episode_without_responsible,
    (select count(*) from episodes e where e.closed_at is null and 1 <> (
        select count(*) from deadlines d
        where d.episode_id = e.id and d.ended_at is null and d.concerns = 'state'
    )) as episode_without_next_step,
    (select coalesce(sum(here), 0)::bigint from (
        select region_id, municipality_id, pathway_key, count(*) as here from episodes where closed_at is null
        group by region_id, municipality_id, pathway_key
    ) e where not exists (
        select from agreements a
        where a.pathway_key = e.pathway_key and a.valid_from <= :at
          and (a.region_id is null or a.region_id = e.region_id)
          and (a.municipality_id is null or a.municipality_id = e.municipality_id)
    )) as episode_without_agreement,
    (select count(*) from units u join episodes e on e.closed_at is null and e.related && array[u.id]
        and u.id in (e.owner_unit_id, e.responsible_unit_id)
     where u.closed_at < :raised_by) as episode_of_closed_unit,
    (select count(*) from tasks t where t.state = 'open' and not exists (
        select from deadlines d where d.task_id = t.id and d.ended_at is null
    )) as task_without_deadline,
    (select count(*) from handovers h
     where h.passed_at is null and h.state <> 'withdrawn' and h.state <> 'accepted' and not exists (
        select from deadlines d where d.handover_id = h.id and d.ended_at is null
    )) as handover_without_deadline
""")

_LIVE = text("""
select
    count(*) filter (where e.closed_at is not null) as deadline_of_closed_episode,
    count(*) filter (where t.state <> 'open') as deadline_of_closed_task,
    count(*) filter (where h.passed_at is not null or h.state in ('accepted', 'withdrawn'))
        as deadline_of_closed_handover
from deadlines d
join episodes e on e.id = d.episode_id
left join tasks t on t.id = d.task_id
left join handovers h on h.id = d.handover_id
where d.ended_at is null
""")

_RAISED = text("""
select
    count(*) filter (where o.id is null) as raised_not_told,
    count(*) filter (where o.routed_at is not null and i.id is null) as routed_not_listed,
    count(distinct r.id) filter (where d.miss is not null and r.planned_at >= d.due_at and not exists (
        select from misses m
        where m.episode_id = d.episode_id and m.code = d.miss
          and m.task_id is not distinct from d.task_id and m.handover_id is not distinct from d.handover_id
    )) as passed_not_missed
from reminders r
join deadlines d on d.id = r.deadline_id
left join outbox o on o.reminder_id = r.id
left join inbox i on i.notice_id = o.id
where r.raised_at > :since
""")

_LATE = text("""
select
    (select count(*) from deadlines where next_at < :raised_by) as due_not_raised,
    (select count(*) from outbox where routed_at is null and written_at < :routed_by) as not_routed,
    (select count(*) from deliveries where next_try_at < :sent_by) as not_sent
""")


def look(session: Session, *, at: datetime, real_at: datetime) -> Reconciliation:
    """Look once. `at` is what pages and sweeps go by, `real_at` what the wire and the processes do.

    Each fault is counted in one statement, so it sees each writer's transaction whole or not at all.
    """
    times = {
        "at": at,
        "since": at - LOOKS_BACK,
        "raised_by": at - RAISING_PATIENCE,
        "routed_by": at - LEAVING_PATIENCE,
        "sent_by": real_at - LEAVING_PATIENCE,
    }
    counted = {
        name: count
        for statement in (_OPEN, _LIVE, _RAISED, _LATE)
        for name, count in session.execute(statement, times).one()._mapping.items()
    }
    return Reconciliation(
        faults={fault: counted[fault.value] for fault in Fault}, figures=figures.read(session, at=at, real_at=real_at)
    )
