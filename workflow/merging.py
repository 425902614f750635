"""A replacement number turns out to be somebody's: two citizens become one, by a person, and can be two again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflow import amendments, cpr, episodes, history
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.parties import count_episodes
from workflow.seeing import access, objections, relations
from workflow.tables import (
    Citizen,
    Episode,
    Merge,
    Message,
    MunicipalService,
    Objection,
    OutboundMessage,
    Thread,
)
from workflow.vocabulary import EntryKind

_MOVE_MESSAGES = text("select move_messages(:merge)")


def merge(
    session: Session,
    replacement: Citizen,
    real: Citizen,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    goes_on: UUID | None = None,
) -> Merge:
    """Let everything of the citizen with the replacement number be the real one's.

    Where both have an open episode, the person says which goes on; the other ends as cancelled. Raises Invalid (no
    reason, or the same citizen twice), NotPossible (merged already; or `goes_on` is not said, or is none of the two),
    NotFound (an episode of the first is only theirs to look at), NotAllowed (an episode is hidden from them).
    """
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    if replacement.id == real.id:
        raise Invalid("one_and_the_same")
    if not replacement.cpr.is_replacement:
        raise Invalid("not_a_replacement")
    # Always in the same order: two who merge at once wait for each other, and do not for ever.
    locked = select(Citizen.id).where(Citizen.id.in_([replacement.id, real.id])).order_by(Citizen.id)
    session.execute(locked.with_for_update()).all()
    if _standing(session, replacement.id) is not None:
        raise NotPossible("merged_already")
    theirs = list(session.scalars(select(Episode).where(Episode.citizen_id == replacement.id).order_by(Episode.id)))
    for episode in theirs:
        access.require_relation(by, episode)
    other = session.scalar(select(Episode).where(Episode.citizen_id == real.id, Episode.closed_at.is_(None)))
    hidden = count_episodes(session, replacement.id)[0] > len(theirs)
    if hidden or (other is None and count_episodes(session, real.id)[1]):
        raise NotAllowed("merge_sees_not_all")
    cancelled = _decide(session, theirs, other, goes_on, by=by, at=at, reason=reason)
    merged = Merge(
        from_id=replacement.id, into_id=real.id, episode_ids=[episode.id for episode in theirs],
        service_ids=_numbers(session, MunicipalService, replacement.id),
        objection_ids=_objections(session, replacement.id, real.id), message_ids=[], thread_ids=[], letter_ids=[],
        cancelled_id=cancelled and cancelled.id,
        reason=reason.strip(), merged_at=at, merged_by=by.name,
    )  # fmt: skip
    session.add(merged)
    session.flush()
    _move(session, merged, real.id, EntryKind.MERGED, by=by, at=at, reason=reason)
    return merged


def standing(session: Session, citizen_id: int) -> Sequence[Merge]:
    """The merges that gave this citizen what was a replacement number's, the newest first."""
    into = select(Merge).where(Merge.into_id == citizen_id, Merge.undone_at.is_(None))
    return session.scalars(into.order_by(Merge.id.desc())).all()


def undo(session: Session, merge_id: UUID, *, by: Actor, at: datetime, reason: str) -> Merge:
    """They were two after all: what was moved goes back, and the episode that ended for it goes on.

    Raises Invalid (no reason), NotFound, NotPossible (undone already, or something has happened since that forbids
    it), NotAllowed.
    """
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    merged = session.scalar(select(Merge).where(Merge.uuid == merge_id).with_for_update())
    if merged is None:
        raise NotFound("no_such_merge")
    if merged.undone_at is not None:
        raise NotPossible("undone_already")
    locked = select(Citizen.id).where(Citizen.id.in_([merged.from_id, merged.into_id])).order_by(Citizen.id)
    session.execute(locked.with_for_update()).all()
    merged.undone_at, merged.undone_by = at, by.name
    _move(session, merged, merged.from_id, EntryKind.UNMERGED, by=by, at=at, reason=reason)
    if merged.cancelled_id is not None:
        case = relations.fetch_for(session, merged.cancelled_id, by=by, at=at)
        if case.timeline.last.trigger != "episode_cancelled":
            raise NotPossible("only_the_newest_event")
        amendments.cancel_event(
            session, case.episode.uuid, case.timeline.last.number, by=by, at=at, reason=reason.strip()
        )
    return merged


def _standing(session: Session, citizen_id: int) -> Merge | None:
    return session.scalar(select(Merge).where(Merge.from_id == citizen_id, Merge.undone_at.is_(None)))


def _decide(
    session: Session,
    theirs: list[Episode],
    other: Episode | None,
    goes_on: UUID | None,
    *,
    by: Actor,
    at: datetime,
    reason: str,
) -> Episode | None:
    """Of two open episodes, end the one that does not go on; returns it."""
    one = next((episode for episode in theirs if episode.closed_at is None), None)
    if one is None or other is None:
        return None
    if goes_on not in {one.uuid, other.uuid}:
        raise NotPossible("which_goes_on")
    ends = other if goes_on == one.uuid else one
    episodes.record_event(session, ends.uuid, "episode_cancelled", by=by, at=at, reason=reason.strip())
    session.flush()
    return ends


def _move(
    session: Session, merged: Merge, to_id: int, kind: EntryKind, *, by: Actor, at: datetime, reason: str
) -> None:
    """Give what this merge names to the citizen, and say so in the history of each episode.

    Messages, conversations and letters go with it, whoever may see them.
    """
    for number in merged.episode_ids:
        case = relations.fetch_for(session, number, by=by, at=at)
        case.episode.citizen_id = to_id
        relations.refresh(session, case, by=by)
        facts = {"merge": str(merged.uuid)}
        history.append(session, case.episode, kind, by=by, at=at, reason=reason.strip(), facts=facts)
        case.write(session)
    for service in session.scalars(select(MunicipalService).where(MunicipalService.id.in_(merged.service_ids))):
        service.citizen_id = to_id
    for objection in session.scalars(select(Objection).where(Objection.id.in_(merged.objection_ids))):
        objection.citizen_id = to_id
    session.flush()
    session.execute(_MOVE_MESSAGES, {"merge": merged.id})
    for held in session:
        if isinstance(held, Message | Thread | OutboundMessage):
            session.expire(held)


def _numbers(session: Session, table: type[MunicipalService], citizen_id: int) -> list[int]:
    return list(session.scalars(select(table.id).where(table.citizen_id == citizen_id).order_by(table.id)))


def _objections(session: Session, from_id: int, into_id: int) -> list[int]:
    """Those that move: a standing one stays where the real citizen has one too, for one stands at a time."""
    both = session.scalar(select(objections.stands(into_id)))
    moved = select(Objection.id).where(Objection.citizen_id == from_id).order_by(Objection.id)
    if both is not None:
        moved = moved.where(Objection.withdrawn_at.is_not(None))
    return list(session.scalars(moved))
