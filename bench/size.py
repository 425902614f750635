"""How much is measured: the real thing, and a form so small that a test can see whether it still runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Numbers of rounds, of things in each, and seconds."""

    processes: int  # that work at once
    rounds: int  # of each side, in turns
    discharges: int  # in one round of one side
    due: int  # deadlines that fall due at one moment
    quiet_seconds: float
    people_rounds: int
    pace: float  # seconds between two transitions of one person
    few: int  # episodes in the small database
    many: int  # and in the large one
    samples: int  # single transitions and sweeps in each of the two
    walked: int  # episodes whose history is verified
    clicks: int  # of each person, on each page


FULL = Size(
    processes=2, rounds=6, discharges=240, due=100_000, quiet_seconds=25, people_rounds=2, pace=2, few=1_000,
    many=1_000_000, samples=80, walked=400, clicks=15,
)  # fmt: skip
TINY = Size(
    processes=1, rounds=1, discharges=8, due=300, quiet_seconds=0.5, people_rounds=1, pace=0.2, few=200, many=400,
    samples=4, walked=4, clicks=1,
)  # fmt: skip
