"""What is said again about an episode: cancelled, corrected, sent another way, expected, needed, looked at."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import agreements, choosing, deadlines, history, instants, obligations, place_stays
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.errors import Invalid, NotPossible, Stale
from workflow.parties import count_episodes, lock_citizen, require_unit_as
from workflow.pathways import newest
from workflow.seeing import access
from workflow.seeing.relations import fetch_for
from workflow.settle import settle
from workflow.tables import Episode, HistoryEntry, Unit
from workflow.telling import outbox
from workflow.timeline import Told
from workflow.vocabulary import EntryKind, Origin, Party

PRESSED_TWICE = timedelta(minutes=1)


def cancel_event(session: Session, episode_id: UUID, number: int, *, by: Actor, at: datetime, reason: str) -> Episode:
    """Say that an event never happened: what it led to goes, what it ended comes back, and the history shows both.

    Only the newest event in force can be cancelled. Raises NotPossible, NotAllowed, Invalid (no reason), NotFound.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    event = case.timeline.last
    if event.number != number or event.source is None:
        raise NotPossible("only_the_newest_event")
    if not case.pathway.has_state(event.source):
        raise NotPossible("rerouted_since", state=event.source)
    _require_reporter(case, by, event.source, event.trigger)
    _require_reason(reason)
    if case.episode.closed_at is not None and _has_open_episode(session, case.episode.citizen_id):
        raise NotPossible("citizen_has_open_episode")
    episode = _tell_history(
        session, case, EntryKind.CANCELLED, about=number, trigger=event.trigger, effective_at=event.effective_at,
        reason=reason, by=by, at=at, topic="event_cancelled",
    )  # fmt: skip
    place_stays.take_back(session, episode, number, at=at)
    return episode


def undo(session: Session, episode_id: UUID, *, seen: int, by: Actor, at: datetime, reason: str) -> Episode:
    """Cancel what was recorded just now: nothing has come since entry `seen`.

    Raises Stale where something has, and as `cancel_event`.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    if case.episode.history_number != seen:
        raise Stale("somebody_was_faster")
    return cancel_event(session, episode_id, case.timeline.last.number, by=by, at=at, reason=reason)


def _has_open_episode(session: Session, citizen_id: int) -> bool:
    lock_citizen(session, citizen_id)
    return count_episodes(session, citizen_id)[1] > 0  # also one that is not for us to see


def correct_time(
    session: Session, episode_id: UUID, number: int, effective_at: datetime, *, by: Actor, at: datetime, reason: str
) -> Episode:
    """Correct when something happened: a new entry with the old and the new time; deadlines and verdicts follow.

    A hospital's message may say any time. Raises NotPossible when the event is not in force, Invalid when the order of
    events would change, NotAllowed, NotFound.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    event = case.timeline.numbered(number)
    if event is None:
        raise NotPossible("not_in_force")
    _require_reporter(case, by, event.source, event.trigger)
    _require_reason(reason)
    corrected = effective_at if by.is_message else instants.told(effective_at, at=at)
    before = [e for e in case.timeline.events if e.number < number]
    after = [e for e in case.timeline.events if e.number > number]
    if before and corrected < before[-1].effective_at and not by.is_message:
        raise Invalid("before_what_came_before", earlier=before[-1].effective_at)
    if after and corrected > after[0].effective_at and not by.is_message:
        raise Invalid("after_what_came_after", later=after[0].effective_at)
    place_stays.correct(session, case.episode, event, corrected)
    return _tell_history(
        session, case, EntryKind.CORRECTED, about=number, trigger=event.trigger, effective_at=corrected,
        facts={"from": event.effective_at.isoformat(), "to": corrected.isoformat()},
        reason=reason, by=by, at=at, topic="time_corrected",
    )  # fmt: skip


