"""What can be done with an episode. Nothing here commits: the door that called does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from workflow import agreements, choosing, history, instants, machine, obligations, place_stays, tasks
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.errors import Invalid, Missing, NotPossible, Stale
from workflow.parties import last_told, lock_citizen, pathway_of, receiving_unit, require_unit_as, standing, unit_as
from workflow.pathway import Transition
from workflow.pathways import newest
from workflow.rows import Sheet
from workflow.seeing import access, relations
from workflow.seeing.relations import fetch_for
from workflow.settle import settle
from workflow.tables import Citizen, Episode, Organisation, Unit
from workflow.telling import outbox
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
    citizen has an open episode, nothing is agreed for the pathway, or a unit that the way in needs is not named;
    Invalid for a way in that the pathway does not have; NotAllowed and Invalid as `choosing.require_opening`.
    """
    pathway = newest(pathway_key)
    way = pathway.way_in(way_in)
    if way is None:
        raise Invalid("no_such_way_in", way=way_in)
    happened = _happened(effective_at, by=by, at=at)
    if citizen.municipality_id is None:
        raise NotPossible("citizen_has_no_municipality")
    named = {Party.WARD: ward, Party.FACILITY: facility, Party.DISTRICT: district, Party.PRACTICE: practice}
    home = session.get_one(Organisation, citizen.municipality_id)
    choosing.require_opening(by, pathway, way, home, named)
    district = district or receiving_unit(session, home.id)
    episode = Episode(
        citizen_id=citizen.id, pathway_key=pathway.key, pathway_version=pathway.version, state=way.state,
        region_id=home.parent_id, municipality_id=home.id,
        hospital_id=ward and ward.organisation_id, ward_id=ward and ward.id, facility_id=facility and facility.id,
        district_id=district.id, practice_id=practice and practice.id,
        opened_at=happened, needs=list(needs), previous_id=previous and previous.id,
        history_number=0, history_hash=b"",
    )  # fmt: skip
    for state in pathway.states:
        # Whoever owns a state that can come must be known from the start: an episode never runs into nobody's hands.
        if state.owner is not None and not (state.owner == Party.WARD and way.state == "planned"):
            require_unit_as(episode, state.owner)
    terms = agreements.terms_for(session, episode, at=at)
    if not terms.agreed(pathway.key):
        raise NotPossible("nothing_agreed", pathway=f"way_to:{pathway.key}")
    said = set(needs) - set(previous.needs if previous is not None else ())
    if by.origin == Origin.PERSON and not said.issubset(obligations.needs_asked_about(terms, at)):
        raise Invalid("no_such_need")
    lock_citizen(session, citizen.id)
    if by.origin == Origin.PERSON:
        _require_new(session, citizen, happened)
    episode.responsible_unit_id = require_unit_as(episode, way.responsible)
    episode.owner_unit_id = require_unit_as(episode, pathway.state(way.state).owner or way.responsible)
    episode.related = sorted(relations.parties(episode) | ({by.unit_id} if by.unit_id and by.sees_patients else set()))
    sheet = Sheet()
    sheet.add(episode)
    try:
        sheet.write(session)
    except UniqueViolation as error:
        if error.diag.constraint_name == "uq_episodes_open_citizen":
            raise NotPossible("citizen_has_open_episode") from error
        raise
    opening = Told(
        number=1, kind=EntryKind.OPENED, trigger=way.trigger, dest=way.state, effective_at=happened, recorded_at=at,
        responsible_unit_id=episode.responsible_unit_id,
    )  # fmt: skip
    case = CaseFile(episode, terms, [opening], fold([opening]), [], [], [], sheet)
    facts = settle(session, case, number=1, by=by, at=at)
    history.append(
        session, episode, EntryKind.OPENED, by=by, at=at, effective_at=happened, trigger=way.trigger,
        facts={**facts, "way_in": way.key},
    )  # fmt: skip
    outbox.tell(
        session, episode, (episode.district_id, episode.facility_id, episode.ward_id), way.trigger, by=by, at=at
    )
    return case.close(session, episode)


