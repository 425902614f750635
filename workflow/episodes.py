"""What can be done with an episode. Nothing here commits: the door that called does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow import access, agreements, history, machine, obligations, outbox, places, tasks
from workflow.actor import Actor
from workflow.casefile import CaseFile, fetch
from workflow.errors import Invalid, Missing, NotPossible, Stale
from workflow.parties import receiving_unit, require_unit_as, unit_as
from workflow.pathway import Transition
from workflow.pathways import newest
from workflow.settle import settle
from workflow.tables import Agreement, Citizen, Episode, Organisation, Unit
from workflow.timeline import Told, fold
from workflow.vocabulary import EntryKind, HandoverState, Origin, Party

SAME_STAY = timedelta(hours=4)  # practice.md 2.7 [src 48]: attendances at most 4 hours apart are one stay


@dataclass(frozen=True, kw_only=True)
class PhoneAgreement:
    """What was agreed by phone, with whom, when (R05-R07)."""

    spoken_with: str
    made_at: datetime
    agreed: str


def open_episode(
    session: Session,
    citizen: Citizen,
    pathway_key: str,
    way_in: str,
    *,
    by: Actor,
    at: datetime,
    effective_at: datetime | None = None,
    ward: Unit | None = None,
    facility: Unit | None = None,
    district: Unit | None = None,
    practice: Unit | None = None,
    previous: Episode | None = None,
    needs: tuple[str, ...] = (),
) -> Episode:
    """Start a citizen on the newest version of a pathway, by one of its ways in.

    Without a district, the unit that receives for the citizen's municipality stands in. Raises NotPossible when the
    citizen
    has an open episode, or a unit that the way in needs is not named; Invalid for a way in that the pathway does not
    have.
    """
    pathway = newest(pathway_key)
    way = pathway.way_in(way_in)
    if way is None:
        raise Invalid("no_such_way_in", way=way_in)
    happened = _effective(effective_at, at)
    if citizen.municipality_id is None:
        raise NotPossible("citizen_has_no_municipality")
    district = district or receiving_unit(session, citizen.municipality_id)
    region_id = session.get_one(Organisation, citizen.municipality_id).parent_id
    episode = Episode(
        citizen_id=citizen.id, pathway_key=pathway.key, pathway_version=pathway.version, state=way.state,
        region_id=region_id, municipality_id=citizen.municipality_id,
        hospital_id=ward and ward.organisation_id, ward_id=ward and ward.id, facility_id=facility and facility.id,
        district_id=district.id, practice_id=practice and practice.id,
        opened_at=happened, needs=list(needs), previous_id=previous and previous.id,
        history_number=0, history_hash=b"",
    )  # fmt: skip
    for state in pathway.states:
        # Whoever owns a state that can come must be known from the start: an episode never runs into nobody's hands.
        if state.owner is not None and not (state.owner == Party.WARD and way.state == "planned"):
            require_unit_as(episode, state.owner)
    _lock_citizen(session, citizen.id)
    episode.responsible_unit_id = require_unit_as(episode, way.responsible)
    episode.owner_unit_id = require_unit_as(episode, pathway.state(way.state).owner or way.responsible)
    session.add(episode)
    try:
        session.flush()
    except IntegrityError as error:
        if "uq_episodes_open_citizen" in str(error.orig):
            raise NotPossible("citizen_has_open_episode") from error
        raise
    opening = Told(
        number=1, kind=EntryKind.OPENED, trigger=way.trigger, dest=way.state, effective_at=happened, recorded_at=at,
        responsible_unit_id=episode.responsible_unit_id,
    )  # fmt: skip
    case = CaseFile(episode, agreements.terms_for(session, episode, at=at), [opening], fold([opening]), [], [], [])
    facts = settle(session, case, number=1, by=by, at=at)
    history.append(
        session, episode, EntryKind.OPENED, by=by, at=at, effective_at=happened, trigger=way.trigger,
        facts={**facts, "way_in": way.key},
    )  # fmt: skip
    outbox.tell(
        session, episode, (episode.district_id, episode.facility_id, episode.ward_id), way.trigger, by=by, at=at
    )
    return episode


def record_event(
    session: Session,
    episode_id: UUID,
    trigger: str,
    *,
    by: Actor,
    at: datetime,
    effective_at: datetime | None = None,
    reason: str | None = None,
    phone: PhoneAgreement | None = None,
    seen: int | None = None,
) -> Episode:
    """Record that something happened to an episode, with all that follows from it.

    `seen` is the number of the newest entry that the user had before them. People are asked for what the transition
    asks
    for: a missing handover may be overridden with a `reason`; a phone agreement comes as `phone`. Messages are asked
    for
    nothing. Raises NotPossible, Missing (naming what is asked for), NotAllowed, Invalid (the time), Stale, NotFound.
    """
    case = fetch(session, episode_id, at=at)
    _require_seen(case, seen)
    episode, source = case.episode, case.episode.state
    dest = machine.fire(case.pathway, source, trigger)
    transition = case.pathway.transition(source, trigger)
    assert transition is not None
    access.require_report(by, episode, transition)
    happened = _effective(effective_at, at)
    if happened < case.timeline.last.effective_at:
        raise Invalid("before_what_came_before", earlier=case.timeline.last.effective_at)
    told = Told(
        number=episode.history_number + 1, kind=EntryKind.EVENT, trigger=trigger, source=source, dest=dest,
        about=_taken_back(case, transition), effective_at=happened, recorded_at=at,
    )  # fmt: skip
    asked = _asked_for(case, transition, told, phone)
    if by.origin == Origin.PERSON and (
        missing := tuple(item for item in asked if not (item == "handover_sent" and reason))
    ):
        raise Missing("asked_for_first", missing, trigger=trigger)
    case.timeline = case.ahead(told)
    facts = settle(session, case, number=told.number, by=by, at=at)
    if phone is not None:
        tasks.note_phone_agreement(
            session, case, told.number, phone.spoken_with, phone.made_at, phone.agreed, by=by, at=at
        )
        settle(session, case, number=told.number, by=by, at=at)
    places.follow(session, episode, effective_at=happened)
    if asked:
        facts["without"] = list(asked)
    history.append(
        session, episode, EntryKind.EVENT, by=by, at=at, effective_at=happened, trigger=trigger, source=source,
        about=told.about, reason=reason, facts=facts,
    )  # fmt: skip
    outbox.tell(session, episode, (unit_as(episode, party) for party in transition.tells), trigger, by=by, at=at)
    return episode


def _asked_for(case: CaseFile, transition: Transition, told: Told, phone: PhoneAgreement | None) -> tuple[str, ...]:
    """What a person is asked for before this can be recorded, and has not given."""
    return tuple(item for item in transition.asks if not _given(case, item, told, phone))


def _given(case: CaseFile, item: str, told: Told, phone: PhoneAgreement | None) -> bool:
    match item:
        case "destination":
            return unit_as(case.episode, Party.RECEIVER) is not None
        case "handover_sent":
            under_way = case.under_way
            sent = {HandoverState.SENT, HandoverState.READ, HandoverState.ACCEPTED}
            return under_way is not None and under_way.trigger == told.trigger and under_way.state in sent
        case "phone_agreement":
            return phone is not None or not obligations.phone_rules(case.terms, case.ahead(told), case.situation)
        case "no_open_task":
            return not any(task.state == "open" and task.mandatory for task in case.tasks)
        case _:
            raise AssertionError(f"the pathway asks for '{item}', which nobody can give")


def _taken_back(case: CaseFile, transition: Transition) -> int | None:
    if transition.takes_back is None:
        return None
    event = case.timeline.latest(transition.takes_back)
    return event.number if event is not None else None


def _effective(effective_at: datetime | None, at: datetime) -> datetime:
    if effective_at is not None and effective_at.tzinfo is None:
        raise Invalid("time_without_zone")
    if effective_at is not None and effective_at > at:
        raise Invalid("in_the_future")
    return effective_at or at


def _require_seen(case: CaseFile, seen: int | None) -> None:
    if seen is not None and seen != case.episode.history_number:
        raise Stale("somebody_was_faster")


def cancel_event(session: Session, episode_id: UUID, number: int, *, by: Actor, at: datetime, reason: str) -> Episode:
    """Say that an event never happened: what it led to goes, what it ended comes back, and the history shows both.

    Only the newest event in force can be cancelled. Raises NotPossible, NotAllowed, Invalid (no reason), NotFound.
    """
    case = fetch(session, episode_id, at=at)
    event = case.timeline.last
    if event.number != number or event.source is None:
        raise NotPossible("only_the_newest_event")
    _require_reporter(case, by, event.source, event.trigger)
    _require_reason(reason)
    if case.episode.closed_at is not None and _has_open_episode(session, case.episode.citizen_id):
        raise NotPossible("citizen_has_open_episode")
    return _tell_history(
        session, case, EntryKind.CANCELLED, about=number, trigger=event.trigger, effective_at=event.effective_at,
        reason=reason, by=by, at=at, topic="event_cancelled",
    )  # fmt: skip


def _has_open_episode(session: Session, citizen_id: int) -> bool:
    _lock_citizen(session, citizen_id)
    another = select(Episode.id).where(Episode.citizen_id == citizen_id, Episode.closed_at.is_(None))
    return session.scalar(another.limit(1)) is not None


def _lock_citizen(session: Session, citizen_id: int) -> None:
    """Whoever opens an episode, or opens one again, goes one by one for each citizen."""
    session.execute(select(Citizen.id).where(Citizen.id == citizen_id).with_for_update(key_share=True))


def correct_time(
    session: Session, episode_id: UUID, number: int, effective_at: datetime, *, by: Actor, at: datetime, reason: str
) -> Episode:
    """Correct when something happened: a new entry with the old and the new time; deadlines and verdicts follow.

    Raises NotPossible when the event is not in force, Invalid when the order of events would change, NotAllowed,
    NotFound.
    """
    case = fetch(session, episode_id, at=at)
    event = case.timeline.numbered(number)
    if event is None:
        raise NotPossible("not_in_force")
    _require_reporter(case, by, event.source, event.trigger)
    _require_reason(reason)
    corrected = _effective(effective_at, at)
    before = [e for e in case.timeline.events if e.number < number]
    after = [e for e in case.timeline.events if e.number > number]
    if before and corrected < before[-1].effective_at:
        raise Invalid("before_what_came_before", earlier=before[-1].effective_at)
    if after and corrected > after[0].effective_at:
        raise Invalid("after_what_came_after", later=after[0].effective_at)
    return _tell_history(
        session, case, EntryKind.CORRECTED, about=number, trigger=event.trigger, effective_at=corrected,
        facts={"from": event.effective_at.isoformat(), "to": corrected.isoformat()},
        reason=reason, by=by, at=at, topic="time_corrected",
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
    owner. Raises NotPossible when the other pathway does not have the present state, or the facility is missing.
    """
    case = fetch(session, episode_id, at=at)
    episode, target = case.episode, newest(pathway_key)
    access.require_party(by, episode)
    if not target.has_state(episode.state) or target.is_final(episode.state):
        raise NotPossible("cannot_reroute_now", state=episode.state)
    if (target.key, facility and facility.id) == (episode.pathway_key, episode.facility_id):
        raise NotPossible("already_this_way")
    before = episode.pathway_key
    episode.pathway_key, episode.pathway_version = target.key, target.version
    episode.facility_id = facility.id if facility is not None else None
    require_unit_as(episode, target.receiver)
    case.terms = agreements.terms_for(session, episode, at=at)
    return _tell_history(
        session, case, EntryKind.REROUTED, trigger=None, effective_at=at, reason=reason, by=by, at=at,
        facts={"from": before, "to": target.key}, topic="rerouted",
    )  # fmt: skip


