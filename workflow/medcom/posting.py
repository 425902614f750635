"""A letter is written into its conversation, and put among what is sent, if the citizen has nothing against it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import texts
from workflow.actor import Actor
from workflow.db import LONGEST_LINE
from workflow.errors import Invalid, NotPossible
from workflow.medcom import addresses, communication, conversation, outbound, uris, writing
from workflow.medcom.communication import CareCommunication
from workflow.medcom.communication import Segment as Said
from workflow.medcom.envelope import Party
from workflow.medcom.rules import CATEGORIES
from workflow.seeing import objections
from workflow.tables import Address, Citizen, Organisation, Thread, Unit
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


@dataclass(frozen=True)
class Letter:
    """What is written, by whom and when."""

    text: str
    topic: str | None
    attachments: tuple[Attachment, ...]
    against: Against | None
    by: Actor
    at: datetime
    real_at: datetime

    def __post_init__(self) -> None:
        """Raises Invalid for what is too long."""
        object.__setattr__(self, "text", texts.taken(self.text))
        object.__setattr__(self, "topic", self.topic and texts.taken(self.topic, LONGEST_LINE, "topic"))


def say(
    session: Session,
    thread: Thread,
    us: Address,
    activity: str,
    letter: Letter,
    *,
    before: Sequence[Said] = (),
    follows: str | None = None,
) -> Thread:
    """Say something in a conversation, from the address that is ours; `before` goes along, and `follows` is answered.

    Raises Invalid, NotPossible.
    """
    _require_content(letter, thread.category)
    citizen, against = session.get_one(Citizen, thread.citizen_id), letter.against
    objects = objections.require_none(
        session, citizen.id, against.legal_basis if against else None, against.reason if against else None
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
    earlier = ((follows, "new-message", None),) if follows is not None else ()
    message = communication.write(said, new=len(new), at=letter.real_at, earlier=earlier)
    outbound.queue(
        session, message, kind=uris.CARE_COMMUNICATION, receiver=thread.with_sor, real_at=letter.real_at,
        citizen_id=citizen.id, episode_id=thread.episode_id, unit_id=letter.by.unit_id,
        legal_basis=against.legal_basis if against and objects else None,
        basis_reason=against.reason if against and objects else None,
    )  # fmt: skip
    session.flush()
    return thread


def _segments(letter: Letter, unit: Unit) -> list[Said]:
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


def _require_content(letter: Letter, category: str) -> None:
    if category not in CATEGORIES or (category == "other" and not letter.topic):
        raise Invalid("no_such_category")
    if not letter.text.strip():
        raise Invalid("text_needed")
    for attachment in letter.attachments:
        too_large = len(attachment.content) > communication.MAX_ATTACHMENT
        if too_large or not communication.is_a(attachment.content_type, attachment.content):
            raise Invalid("attachment_not_taken")


def our_address(session: Session, by: Actor, *, at: datetime) -> Address:
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