def _require_new(session: Session, citizen: Citizen, happened: datetime) -> None:
    """What a person opens is of somebody who lives, and comes after the last stay in hospital; messages may say else.

    Raises NotPossible with what is known, Invalid.
    """
    told = last_told(session, citizen.id, (obligations.DIED, obligations.DISCHARGED))
    if obligations.DIED in told:
        raise NotPossible("citizen_has_died", at=told[obligations.DIED])
    if (left := told.get(obligations.DISCHARGED)) is not None and happened < left:
        raise Invalid("before_what_came_before", earlier=left)


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
    asks for: a missing handover may be overridden with a `reason`; a phone agreement comes as `phone`. Messages are
    asked for nothing, and tell of any time: what is to come, and what was before something that people recorded. Raises
    NotPossible, Missing (naming what is asked for), NotAllowed, Invalid (the time), Stale, NotFound.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    _require_seen(case, seen)
    episode, source = case.episode, case.episode.state
    machine.fire(case.pathway, source, trigger)
    transition = case.pathway.transition(source, trigger)
    assert transition is not None
    access.require_report(by, episode, transition)
    happened = _happened(effective_at, by=by, at=at)
    if happened < case.timeline.last.effective_at and not by.is_message:
        raise Invalid("before_what_came_before", earlier=case.timeline.last.effective_at)
    instants.require_why(happened, reason, by=by, at=at)
    told = _about_to_happen(case, transition, happened, at)
    if phone is not None:
        instants.told(phone.made_at, at=at, follows=case.timeline.events[0].effective_at)
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
    facts |= place_stays.follow(session, case, effective_at=happened, by=by)
    if asked:
        facts["without"] = list(asked)
    history.append(
        session, episode, EntryKind.EVENT, by=by, at=at, effective_at=happened, trigger=trigger, source=source,
        about=told.about, reason=reason, facts=facts,
    )  # fmt: skip
    outbox.tell(session, episode, (unit_as(episode, party) for party in transition.tells), trigger, by=by, at=at)
    return case.close(session, episode)


def record_arrival(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> Episode:
    """Record now that the citizen is where the state of the episode awaits them; a place that was kept is taken.

    Raises as `record_event`, and NotPossible where no arrival is awaited.
    """
    episode = fetch_for(session, episode_id, by=by, at=at).episode
    arrival = pathway_of(episode).arrival_from(episode.state)
    if arrival is None:
        raise NotPossible("no_arrival_awaited", state=episode.state)
    return record_event(session, episode_id, arrival.trigger, by=by, at=at)


def _happened(effective_at: datetime | None, *, by: Actor, at: datetime) -> datetime:
    """When something happened: a message may tell of what is to come. Raises Invalid."""
    return effective_at if by.is_message and effective_at is not None else instants.told(effective_at, at=at)


def asked_for(case: CaseFile, transition: Transition, *, at: datetime) -> tuple[str, ...]:
    """What a person would be asked for if they recorded this now: what a page says before its button is pressed."""
    return _asked_for(case, transition, _about_to_happen(case, transition, at, at), None)


def _about_to_happen(case: CaseFile, transition: Transition, happened: datetime, at: datetime) -> Told:
    return Told(
        number=case.episode.history_number + 1, kind=EntryKind.EVENT, trigger=transition.trigger,
        source=transition.source, dest=transition.dest, about=_taken_back(case, transition), effective_at=happened,
        recorded_at=at,
    )  # fmt: skip


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


def _require_seen(case: CaseFile, seen: int | None) -> None:
    if seen is not None and seen != case.episode.history_number:
        raise Stale("somebody_was_faster")


def readmit(
    session: Session,
    episode_id: UUID,
    *,
    ward: Unit,
    by: Actor,
    at: datetime,
    effective_at: datetime | None = None,
    acute: bool = False,
    needs: tuple[str, ...] | None = None,
    reason: str | None = None,
) -> Episode:
    """The citizen is back in hospital: the same stay within 4 hours of the discharge, else a new episode linked to the
    old, with its needs unless others are given. `acute`: seen as an outpatient, and not admitted (yet).

    Returns the episode that goes on. Raises as `record_event` and `open_episode`.
    """
    case = fetch_for(session, episode_id, by=by, at=at)
    happened = _happened(effective_at, by=by, at=at)
    discharge = case.timeline.latest(obligations.DISCHARGED)
    same = (
        discharge is not None and case.episode.state == "discharged" and happened - discharge.effective_at <= SAME_STAY
    )
    if same:
        return record_event(session, episode_id, "stay_resumed", by=by, at=at, effective_at=happened, reason=reason)
    old = record_event(
        session, episode_id, "patient_readmitted", by=by, at=at, effective_at=happened, reason=reason
    )
    district: Unit | None = standing(session, session.get_one(Unit, old.district_id))
    if not by.is_message and district is not None and district.organisation_id != old.citizen.municipality_id:
        district = None  # the citizen has moved since
    return open_episode(
        session, old.citizen, "home", "acute_admission" if acute else "admission", by=by, at=at, effective_at=happened,
        ward=ward, district=district, previous=old, needs=tuple(old.needs) if needs is None else needs,
    )  # fmt: skip
