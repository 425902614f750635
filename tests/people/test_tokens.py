"""Tokens: who may give them, how far they reach, and that they end at once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.world import World
from workflow import clock
from workflow.actor import SYSTEM, Actor
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.staff import people, roles, sign_ins, tokens
from workflow.tables import Person, PersonRole, Token
from workflow.vocabulary import Role, RoleState, Scope, SignInBy

NOW = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)
LIFE = timedelta(days=30)


@pytest.fixture
def system(session: Session) -> Person:
    return people.add(session, "eoj", "EOJ Demo", by=SYSTEM, is_system=True)


@pytest.fixture
def role(session: Session, world: World, system: Person) -> PersonRole:
    """Nurse of the district."""
    return roles.grant(session, system, world.district, Role.MUNICIPAL_NURSE, by=SYSTEM, at=NOW)


@pytest.fixture
def administrator(session: Session, world: World) -> Actor:
    """Of the municipality."""
    person = people.add(session, "asta", "Asta Demo", by=SYSTEM)
    roles.grant(session, person, world.district, Role.ADMINISTRATOR, by=SYSTEM, at=NOW)
    return Actor(
        name=person.name, person_id=person.id, unit_id=world.district.id,
        organisation_id=world.district.organisation_id, roles=frozenset({Role.ADMINISTRATOR}),
    )  # fmt: skip


def give(session: Session, role: PersonRole, by: Actor = SYSTEM) -> str:
    return tokens.give(session, role, [Scope.TASKS_READ], by=by, at=NOW, life=LIFE)


def test_it_acts_as_its_system_in_one_role_within_its_scopes(
    session: Session, world: World, role: PersonRole, administrator: Actor
) -> None:
    secret = give(session, role, administrator)
    held = tokens.bearer(session, secret, at=NOW)
    assert held is not None
    assert (held.actor.name, held.actor.unit_id, held.actor.roles) == (
        "EOJ Demo", world.district.id, frozenset({Role.MUNICIPAL_NURSE}),
    )  # fmt: skip
    assert held.scopes == {Scope.TASKS_READ}
    kept = session.scalars(select(Token)).one()
    assert (kept.made_by, kept.used_at) == ("Asta Demo", NOW)
    assert secret.encode() not in kept.token_hash


@pytest.mark.parametrize("end", ["expired", "revoked", "role", "person"])
def test_it_ends_at_once(session: Session, system: Person, role: PersonRole, end: str) -> None:
    secret, later = give(session, role), NOW + timedelta(seconds=1)
    assert tokens.bearer(session, secret, at=later) is not None
    match end:
        case "expired":
            later = NOW + LIFE
        case "revoked":
            tokens.revoke(session, session.scalars(select(Token.uuid)).one(), by=SYSTEM, at=NOW)
        case "role":
            roles.end(session, role.uuid, by=SYSTEM, at=NOW)
        case "person":
            people.deactivate(session, system, by=SYSTEM, at=NOW)
    assert tokens.bearer(session, secret, at=later) is None


def test_a_role_that_waits_for_its_second_person_gives_no_token(
    session: Session, world: World, system: Person, administrator: Actor
) -> None:
    proposed = roles.grant(session, system, world.district, Role.MUNICIPAL_NURSE, by=administrator, at=NOW)
    assert proposed.state == RoleState.PROPOSED
    with pytest.raises(NotPossible, match="gælder ikke"):
        give(session, proposed, administrator)


def test_an_administrator_gives_tokens_in_their_own_house_only(
    session: Session, world: World, system: Person, administrator: Actor
) -> None:
    elsewhere = roles.grant(session, system, world.ward, Role.WARD_NURSE, by=SYSTEM, at=NOW)
    with pytest.raises(NotAllowed):
        give(session, elsewhere, administrator)
    with pytest.raises(NotAllowed):
        give(session, elsewhere, world.ward_nurse)
    give(session, elsewhere)
    with pytest.raises(NotAllowed):
        tokens.revoke(session, session.scalars(select(Token.uuid)).one(), by=administrator, at=NOW)


def test_a_person_s_role_gives_no_token(session: Session, world: World) -> None:
    theirs = session.scalars(select(PersonRole).where(PersonRole.person_id == world.nurse.person_id)).one()
    with pytest.raises(NotPossible):
        give(session, theirs)


@pytest.mark.parametrize(
    ("scopes", "days"), [([], 30), ([Scope.CALENDAR], 30), ([Scope.TASKS_READ], 0), ([Scope.TASKS_READ], 367)]
)
def test_a_token_may_something_for_a_time(session: Session, role: PersonRole, scopes: list[Scope], days: int) -> None:
    with pytest.raises(Invalid):
        tokens.give(session, role, scopes, by=SYSTEM, at=NOW, life=timedelta(days=days))


@pytest.mark.parametrize("kind", [Role.ADMINISTRATOR, Role.OPERATOR])
def test_a_system_administers_nothing(session: Session, world: World, system: Person, kind: Role) -> None:
    with pytest.raises(NotPossible, match="Et system kan ikke have den rolle"):
        roles.grant(session, system, world.district, kind, by=SYSTEM, at=NOW)


@pytest.mark.parametrize("by", SignInBy)
def test_a_system_does_not_sign_in(session: Session, system: Person, role: PersonRole, by: SignInBy) -> None:
    with pytest.raises(NotAllowed, match="logger ikke ind"):
        sign_ins.begin(session, system, by, address="127.0.0.1", at=clock.real_now(), life=LIFE)


def test_a_calendar_is_somebodys_own(session: Session, world: World, administrator: Actor) -> None:
    secret = tokens.give_calendar(session, by=world.nurse, at=NOW)
    held = tokens.bearer(session, secret, at=NOW)
    assert held is not None
    assert (held.actor, held.scopes) == (world.nurse, frozenset({Scope.CALENDAR}))
    number = session.scalars(select(Token.uuid)).one()
    with pytest.raises(NotAllowed):
        tokens.revoke(session, number, by=world.second_nurse, at=NOW)
    tokens.revoke(session, number, by=world.nurse, at=NOW)
    assert tokens.bearer(session, secret, at=NOW) is None
    with pytest.raises(NotFound):
        tokens.revoke(session, world.district.uuid, by=world.nurse, at=NOW)
    with pytest.raises(NotPossible):
        tokens.give_calendar(session, by=administrator, at=NOW)


def test_that_it_was_used_is_noted_to_the_minute(session: Session, role: PersonRole) -> None:
    secret = give(session, role)
    for seconds in (0, 30, 90):
        tokens.bearer(session, secret, at=NOW + timedelta(seconds=seconds))
    session.expire_all()
    assert session.scalars(select(Token.used_at)).one() == NOW + timedelta(seconds=90)


def test_what_a_system_held_stays_revoked_when_it_comes_back(
    session: Session, role: PersonRole, system: Person
) -> None:
    secret = give(session, role)
    people.deactivate(session, system, by=SYSTEM, at=NOW)
    people.reactivate(session, system, by=SYSTEM)
    assert tokens.bearer(session, secret, at=NOW) is None
    assert tokens.bearer(session, give(session, role), at=NOW) is not None
