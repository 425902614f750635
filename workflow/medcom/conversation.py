"""Conversations with a ward about a citizen: what came, in whatever order, and what is answered or begun."""

import base64
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import citizens, keys, outbox
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.medcom import communication, outbound, uris, writing
from workflow.medcom.communication import CareCommunication
from workflow.medcom.communication import Segment as Said
from workflow.medcom.envelope import Party
from workflow.medcom.rules import CATEGORIES
from workflow.tables import Address, Citizen, Episode, Handover, Message, Organisation, Segment, Task, Thread, Unit
from workflow.vocabulary import NoticeKind, OrganisationKind


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that is sent along."""

    title: str
    content_type: str
    content: bytes


# --- what comes ---


def take_in(session: Session, said: CareCommunication, unit: Unit, *, at: datetime, own: bool = False) -> Thread:
    """Put a message into its thread: new, reply or forward, in any order, each segment once.

    `own`: a copy of what another system of our organisation sent; nobody is told of it. It must have a number of
    the citizen's (`numbers_of`). It never completes a task.
    """
    citizen = _citizen(session, said, unit)
    thread = _thread(session, citizen, said, unit, at=at)
    for segment in said.segments:
        _keep(session, thread, segment, said.activity)
    if own:
        return thread
    thread.heard_at = at
    episode = _episode(session, citizen)
    if episode is not None:
        units = (unit.id, episode.facility_id, episode.district_id)
        outbox.tell(session, episode, units, "correspondence", by=SYSTEM, at=at, kind=NoticeKind.NOTICE)
    return thread


def _citizen(session: Session, said: CareCommunication, unit: Unit) -> Citizen:
    """Whom it is about: found by any of the numbers, else entered, for a letter to us is not thrown away."""
    numbers = numbers_of(said)
    found = next((c for c in (citizens.find(session, number) for number in numbers) if c is not None), None)
    if found is not None:
        return found
    return citizens.register(session, numbers[0], said.name or "Ukendt navn", municipality_id=unit.organisation_id)


def numbers_of(said: CareCommunication) -> list[Cpr]:
    """The numbers of the citizen that can be such: CPR first, then replacements."""
    numbers = []
    for written in said.citizens:
        with suppress(Invalid):
            numbers.append(Cpr.parse(written))
    return numbers


def _thread(session: Session, citizen: Citizen, said: CareCommunication, unit: Unit, *, at: datetime) -> Thread:
    known = select(Thread).where(Thread.citizen_id == citizen.id, Thread.identifier == said.thread)
    session.execute(
        insert(Thread)
        .values(
            citizen_id=citizen.id, unit_id=unit.id, identifier=said.thread, category=said.category,
            with_sor=said.sender.sor or "", with_gln=said.sender.gln, with_name=said.sender.name,
            last_at=said.occurred_at, last_number=said.number, heard_at=at,
        )
        .on_conflict_do_nothing(index_elements=["citizen_id", "identifier"])
    )  # fmt: skip
    thread = session.scalars(known.with_for_update(), execution_options={"populate_existing": True}).one()
    if said.occurred_at >= thread.last_at:  # the latest message says what the thread is about, and is what is answered
        thread.last_at, thread.last_number, thread.category = said.occurred_at, said.number, said.category
        thread.topic = _hidden(said.topic)
    if said.episode_of_care is not None:
        thread.episode_of_care_system, thread.episode_of_care = said.episode_of_care
    return thread


def _keep(session: Session, thread: Thread, said: Said, activity: str) -> None:
    content = base64.b64encode(said.content).decode() if said.content is not None else None
    row = insert(Segment).values(
        thread_id=thread.id, identifier=said.identifier, written_at=said.written_at, activity=activity,
        organisation=said.organisation, author=_hidden(said.author), contact=_hidden(said.contact),
        text=_hidden(said.text), title=_hidden(said.title), content_type=said.content_type, content=_hidden(content),
        url=_hidden(said.url), size=len(said.content) if said.content is not None else None,
    )  # fmt: skip
    if said.content is None:
        session.execute(row.on_conflict_do_nothing(index_elements=["thread_id", "identifier"]))
    else:  # a reply came first, and repeated the heading only
        new = row.excluded
        whole = {"content": new.content, "size": new.size, "content_type": new.content_type}
        session.execute(
            row.on_conflict_do_update(
                index_elements=["thread_id", "identifier"], set_=whole,
                where=Segment.content.is_(None) & Segment.text.is_(None),
            )
        )  # fmt: skip


def _episode(session: Session, citizen: Citizen) -> Episode | None:
    own = select(Episode).where(Episode.citizen_id == citizen.id)
    return session.scalars(own.order_by(Episode.closed_at.is_not(None), Episode.id.desc()).limit(1)).first()


def _hidden(text: str | None) -> bytes | None:
    return keys.ring().encrypt(text) if text is not None else None


def _shown(stored: bytes | None) -> str | None:
    return keys.ring().decrypt(stored) if stored is not None else None


# --- what is read ---


def segments(session: Session, thread: Thread, *, with_contents: bool = False) -> list[Said]:
    """What was said, by the time at which it was said. Contents of attachments only when asked for."""
    rows = session.scalars(
        select(Segment).where(Segment.thread_id == thread.id).order_by(Segment.written_at, Segment.id)
    )
    return [
        Said(
            identifier=row.identifier, written_at=row.written_at, text=_shown(row.text), title=_shown(row.title),
            content_type=row.content_type, url=_shown(row.url), author=_shown(row.author),
            contact=_shown(row.contact), organisation=row.organisation,
            content=base64.b64decode(_shown(row.content) or "") if with_contents and row.content else None,
        )
        for row in rows
    ]  # fmt: skip


def topic_of(thread: Thread) -> str | None:
    """The heading of a conversation."""
    return _shown(thread.topic)


def mark_read(session: Session, thread_id: UUID, *, by: Actor, at: datetime) -> Thread:
    """Somebody of the unit has read it. Raises NotFound, NotAllowed."""
    thread = _fetch(session, thread_id, by)
    thread.read_at, thread.read_by = at, by.name
    return thread


def _fetch(session: Session, thread_id: UUID, by: Actor) -> Thread:
    thread = session.scalars(select(Thread).where(Thread.uuid == thread_id).with_for_update()).first()
    if thread is None:
        raise NotFound("no_such_thread")
    _require_unit(session, by, thread.unit_id)
    return thread


def _require_unit(session: Session, by: Actor, unit_id: int) -> None:
    """The unit that it is addressed to, or another of the same municipality."""
    if by.organisation_id != session.get_one(Unit, unit_id).organisation_id:
        raise NotAllowed("not_your_unit")


# --- what is said ---


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
    us = _our_address(session, by)
    them = session.scalars(select(Address).where(Address.unit_id == ward_id).order_by(Address.id)).first()
    if them is None:
        raise NotPossible("ward_has_no_address")
    thread = Thread(
        citizen_id=episode.citizen_id, unit_id=us.unit_id, task_id=about.id if isinstance(about, Task) else None,
        identifier=writing.unique(), category=category, with_sor=them.sor, with_gln=them.gln,
        with_name=them.name or them.unit.name, last_at=at, last_number="", heard_at=at, read_at=at, read_by=by.name,
    )  # fmt: skip
    identifier = episode_of_care(session, episode.citizen)
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
    thread = _fetch(session, thread_id, by)
    us = _our_address(session, by)
    activity = "reply-message" if thread.last_number else "new-message"
    thread.read_at, thread.read_by = at, by.name
    topic = topic_of(thread)
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
        segments=(*segments(session, thread), *new), follows=thread.last_number or None,
    )  # fmt: skip
    earlier = ((thread.last_number, "new-message", None),) if thread.last_number else ()
    for segment in new:
        _keep(session, thread, segment, activity)
    thread.last_at, thread.last_number, thread.topic = at, said.number, _hidden(topic)
    episode = _episode(session, citizen)
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


def _our_address(session: Session, by: Actor) -> Address:
    """The address that we write from: of the person's own unit, else one of its municipality."""
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


def episode_of_care(session: Session, citizen: Citizen) -> tuple[str, str] | None:
    """The identifier of the citizen's newest stay, as it came: the hospital's own before LPR3's (standards 1.9)."""
    newest = select(Message.facts).where(
        Message.citizen_id == citizen.id, Message.kind == uris.HOSPITAL_NOTIFICATION, Message.facts.is_not(None)
    )
    facts = session.scalars(newest.order_by(Message.id.desc()).limit(1)).first()
    known = [(str(system), str(value)) for system, value in (facts or {}).get("episodes_of_care", [])]
    return min(known, key=lambda one: one[0] == uris.LPR3, default=None)
