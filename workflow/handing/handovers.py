"""Handovers: sent, read, accepted or rejected, in versions. Until the receiver accepts, the sender is responsible."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import cpr, history, texts
from workflow.actor import Actor
from workflow.casefile import CaseFile, fetch
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, NotPossible, Stale
from workflow.handing import isbar, planned
from workflow.handing.carrying import last_said
from workflow.parties import lives_elsewhere, require_unit_as
from workflow.seeing import access, objections
from workflow.seeing.relations import fetch_for
from workflow.settle import settle
from workflow.tables import Citizen, Handover, HandoverVersion, Unit
from workflow.telling import outbox
from workflow.vocabulary import Concerns, EntryKind, HandoverState, LegalBasis


def send(
    session: Session,
    episode_id: UUID,
    content: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    signed_by: tuple[str, ...] = (isbar.NURSING,),
    override_reason: str | None = None,
    legal_basis: LegalBasis | None = None,
    basis_reason: str | None = None,
    seen: int | None = None,
    confirmed: Collection[str] = (),
) -> Handover:
    """Send the handover that lies ahead (or is owed), or a new version of it; what changed is marked.

    `content` is ISBAR by field (`isbar.FIELDS`); `seen` the version that the writer started from. What a general
    practice says by phone or letter is written down by the receiver, for practices do not sign in. A new version of an
    accepted handover must be accepted again. Where the citizen objects, a legal basis and a reason are asked for.
    Sending the same once more (a second click) does nothing, unless the receiver has rejected it meanwhile. A field
    that says otherwise than the plan must be named in `confirmed`.
    Raises Missing (naming the fields) unless there is an override reason, also where the citizen does not live in the
    municipality of the receiver; Invalid, NotAllowed, NotPossible, Stale, NotFound.
    """
    content = texts.all_taken(dict(content))
    case = fetch_for(session, episode_id, by=by, at=at)
    cpr.require_none(override_reason, basis_reason)
    if strangers := set(content) - set(isbar.FIELDS):
        raise Invalid("no_such_field", fields=", ".join(sorted(strangers)))
    handover = case.under_way or _prepare(session, case)
    on_behalf = access.speaks_for_practice(by, handover.from_unit_id, handover.to_unit_id, case.episode)
    if not on_behalf:
        access.require_unit(by, handover.from_unit_id, case.episode)
    if seen is not None and seen != handover.version:
        stands = handover.state != HandoverState.REJECTED
        if stands and _is_the_same(current_version(session, handover), content, signed_by, seen=seen, by=by):
            return case.close(session, handover)
        raise Stale("newer_version")
    sent_against = objections.require_none(session, case.episode.citizen_id, legal_basis, basis_reason)
    missing = isbar.missing(content, signed_by, _requires(case, handover, at))
    if not (override_reason or "").strip():
        _require_complete(session, case, handover, missing)
    contradicting = _require_confirmed(session, case, handover, content, confirmed)
    before = current_version(session, handover) or last_said(session, case.episode)
    handover.version += 1
    handover.state, handover.sent_at = HandoverState.SENT, at
    handover.first_sent_at = handover.first_sent_at or at
    handover.answered_at = handover.answered_by = handover.answered_by_id = handover.communicated_at = None
    handover.documented_at = None if missing else at
    if str(content.get("R.told") or "").strip():
        handover.informed_at = handover.informed_at or at
    session.add(
        HandoverVersion(
            handover_id=handover.id, version=handover.version, content=dict(content),
            changed=isbar.changed(before.content, content) if before is not None else [],
            signed_by=list(signed_by), missing=list(missing), override_reason=override_reason,
            sent_at=at, sent_by=by.name, sent_by_id=None if on_behalf else by.person_id, asked_for=[],
        )
    )  # fmt: skip
    facts = {"handover": str(handover.uuid), "version": handover.version, "missing": list(missing), **sent_against}
    if contradicting:
        facts["confirmed"] = list(contradicting)
    reason = basis_reason if sent_against else override_reason
    _write(session, case, EntryKind.HANDOVER_SENT, by=by, at=at, reason=reason, facts=facts)
    outbox.tell(session, case.episode, (handover.to_unit_id,), "handover_sent", by=by, at=at)
    return case.close(session, handover)


def _prepare(session: Session, case: CaseFile) -> Handover:
    ahead = case.pathway.handover_ahead(case.episode.state)
    if ahead is None or ahead.hands_over is None or case.episode.responsible_unit_id is None:
        raise NotPossible("nothing_to_hand_over", state=case.episode.state)
    to_unit_id = require_unit_as(case.episode, ahead.hands_over.to)
    if to_unit_id == case.episode.responsible_unit_id:
        raise NotPossible("already_responsible")
    handover = Handover(
        episode_id=case.episode.id, trigger=ahead.trigger, from_unit_id=case.episode.responsible_unit_id,
        to_unit_id=to_unit_id, state=HandoverState.OWED, opened_number=case.episode.history_number + 1, version=0,
    )  # fmt: skip
    case.add(handover)
    case.write(session)
    return handover


def _is_the_same(
    newest: HandoverVersion | None, content: Mapping[str, Any], signed_by: tuple[str, ...], *, seen: int, by: Actor
) -> bool:
    """Whether the newest version is what this person sends now, written from the same version."""
    return (
        newest is not None
        and (newest.version, newest.sent_by) == (seen + 1, by.name)
        and newest.sent_by_id in {None, by.person_id}
        and (newest.content, newest.signed_by) == (dict(content), list(signed_by))
    )


def _require_complete(session: Session, case: CaseFile, handover: Handover, missing: tuple[str, ...]) -> None:
    """Everything is there, and the receiver is where the citizen lives. Raises Missing."""
    if missing:
        raise Missing("handover_incomplete", missing)
    citizen = session.get_one(Citizen, case.episode.citizen_id)
    if lives_elsewhere(case.episode, citizen, session.get_one(Unit, handover.to_unit_id)):
        raise Missing("lives_elsewhere", ("override_reason",))


def _require_confirmed(
    session: Session, case: CaseFile, handover: Handover, content: Mapping[str, Any], confirmed: Collection[str]
) -> tuple[str, ...]:
    """The fields that say otherwise than the plan, all of them confirmed. Raises Missing for those that are not."""
    plan = planned.of(session, case.episode, handover.trigger, handover.to_unit_id)
    contradicting = plan.contradicted_by(content)
    if unconfirmed := tuple(key for key in contradicting if key not in confirmed):
        raise Missing("plan_says_otherwise", unconfirmed)
    return contradicting


def _requires(case: CaseFile, handover: Handover, at: datetime) -> tuple[str, ...]:
    rule = case.terms.concerning(Concerns.HANDOVER_ANSWER, handover.trigger, at)
    return rule.requires if rule is not None else ()


def current_version(session: Session, handover: Handover) -> HandoverVersion | None:
    """The newest version, or None where nothing has been sent yet."""
    return session.scalar(
        select(HandoverVersion).where(
            HandoverVersion.handover_id == handover.id, HandoverVersion.version == handover.version
        )
    )


def read(session: Session, handover_id: UUID, *, by: Actor, at: datetime) -> Handover:
    """The receiver opens it.

    Only the first reading of a version is recorded; readers of other units leave no trace here.
    """
    case, handover = _fetch(session, handover_id, by=by, at=at)
    if by.unit_id != handover.to_unit_id or handover.state != HandoverState.SENT:
        return case.close(session, handover)
    version = current_version(session, handover)
    assert version is not None
    version.read_at, version.read_by = at, by.name
    handover.state = HandoverState.READ
    handover.communicated_at = at
    facts = {"handover": str(handover.uuid), "version": handover.version}
    _write(session, case, EntryKind.HANDOVER_READ, by=by, at=at, facts=facts)
    return case.close(session, handover)


def accept(session: Session, handover_id: UUID, *, by: Actor, at: datetime, version: int) -> Handover:
    """The receiver takes it: responsibility passes now, or at the effective discharge when that is still to come.

    `version` is the one that was seen; somebody of the unit must have read it. Accepting again does nothing; a second
    nurse is told who was first. Raises NotAllowed, NotPossible (also: unread), Stale, NotFound.
    """
    case, handover = _fetch(session, handover_id, by=by, at=at)
    _require_receiver(session, case, handover, by, version, accepting=True)
    if handover.state == HandoverState.ACCEPTED:
        if handover.answered_by_id == by.person_id:
            return case.close(session, handover)
        raise NotPossible("already_accepted", by=handover.answered_by, at=handover.answered_at)
    if handover.state != HandoverState.READ:
        raise NotPossible("read_before_accepting")
    handover.state, handover.answered_at = HandoverState.ACCEPTED, at
    handover.answered_by, handover.answered_by_id = by.name, by.person_id
    handover.communicated_at = handover.communicated_at or at
    facts = {"handover": str(handover.uuid), "version": handover.version}
    _write(session, case, EntryKind.HANDOVER_ACCEPTED, by=by, at=at, facts=facts)
    outbox.tell(session, case.episode, (handover.from_unit_id,), "handover_accepted", by=by, at=at)
    return case.close(session, handover)


def reject(
    session: Session,
    handover_id: UUID,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    asked_for: tuple[str, ...] = (),
    version: int | None = None,
) -> Handover:
    """The receiver cannot take it as it is: why, and which fields are missing. The sender owes a new version.

    Raises Invalid (no reason), NotAllowed, NotPossible, Stale, NotFound.
    """
    case, handover = _fetch(session, handover_id, by=by, at=at)
    _require_receiver(session, case, handover, by, version, accepting=False)
    if not reason.strip():
        raise Invalid("reason_needed")
    cpr.require_none(reason)
    if handover.state == HandoverState.ACCEPTED:
        raise NotPossible("already_accepted", by=handover.answered_by, at=handover.answered_at)
    sent = current_version(session, handover)
    assert sent is not None
    sent.rejected_at, sent.rejected_by, sent.rejected_because, sent.asked_for = at, by.name, reason, list(asked_for)
    handover.state, handover.answered_at = HandoverState.REJECTED, at
    handover.answered_by, handover.answered_by_id = by.name, by.person_id
    handover.communicated_at = handover.communicated_at or at
    facts = {"handover": str(handover.uuid), "version": handover.version, "asked_for": list(asked_for)}
    _write(session, case, EntryKind.HANDOVER_REJECTED, by=by, at=at, reason=reason, facts=facts)
    outbox.tell(session, case.episode, (handover.from_unit_id,), "handover_rejected", by=by, at=at)
    return case.close(session, handover)


def inform(session: Session, handover_id: UUID, *, by: Actor, at: datetime) -> Handover:
    """Citizen or relatives have been told who takes over. Only the first time is recorded."""
    case, handover = _fetch(session, handover_id, by=by, at=at)
    access.require_party(by, case.episode)
    if handover.informed_at is None:
        handover.informed_at = at
        _write(session, case, EntryKind.CITIZEN_INFORMED, by=by, at=at, facts={"handover": str(handover.uuid)})
    return case.close(session, handover)


def _fetch(session: Session, handover_id: UUID, *, by: Actor, at: datetime) -> tuple[CaseFile, Handover]:
    row = session.execute(select(Handover.id, Handover.episode_id).where(Handover.uuid == handover_id)).one_or_none()
    if row is None:
        raise NotFound("no_such_handover")
    case = fetch(session, row.episode_id, at=at)
    if not access.has_relation(by, case.episode):
        raise NotFound("no_such_handover")
    return case, next(h for h in case.handovers if h.id == row.id)


def _require_receiver(
    session: Session, case: CaseFile, handover: Handover, by: Actor, version: int | None, *, accepting: bool
) -> None:
    if by.unit_id != handover.to_unit_id:
        raise NotAllowed("not_the_receiver")
    if handover.state == HandoverState.WITHDRAWN:
        raise NotPossible("handover_withdrawn")
    if handover.state == HandoverState.OWED:
        raise NotPossible("nothing_sent_yet")
    if handover.state == HandoverState.REJECTED:
        raise NotPossible("already_rejected", by=handover.answered_by, at=handover.answered_at)
    if version is not None and version != handover.version:
        raise Stale("newer_version")
    sent = current_version(session, handover)
    if accepting and sent is not None and sent.sent_by_id is not None and sent.sent_by_id == by.person_id:
        raise NotAllowed("own_handover")


def _write(
    session: Session,
    case: CaseFile,
    kind: EntryKind,
    *,
    by: Actor,
    at: datetime,
    facts: dict[str, Any],
    reason: str | None = None,
) -> None:
    follows = settle(session, case, number=case.episode.history_number + 1, by=by, at=at)
    history.append(session, case.episode, kind, by=by, at=at, reason=reason, facts={**facts, **follows})