def readmit(
    session: Session, episode_id: UUID, *, ward: Unit, by: Actor, at: datetime, effective_at: datetime | None = None
) -> Episode:
    """The citizen is back in hospital: the same stay within 4 hours of the discharge, else a new episode linked to the
    old.

    Returns the episode that goes on. Raises as `record_event` and `open_episode`.
    """
    case = fetch(session, episode_id, at=at)
    happened = _effective(effective_at, at)
    discharge = case.timeline.latest(obligations.DISCHARGED)
    same = (
        discharge is not None and case.episode.state == "discharged" and happened - discharge.effective_at <= SAME_STAY
    )
    if same:
        return record_event(session, episode_id, "stay_resumed", by=by, at=at, effective_at=happened)
    old = record_event(session, episode_id, "patient_readmitted", by=by, at=at, effective_at=happened)
    session.flush()
    district = session.get_one(Unit, old.district_id)
    return open_episode(
        session, old.citizen, "home", "admission", by=by, at=at, effective_at=happened, ward=ward, district=district,
        previous=old, needs=tuple(old.needs),
    )  # fmt: skip


def expect_discharge(session: Session, episode_id: UUID, expected_at: datetime, *, by: Actor, at: datetime) -> Episode:
    """Set or move the time the discharge is expected; what must be done before it moves too."""
    case = fetch(session, episode_id, at=at)
    access.require_unit(by, case.episode.ward_id, case.episode)
    case.episode.expected_discharge_at = expected_at
    return _tell_history(
        session, case, EntryKind.PLANNED, trigger=None, effective_at=at, by=by, at=at,
        facts={"expected_discharge_at": expected_at.isoformat()}, topic="discharge_expected",
    )  # fmt: skip


