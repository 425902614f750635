"""The citizen is there: the place that was kept is taken, and the arrival recorded, in one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import episodes, places
from workflow.actor import Actor
from workflow.errors import NotFound, NotPossible
from workflow.parties import pathway_of
from workflow.tables import Episode, PlaceStay
from workflow.vocabulary import StayState


def confirm(
    session: Session, episode_id: UUID, *, by: Actor, at: datetime, arrived_at: datetime | None = None
) -> Episode:
    """Record the arrival that the episode's state awaits, at `arrived_at` (default: now).

    Raises NotFound, NotPossible where no arrival is awaited, NotAllowed, Invalid (the time).
    """
    row = session.execute(
        select(Episode, PlaceStay.id)
        .outerjoin(PlaceStay, (PlaceStay.episode_id == Episode.id) & (PlaceStay.state == StayState.RESERVED))
        .where(Episode.uuid == episode_id)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_episode")
    episode, reserved = row
    arrival = pathway_of(episode).arrival_from(episode.state)
    if arrival is None:
        raise NotPossible("no_arrival_awaited", state=episode.state)
    if reserved is not None:
        places.arrive(session, episode_id, by=by, at=at, arrived_at=arrived_at)
    return episodes.record_event(session, episode_id, arrival.trigger, by=by, at=at, effective_at=arrived_at)
