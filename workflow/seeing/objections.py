"""A citizen's objection to being passed on: registered, withdrawn, and asked before anything is sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from workflow import cpr
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.seeing import access
from workflow.tables import Episode, Objection
from workflow.vocabulary import LegalBasis


def in_force(citizen_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """What finds a citizen's objection that is in force: one at the most."""
    return and_(Objection.citizen_id == citizen_id, Objection.withdrawn_at.is_(None))


def standing(session: Session, citizen_id: int) -> Objection | None:
    """The objection that is in force, for who sees the episode on which it was said."""
    return session.scalar(select(Objection).where(in_force(citizen_id)))


def stands(citizen_id: int | InstrumentedAttribute[int]) -> ColumnElement[UUID | None]:
    """Which objection is in force, whoever may read it: it stops what is sent also where it is not shown."""
    return func.objection_of(citizen_id)


def register(session: Session, citizen_id: int, what: str, *, by: Actor, at: datetime) -> Objection:
    """Enter what the citizen does not want passed on, in their words, on the newest episode that is `by`'s.

    Raises Invalid (nothing said), NotPossible (it stands already), NotAllowed.
    """
    if not what.strip():
        raise Invalid("reason_needed")
    cpr.require_none(what)
    episode = _episode_of(session, citizen_id, by)
    if session.scalar(select(stands(citizen_id))) is not None:
        raise NotPossible("objected_already")
    objection = Objection(
        citizen_id=citizen_id, episode_id=episode.id, what=what.strip(), registered_at=at, registered_by=by.name
    )
    session.add(objection)
    session.flush()
    return objection


def _episode_of(session: Session, citizen_id: int, by: Actor) -> Episode:
    theirs = select(Episode).where(Episode.citizen_id == citizen_id)
    newest = session.scalars(theirs.order_by(Episode.closed_at.is_not(None), Episode.id.desc()))
    episode = next((one for one in newest if access.is_party(by, one)), None)
    if episode is None:
        raise NotAllowed("not_your_episode")
    return episode


def withdraw(session: Session, citizen_id: int, *, by: Actor, at: datetime) -> Objection:
    """The citizen no longer objects. Raises NotPossible, NotAllowed (it was said to others, and is theirs to read)."""
    _episode_of(session, citizen_id, by)
    objection = standing(session, citizen_id)
    if objection is None:
        hidden = session.scalar(select(stands(citizen_id))) is not None
        raise NotAllowed("objected_elsewhere") if hidden else NotPossible("has_not_objected")
    objection.withdrawn_at, objection.withdrawn_by = at, by.name
    return objection


def require_none(session: Session, citizen_id: int, basis: LegalBasis | None, reason: str | None) -> dict[str, str]:
    """Facts for the history when something is sent against an objection; nothing where there is none.

    Raises NotPossible unless a legal basis (sundhedsloven sections 41 and 42) and a reason are given.
    """
    objection = session.scalar(select(stands(citizen_id)))
    if objection is None:
        return {}
    if basis is None or not (reason or "").strip():
        raise NotPossible("citizen_objects")
    return {"objection": str(objection), "legal_basis": basis.value}
