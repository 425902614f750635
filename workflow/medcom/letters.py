"""Letters to a ward: begun from a follow-up call or a handover, an answer to what came, or passed on to others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import objections
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.medcom import addresses, communication, conversation, outbound, uris, writing
from workflow.medcom.communication import CareCommunication
from workflow.medcom.communication import Segment as Said
from workflow.medcom.envelope import Party
from workflow.medcom.rules import ATTACHMENT_TYPES, CATEGORIES
from workflow.tables import Address, Citizen, Episode, Handover, Organisation, Task, Thread, Unit
from workflow.vocabulary import LegalBasis, OrganisationKind


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that is sent along."""

    title: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Against:
    """On which legal basis something is passed on though the citizen objects, and why."""

    legal_basis: LegalBasis
    reason: str


def begin(
    session: Session,
    about: Task | Handover,
    text: str,
    *,
    by: Actor,
    at: datetime,
    real_at: datetime,
    category: str = "discharge",
    topic: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    against: Against | None = None,
) -> Thread:
    """Write to the ward about a follow-up call or a handover. The call stays owed: a message never completes it.

    Raises NotPossible when the ward or our unit has no address, or the citizen objects and nothing is given `against`
    it; Invalid for a category or attachment that is none; NotAllowed.
    """
    episode = session.get_one(Episode, about.episode_id)
    ward_id = episode.ward_id if isinstance(about, Handover) else about.counterpart_unit_id or episode.ward_id
    if by.unit_id not in {about.unit_id if isinstance(about, Task) else about.to_unit_id, episode.district_id}:
        raise NotAllowed("not_your_task")
    us = _our_address(session, by, at=at)
    them = addresses.of_unit(session, session.get_one(Unit, ward_id), at=at) if ward_id is not None else None
    thread = _thread(
        session, episode.citizen_id, us, them, category, task_id=about.id if isinstance(about, Task) else None,
        episode_of_care=conversation.episode_of_care(session, episode.citizen), by=by, at=at,
    )  # fmt: skip
    letter = _Letter(text, topic, attachments, against, by, at, real_at)
    return _say(session, thread, us, "new-message", letter)


def reply(
    session: Session,
    thread_id: UUID,
    text: str,
    *,
    by: Actor,
    at: datetime,
    real_at: datetime,
    attachments: tuple[Attachment, ...] = (),
    against: Against | None = None,
) -> Thread:
    """Answer the latest message of a conversation: everything that was said goes with it, old attachments do not.

    Raises NotFound, NotAllowed, NotPossible, Invalid, as `begin`.
    """
    thread = conversation.fetch(session, thread_id, by)
    us = _our_address(session, by, at=at)
    activity = "reply-message" if thread.last_number else "new-message"
    thread.read_at, thread.read_by = at, by.name
    letter = _Letter(text, conversation.topic_of(thread), attachments, against, by, at, real_at)
    before = conversation.segments(session, thread)
    return _say(session, thread, us, activity, letter, before=before, follows=thread.last_number or None)


def forward(
    session: Session,
    thread_id: UUID,
    to: Unit,
    text: str,
    *,
    by: Actor,
    at: datetime,
    real_at: datetime,
    only: Collection[str] | None = None,
    category: str | None = None,
    topic: str | None = None,
    attachments: tuple[Attachment, ...] = (),
    against: Against | None = None,
) -> Thread:
    """Pass a conversation on to somebody who has not taken part in it: a conversation of its own begins, with what was
    said, attachments and all. `only` names the segments that go with it, category and topic what it is about now.

    Raises NotFound, NotAllowed, NotPossible, Invalid, as `begin`.
    """
    old = conversation.fetch(session, thread_id, by)
    us, them = _our_address(session, by, at=at), addresses.of_unit(session, to, at=at)
    before = conversation.segments(session, old, with_contents=True)
    if strangers := set(only or ()) - {said.identifier for said in before}:
        raise Invalid("no_such_segment", segments=", ".join(sorted(strangers)))
    known = (old.episode_of_care_system or "", old.episode_of_care) if old.episode_of_care else None
    thread = _thread(
        session, old.citizen_id, us, them, category or old.category, task_id=old.task_id, episode_of_care=known, by=by,
        at=at,
    )  # fmt: skip
    chosen = [said for said in before if only is None or said.identifier in only]
    if any(said.content is not None and said.content_type not in ATTACHMENT_TYPES for said in chosen):
        raise Invalid("attachment_not_taken")  # it came as something that it is not
    for said in chosen:
        conversation.keep(session, thread, said, "forward-message")
    letter = _Letter(text, topic or conversation.topic_of(old), attachments, against, by, at, real_at)
    return _say(session, thread, us, "forward-message", letter, before=chosen, follows=old.last_number or None)


