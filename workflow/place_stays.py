"""Who has a place from when to when: it follows what happens to the citizen, and what is said of that again."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.errors import NotPossible
from workflow.seeing import relations
from workflow.tables import Episode, HistoryEntry, PlaceRequest, PlaceStay
from workflow.timeline import Happened
from workflow.vocabulary import StayState

THERE, _GONE_HOME = "at_tryghedshotel", "at_home"
_FREED = "freed"  # in the facts of an event: the stay that it ended, and what the place was to the citizen


def current(session: Session, episode: Episode) -> PlaceStay | None:
    """The place that is kept for the citizen, or that they lie in."""
    return session.scalar(
        select(PlaceStay).where(
            PlaceStay.episode_id == episode.id, PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN])
        )
    )


def free(stay: PlaceStay, at: datetime) -> None:
    """Nobody has it any more: who lay there has left, for who had not come it is released."""
    lower = stay.during.lower
    if stay.state == StayState.TAKEN and lower is not None and lower < at:
        stay.state, stay.during = StayState.LEFT, Range(lower, at)
    else:
        stay.state = StayState.RELEASED


def write(session: Session) -> None:
    """Let PostgreSQL say whether it can be so. Raises NotPossible: somebody has the place, or they have another."""
    try:
        session.flush()
    except IntegrityError as error:
        if "ex_place_stays" in str(error.orig):
            raise NotPossible("place_not_free") from error
        if "uq_place_stays_current" in str(error.orig):
            raise NotPossible("has_a_place_already") from error
        raise


def follow(session: Session, case: CaseFile, *, effective_at: datetime, by: Actor) -> dict[str, Any]:
    """The place does as the citizen does: taken with their arrival, free from when they go home, die or are readmitted.

    Returns facts for the event's entry: which stay it ended. A reservation that only begins later is left as it is:
    somebody may lie there until then.
    """
    episode = case.episode
    gone = episode.closed_at is not None or episode.state == _GONE_HOME
    if episode.facility_id is None or not (gone or episode.state == THERE):
        return {}
    stay = current(session, episode)
    if stay is None:
        return {}
    if gone:
        was = stay.state
        free(stay, effective_at)
        relations.refresh(session, case, by=by)
        return {_FREED: {"stay": str(stay.uuid), "was": was}}
    if stay.state == StayState.RESERVED and stay.place.unit_id == episode.facility_id and _begun(stay, effective_at):
        stay.state, stay.during = StayState.TAKEN, Range(effective_at, None)
    return {}


def take_back(session: Session, episode: Episode, number: int, *, at: datetime) -> None:
    """The event of this entry never happened: for who has not come the place is kept, who had one has it again.

    Where somebody else has been given it since, the citizen waits for another of its kind.
    """
    stay = current(session, episode)
    if stay is not None:
        coming = episode.state != THERE and stay.place.unit_id == episode.facility_id
        if stay.state == StayState.TAKEN and coming:
            stay.state = StayState.RESERVED
        return
    entry = select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.number == number)
    freed = session.scalars(entry).one().facts.get(_FREED)
    if freed is None:
        return
    ended = session.scalars(select(PlaceStay).where(PlaceStay.uuid == UUID(freed["stay"]))).one()
    try:
        with session.begin_nested():
            ended.state, ended.during = StayState(freed["was"]), Range(ended.during.lower, None)
            write(session)
    except NotPossible:
        _wait(session, episode, ended, at=at)


def correct(session: Session, episode: Episode, event: Happened, corrected: datetime) -> None:
    """The event happened at another time: the stay that it began or ended did so then.

    Where somebody else had the place at that time, or the citizen another, the stay keeps the times that it had.
    """
    begins, ends = event.dest == THERE, event.source == THERE
    if not (begins or ends):
        return
    was = event.effective_at
    for stay in session.scalars(
        select(PlaceStay).where(
            PlaceStay.episode_id == episode.id, PlaceStay.state.in_([StayState.TAKEN, StayState.LEFT])
        )
    ):
        lower, upper = stay.during.lower, stay.during.upper
        lower = corrected if begins and lower == was else lower
        upper = corrected if ends and upper == was else upper
        _put(session, stay, lower, upper)


def _put(session: Session, stay: PlaceStay, lower: datetime | None, upper: datetime | None) -> None:
    if (lower, upper) == (stay.during.lower, stay.during.upper) or (lower and upper and lower >= upper):
        return
    with suppress(NotPossible), session.begin_nested():
        stay.during = Range(lower, upper)
        write(session)


def give_up(session: Session, case: CaseFile, facility_id: int | None) -> None:
    """The citizen goes another way: what was reserved in that house is free for others."""
    stay = current(session, case.episode) if facility_id is not None else None
    if stay is not None and stay.place.unit_id == facility_id and stay.state == StayState.RESERVED:
        stay.state = StayState.RELEASED


def _begun(stay: PlaceStay, at: datetime) -> bool:
    return stay.during.lower is not None and stay.during.lower <= at


def _wait(session: Session, episode: Episode, ended: PlaceStay, *, at: datetime) -> None:
    asked = select(PlaceRequest).where(PlaceRequest.episode_id == episode.id, PlaceRequest.ended_at.is_(None))
    if session.scalar(asked) is None:
        place = ended.place
        session.add(PlaceRequest(episode_id=episode.id, unit_id=place.unit_id, kind=place.kind, requested_at=at))
        session.flush()
