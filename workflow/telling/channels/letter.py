"""What is said outside the house: that something waits, where to log in, and nothing about whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.vocabulary import NoticeKind


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A notice on its way to one address. Holds no name and no number of a citizen, so it cannot give one away.

    `key` is the same each time this letter is tried: a receiver that has seen it drops it. `subject` and `body` are a
    mail's, `text` is short enough for a telephone. `sent_at` is real time.
    """

    key: UUID
    address: str
    kind: NoticeKind
    topic: str
    unit: str
    link: str
    subject: str
    body: str
    text: str
    sent_at: datetime
