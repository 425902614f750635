"""The review of a miss: whose it is, why it happened, what was learned; each step is kept, and the last one counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workflow import cpr, misses, texts
from workflow.actor import SYSTEM, Actor
from workflow.db import plain
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, Stale
from workflow.misses import Judged
from workflow.seeing import access
from workflow.seeing.sight import Sight
from workflow.tables import Episode, Miss, MissReview, Person, PersonRole, Unit
from workflow.vocabulary import Cause, Role, RoleState, Verdict


@dataclass(frozen=True, kw_only=True)
class Review:
    """What holds of a review. `number` is that of its last step; 0 before the first."""

    number: int = 0
    assigned_to_id: int | None = None
    cause: Cause | None = None
    learning: str = ""
    closed: bool = False
    reported: bool | None = None


def current(steps: Sequence[MissReview]) -> Review:
    """The review as it stands after these steps."""
    if not steps:
        return Review()
    last = steps[-1]
    return Review(
        number=last.number, assigned_to_id=last.assigned_to_id, cause=last.cause, learning=last.learning,
        closed=last.closed, reported=last.reported,
    )  # fmt: skip


def of_miss(session: Session, miss: Miss) -> Sequence[MissReview]:
    """Every step, the oldest first."""
    return session.scalars(select(MissReview).where(MissReview.miss_id == miss.id).order_by(MissReview.number)).all()


def reviewers(session: Session, episode: Episode) -> Sequence[tuple[Person, Unit]]:
    """Who may be given a review: the managers, of both sectors, of the units that have a relation to the episode."""
    found = session.execute(
        select(Person, Unit)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .join(Unit, Unit.id == PersonRole.unit_id)
        .where(
            PersonRole.role == Role.MANAGER, PersonRole.state == RoleState.IN_FORCE, Person.active,
            PersonRole.unit_id.in_(episode.related),
        )
        .order_by(Unit.name, Person.name, Person.id)
    )  # fmt: skip
    return [(person, unit) for person, unit in found]


def write(
    session: Session,
    seen: Sight,
    miss_id: UUID,
    *,
    after: int,
    assigned_to: UUID | None,
    cause: Cause | None,
    learning: str,
    closed: bool,
    at: datetime,
) -> None:
    """Write a step: whose the review is, the cause, what was learned, and whether it is closed (or open again).

    `after` is the number of the step that the writer saw last. A closed review says the cause and what was learned.
    Raises NotFound, NotAllowed (no manager), Stale, Missing, Invalid (a CPR number among what was learned).
    """
    miss, episode, before = _lock(session, seen, miss_id, after=after)
    learning = texts.taken(learning, field="learning")
    lacks = [name for name, there in (("cause", cause), ("learning", learning)) if not there]
    if closed and lacks:
        raise Missing("review_lacks", tuple(lacks))
    cpr.require_none(learning)
    whose = _reviewer(session, episode, assigned_to) if assigned_to is not None else None
    standing = replace(before, assigned_to_id=whose, cause=cause, learning=learning, closed=closed)
    _append(session, miss, standing, by=seen.actor, at=at)


def give_back(session: Session, miss_id: int, *, at: datetime) -> None:
    """The review is nobody's from now on: whose it was has stopped. What was found out stays."""
    miss = session.get_one(Miss, miss_id)
    session.execute(select(Episode.id).where(Episode.id == miss.episode_id).with_for_update(key_share=True))
    _append(session, miss, replace(current(of_miss(session, miss)), assigned_to_id=None), by=SYSTEM, at=at)


def say_reported(session: Session, seen: Sight, miss_id: UUID, *, after: int, reported: bool, at: datetime) -> None:
    """Write down whether it was reported as an adverse event (sundhedsloven section 198). Raises as `write`."""
    miss, _, before = _lock(session, seen, miss_id, after=after)
    _append(session, miss, replace(before, reported=reported), by=seen.actor, at=at)


def judge(session: Session, seen: Sight, miss_id: UUID, verdict: Verdict, reason: str, *, at: datetime) -> None:
    """A manager says whether the miss counts, and why; from then on only a manager says something else.

    Raises NotFound, NotAllowed (no manager), Invalid (no reason).
    """
    miss, episode, _ = _lock(session, seen, miss_id)
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    misses.judge(session, standing(session, episode, miss), verdict, reason.strip(), by=seen.actor, at=at, by_hand=True)


def standing(session: Session, episode: Episode, miss: Miss) -> Judged:
    """A miss of this episode, with the verdict that counts."""
    return next(judged for judged in misses.of_episode(session, episode) if judged.miss.id == miss.id)


def fetch(session: Session, seen: Sight, miss_id: UUID) -> tuple[Miss, Episode]:
    """A miss, and its episode, for who has a relation to it. Raises NotFound."""
    found = session.execute(
        select(Miss, Episode).join(Episode, Episode.id == Miss.episode_id).where(Miss.uuid == miss_id)
    ).one_or_none()
    if found is None or not seen.has_relation(found[1]):
        raise NotFound("no_such_miss")
    miss, episode = found
    return miss, episode


def _lock(session: Session, seen: Sight, miss_id: UUID, *, after: int | None = None) -> tuple[Miss, Episode, Review]:
    """What is reviewed, one writer at a time: the episode is the lock that every writer takes first."""
    miss, episode = fetch(session, seen, miss_id)
    access.require_manager(seen.actor)
    session.execute(select(Episode.id).where(Episode.id == episode.id).with_for_update(key_share=True))
    review = current(of_miss(session, miss))
    if after is not None and after != review.number:
        raise Stale("somebody_was_faster")
    return miss, episode, review


def _reviewer(session: Session, episode: Episode, person_id: UUID) -> int:
    whose = next((person.id for person, _ in reviewers(session, episode) if person.uuid == person_id), None)
    if whose is None:
        raise NotAllowed("no_reviewer_of_this")
    return whose


def _append(session: Session, miss: Miss, standing: Review, *, by: Actor, at: datetime) -> None:
    session.execute(
        insert(plain(MissReview)),
        {
            "miss_id": miss.id, "number": standing.number + 1, "assigned_to_id": standing.assigned_to_id,
            "cause": standing.cause, "learning": standing.learning, "closed": standing.closed,
            "reported": standing.reported, "written_at": at, "written_by": by.name, "written_by_id": by.person_id,
        },
    )  # fmt: skip
