"""Bring what is owed into line with what has happened: handovers, tasks, the state's own time, misses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.seeing import access, relations
from workflow.settling.discharge import settle_discharge
from workflow.settling.handovers import settle_handovers
from workflow.settling.state import settle_owner, settle_state
from workflow.settling.tasks import settle_tasks
from workflow.settling.verdicts import settle_misses
from workflow.vocabulary import Origin, Role


def settle(session: Session, case: CaseFile, *, number: int, by: Actor, at: datetime) -> dict[str, Any]:
    """Work out everything that follows from the timeline, write it, and return it as facts for entry `number`.

    Runs after anything that changes what has happened, what is needed, or what was agreed. It is a difference between
    what should be and what is, so running it twice changes nothing; cancelled events restore what was before of
    themselves.
    """
    settle_handovers(session, case, number=number, at=at)
    settle_tasks(case, at=at)
    settle_owner(case)
    settle_state(case, at=at)
    settle_discharge(case, at=at)
    settle_misses(session, case, _tells_for(case, by), by=by, at=at)
    relations.refresh(session, case, by=by)
    return {"moved": case.moved} if case.moved else {}


def _tells_for(case: CaseFile, by: Actor) -> Callable[[int], bool]:
    """Whether who tells this acts for a unit: then their word alone does not undo what the unit has missed."""
    people = by.origin == Origin.PERSON and Role.MANAGER not in by.roles
    return lambda unit_id: people and access.acts_for(by, unit_id, case.episode)
