"""Messages of ours on their way: sent, awaited, sent again, acknowledged or failed. Times here are real time."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import keys
from workflow.actor import SYSTEM
from workflow.medcom import acknowledgement, uris, wire, writing
from workflow.medcom.acknowledgement import Code
from workflow.medcom.tree import Tree
from workflow.tables import Episode, OutboundMessage
from workflow.telling import outbox
from workflow.vocabulary import LegalBasis, NoticeKind, Sending

_WAITS = (Sending.QUEUED, Sending.AWAITING, Sending.RESENDING)


@dataclass(frozen=True)
class Transmission:
    """One sending of a message: its bytes have a Bundle.id and times of their own."""

    id: UUID
    number: str
    receiver: str
    raw: bytes


def queue(
    session: Session,
    message: Tree,
    *,
    kind: str,
    receiver: str,
    real_at: datetime,
    citizen_id: int | None = None,
    episode_id: int | None = None,
    unit_id: int | None = None,
    legal_basis: LegalBasis | None = None,
    basis_reason: str | None = None,
) -> OutboundMessage:
    """Put a message among those to be sent. `unit_id` is told when it does not get through.

    A legal basis and the reason say why it may be sent though the citizen objects.
    """
    row = OutboundMessage(
        number=message["entry"][0]["resource"]["id"], kind=kind, receiver=receiver, citizen_id=citizen_id,
        episode_id=episode_id, unit_id=unit_id, body=keys.ring().encrypt(json.dumps(message, ensure_ascii=False)),
        state=Sending.QUEUED, transmissions=0, next_at=real_at, made_at=real_at, legal_basis=legal_basis,
        basis_reason=keys.ring().encrypt(basis_reason) if basis_reason is not None else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def claim(
    session: Session, *, at: datetime, real_at: datetime, patience: timedelta, resends: int
) -> Transmission | None:
    """The next message to send, its sending counted before it happens; None when nothing is due.

    It is sent again when `patience` has passed without an acknowledgement (KR7: 30 minutes). One that was sent
    `resends` times again (MR5, MR6: at most three) and never acknowledged has failed: the unit is told to phone.
    """
    due = select(OutboundMessage).where(OutboundMessage.next_at <= real_at).order_by(OutboundMessage.next_at)
    while (row := session.scalars(due.limit(1).with_for_update(skip_locked=True)).first()) is not None:
        if row.transmissions > resends:
            _fail(session, row, at=at)
            session.flush()
            continue
        row.transmissions += 1
        row.sent_at = real_at
        if row.kind == uris.ACKNOWLEDGEMENT:
            row.state, row.next_at = Sending.SENT, None
        else:
            row.state, row.next_at = Sending.AWAITING, real_at + patience
        message = writing.sent_again(json.loads(keys.ring().decrypt(row.body)), at=real_at)
        return Transmission(row.uuid, row.number, row.receiver, wire.write(message, wire.Format.XML))
    return None


def not_delivered(session: Session, transmission: Transmission, *, real_at: datetime) -> None:
    """The transport has failed: it is tried again soon, and the attempt does not count as a sending."""
    row = session.scalars(select(OutboundMessage).where(OutboundMessage.uuid == transmission.id)).one()
    row.transmissions -= 1
    row.state = Sending.RESENDING if row.transmissions else Sending.QUEUED
    row.next_at = real_at + timedelta(minutes=1)


def answered(session: Session, answer: acknowledgement.Received, *, at: datetime) -> bool:
    """An acknowledgement has come: the latest is shown, transient-error is sent again, fatal-error told to the unit.

    Returns whether it was of a message of ours. After ok nothing is sent again, whatever comes.
    """
    number = answer.of.rpartition("/")[2]
    mine = select(OutboundMessage).where(OutboundMessage.number == number, OutboundMessage.kind != uris.ACKNOWLEDGEMENT)
    row = session.scalars(mine.with_for_update()).first()
    if row is None:
        return False
    row.answer, row.answered_at, row.said = answer.code.value, at, "; ".join(answer.said)[:2_000] or None
    if answer.code == Code.OK:
        row.state, row.next_at = Sending.ACKNOWLEDGED, None
    elif row.state in _WAITS and answer.code == Code.TRANSIENT:
        row.state, row.next_at = Sending.RESENDING, row.sent_at or at
    elif row.state in _WAITS:
        _fail(session, row, at=at)
    return True


def _fail(session: Session, row: OutboundMessage, *, at: datetime) -> None:
    row.state, row.next_at = Sending.FAILED, None
    if row.episode_id is not None and row.unit_id is not None:
        episode = session.get_one(Episode, row.episode_id)
        outbox.tell(
            session, episode, (row.unit_id,), "message_not_received", by=SYSTEM, at=at, kind=NoticeKind.ESCALATION
        )
