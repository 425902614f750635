"""What an administrator looks at: units with whoever holds them, people, and what they may do where."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflow.errors import NotFound
from workflow.tables import Organisation, Person, PersonRole, Unit
from workflow.vocabulary import RoleState

MOST = 500  # rows of a page


def units(session: Session) -> Sequence[Unit]:
    """Every unit, by organisation and name."""
    return session.scalars(
        select(Unit)
        .join(Organisation)
        .options(joinedload(Unit.organisation))
        .order_by(Organisation.name, Unit.name, Unit.id)
        .limit(MOST)
    ).all()


def unit(session: Session, unit_id: UUID) -> Unit:
    """Raises NotFound."""
    found = session.scalar(select(Unit).where(Unit.uuid == unit_id).options(joinedload(Unit.organisation)))
    if found is None:
        raise NotFound("no_such_unit")
    return found


def numbered(session: Session, number: int | None) -> Unit | None:
    """The unit with this row number, where there is one."""
    return session.get(Unit, number) if number is not None else None


def organisations(session: Session) -> Sequence[Organisation]:
    """Every organisation, by name."""
    return session.scalars(select(Organisation).order_by(Organisation.name, Organisation.id).limit(MOST)).all()


def organisation(session: Session, organisation_id: UUID) -> Organisation:
    """Raises NotFound."""
    found = session.scalar(select(Organisation).where(Organisation.uuid == organisation_id))
    if found is None:
        raise NotFound("no_such_organisation")
    return found


def people(session: Session, works_in: Organisation | None = None) -> Sequence[Person]:
    """People by name: everybody, or who has a role in that organisation or waits for one. Systems stand elsewhere."""
    found = select(Person).where(~Person.is_system).order_by(Person.name, Person.id).limit(MOST)
    if works_in is not None:
        there = (
            select(PersonRole.person_id)
            .join(Unit)
            .where(Unit.organisation_id == works_in.id, PersonRole.state != RoleState.ENDED)
        )
        found = found.where(Person.id.in_(there))
    return session.scalars(found).all()


def roles_in_force(session: Session, of: Sequence[Person]) -> dict[int, list[PersonRole]]:
    """What these people may do, by the person's number."""
    held = session.scalars(
        select(PersonRole)
        .where(PersonRole.person_id.in_([person.id for person in of]), PersonRole.state == RoleState.IN_FORCE)
        .options(joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(PersonRole.id)
    )
    found: dict[int, list[PersonRole]] = {}
    for role in held:
        found.setdefault(role.person_id, []).append(role)
    return found


def roles(session: Session, person: Person) -> Sequence[PersonRole]:
    """What the person may do, or waits for; what was taken away last."""
    return session.scalars(
        select(PersonRole)
        .where(PersonRole.person_id == person.id)
        .options(joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(PersonRole.state == RoleState.ENDED, PersonRole.id.desc())
        .limit(MOST)
    ).all()


def named(session: Session, usernames: Sequence[str]) -> dict[str, list[PersonRole]]:
    """The roles in force of these people, by username; for the cards of a demo."""
    held = session.scalars(
        select(PersonRole)
        .join(Person)
        .where(Person.username.in_(usernames), Person.active, PersonRole.state == RoleState.IN_FORCE)
        .options(joinedload(PersonRole.person), joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(PersonRole.id)
    )
    found: dict[str, list[PersonRole]] = {}
    for role in held:
        found.setdefault(role.person.username, []).append(role)
    return found
