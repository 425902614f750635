"""What is owed by when: opened, moved and ended with what causes it, and raised by a sweep when it falls due."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.rule import Rung
from workflow.tables import Deadline, Episode, Handover, Task
from workflow.vocabulary import Audience, Concerns, Ended, MissCode


def start(
    episode: Episode,
    concerns: Concerns,
    *,
    unit_id: int,
    other_unit_id: int | None,
    due_at: datetime,
    ladder: Sequence[Rung],
    miss: MissCode | None,
    at: datetime,
    task: Task | None = None,
    handover: Handover | None = None,
    replaces: Deadline | None = None,
    since_number: int | None = None,
) -> Deadline:
    """The timer of an obligation that has none.

    Of the rungs that are past already, only the last is kept: one reminder, not all of them at once; and one that
    `replaces` has raised is not raised again. Heard of after it was due: one reminder to the unit, and no miss; a unit
    that has had it is not reminded again because somebody else's part has changed.
    """
    rungs = list(ladder)
    raised = replaces.rung if replaces is not None else 0
    if due_at <= at and miss is not None:
        rungs, miss = [Rung(at - due_at, Audience.UNIT)], None
        if replaces is None or not replaces.opened_late or (replaces.unit_id, replaces.due_at) != (unit_id, due_at):
            raised = 0
    rung_at = [due_at + rung.offset for rung in rungs]
    start = max((i for i, moment in enumerate(rung_at) if moment <= at), default=0)
    while start < len(rung_at) and start < raised and rung_at[start] <= at:
        start += 1
    return Deadline(
        episode_id=episode.id, concerns=concerns, task=task, handover=handover,
        unit_id=unit_id, other_unit_id=other_unit_id, opened_at=at, due_at=due_at, miss=miss,
        rung_at=rung_at, rung_to=[rung.to for rung in rungs],
        rung=start, next_at=rung_at[start] if start < len(rung_at) else None,
        replaces_id=replaces and replaces.id, since_number=since_number,
    )  # fmt: skip


def most_urgent(live: Iterable[Deadline], unit_ids: Collection[int]) -> Deadline | None:
    """The one rule for how late an episode is to these units: the earliest of its live deadlines that concern them.

    A deadline concerns the unit that owes it and the one that waits for it. Lists ask PostgreSQL the same
    (`lists.board.picking`).
    """
    concerned = (d for d in live if d.unit_id in unit_ids or d.other_unit_id in unit_ids)
    return min(concerned, key=lambda d: (d.due_at, d.id), default=None)


def end(deadline: Deadline, ended: Ended, *, at: datetime) -> None:
    """Stop the timer. What it has raised stays raised."""
    deadline.ended, deadline.ended_at, deadline.next_at = ended, at, None


_RAISE_DUE = text("""
with due as materialized (
    select d.id, d.episode_id, d.task_id, d.handover_id, d.concerns, d.unit_id, d.other_unit_id, d.due_at, d.miss,
           d.rung, d.next_at, d.rung_to[d.rung + 1] as audience
    from deadlines d
    where d.next_at <= :at
    order by d.next_at, d.id
    limit :batch
    for update of d skip locked
), moved_on as (
    update deadlines d set rung = d.rung + 1, next_at = d.rung_at[d.rung + 2]
    from due where d.id = due.id
), reminded as (
    insert into reminders (deadline_id, rung, "to", planned_at, raised_at)
    select id, rung, audience, next_at, :at from due
    returning id, deadline_id
), missed as (
    insert into misses (episode_id, task_id, handover_id, code, due_at, recorded_at, owing_unit_id, responsible_unit_id,
                        reminders, attempts, last_outcome)
    select due.episode_id, due.task_id, due.handover_id, due.miss, due.due_at, :at, due.unit_id, e.responsible_unit_id,
           due.rung + 1, coalesce(t.attempts, 0), t.last_outcome
    from due join episodes e on e.id = due.episode_id left join tasks t on t.id = due.task_id
    where due.miss is not null and due.next_at >= due.due_at
    on conflict do nothing
    returning task_id, handover_id
), missed_before as (
    select * from due
    where due.miss is not null and due.next_at >= due.due_at
      and not exists (select from missed where missed.task_id = due.task_id)
      and not exists (select from missed where missed.handover_id = due.handover_id)
), stands_again as (
    insert into miss_verdicts (miss_id, number, verdict, reason, given_at, given_by)
    select m.id, last.number + 1, 'stands', 'passed_again', :at, 'Overgang'
    from missed_before due
    join misses m on m.code = due.miss and (m.task_id = due.task_id or m.handover_id = due.handover_id)
    join lateral (
        select number, verdict, given_by_id from miss_verdicts where miss_id = m.id order by number desc limit 1
    ) last on true
    where last.verdict <> 'stands' and last.given_by_id is null
), told as (
    insert into outbox (episode_id, kind, topic, unit_id, audience, person_id, reminder_id, written_at)
    select due.episode_id,
           case when due.miss is not null and due.next_at >= due.due_at then 'miss'
                when due.audience = 'managers' then 'escalation' else 'reminder' end,
           coalesce(t.kind, due.concerns), told_unit.id, due.audience,
           case when due.audience = 'claimant' then t.claimed_by_id end, reminded.id, :at
    from due
    join reminded on reminded.deadline_id = due.id
    left join tasks t on t.id = due.task_id
    cross join lateral (
        select due.unit_id as id
        union all
        select due.other_unit_id where due.audience = 'managers' and due.other_unit_id is not null
    ) told_unit
)
select count(*) from due
""")


BATCH = 250  # a nurse whose deadline is being raised waits for the rest of its batch


def raise_due(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Raise the next rung of up to `batch` deadlines whose time has come, in one statement; returns how many.

    Each rung is raised once, whatever else runs: the rows are claimed with SKIP LOCKED and moved on in the same
    statement.
    Lateness (`raised_at` - `planned_at`) is what the reminder rows tell. Takes no lock that a writer holds for long.
    """
    return int(session.execute(_RAISE_DUE, {"at": at, "batch": batch}).scalar_one())