def _thread(
    session: Session,
    citizen_id: int,
    us: Address,
    them: Address | None,
    category: str,
    *,
    task_id: int | None,
    episode_of_care: tuple[str, str] | None,
    by: Actor,
    at: datetime,
) -> Thread:
    if them is None:
        raise NotPossible("ward_has_no_address")
    thread = Thread(
        citizen_id=citizen_id, unit_id=us.unit_id, task_id=task_id, identifier=writing.unique(), category=category,
        with_sor=them.sor, with_gln=them.gln, with_name=them.name or them.unit.name, last_at=at, last_number="",
        heard_at=at, read_at=at, read_by=by.name,
    )  # fmt: skip
    if episode_of_care is not None:
        thread.episode_of_care_system, thread.episode_of_care = episode_of_care
    session.add(thread)
    session.flush()
    return thread


@dataclass(frozen=True)
class _Letter:
    """What is written, by whom and when."""

    text: str
    topic: str | None
    attachments: tuple[Attachment, ...]
    against: Against | None
    by: Actor
    at: datetime
    real_at: datetime


def _say(
    session: Session,
    thread: Thread,
    us: Address,
    activity: str,
    letter: _Letter,
    *,
    before: Sequence[Said] = (),
    follows: str | None = None,
) -> Thread:
    _require_content(letter, thread.category)
    citizen, against = session.get_one(Citizen, thread.citizen_id), letter.against
    objects = objections.require_none(
        session, citizen.id, against and against.legal_basis, against and against.reason
    )  # fmt: skip
    new = _segments(letter, us.unit)
    said = CareCommunication(
        number=writing.unique(), activity=activity, thread=thread.identifier, category=thread.category,
        topic=letter.topic, sender=Party(us.sor, us.gln, us.unit.name),
        receiver=Party(thread.with_sor, thread.with_gln, thread.with_name), occurred_at=letter.at,
        citizens=(citizen.cpr.value,), name=citizen.name,
        episode_of_care=(thread.episode_of_care_system or "", thread.episode_of_care)
        if thread.episode_of_care else None,
        segments=(*before, *new), follows=follows,
    )  # fmt: skip
    for segment in new:
        conversation.keep(session, thread, segment, activity)
    thread.last_at, thread.last_number, thread.topic = letter.at, said.number, conversation.hidden(letter.topic)
    episode = conversation.episode_of(session, citizen)
    earlier = ((follows, "new-message", None),) if follows is not None else ()
    message = communication.write(said, new=len(new), at=letter.real_at, earlier=earlier)
    outbound.queue(
        session, message, kind=uris.CARE_COMMUNICATION, receiver=thread.with_sor, real_at=letter.real_at,
        citizen_id=citizen.id, episode_id=episode.id if episode else None, unit_id=letter.by.unit_id,
        legal_basis=against.legal_basis if against and objects else None,
        basis_reason=against.reason if against and objects else None,
    )  # fmt: skip
    session.flush()
    return thread


def _segments(letter: _Letter, unit: Unit) -> list[Said]:
    """The attachments, and then the text."""
    text = Said(
        identifier=writing.unique(), written_at=letter.at, text=letter.text, author=letter.by.name, contact=unit.phone,
        organisation=unit.name,
    )  # fmt: skip
    attached = [
        replace(
            text, identifier=writing.unique(), text=None, title=a.title, content_type=a.content_type, content=a.content
        )
        for a in letter.attachments
    ]
    return [*attached, text]


def _require_content(letter: _Letter, category: str) -> None:
    if category not in CATEGORIES or (category == "other" and not letter.topic):
        raise Invalid("no_such_category")
    if not letter.text.strip():
        raise Invalid("text_needed")
    for attachment in letter.attachments:
        too_large = len(attachment.content) > communication.MAX_ATTACHMENT
        if too_large or not communication.is_a(attachment.content_type, attachment.content):
            raise Invalid("attachment_not_taken")


def _our_address(session: Session, by: Actor, *, at: datetime) -> Address:
    """The address that we write from: of the person's own unit, else one of its municipality."""
    if by.unit_id is not None:
        addresses.of_unit(session, session.get_one(Unit, by.unit_id), at=at)
    ours = (
        select(Address)
        .join(Unit, Unit.id == Address.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(Organisation.id == by.organisation_id, Organisation.kind == OrganisationKind.MUNICIPALITY)
    )
    found = session.scalars(ours.order_by(Address.unit_id != by.unit_id, Address.id)).first()
    if found is None:
        raise NotPossible("unit_has_no_address")
    return found
