"""What of the board is shown: one of its counts, one unit, pathway or state; and which counts there are for whom."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from workflow.pathways import PATHWAYS
from workflow.vocabulary import Role

SOON = timedelta(hours=4)


class Show(StrEnum):
    """The part of the board that one of the counts on top leads to."""

    ALL = "all"
    OVERDUE = "overdue"
    SOON = "soon"  # its time ends within four hours
    AWAITING = "awaiting"  # a handover was sent, and waits for its answer
    CALLS = "calls"  # a follow-up call is to be made
    LEAVING = "leaving"  # out of hospital today or tomorrow
    ARRIVING = "arriving"  # at the facility, by tomorrow
    DONE = "done"  # today


class Turn(StrEnum):
    """Whose turn it is."""

    OURS = "ours"  # one of the reader's units owes it
    OTHERS = "others"  # another unit owes it to them
    ALL = "all"


def counts_for(role: Role) -> tuple[Show, ...]:
    """The counts that somebody in this role has on top, in their order."""
    hospital = role in {Role.DISCHARGE_COORDINATOR, Role.WARD_NURSE}
    own = (Show.LEAVING,) if hospital else (Show.ARRIVING,) if role == Role.FACILITY_NURSE else ()
    return (Show.OVERDUE, Show.SOON, *own, Show.AWAITING, Show.CALLS, Show.DONE)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What somebody asked to see. Nothing in it is about a citizen: it stands in addresses."""

    show: Show = Show.ALL
    turn: Turn | None = None
    unit: str = ""  # the uuid of one of theirs
    pathway: str = ""
    state: str = ""

    @classmethod
    def read(cls, query: str) -> "Filters":
        """From the query of an address; what cannot be one is left out."""
        given = {name: value for name, _, value in (part.partition("=") for part in query.split("&"))}
        names = ("show", "turn", "unit", "pathway", "state")
        show, turn, unit, pathway, state = (given.get(name, "") for name in names)
        return cls(
            show=Show(show) if show in set(Show) else Show.ALL,
            turn=Turn(turn) if turn in set(Turn) else None, unit=_uuid(unit),
            pathway=pathway if pathway in pathways() else "", state=state if state in states() else "",
        )  # fmt: skip

    @property
    def query(self) -> str:
        """As `read` reads it; empty where everything is shown."""
        named = {
            "show": "" if self.show == Show.ALL else self.show.value, "turn": self.turn.value if self.turn else "",
            "unit": self.unit, "pathway": self.pathway, "state": self.state,
        }  # fmt: skip
        return "&".join(f"{name}={value}" for name, value in named.items() if value)

    @property
    def whose_turn(self) -> Turn:
        """What was chosen; else what needs the reader's units, and of one of the counts on top all that it counts."""
        return self.turn or (Turn.OURS if self.show == Show.ALL else Turn.ALL)

    def of(self, turn: Turn) -> "Filters":
        """Everything of this turn."""
        return replace(self, show=Show.ALL, turn=None if turn == Turn.OURS else turn)

    @property
    def narrowed(self) -> bool:
        return bool(self.query)

    def in_unit(self, unit: str) -> "Filters":
        """The same, of one unit; of none, of all."""
        return replace(self, unit=unit)

    def pressed(self, show: Show) -> "Filters":
        """The same, with this count chosen; or, where it is chosen already, none."""
        return replace(self, show=Show.ALL if self.show == show else show, turn=None)


def _uuid(typed: str) -> str:
    try:
        return str(UUID(typed))
    except ValueError:
        return ""


def pathways() -> tuple[str, ...]:
    """The keys of every pathway."""
    return tuple(dict.fromkeys(key for key, _ in PATHWAYS))


def states() -> tuple[str, ...]:
    """Every state in which an episode is open, in the order of the pathways."""
    found = (state.name for pathway in PATHWAYS.values() for state in pathway.states if state.owner is not None)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Cursor:
    """The row that a page begins after: its time and its number. Written as it may stand in an address."""

    at: datetime
    number: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{self.number}"

    @classmethod
    def read(cls, typed: str) -> "Cursor | None":
        """As `str` writes it; None for anything else."""
        at, _, number = typed.partition("_")
        try:
            cursor = cls(datetime.fromisoformat(at), int(number))
        except ValueError:
            return None
        return cursor if cursor.at.tzinfo is not None and 0 <= cursor.number < 2**63 else None
