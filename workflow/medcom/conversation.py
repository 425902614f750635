"""Conversations with a ward about a citizen: what came, in whatever order, and what is answered or begun."""

import base64
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import citizens, keys
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.errors import Invalid, NotAllowed, NotFound
from workflow.medcom import uris
from workflow.medcom.addresses import Ours
from workflow.medcom.communication import CareCommunication
from workflow.medcom.communication import Segment as Said
from workflow.seeing import access
from workflow.tables import Citizen, Episode, Merge, Message, Segment, Thread, Unit
from workflow.telling import outbox
from workflow.vocabulary import NoticeKind


def take_in(session: Session, said: CareCommunication, to: Ours, *, at: datetime, own: bool = False) -> Thread:
    """Put a message into its thread: new, reply or forward, in any order, each segment once.

    `own`: a copy of what another system of our organisation sent; nobody is told of it. It must have a number of
    the citizen's (`numbers_of`). It never completes a task.
    """
    citizen = _citizen(session, said, to)
    episode = episode_of(session, citizen)
    thread = _thread(session, citizen, said, to, episode, at=at)
    for segment in said.segments:
        keep(session, thread, segment, said.activity)
    if own:
        return thread
    thread.heard_at = at
    if thread.episode_id is not None:
        episode = session.get_one(Episode, thread.episode_id)
        units = (to.unit_id, episode.facility_id, episode.district_id)
        outbox.tell(session, episode, units, "correspondence", by=SYSTEM, at=at, kind=NoticeKind.NOTICE)
    return thread


def _citizen(session: Session, said: CareCommunication, to: Ours) -> Citizen:
    """Whom it is about: found by any of the numbers, else entered, for a letter to us is not thrown away."""
    numbers = numbers_of(said)
    found = next((c for c in (citizens.find(session, number) for number in numbers) if c is not None), None)
    if found is not None:
        return _whose_it_is_now(session, found)
    return citizens.register(session, numbers[0], said.name or "Ukendt navn", municipality_id=to.municipality_id)


def _whose_it_is_now(session: Session, citizen: Citizen) -> Citizen:
    """The citizen whom a replacement number was found to be, by a person."""
    into = select(Merge.into_id).where(Merge.from_id == citizen.id, Merge.undone_at.is_(None))
    while (real := session.scalar(into)) is not None:
        citizen = session.get_one(Citizen, real)
        into = select(Merge.into_id).where(Merge.from_id == real, Merge.undone_at.is_(None))
    return citizen


def numbers_of(said: CareCommunication) -> list[Cpr]:
    """The numbers of the citizen that can be such: CPR first, then replacements."""
    numbers = []
    for written in said.citizens:
        with suppress(Invalid):
            numbers.append(Cpr.parse(written))
    return numbers


def _thread(
    session: Session, citizen: Citizen, said: CareCommunication, to: Ours, episode: Episode | None, *, at: datetime
) -> Thread:
    """The conversation that it belongs to; it belongs to the episode in which it began, or the first there was."""
    known = select(Thread).where(Thread.citizen_id == citizen.id, Thread.identifier == said.thread)
    session.execute(
        insert(Thread)
        .values(
            citizen_id=citizen.id, unit_id=to.unit_id, identifier=said.thread, category=said.category,
            with_sor=said.sender.sor or "", with_gln=said.sender.gln, with_name=said.sender.name,
            last_at=said.occurred_at, last_number=said.number, heard_at=at,
        )
        .on_conflict_do_nothing(index_elements=["citizen_id", "identifier"])
    )  # fmt: skip
    thread = session.scalars(known.with_for_update(), execution_options={"populate_existing": True}).one()
    if thread.episode_id is None and episode is not None:
        thread.episode_id = episode.id
    if said.occurred_at >= thread.last_at:  # the latest message says what the thread is about, and is what is answered
        thread.last_at, thread.last_number, thread.category = said.occurred_at, said.number, said.category
        thread.topic = hidden(said.topic)
    if said.episode_of_care is not None:
        thread.episode_of_care_system, thread.episode_of_care = said.episode_of_care
    return thread


def keep(session: Session, thread: Thread, said: Said, activity: str) -> None:
    content = base64.b64encode(said.content).decode() if said.content is not None else None
    row = insert(Segment).values(
        thread_id=thread.id, identifier=said.identifier, written_at=said.written_at, activity=activity,
        organisation=said.organisation, author=hidden(said.author), contact=hidden(said.contact),
        text=hidden(said.text), title=hidden(said.title), content_type=said.content_type, content=hidden(content),
        url=hidden(said.url), size=len(said.content) if said.content is not None else None,
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


def episode_of(session: Session, citizen: Citizen) -> Episode | None:
    own = select(Episode).where(Episode.citizen_id == citizen.id)
    return session.scalars(own.order_by(Episode.closed_at.is_not(None), Episode.id.desc()).limit(1)).first()


def hidden(text: str | None) -> bytes | None:
    return keys.ring().encrypt(text) if text is not None else None


def _shown(stored: bytes | None) -> str | None:
    return keys.ring().decrypt(stored) if stored is not None else None


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
    thread = fetch(session, thread_id, by)
    thread.read_at, thread.read_by = at, by.name
    return thread


def fetch(session: Session, thread_id: UUID, by: Actor) -> Thread:
    thread = session.scalars(select(Thread).where(Thread.uuid == thread_id).with_for_update()).first()
    if thread is None:
        raise NotFound("no_such_thread")
    _require_unit(session, by, thread.unit_id)
    if by.unit_id != thread.unit_id:
        if thread.episode_id is None:
            raise NotFound("no_such_thread")
        access.require_relation(by, session.get_one(Episode, thread.episode_id))
    return thread


def _require_unit(session: Session, by: Actor, unit_id: int) -> None:
    """The unit that it is addressed to, or another of the same municipality."""
    if by.organisation_id != session.get_one(Unit, unit_id).organisation_id or not by.sees_patients:
        raise NotAllowed("not_your_unit")


def episode_of_care(session: Session, citizen: Citizen) -> tuple[str, str] | None:
    """The identifier of the citizen's newest stay, as it came: the hospital's own before LPR3's (standards 1.9)."""
    newest = select(Message.facts).where(
        Message.citizen_id == citizen.id, Message.kind == uris.HOSPITAL_NOTIFICATION, Message.facts.is_not(None)
    )
    facts = session.scalars(newest.order_by(Message.id.desc()).limit(1)).first()
    known = [(str(system), str(value)) for system, value in (facts or {}).get("episodes_of_care", [])]
    return min(known, key=lambda one: one[0] == uris.LPR3, default=None)
