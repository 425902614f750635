"""Roles looked through each half-year: whether whoever has one still needs it (domain/users.md 4.5, job 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from workflow.actor import Actor
from workflow.errors import NotAllowed, NotPossible
from workflow.staff import roles
from workflow.tables import Person, PersonRole, SignIn, Unit
from workflow.vocabulary import RoleState

EVERY = timedelta(days=183)
MOST = 2_000  # roles of a page

_SAID = func.coalesce(PersonRole.confirmed_at, PersonRole.approved_at, PersonRole.granted_at)


@dataclass(frozen=True, kw_only=True)
class Held:
    """One role in force: when somebody last said that it is needed, and when its holder last signed in."""

    role: PersonRole
    said_at: datetime
    said_by: str
    signed_in_at: datetime | None
    due: bool
    may: bool  # whether the asker may confirm it


def held(session: Session, *, by: Actor, at: datetime) -> Sequence[Held]:
    """The roles that the asker answers for, what was said longest ago first. `at` is real time."""
    signed_in = (
        select(func.max(SignIn.began_at)).where(SignIn.person_id == PersonRole.person_id).correlate(PersonRole)
    ).scalar_subquery()
    found = session.execute(
        select(PersonRole, _SAID, signed_in)
        .join(Person)
        .where(PersonRole.state == RoleState.IN_FORCE, Person.active)
        .options(joinedload(PersonRole.person), joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(_SAID, PersonRole.id)
        .limit(MOST)
    )
    answers = roles.answers_for(session, by)
    return [
        Held(
            role=role, said_at=said_at, signed_in_at=last, due=said_at < at - EVERY, may=role.person_id != by.person_id,
            said_by=role.confirmed_by or role.approved_by or role.granted_by,
        )
        for role, said_at, last in found
        if answers(role.unit)
    ]  # fmt: skip


def confirm(session: Session, role_id: UUID, *, by: Actor, at: datetime) -> PersonRole:
    """Say that the role is still needed. Raises NotAllowed, NotFound, and NotPossible when it is not in force."""
    role = roles.fetch(session, role_id)
    if by.person_id == role.person_id or not roles.answers_for(session, by)(role.unit):
        raise NotAllowed("second_person_approves")
    if role.state != RoleState.IN_FORCE:
        raise NotPossible("role_has_ended")
    role.confirmed_at, role.confirmed_by = at, by.name
    session.flush()
    return role