def transfer(
    session: Session,
    episode_id: UUID,
    ward: Unit,
    *,
    by: Actor,
    at: datetime,
    effective_at: datetime | None = None,
    reason: str | None = None,
) -> Episode:
    """The citizen lies in another ward now: it has what the old one had, and owes it.

    The ward that has the citizen says so, of a ward of its hospital; another hospital only by a message of its own: the
    responsibility does not leave the house without both sides seeing it. Raises NotPossible when the citizen is in no
    ward, NotAllowed, NotFound, Invalid.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    episode = case.episode
    access.require_care(by, Party.WARD, episode)
    if case.pathway.state(episode.state).owner != Party.WARD:
        raise NotPossible("not_in_hospital", state=episode.state)
    choosing.require(ward, choosing.wards_for(by, episode))
    before = episode.ward_id
    episode.ward_id, episode.hospital_id = ward.id, ward.organisation_id
    happened = effective_at if by.is_message and effective_at else instants.told(effective_at, at=at)
    instants.require_why(happened, reason, by=by, at=at)
    responsible = ward.id if episode.responsible_unit_id == before else episode.responsible_unit_id
    return _tell_history(
        session, case, EntryKind.TRANSFERRED, trigger=None, effective_at=happened, by=by, at=at,
        reason=reason, facts={"from": before, "to": ward.id}, topic="transferred", responsible_unit_id=responsible,
    )  # fmt: skip


def _require_reporter(case: CaseFile, by: Actor, source: str | None, trigger: str) -> None:
    transition = case.pathway.transition(source, trigger) if source is not None else None
    if transition is not None:
        access.require_report(by, case.episode, transition)
    else:
        access.require_party(by, case.episode)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason_needed")


def reroute(
    session: Session,
    episode_id: UUID,
    pathway_key: str,
    *,
    by: Actor,
    at: datetime,
    facility: Unit | None = None,
    reason: str | None = None,
) -> Episode:
    """Send the citizen another way, before or after the discharge, in one entry: state and elapsed times are kept.

    Handover, tasks and deadlines that differ are withdrawn or opened; those that both ways share go on, with their new
    owner. Raises NotPossible when the other pathway does not have the present state, or the facility is missing;
    NotAllowed and Invalid for a facility where the citizen cannot be sent.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    episode, target = case.episode, newest(pathway_key)
    access.require_party(by, episode)
    if facility is not None:
        choosing.require(facility, choosing.houses_for(episode))
    if not target.has_state(episode.state) or target.is_final(episode.state):
        raise NotPossible("cannot_reroute_now", state=episode.state)
    if (target.key, facility and facility.id) == (episode.pathway_key, episode.facility_id):
        raise NotPossible("already_this_way")
    before, left = episode.pathway_key, episode.facility_id
    episode.pathway_key, episode.pathway_version = target.key, target.version
    episode.facility_id = facility.id if facility is not None else None
    require_unit_as(episode, target.receiver)
    case.terms = agreements.terms_for(session, episode, at=at)
    place_stays.give_up(session, case, left)
    return _tell_history(
        session, case, EntryKind.REROUTED, trigger=None, effective_at=at, reason=reason, by=by, at=at,
        facts={"from": before, "to": target.key}, topic="rerouted",
    )  # fmt: skip


