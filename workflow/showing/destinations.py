"""Where a citizen goes and gets a place, and that they have come: the way and the place in one step."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from workflow import amendments, episodes, places
from workflow.actor import Actor
from workflow.parties import pathway_of
from workflow.seeing.relations import fetch_for
from workflow.tables import Episode, PlaceStay, Unit
from workflow.vocabulary import PlaceKind

_BY_HOTEL, _ARRIVED = "tryghedshotel", "patient_arrived"


def choose(session: Session, episode_id: UUID, unit: Unit, kind: PlaceKind, *, by: Actor, at: datetime) -> PlaceStay:
    """Keep the first free place of a kind; for Tryghedshotellet, that house is where the citizen goes from now on.

    Raises NotPossible when none is free, or the citizen cannot be sent another way now; NotAllowed, NotFound.
    """
    _send(session, episode_id, unit, kind, by=by, at=at)
    return places.reserve_any(session, unit.id, kind, episode_id, by=by, at=at)


def wait(session: Session, episode_id: UUID, unit: Unit, kind: PlaceKind, *, by: Actor, at: datetime) -> None:
    """Wait for a place of a kind, first come first served; Tryghedshotellet is where the citizen goes. Raises as above.

    Asking twice does nothing.
    """
    _send(session, episode_id, unit, kind, by=by, at=at)
    places.request(session, unit.id, kind, episode_id, by=by, at=at)


def _send(session: Session, episode_id: UUID, unit: Unit, kind: PlaceKind, *, by: Actor, at: datetime) -> None:
    episode = fetch_for(session, episode_id, by=by, at=at).episode
    going = (_BY_HOTEL, unit.id) == (episode.pathway_key, episode.facility_id)
    if kind == PlaceKind.TRYGHEDSHOTEL and not going:
        amendments.reroute(session, episode_id, _BY_HOTEL, facility=unit, by=by, at=at)


def arrive(
    session: Session,
    episode_id: UUID,
    *,
    by: Actor,
    at: datetime,
    arrived_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """The citizen is there. Where the pathway knows of an arrival, that is what is recorded, and the place follows.

    Nobody arrives before they were discharged: the pathway says so. Raises as `record_event` and `places.arrive`.
    """
    episode = fetch_for(session, episode_id, by=by, at=at).episode
    if _awaited(episode):
        episodes.record_event(session, episode_id, _ARRIVED, by=by, at=at, effective_at=arrived_at, reason=reason)
    else:
        places.arrive(session, episode_id, by=by, at=at, arrived_at=arrived_at, reason=reason)


def _awaited(episode: Episode) -> bool:
    pathway = pathway_of(episode)
    arrivals = {t.dest for t in pathway.transitions if t.trigger == _ARRIVED}
    return bool(arrivals) and episode.state not in {*arrivals, "at_home"}
