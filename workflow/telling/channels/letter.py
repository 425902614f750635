"""What is said outside the house: that something waits, where to log in, and nothing about whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.sentences import word
from workflow.vocabulary import Language, NoticeKind

KINDS = {
    NoticeKind.NOTICE: "Besked",
    NoticeKind.REMINDER: "Påmindelse",
    NoticeKind.ESCALATION: "Til lederen",
    NoticeKind.MISS: "Ikke gjort i tide",
}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A notice on its way to one address. Holds no name and no number of a citizen, so it cannot give one away.

    `key` is the same each time this letter is tried: a receiver that has seen it drops it. `sent_at` is real time.
    """

    key: UUID
    address: str
    kind: NoticeKind
    topic: str
    unit: str
    link: str
    sent_at: datetime

    @property
    def headline(self) -> str:
        """Kind and topic in words. Raises KeyError for a topic that `workflow.sentences` has no word for."""
        return f"{KINDS[self.kind]}: {word(self.topic, Language.DANISH)}"

    @property
    def text(self) -> str:
        """The same for which unit, and where to read on: short enough for a telephone."""
        return f"{self.headline} ({self.unit}). Log ind og læs: {self.link}"
