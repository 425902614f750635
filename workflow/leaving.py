"""People leave: what they had taken goes back to their unit, and reviews that waited for them to nobody."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow import tasks
from workflow.seeing import reviews

BATCH = 100  # tasks or reviews a transaction: a nurse whose episode is among them waits for the rest

# Who took a task works no more for its unit: neither there, nor as discharge coordinator of its hospital.
_HELD = text("""
    select t.uuid, t.claimed_by_id, p.name
    from tasks t
    join people p on p.id = t.claimed_by_id
    join units u on u.id = t.unit_id
    where t.state = 'open' and (not p.active or not exists (
        select from person_roles r join units o on o.id = r.unit_id
        where r.person_id = p.id and r.state = 'in_force' and (
            r.unit_id = t.unit_id
            or (r.role = 'discharge_coordinator' and o.organisation_id = u.organisation_id))))
    order by t.episode_id, t.id
    limit :most
""")
_REVIEWED = text("""
    select r.miss_id
    from miss_reviews r join people p on p.id = r.assigned_to_id
    where not r.closed
      and not exists (select from miss_reviews n where n.miss_id = r.miss_id and n.number > r.number)
      and (not p.active or not exists (
        select from person_roles m
        where m.person_id = p.id and m.state = 'in_force' and m.role = 'manager'))
    order by r.miss_id
    limit :most
""")


def give_back(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Give up to `batch` tasks and reviews of people who have left back, each with a note; returns how many.

    In the role of background work: whoever lets somebody go sees no citizens.
    """
    held = session.execute(_HELD, {"most": batch}).all()
    given = sum(tasks.give_back(session, task_id, person, name, at=at) for task_id, person, name in held)
    left = session.scalars(_REVIEWED, {"most": batch}).all()
    for miss_id in left:
        reviews.give_back(session, miss_id, at=at)
    return given + len(left)
