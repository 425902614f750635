"""What hangs on a unit now: counted, for who changes the register and sees no citizen."""

from dataclasses import astuple, dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.errors import Invalid
from workflow.tables import Unit

_USES = text("select * from unit_uses(:unit)")


@dataclass(frozen=True, kw_only=True)
class Uses:
    """How many of each: open episodes in which it takes part, handovers under way, its open tasks, its places, stays
    there (also to come), who waits for a place, and drafts.
    """

    episodes: int
    handovers: int
    tasks: int
    places: int
    stays: int
    requests: int
    drafts: int

    def __bool__(self) -> bool:
        return any(astuple(self))


def uses(session: Session, unit: Unit) -> Uses:
    """What hangs on a unit now."""
    return Uses(**session.execute(_USES, {"unit": unit.id}).one()._mapping)


def require_unused(session: Session, unit: Unit) -> None:
    """Raises Invalid, with what uses the unit: its kind and whose it is say what it can be to an episode."""
    found = uses(session, unit)
    if found.episodes or found.handovers or found.places or found.requests:
        raise Invalid(
            "kind_is_used", episodes=found.episodes, handovers=found.handovers, places=found.places,
            requests=found.requests,
        )  # fmt: skip
