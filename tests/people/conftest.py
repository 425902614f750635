"""An organisation with two administrators, a manager and a nurse, in real time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests import world as worlds
from workflow.actor import Actor
from workflow.staff import sign_ins
from workflow.tables import Person, PersonRole, Unit
from workflow.vocabulary import Role, SignInBy, UnitKind

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PASSWORD = "tre grønne heste danser"
IDLE, LIFE = timedelta(minutes=30), timedelta(hours=12)


@dataclass(frozen=True)
class Staff:
    """Who works there; each acts in the region's administration, or in the ward."""

    world: worlds.World
    office: Unit
    first: Actor
    second: Actor
    manager: Actor
    nurse: Actor

    def person(self, session: Session, actor: Actor) -> Person:
        """The row behind an actor."""
        assert actor.person_id is not None
        return session.get_one(Person, actor.person_id)


@pytest.fixture
def staff(session: Session) -> Staff:
    return hire(session)


def hire(session: Session) -> Staff:
    """Make them; flushed, not committed."""
    world = worlds.build(session)
    office = Unit(organisation_id=world.region.id, name="Systemforvaltning", kind=UnitKind.ADMINISTRATION)
    session.add(office)
    session.flush()
    first, second = (_administrator(session, office, name) for name in ("asta", "bent"))
    return Staff(world, office, first, second, manager=world.ward_manager, nurse=world.ward_nurse)


def _administrator(session: Session, office: Unit, username: str) -> Actor:
    person = Person(username=username, name=f"{username.title()} Demo", active=True)
    session.add(person)
    session.flush()
    session.add(PersonRole(person_id=person.id, unit_id=office.id, role=Role.ADMINISTRATOR))
    session.flush()
    return Actor(
        name=person.name, unit_id=office.id, organisation_id=office.organisation_id, person_id=person.id,
        roles=frozenset({Role.ADMINISTRATOR}),
    )  # fmt: skip


def signed_in(session: Session, person: Person, *, by: SignInBy = SignInBy.DEMO, at: datetime = NOW) -> str:
    """A token of a sign-in that began then."""
    return sign_ins.begin(session, person, by, address="127.0.0.1", at=at, life=LIFE)
