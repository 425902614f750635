"""A part of a whole, as it is counted and written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    of: int

    @property
    def percent(self) -> int | None:
        """In whole percent; all is 100 and nothing is 0, and nothing else is. None of none."""
        if self.of == 0:
            return None
        nearest = (200 * self.part + self.of) // (2 * self.of)
        return nearest if self.part in {0, self.of} else min(99, max(1, nearest))