def expect_discharge(session: Session, episode_id: UUID, expected_at: datetime, *, by: Actor, at: datetime) -> Episode:
    """Set or move the time the discharge is expected; what must be done before it moves too.

    Raises Invalid where it lies before the episode began.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    access.require_unit(by, case.episode.ward_id, case.episode)
    if not by.is_message:
        case.require_open()
    if expected_at < (began := case.timeline.events[0].effective_at):
        raise Invalid("before_what_came_before", earlier=began)
    if not by.is_message:
        instants.planned(expected_at, at=at)
    case.episode.expected_discharge_at = expected_at
    return _tell_history(
        session, case, EntryKind.PLANNED, trigger=None, effective_at=at, by=by, at=at,
        facts={"expected_discharge_at": expected_at.isoformat()}, topic="discharge_expected",
    )  # fmt: skip


def record_need(session: Session, episode_id: UUID, need: str, *, by: Actor, at: datetime) -> Episode:
    """Record that a citizen needs something that a rule asks about (a rehabilitation plan, same-day action).

    Raises Invalid for anything else that a person says, NotAllowed, NotFound.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    access.require_party(by, case.episode)
    if not by.is_message:
        case.require_open()
    if by.origin == Origin.PERSON and need not in obligations.needs_asked_about(case.terms, at):
        raise Invalid("no_such_need")
    if need in case.episode.needs:
        return case.close(session, case.episode)
    case.episode.needs = [*case.episode.needs, need]
    return _tell_history(
        session, case, EntryKind.NEED, trigger=None, effective_at=at, by=by, at=at, facts={"need": need}, topic=None
    )


def review(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> Episode:
    """The owner has looked at it: the state stands, and its next look is counted from now."""
    case = fetch_for(session, episode_id, by=by, at=at)
    access.require_unit(by, case.episode.owner_unit_id, case.episode)
    if case.pathway.state(case.episode.state).review is None:
        raise NotPossible("nothing_to_review", state=case.episode.state)
    return _tell_history(session, case, EntryKind.REVIEWED, trigger=None, effective_at=at, by=by, at=at, topic=None)


def chase(session: Session, episode_id: UUID, unit_id: int, *, by: Actor, at: datetime) -> Episode:
    """Write down that another unit was asked again for what it owes. It moves no deadline, and tells nobody.

    The same once more in the same minute does nothing. Raises NotPossible (it owes nothing), NotAllowed, NotFound.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    access.require_party(by, case.episode)
    owed = deadlines.most_urgent((d for d in case.deadlines if d.unit_id == unit_id), {unit_id})
    if owed is None or unit_id == by.unit_id:
        raise NotPossible("nothing_to_chase")
    about = owed.task or owed.handover
    if _chased_just_now(session, case.episode, unit_id, by=by, at=at):
        return case.close(session, case.episode)
    return _tell_history(
        session, case, EntryKind.CHASED, trigger=None, effective_at=at, by=by, at=at, topic=None,
        facts={"unit": unit_id, "matter": str(about.uuid) if about is not None else owed.concerns.value},
    )  # fmt: skip


def _chased_just_now(session: Session, episode: Episode, unit_id: int, *, by: Actor, at: datetime) -> bool:
    newest = session.scalars(
        select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.number == episode.history_number)
    ).one()
    same = (newest.kind, newest.person_id, newest.facts.get("unit")) == (EntryKind.CHASED, by.person_id, unit_id)
    return same and at - newest.recorded_at < PRESSED_TWICE


def _tell_history(
    session: Session,
    case: CaseFile,
    kind: EntryKind,
    *,
    trigger: str | None,
    effective_at: datetime,
    by: Actor,
    at: datetime,
    topic: str | None,
    about: int | None = None,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
    responsible_unit_id: int | None = None,
) -> Episode:
    """Write an entry that is no transition, with all that follows from it."""
    episode = case.episode
    told = Told(
        number=episode.history_number + 1, kind=kind, trigger=trigger, dest=episode.state, about=about,
        effective_at=effective_at, recorded_at=at, responsible_unit_id=responsible_unit_id,
    )  # fmt: skip
    case.timeline = case.ahead(told)
    follows = settle(session, case, number=told.number, by=by, at=at)
    history.append(
        session, episode, kind, by=by, at=at, effective_at=effective_at, trigger=trigger, about=about, reason=reason,
        facts={**(facts or {}), **follows},
    )  # fmt: skip
    if topic is not None:
        units = (episode.ward_id, episode.facility_id, episode.district_id)
        outbox.tell(session, episode, units, topic, by=by, at=at)
    return case.close(session, episode)
