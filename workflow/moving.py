"""An agreement that moves open deadlines, applied to the episodes that are open: batch by batch, and once to each."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workflow import history
from workflow.actor import Actor
from workflow.casefile import fetch
from workflow.settle import settle
from workflow.tables import Agreement, AgreementMove, Episode
from workflow.vocabulary import EntryKind, Origin

BATCH = 25  # episodes; a nurse who works on one of them waits for the rest of its batch


def go_on(session: Session, *, at: datetime, batch: int = BATCH) -> int:
    """Apply the oldest agreement under way to its next open episodes; returns how many were looked at, 0 at its end.

    Every move is written in the episode's history with the old and the new time, in the name of who made the
    agreement. How far it has come is written in the same transaction: one that breaks off leaves the rest to the next.
    """
    under_way = select(AgreementMove).where(AgreementMove.done_at.is_(None)).order_by(AgreementMove.agreement_id)
    move = session.scalar(under_way.limit(1).with_for_update(skip_locked=True))
    if move is None:
        return 0
    agreement = session.get_one(Agreement, move.agreement_id)
    numbers = session.scalars(
        select(Episode.id)
        .where(Episode.closed_at.is_(None), Episode.id > move.reached_id, *_concerned(agreement))
        .order_by(Episode.id)
        .limit(batch)
    ).all()
    by = Actor(name=agreement.recorded_by, origin=Origin.SYSTEM)
    for number in numbers:
        move.moved += _apply(session, agreement, number, by=by, at=at)
        move.reached_id = number
    if not numbers:
        move.done_at = at
    session.flush()
    return len(numbers)


def _concerned(agreement: Agreement) -> list[ColumnElement[bool]]:
    narrowed = (
        (Episode.region_id, agreement.region_id),
        (Episode.municipality_id, agreement.municipality_id),
        (Episode.pathway_key, agreement.pathway_key),
    )
    return [column == value for column, value in narrowed if value is not None]


def _apply(session: Session, agreement: Agreement, episode_id: int, *, by: Actor, at: datetime) -> bool:
    """Whether anything of this episode moved."""
    case = fetch(session, episode_id, at=at)
    if case.episode.closed_at is not None:
        return False
    follows = settle(session, case, number=case.episode.history_number + 1, by=by, at=at)
    if follows:
        history.append(
            session, case.episode, EntryKind.AGREEMENT, by=by, at=at,
            facts={"agreement": str(agreement.uuid), **follows},
        )  # fmt: skip
    case.write(session)
    return bool(follows)
