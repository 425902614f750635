"""A unit whose day has come closes, and its successor has what it had: episodes, handovers, tasks, places, numbers.

It is the one way besides a handover in which responsibility moves: the authority says so for all of a unit, beforehand,
and each episode's history has it. What was missed stays with who missed it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflow import calendar, casefile, history, parties, timeline
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.medcom import addresses
from workflow.seeing import relations
from workflow.settle import settle
from workflow.tables import Unit
from workflow.telling import outbox
from workflow.timeline import Told
from workflow.vocabulary import EntryKind, Origin, TaskState

BATCH = 100  # episodes a transaction: a nurse whose episode is among them waits for the rest

# What belongs to the unit itself. A place keeps its name where that is free in the successor.
_OF_THE_UNIT = tuple(
    text(statement)
    for statement in (
        """update places p set name = left(p.name, 90) || ' (' || left(u.name, 90) || ')' from units u
           where p.unit_id = :old and u.id = :old
             and exists (select from places n where n.unit_id = :new and n.name = p.name)""",
        "update places set unit_id = :new where unit_id = :old",
        "update place_requests set unit_id = :new where unit_id = :old and ended_at is null",
        "update addresses set unit_id = :new where unit_id = :old",
        "update threads set unit_id = :new where unit_id = :old",
        "update outbound_messages set unit_id = :new where unit_id = :old and next_at is not null",
        "update looks_to_confirm set unit_id = :new where unit_id = :old and reviewed_at is null",
        """update break_glass set review_unit_ids = array_replace(review_unit_ids, :old, :new)
           where review_unit_ids && array[cast(:old as bigint)] and reviewed_at is null""",
        """update episodes set related = related || cast(:new as bigint)
           where closed_at is null and related && array[cast(:old as bigint)]
             and not related && array[cast(:new as bigint)]""",
    )
)
_LEFT = text("""
    select e.id from episodes e, (select cast(:closed as bigint[]) as units) gone
    where e.closed_at is null and e.related && gone.units and (
        e.ward_id = any (gone.units) or e.facility_id = any (gone.units) or e.district_id = any (gone.units)
        or e.practice_id = any (gone.units) or e.responsible_unit_id = any (gone.units))
    order by e.id limit :most
""")
_DRAFT = text("""
    update handover_drafts d set unit_id = :new
    where d.episode_id = :episode and d.unit_id = :old and d.content is not null
      and not exists (select from handover_drafts o where o.episode_id = :episode and o.unit_id = :new)
""")


def go_on(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Close what is to be closed, and move up to `batch` episodes to successors; returns how much was done.

    In the role of background work. One that breaks off leaves the rest to the next.
    """
    return _close(session, at=at) or _move(session, at=at, batch=batch)


def _close(session: Session, *, at: datetime) -> int:
    due = select(Unit).where(Unit.closed_on <= calendar.local(at).date(), Unit.closed_at.is_(None)).order_by(Unit.id)
    unit = session.scalar(due.limit(1).with_for_update(skip_locked=True))
    if unit is None:
        return 0
    unit.closed_at = at
    successor = parties.standing(session, unit)
    if successor.id != unit.id:
        for statement in _OF_THE_UNIT:
            session.execute(statement, {"old": unit.id, "new": successor.id})
        if unit.sor is not None:
            addresses.register(session, successor, unit.sor, gln=unit.gln, at=at)
        successor.receives_for_municipality |= unit.receives_for_municipality
    unit.receives_for_municipality = False
    session.flush()
    return 1


def _move(session: Session, *, at: datetime, batch: int) -> int:
    closed = session.scalars(select(Unit).where(Unit.closed_at.is_not(None), Unit.successor_id.is_not(None))).all()
    if not closed:
        return 0
    follows = {unit.id: (unit, parties.standing(session, unit)) for unit in closed}
    numbers = session.scalars(_LEFT, {"closed": list(follows), "most": batch}).all()
    return sum(_succeed(session, number, follows, at=at) for number in numbers)


def _succeed(session: Session, episode_id: int, follows: Mapping[int, tuple[Unit, Unit]], *, at: datetime) -> bool:
    """One episode: who each unit is to it, and with that what it owes; whether anything moved."""
    case = casefile.fetch(session, episode_id, at=at)
    episode = case.episode
    gone = [follows[number] for number in sorted(relations.parties(episode)) if number in follows]
    if episode.closed_at is not None or not gone:
        return False
    by = Actor(name=gone[0][0].closed_by or "Overgang", origin=Origin.SYSTEM)
    for old, new in gone:
        _take_over(case, old, new)
        session.execute(_DRAFT, {"episode": episode.id, "old": old.id, "new": new.id})
    told = [
        Told(
            number=episode.history_number + n, kind=EntryKind.UNIT_SUCCEEDED, dest=episode.state, effective_at=at,
            recorded_at=at, facts={"from": old.id, "to": new.id},
        )
        for n, (old, new) in enumerate(gone, start=1)
    ]  # fmt: skip
    case.entries += told
    case.timeline = timeline.fold(case.entries)
    follows_from = settle(session, case, number=told[-1].number, by=by, at=at)
    for one in told:
        facts = {**one.facts, **(follows_from if one is told[-1] else {})}
        history.append(session, episode, EntryKind.UNIT_SUCCEEDED, by=by, at=at, facts=facts)
    units = (episode.ward_id, episode.facility_id, episode.district_id, *(old.id for old, _ in gone))
    outbox.tell(session, episode, units, "unit_succeeded", by=by, at=at)
    case.close(session, episode)
    return True


def _take_over(case: CaseFile, old: Unit, new: Unit) -> None:
    episode = case.episode
    if episode.ward_id == old.id:
        episode.ward_id, episode.hospital_id = new.id, new.organisation_id
    if episode.facility_id == old.id:
        episode.facility_id = new.id
    if episode.district_id == old.id:
        episode.district_id = new.id
    if episode.practice_id == old.id:
        episode.practice_id = new.id
    for task in case.tasks:
        if task.state == TaskState.OPEN and task.unit_id == old.id:
            task.claimed_by_id = task.claimed_at = None  # who took it may not have come along
