"""A measured figure, beside what it is held against, as one line of JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class RowsDiffer(Exception):
    """The two sides have not written the same rows: the one is no ceiling of the other."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`ours` and `ceiling` in `unit`, measured in turns; `better` says whether a higher or a lower `ours` is."""

    bench: str
    ours: float
    ceiling: float
    unit: str
    better: Literal["higher", "lower"]

    def line(self) -> str:
        """As JSON, with the ratio of ours to the ceiling."""
        return json.dumps(
            {
                "bench": self.bench,
                "ours": round(self.ours, 2),
                "ceiling": round(self.ceiling, 2),
                "ratio": round(self.ours / self.ceiling, 3),
                "unit": self.unit,
                "better": self.better,
            }
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]
