"""Messages that were kept because our own side had failed: loaded later, and answered ok then."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.medcom import outbound, receiving, stored, uris
from workflow.tables import Message
from workflow.vocabulary import Fate


class FailedAgain(Exception):
    """A message that was kept could not be loaded this time either; `row` is its number here, `why` a kind of error."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row, self.why = row, why


def load_next(session: Session, *, after: int, at: datetime, real_at: datetime, answers: bool) -> int | None:
    """Load the next message, after row `after`, that waits; returns its row. None: nothing waits.

    Its answer is put among what is to be sent, where there are `answers`. The caller commits, and calls again. Raises
    FailedAgain.
    """
    waits = select(Message).where(Message.fate == Fate.WAITING, Message.raw.is_not(None), Message.id > after)
    message = session.scalars(waits.order_by(Message.id).limit(1).with_for_update(skip_locked=True)).first()
    if message is None:
        return None
    row, received_from = message.id, message.received_from
    try:
        raw = stored.raw_of(message) or b""
        session.expunge(message)  # what is said of it now is not said by this row
        receipt = receiving.receive(session, raw, received_from=received_from, at=at)
    except Exception as fault:  # as at the door: whatever it is, the message waits on
        raise FailedAgain(row, type(fault).__name__) from None
    answer = receipt.as_message() if answers else None
    if answer is not None:
        receiver = receipt.outside.sender_key
        outbound.queue(session, answer, kind=uris.ACKNOWLEDGEMENT, receiver=receiver, real_at=real_at)
    return row
