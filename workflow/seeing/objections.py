"""A citizen's objection to being passed on: registered, withdrawn, and asked before anything is sent."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from workflow.actor import Actor
from workflow.errors import Invalid, NotPossible
from workflow.tables import Objection
from workflow.vocabulary import LegalBasis


def in_force(citizen_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """What finds a citizen's objection that is in force: one at the most."""
    return and_(Objection.citizen_id == citizen_id, Objection.withdrawn_at.is_(None))


def standing(session: Session, citizen_id: int) -> Objection | None:
    """The objection that is in force."""
    return session.scalar(select(Objection).where(in_force(citizen_id)))


def register(session: Session, citizen_id: int, what: str, *, by: Actor, at: datetime) -> Objection:
    """Enter what the citizen does not want passed on, in their words. Raises Invalid (nothing said), NotPossible."""
    if not what.strip():
        raise Invalid("reason_needed")
    if standing(session, citizen_id) is not None:
        raise NotPossible("objected_already")
    objection = Objection(citizen_id=citizen_id, what=what.strip(), registered_at=at, registered_by=by.name)
    session.add(objection)
    session.flush()
    return objection


def withdraw(session: Session, citizen_id: int, *, by: Actor, at: datetime) -> Objection:
    """The citizen no longer objects. Raises NotPossible."""
    objection = standing(session, citizen_id)
    if objection is None:
        raise NotPossible("has_not_objected")
    objection.withdrawn_at, objection.withdrawn_by = at, by.name
    return objection


def require_none(session: Session, citizen_id: int, basis: LegalBasis | None, reason: str | None) -> dict[str, str]:
    """Facts for the history when something is sent against an objection; nothing where there is none.

    Raises NotPossible unless a legal basis (sundhedsloven sections 41 and 42) and a reason are given.
    """
    objection = standing(session, citizen_id)
    if objection is None:
        return {}
    if basis is None or not (reason or "").strip():
        raise NotPossible("citizen_objects")
    return {"objection": str(objection.uuid), "legal_basis": basis.value}
