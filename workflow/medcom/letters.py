"""Letters to a ward: begun from a follow-up call or a handover, or an answer to what came."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.medcom import addresses, communication, conversation, outbound, uris, writing
from workflow.medcom.communication import CareCommunication
from workflow.medcom.communication import Segment as Said
from workflow.medcom.envelope import Party
from workflow.medcom.rules import CATEGORIES
from workflow.tables import Address, Citizen, Episode, Handover, Organisation, Task, Thread, Unit
from workflow.vocabulary import OrganisationKind


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that is sent along."""

    title: str
    content_type: str
    content: bytes


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
) -> Thread:
    """Write to the ward about a follow-up call or a handover. The call stays owed: a message never completes it.

    Raises NotPossible when the ward or our unit has no address, Invalid for a category or attachment that is none.
    """
    episode = session.get_one(Episode, about.episode_id)
    ward_id = episode.ward_id if isinstance(about, Handover) else about.counterpart_unit_id or episode.ward_id
    if by.unit_id not in {about.unit_id if isinstance(about, Task) else about.to_unit_id, episode.district_id}:
        raise NotAllowed("not_your_task")
    us = _our_address(session, by, at=at)
    them = addresses.of_unit(session, session.get_one(Unit, ward_id), at=at) if ward_id is not None else None
    if them is None:
        raise NotPossible("ward_has_no_address")
    thread = Thread(
        citizen_id=episode.citizen_id, unit_id=us.unit_id, task_id=about.id if isinstance(about, Task) else None,
        identifier=writing.unique(), category=category, with_sor=them.sor, with_gln=them.gln,
        with_name=them.name or them.unit.name, last_at=at, last_number="", heard_at=at, read_at=at, read_by=by.name,
    )  # fmt: skip
    identifier = conversation.episode_of_care(session, episode.citizen)
    if identifier is not None:
        thread.episode_of_care_system, thread.episode_of_care = identifier
    session.add(thread)
    session.flush()
    return _say(session, thread, us, "new-message", text, attachments, topic, by=by, at=at, real_at=real_at)


def reply(
    session: Session,
    thread_id: UUID,
    text: str,
    *,
    by: Actor,
    at: datetime,
    real_at: datetime,
    attachments: tuple[Attachment, ...] = (),
) -> Thread:
    """Answer the latest message of a conversation: everything that was said goes with it, old attachments do not.

    Raises NotFound, NotAllowed, NotPossible, Invalid.
    """
    thread = conversation.fetch(session, thread_id, by)
    us = _our_address(session, by, at=at)
    activity = "reply-message" if thread.last_number else "new-message"
    thread.read_at, thread.read_by = at, by.name
    topic = conversation.topic_of(thread)
    return _say(session, thread, us, activity, text, attachments, topic, by=by, at=at, real_at=real_at)


def _say(
    session: Session,
    thread: Thread,
    us: Address,
    activity: str,
    text: str,
    attachments: tuple[Attachment, ...],
    topic: str | None,
    *,
    by: Actor,
    at: datetime,
    real_at: datetime,
) -> Thread:
    _require_content(text, thread.category, topic, attachments)
    citizen = session.get_one(Citizen, thread.citizen_id)
    unit = us.unit
    ours = Said(
        identifier=writing.unique(), written_at=at, text=text, author=by.name, contact=unit.phone,
        organisation=unit.name,
    )  # fmt: skip
    new = [
        replace(
            ours, identifier=writing.unique(), text=None, title=a.title, content_type=a.content_type, content=a.content
        )
        for a in attachments
    ] + [ours]
    said = CareCommunication(
        number=writing.unique(), activity=activity, thread=thread.identifier, category=thread.category, topic=topic,
        sender=Party(us.sor, us.gln, unit.name), receiver=Party(thread.with_sor, thread.with_gln, thread.with_name),
        occurred_at=at, citizens=(citizen.cpr.value,), name=citizen.name,
        episode_of_care=(thread.episode_of_care_system or "", thread.episode_of_care)
        if thread.episode_of_care else None,
        segments=(*conversation.segments(session, thread), *new), follows=thread.last_number or None,
    )  # fmt: skip
    earlier = ((thread.last_number, "new-message", None),) if thread.last_number else ()
    for segment in new:
        conversation.keep(session, thread, segment, activity)
    thread.last_at, thread.last_number, thread.topic = at, said.number, conversation.hidden(topic)
    episode = conversation.episode_of(session, citizen)
    outbound.queue(
        session, communication.write(said, at=real_at, earlier=earlier), kind=uris.CARE_COMMUNICATION,
        receiver=thread.with_sor, real_at=real_at, citizen_id=citizen.id, episode_id=episode.id if episode else None,
        unit_id=by.unit_id,
    )  # fmt: skip
    session.flush()
    return thread


def _require_content(text: str, category: str, topic: str | None, attachments: tuple[Attachment, ...]) -> None:
    if category not in CATEGORIES or (category == "other" and not topic):
        raise Invalid("no_such_category")
    if not text.strip():
        raise Invalid("text_needed")
    for attachment in attachments:
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
