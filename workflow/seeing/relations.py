"""Which units have a relation to an episode: who takes part, and who has taken part. Kept beside the episode."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.casefile import CaseFile, fetch
from workflow.seeing import access
from workflow.tables import Episode
from workflow.vocabulary import EntryKind, HandoverState, Origin, TaskState

# What lies outside the case file and keeps a relation: a place had or waited for, a miss, an entry in the history.
# Who applies an agreement has not taken part in the episodes whose deadlines it moves.
_STAYS = text("""
    select p.unit_id from place_stays s join places p on p.id = s.place_id
    where s.episode_id = :episode and s.state <> 'released'
    union
    select unit_id from place_requests where episode_id = :episode and ended_at is null
    union
    select owing_unit_id from misses where episode_id = :episode
    union
    select unit_id from history where episode_id = :episode and unit_id is not null and kind <> 'agreement'
""")
_BEGINS = frozenset({EntryKind.OPENED, EntryKind.TRANSFERRED})


def fetch_for(session: Session, episode_id: UUID | int, *, by: Actor, at: datetime) -> CaseFile:
    """As `casefile.fetch`, for who has a relation to the episode; for anybody else it does not exist.

    Raises NotFound.
    """
    case = fetch(session, episode_id, at=at)
    access.require_relation(by, case.episode)
    return case


def parties(episode: Episode) -> set[int]:
    """The units that are somebody to the episode as it stands."""
    units = (
        episode.ward_id, episode.facility_id, episode.district_id, episode.practice_id, episode.owner_unit_id,
        episode.responsible_unit_id,
    )  # fmt: skip
    return {unit_id for unit_id in units if unit_id is not None}


def related_units(case: CaseFile) -> set[int]:
    """Who takes part, by what hangs on the episode (decisions D7).

    The parties; whoever had the responsibility at first, or after a transfer; both sides of a handover that stands or
    was ever sent; both sides of a task that stands, or that somebody tried before it was withdrawn.
    """
    units = parties(case.episode) | {
        entry.responsible_unit_id
        for entry in case.entries
        if entry.kind in _BEGINS and entry.responsible_unit_id is not None
    }
    units |= {old for old, _ in case.timeline.succeeded}
    for handover in case.handovers:
        if handover.state != HandoverState.WITHDRAWN or handover.first_sent_at is not None:
            units |= {handover.from_unit_id, handover.to_unit_id}
    for task in case.tasks:
        if task.state != TaskState.WITHDRAWN or task.attempts:
            units |= {task.unit_id, task.counterpart_unit_id or task.unit_id}
    return units


def refresh(session: Session, case: CaseFile, *, by: Actor) -> None:
    """Bring `related` of a locked episode into line; `by` is about to write in its history, and has taken part.

    Only where a relation may have ended is the database asked what else keeps it.
    """
    before, now = set(case.episode.related), related_units(case)
    if by.origin == Origin.PERSON and by.sees_patients and by.unit_id is not None:
        now.add(by.unit_id)
    if before - now:
        now |= before & set(session.scalars(_STAYS, {"episode": case.episode.id}))
    if now != before:
        case.episode.related = sorted(now)


def add(episode: Episode, unit_id: int) -> None:
    """A unit begins to take part, for a reason that the case file does not show."""
    if unit_id not in episode.related:
        episode.related = sorted((*episode.related, unit_id))
