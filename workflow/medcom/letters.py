"""Letters to a ward: begun from a follow-up call or a handover, an answer to what came, or passed on to others."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.medcom import addresses, conversation, writing
from workflow.medcom.posting import Against, Attachment, Letter, our_address, say
from workflow.medcom.rules import ATTACHMENT_TYPES
from workflow.tables import Address, Episode, Handover, Task, Thread, Unit


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
    ours = {about.unit_id if isinstance(about, Task) else about.to_unit_id, episode.district_id}
    if by.unit_id not in ours or not by.sees_patients:
        raise NotAllowed("not_your_task")
    us = our_address(session, by, at=at)
    ward = ward_of(session, episode, about)
    them = addresses.of_unit(session, ward, at=at) if ward is not None else None
    thread = _thread(
        session, episode.citizen_id, us, them, category, episode_id=episode.id,
        task_id=about.id if isinstance(about, Task) else None,
        episode_of_care=conversation.episode_of_care(session, episode.citizen), by=by, at=at,
    )  # fmt: skip
    letter = Letter(text, topic, attachments, against, by, at, real_at)
    return say(session, thread, us, "new-message", letter)


def ward_of(session: Session, episode: Episode, about: Task | Handover) -> Unit | None:
    """To which ward a letter about this goes; None where there is none."""
    ward_id = episode.ward_id if isinstance(about, Handover) else about.counterpart_unit_id or episode.ward_id
    return session.get_one(Unit, ward_id) if ward_id is not None else None


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
    us = our_address(session, by, at=at)
    activity = "reply-message" if thread.last_number else "new-message"
    thread.read_at, thread.read_by = at, by.name
    letter = Letter(text, conversation.topic_of(thread), attachments, against, by, at, real_at)
    before = conversation.segments(session, thread)
    return say(session, thread, us, activity, letter, before=before, follows=thread.last_number or None)


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
    us, them = our_address(session, by, at=at), addresses.of_unit(session, to, at=at)
    before = conversation.segments(session, old, with_contents=True)
    if strangers := set(only or ()) - {said.identifier for said in before}:
        raise Invalid("no_such_segment", segments=", ".join(sorted(strangers)))
    known = (old.episode_of_care_system or "", old.episode_of_care) if old.episode_of_care else None
    thread = _thread(
        session, old.citizen_id, us, them, category or old.category, episode_id=old.episode_id, task_id=old.task_id,
        episode_of_care=known, by=by, at=at,
    )  # fmt: skip
    chosen = [said for said in before if only is None or said.identifier in only]
    if any(said.content is not None and said.content_type not in ATTACHMENT_TYPES for said in chosen):
        raise Invalid("attachment_not_taken")  # it came as something that it is not
    for said in chosen:
        conversation.keep(session, thread, said, "forward-message")
    letter = Letter(text, topic or conversation.topic_of(old), attachments, against, by, at, real_at)
    return say(session, thread, us, "forward-message", letter, before=chosen, follows=old.last_number or None)


def _thread(
    session: Session,
    citizen_id: int,
    us: Address,
    them: Address | None,
    category: str,
    *,
    episode_id: int | None,
    task_id: int | None,
    episode_of_care: tuple[str, str] | None,
    by: Actor,
    at: datetime,
) -> Thread:
    if them is None:
        raise NotPossible("ward_has_no_address")
    thread = Thread(
        citizen_id=citizen_id, unit_id=us.unit_id, episode_id=episode_id, task_id=task_id,
        identifier=writing.unique(), category=category,
        with_sor=them.sor, with_gln=them.gln, with_name=them.name or them.unit.name, last_at=at, last_number="",
        heard_at=at, read_at=at, read_by=by.name,
    )  # fmt: skip
    if episode_of_care is not None:
        thread.episode_of_care_system, thread.episode_of_care = episode_of_care
    session.add(thread)
    session.flush()
    return thread
