"""Administrators: whom they may administer, and that there is always one left."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from workflow.actor import Actor
from workflow.errors import NotAllowed, NotPossible
from workflow.tables import Organisation, Person, PersonRole, Unit
from workflow.vocabulary import Origin, Role, RoleState

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtext('administrators'))")


def require_administrator(by: Actor) -> None:
    """Raises NotAllowed. Whoever works at the machine itself has the database anyway."""
    if by.origin == Origin.PERSON and Role.ADMINISTRATOR not in by.roles:
        raise NotAllowed("only_an_administrator")


def require_administrator_of(session: Session, unit: Unit, *, by: Actor) -> None:
    """Raises NotAllowed unless the unit belongs to their organisation, or to one that lies in it."""
    require_administrator_in(session, unit.organisation_id, by=by)


def require_administrator_in(session: Session, organisation_id: int, *, by: Actor) -> None:
    """Raises NotAllowed unless it is their organisation, or lies in it."""
    require_administrator(by)
    if by.origin == Origin.PERSON and by.organisation_id not in _lies_in(session, organisation_id):
        raise NotAllowed("not_your_organisation")


def require_administrator_over(session: Session, person: Person, *, by: Actor) -> None:
    """Raises NotAllowed when the person works in a unit that they do not administer."""
    require_administrator(by)
    for role in session.scalars(
        select(PersonRole).where(PersonRole.person_id == person.id, PersonRole.state != RoleState.ENDED)
    ):
        require_administrator_of(session, role.unit, by=by)


def administered(session: Session, *, by: Actor) -> set[int]:
    """The organisations that they administer: their own, and those that lie in it; at the machine itself, every one."""
    if by.origin != Origin.PERSON:
        return set(session.scalars(select(Organisation.id)))
    if Role.ADMINISTRATOR not in by.roles:
        return set()
    own = select(Organisation.id).where(Organisation.id == by.organisation_id).cte(recursive=True)
    child = aliased(Organisation)
    return set(session.scalars(select(own.union(select(child.id).join(own, child.parent_id == own.c.id)).c.id)))


def require_another(session: Session, *, than: PersonRole | Person) -> None:
    """Raises NotPossible when nobody would be administrator without this role, or this person.

    One at a time: of two who leave at once, the second waits for the first, and then sees that they are the last.
    """
    session.execute(_ONE_AT_A_TIME)
    every = session.execute(
        select(Person.id, PersonRole.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.active, PersonRole.role == Role.ADMINISTRATOR, PersonRole.state == RoleState.IN_FORCE)
    ).all()
    going = [one for one in every if one[isinstance(than, PersonRole)] == than.id]
    if going and len(going) == len(every):
        raise NotPossible("last_administrator")


def is_administrator(session: Session, person_id: int) -> bool:
    """Whether the person is one anywhere."""
    role = select(PersonRole.id).where(
        PersonRole.person_id == person_id,
        PersonRole.role == Role.ADMINISTRATOR,
        PersonRole.state == RoleState.IN_FORCE,
    )
    return session.scalar(role.limit(1)) is not None


def _lies_in(session: Session, organisation_id: int) -> set[int]:
    """The organisation and those above it."""
    above = (
        select(Organisation.id, Organisation.parent_id).where(Organisation.id == organisation_id).cte(recursive=True)
    )
    parent = aliased(Organisation)
    above = above.union(select(parent.id, parent.parent_id).join(above, parent.id == above.c.parent_id))
    return set(session.scalars(select(above.c.id)))
