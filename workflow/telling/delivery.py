"""Letters on the wire: claimed, tried, tried again, given up, and sent again by a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, null, select, update
from sqlalchemy.orm import Session

from workflow import calendar
from workflow.actor import Actor
from workflow.errors import NotAllowed, NotFound, NotPossible
from workflow.tables import Delivery, Episode, Notice, Unit
from workflow.telling import texts, wordings
from workflow.telling.channels.channel import Channel, NotDelivered
from workflow.telling.channels.letter import Letter
from workflow.vocabulary import Language, NoticeKind, Role

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=30)  # real time, doubled after each attempt: a server may be away for an hour
INTERRUPTED = "interrupted"  # every attempt ended without an answer to us: whoever sent it was stopped, or killed by it


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A letter that was given up, and why; it is in the unit's inbox all the same. No `address` is a citizen's."""

    key: UUID
    kind: NoticeKind
    topic: str
    unit: str
    channel: str
    address: str
    attempts: int
    error: str | None
    dead_at: datetime | None


def pause(attempts: int) -> timedelta:
    """How long to wait after that many attempts."""
    return FIRST_PAUSE * int(2 ** (attempts - 1))


def link(base_url: str, episode_uuid: UUID) -> str:
    """Where a letter leads: the page of its episode."""
    return f"{base_url}/forloeb/{episode_uuid}"


def claim(session: Session, channel: Channel, *, at: datetime, real_at: datetime, base_url: str) -> Letter | None:
    """Take the next letter that is due on a channel, and count the attempt; None when none is.

    The caller commits before it sends: a letter that kills its sender has been counted, and is given up in the end. If
    nobody hears of it again, it falls due anew after the pause. `at` says whether it is night, `real_at` what is due.
    """
    while (delivery := session.scalars(_next_due(channel, real_at)).one_or_none()) is not None:
        notice, unit, episode_uuid = session.execute(_about(delivery)).one()
        waiting = calendar.outside_quiet_hours(at) - at
        if waiting and delivery.address != unit.email:
            delivery.next_try_at = real_at + waiting
        elif delivery.attempts >= MOST_ATTEMPTS:
            delivery.next_try_at, delivery.dead_at = None, real_at
            delivery.error = delivery.error or INTERRUPTED
        else:
            delivery.attempts += 1
            delivery.next_try_at = real_at + pause(delivery.attempts)
            return _letter(session, delivery, notice, unit, link=link(base_url, episode_uuid), at=real_at)
    return None


def _letter(session: Session, delivery: Delivery, notice: Notice, unit: Unit, *, link: str, at: datetime) -> Letter:
    codes = (*texts.LETTERS, notice.topic)
    book = wordings.read(session, (unit.organisation_id,), codes, (Language.DANISH,))
    subject, body, text = (
        book.letter(texts.LETTERS[code], notice, unit, link=link) for code in (texts.SUBJECT, texts.BODY, texts.SHORT)
    )
    return Letter(
        key=delivery.uuid, address=delivery.address, kind=notice.kind, topic=notice.topic, unit=unit.name,
        link=link, subject=subject, body=body, text=text, sent_at=at,
    )  # fmt: skip


def _next_due(channel: Channel, real_at: datetime) -> Select[Delivery]:
    return (
        select(Delivery)
        .where(Delivery.channel == channel.name, Delivery.next_try_at <= real_at)
        .order_by(Delivery.next_try_at, Delivery.id)
        .limit(1)
        .with_for_update(key_share=True, skip_locked=True)
    )


def _about(delivery: Delivery) -> Select[Notice, Unit, UUID]:
    return (
        select(Notice, Unit, Episode.uuid)
        .join(Unit, Unit.id == Notice.unit_id)
        .join(Episode, Episode.id == Notice.episode_id)
        .where(Notice.id == delivery.notice_id)
    )


def record_delivered(session: Session, key: UUID, *, real_at: datetime) -> None:
    """The receiving server has taken the letter."""
    session.execute(
        update(Delivery)
        .where(Delivery.uuid == key)
        .values(sent_at=func.coalesce(Delivery.sent_at, real_at), next_try_at=None, dead_at=None, error=None)
    )


def record_failure(session: Session, key: UUID, failure: NotDelivered, *, real_at: datetime) -> None:
    """The letter was not taken: it stays due for the time that the claim set, or is given up when that is pointless."""
    tried = update(Delivery).where(Delivery.uuid == key, Delivery.sent_at.is_(None))
    session.execute(tried.values(error=failure.why))
    given_up = tried if failure.permanent else tried.where(Delivery.attempts >= MOST_ATTEMPTS)
    session.execute(given_up.values(dead_at=real_at, next_try_at=null()))


def dead_letters(session: Session, *, limit: int = 100) -> list[DeadLetter]:
    """What was given up and waits for a person, newest first."""
    rows = session.execute(
        select(Delivery, Notice, Unit.name)
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(Unit, Unit.id == Notice.unit_id)
        .where(Delivery.dead_at.is_not(None))
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    return [
        DeadLetter(
            key=dead.uuid, kind=notice.kind, topic=notice.topic, unit=unit, channel=dead.channel, address=dead.address,
            attempts=dead.attempts, error=dead.error, dead_at=dead.dead_at,
        )
        for dead, notice, unit in rows
    ]  # fmt: skip


def send_again(session: Session, key: UUID, *, by: Actor, real_at: datetime, address: str | None = None) -> None:
    """Try a letter that was given up anew, with all its attempts; to another `address` where the old one was wrong.

    To the same address it keeps its key, so that a receiver who did get it drops it; to another it is another letter.
    Raises NotAllowed (only managers, administrators and operators), NotFound, and NotPossible when it is not given up.
    """
    if not by.roles & {Role.MANAGER, Role.ADMINISTRATOR, Role.OPERATOR}:
        raise NotAllowed("not_yours_to_send_again")
    delivery = session.scalars(select(Delivery).where(Delivery.uuid == key).with_for_update()).one_or_none()
    if delivery is None:
        raise NotFound("no_such_letter")
    if delivery.dead_at is None:
        raise NotPossible("letter_not_given_up")
    if address is not None and address != delivery.address:
        delivery.address, delivery.uuid = address, func.uuidv7()
    delivery.attempts, delivery.next_try_at, delivery.dead_at, delivery.error = 0, real_at, None, None
