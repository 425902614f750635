"""The interface of a way out, and how it says that a letter did not arrive."""

from enum import StrEnum
from typing import Protocol

from workflow.telling.channels.letter import Letter

PATIENCE = 10.0  # seconds that a server gets to answer; well under the pause before a second try


class Reaches(StrEnum):
    """Which of the addresses that units and people have a channel writes to."""

    EMAIL = "email"
    MOBILE = "mobile"


class Channel(Protocol):
    """Carries letters one at a time. `name` stands in the deliveries, so it never changes."""

    @property
    def name(self) -> str: ...

    @property
    def reaches(self) -> Reaches: ...

    def send(self, letter: Letter) -> None:
        """Hand the letter over; when this returns, the receiving server has taken it. Raises NotDelivered."""


class NotDelivered(Exception):
    """The letter was not taken. `why` is a short code without addresses; `permanent`: trying again will not help."""

    def __init__(self, why: str, *, permanent: bool = False) -> None:
        super().__init__(why)
        self.why, self.permanent = why, permanent


class Unreachable(NotDelivered):
    """The server answers nobody, or not us: no other letter would get through now either."""