def record_need(session: Session, episode_id: UUID, need: str, *, by: Actor, at: datetime) -> Episode:
    """Record that a citizen needs something that a rule asks about (a rehabilitation plan, same-day action)."""
    case = fetch(session, episode_id, at=at)
    access.require_party(by, case.episode)
    if need in case.episode.needs:
        return case.episode
    case.episode.needs = [*case.episode.needs, need]
    return _tell_history(
        session, case, EntryKind.NEED, trigger=None, effective_at=at, by=by, at=at, facts={"need": need}, topic=None
    )


def review(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> Episode:
    """The owner has looked at it: the state stands, and its next look is counted from now."""
    case = fetch(session, episode_id, at=at)
    access.require_unit(by, case.episode.owner_unit_id, case.episode)
    if case.pathway.state(case.episode.state).review is None:
        raise NotPossible("nothing_to_review", state=case.episode.state)
    return _tell_history(session, case, EntryKind.REVIEWED, trigger=None, effective_at=at, by=by, at=at, topic=None)


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
) -> Episode:
    """Write an entry that is no transition, with all that follows from it."""
    episode = case.episode
    told = Told(
        number=episode.history_number + 1, kind=kind, trigger=trigger, dest=episode.state, about=about,
        effective_at=effective_at, recorded_at=at,
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
    return episode


def apply_agreement(session: Session, agreement: Agreement, *, by: Actor, at: datetime) -> Iterator[UUID]:
    """Move the deadlines of open episodes to an agreement that says so, one episode after the other; yields each moved.

    Every move is written in the episode's history with the old and the new time. The door commits as often as it likes.
    """
    if not agreement.moves_open_deadlines:
        return
    concerned = select(Episode.uuid).where(Episode.closed_at.is_(None))
    if agreement.region_id is not None:
        concerned = concerned.where(Episode.region_id == agreement.region_id)
    if agreement.municipality_id is not None:
        concerned = concerned.where(Episode.municipality_id == agreement.municipality_id)
    if agreement.pathway_key is not None:
        concerned = concerned.where(Episode.pathway_key == agreement.pathway_key)
    for episode_id in session.scalars(concerned.order_by(Episode.id)).all():
        case = fetch(session, episode_id, at=at)
        if case.episode.closed_at is None:
            number = case.episode.history_number + 1
            follows = settle(session, case, number=number, by=by, at=at)
            if follows:
                history.append(
                    session, case.episode, EntryKind.AGREEMENT, by=by, at=at,
                    facts={"agreement": str(agreement.uuid), **follows},
                )  # fmt: skip
                yield episode_id
