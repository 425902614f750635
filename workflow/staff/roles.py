"""Roles: given by one person, agreed to by a second, taken away by one; never so that nobody is administrator."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflow.actor import Actor
from workflow.errors import NotAllowed, NotFound, NotPossible
from workflow.staff import administrators
from workflow.tables import Person, PersonRole, Unit
from workflow.vocabulary import Origin, Role, RoleState

NOT_FOR_SYSTEMS = {Role.ADMINISTRATOR, Role.OPERATOR}  # the last administrator must be somebody who can sign in


def grant(session: Session, person: Person, unit: Unit, role: Role, *, by: Actor, at: datetime) -> PersonRole:
    """Give somebody a role in a unit. What a person gives waits for a second one; `at` is real time.

    Whoever could give a role alone could give it to a person they made up: so all wait, not only one's own.
    Raises NotAllowed, and NotPossible when they have it or wait for it, or it is not for a system.
    """
    administrators.require_administrator_of(session, unit, by=by)
    if unit.closed_at is not None:
        raise NotPossible("unit_is_closed")
    if not person.active:
        raise NotPossible("person_is_not_active")
    if person.is_system and role in NOT_FOR_SYSTEMS:
        raise NotPossible("not_for_systems")
    session.get_one(Person, person.id, with_for_update=True)  # two at once: the second sees the first
    same = select(PersonRole.id).where(
        PersonRole.person_id == person.id, PersonRole.unit_id == unit.id, PersonRole.role == role,
        PersonRole.state != RoleState.ENDED,
    )  # fmt: skip
    if session.scalar(same) is not None:
        raise NotPossible("has_the_role")
    made = PersonRole(
        person_id=person.id, unit_id=unit.id, role=role, granted_at=at, granted_by=by.name, granted_by_id=by.person_id,
        state=RoleState.IN_FORCE if by.person_id is None else RoleState.PROPOSED,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def may_approve(session: Session, role: PersonRole, *, by: Actor) -> bool:
    """Whether this is a second person: neither who gave it nor who gets it, and manager there or administrator."""
    if by.person_id is None or by.person_id in {role.granted_by_id, role.person_id}:
        return False
    return answers_for(session, by)(role.unit)


def answers_for(session: Session, by: Actor) -> Callable[[Unit], bool]:
    """Whether they answer for who works in a unit: its manager, or an administrator of where it lies."""

    administered = administrators.administered(session, by=by)
    return lambda unit: (Role.MANAGER in by.roles and by.unit_id == unit.id) or unit.organisation_id in administered


def approve(session: Session, role_id: UUID, *, by: Actor, at: datetime) -> PersonRole:
    """The second person agrees; it is in force. Raises NotAllowed, NotFound, NotPossible when it does not wait."""
    role = fetch(session, role_id)
    if not may_approve(session, role, by=by):
        raise NotAllowed("second_person_approves")
    if role.state != RoleState.PROPOSED:
        raise NotPossible("role_does_not_wait")
    role.state, role.approved_at, role.approved_by, role.approved_by_id = (
        RoleState.IN_FORCE, at, by.name, by.person_id,
    )  # fmt: skip
    session.flush()
    return role


def end(session: Session, role_id: UUID, *, by: Actor, at: datetime) -> PersonRole:
    """Take a role away, or say no to it. Who acts in it must choose another at their next click.

    Raises NotAllowed, NotFound, and NotPossible when it is the last administrator's.
    """
    role = fetch(session, role_id)
    administrators.require_administrator_of(session, role.unit, by=by)
    return _end(session, role, by=by, at=at)


def follow_provider(
    session: Session, person: Person, wanted: Iterable[tuple[int, Role]], *, provider: str, at: datetime
) -> None:
    """Let a person have the roles (unit and role) that their identity provider says, and no longer what it said before.

    What people of this installation gave them stays. The last administrator stays one.
    """
    by, left = Actor(name=provider, origin=Origin.SYSTEM), set(wanted)
    held = session.scalars(
        select(PersonRole).where(PersonRole.person_id == person.id, PersonRole.state != RoleState.ENDED)
    ).all()
    for role in held:
        if (role.unit_id, role.role) in left and role.state == RoleState.IN_FORCE:
            left.discard((role.unit_id, role.role))
        elif role.granted_by == provider and role.granted_by_id is None:
            try:
                _end(session, role, by=by, at=at)
            except NotPossible:
                continue
    for unit_id, kind in sorted(left):
        waiting = next((r for r in held if (r.unit_id, r.role, r.state) == (unit_id, kind, RoleState.PROPOSED)), None)
        if waiting is not None:
            _end(session, waiting, by=by, at=at)
        unit = session.get_one(Unit, unit_id)
        if unit.closed_at is None:
            grant(session, person, unit, kind, by=by, at=at)


def fetch(session: Session, role_id: UUID) -> PersonRole:
    """The role, locked until the transaction ends. Raises NotFound."""
    role = session.scalar(
        select(PersonRole)
        .where(PersonRole.uuid == role_id)
        .with_for_update(of=PersonRole)
        .execution_options(populate_existing=True)
    )
    if role is None:
        raise NotFound("no_such_role")
    return role


def waiting(session: Session) -> list[PersonRole]:
    """What waits for a second person, the oldest first."""
    return list(
        session.scalars(
            select(PersonRole)
            .where(PersonRole.state == RoleState.PROPOSED)
            .options(joinedload(PersonRole.person), joinedload(PersonRole.unit).joinedload(Unit.organisation))
            .order_by(PersonRole.id)
            .limit(200)
        )
    )


def _end(session: Session, role: PersonRole, *, by: Actor, at: datetime) -> PersonRole:
    if role.state == RoleState.ENDED:
        raise NotPossible("role_has_ended")
    if role.state == RoleState.IN_FORCE and role.role == Role.ADMINISTRATOR:
        administrators.require_another(session, than=role)
    role.state, role.ended_at, role.ended_by = RoleState.ENDED, at, by.name
    session.flush()
    return role
