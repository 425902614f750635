"""Drafts of handovers: what a unit has written and not sent, kept so that nothing of it is overwritten unseen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import texts
from workflow.actor import Actor
from workflow.errors import NotPossible, Stale
from workflow.seeing import access
from workflow.tables import Episode, HandoverDraft


def standing(session: Session, episode: Episode, unit_id: int) -> HandoverDraft | None:
    """The draft of a unit on an episode, also when it has been sent (then it holds nothing): its number counts on."""
    return session.scalar(
        select(HandoverDraft).where(HandoverDraft.episode_id == episode.id, HandoverDraft.unit_id == unit_id)
    )


def save(
    session: Session,
    episode: Episode,
    unit_id: int,
    content: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    seen: int,
    signed_by: tuple[str, ...] = (),
) -> HandoverDraft:
    """Keep what was written so far; `seen` is the number of the draft that the writer had before them (0: none).

    Raises Stale where somebody has saved a newer one meanwhile, or it was sent; NotAllowed for another unit's.
    """
    access.require_unit(by, unit_id, episode)
    if episode.closed_at is not None:
        raise NotPossible("episode_is_closed")
    values = {
        "content": texts.all_taken(dict(content)), "signed_by": list(signed_by), "saved_at": at,
        "saved_by": by.name, "saved_by_id": by.person_id,
    }  # fmt: skip
    write = insert(HandoverDraft).values(episode_id=episode.id, unit_id=unit_id, number=1, **values)
    saved: HandoverDraft | None = session.scalar(
        write.on_conflict_do_update(
            index_elements=["episode_id", "unit_id"], set_={"number": HandoverDraft.number + 1, **values},
            where=HandoverDraft.number == seen,
        ).returning(HandoverDraft),
        execution_options={"populate_existing": True},
    )  # fmt: skip
    if saved is None:
        raise Stale("newer_draft")
    return saved


def spend(session: Session, episode: Episode, unit_id: int, *, by: Actor, seen: int) -> None:
    """It was sent: the draft holds nothing any more.

    Raises Stale where it holds what the sender has not seen: another has saved it, or they themselves elsewhere. What
    their own page saved in the moment of sending does not count.
    """
    draft = session.scalar(
        select(HandoverDraft)
        .where(HandoverDraft.episode_id == episode.id, HandoverDraft.unit_id == unit_id)
        .with_for_update()
    )
    if draft is None or draft.content is None:
        return
    if draft.number != seen and (draft.saved_by_id != by.person_id or draft.number != seen + 1):
        raise Stale("newer_draft")
    draft.content, draft.signed_by, draft.number = None, [], draft.number + 1
