"""Rotation of keys: what is encrypted is written anew with the newest key, in batches, while work goes on."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from workflow import keys
from workflow.tables import Account, Citizen, Installation, Message, OutboundMessage, Segment, Thread

BATCH = 500
# Every encrypted column; `decrypt` and `encrypt` of the ring read and write each.
ENCRYPTED: tuple[InstrumentedAttribute[Any], ...] = (
    Citizen.cpr_encrypted, Account.totp_encrypted, Message.raw, OutboundMessage.body, OutboundMessage.basis_reason,
    Thread.topic, Segment.author, Segment.contact, Segment.text, Segment.title, Segment.content, Segment.url,
    Installation.proof_encrypted,
)  # fmt: skip


def left(session: Session) -> int:
    """How many values an older key has written."""
    return sum(session.scalar(select(func.count()).where(_older(column))) or 0 for column in ENCRYPTED)


def _older(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    newest = f"{keys.ring().newest}:".encode()
    return and_(column.is_not(None), func.substring(column, 1, len(newest)) != newest)


def rotate(session: Session, *, batch: int = BATCH) -> int:
    """Write up to `batch` values anew with the newest key; returns how many. Nought: there is nothing left.

    Rows that somebody works on just now are left for the next batch. It remembers nothing, so it may break off
    anywhere and be called again. Raises keys.Unreadable where a key is missing.
    """
    ring = keys.ring()
    for column in ENCRYPTED:
        older = select(column.class_).where(_older(column)).limit(batch).with_for_update(skip_locked=True)
        rows = session.scalars(older).all()
        for row in rows:
            setattr(row, column.key, ring.encrypt(ring.decrypt(getattr(row, column.key))))
        if rows:
            return len(rows)
    return 0
