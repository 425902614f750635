"""Tokens: by which systems act, and calendars read; each for one person in one role, within scopes, for a time."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from workflow.actor import Actor
from workflow.errors import Invalid, NotFound, NotPossible
from workflow.staff import administrators
from workflow.tables import Person, PersonRole, Token, Unit
from workflow.vocabulary import RoleState, Scope

LONGEST = timedelta(days=366)
FOR_SYSTEMS = tuple(scope for scope in Scope if scope != Scope.CALENDAR)
MOST = 200  # rows of a page
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Who holds a living token: as whom they act, and what they may do."""

    token_id: int
    actor: Actor
    unit: str
    scopes: frozenset[Scope]


def give(
    session: Session, role: PersonRole, scopes: Iterable[Scope], *, by: Actor, at: datetime, life: timedelta
) -> str:
    """A token for a system that has this role; returns the secret, which is kept nowhere else.

    It was two people who gave the role; one of them, or whoever administers the unit, gives the token. `at` is real
    time. Raises NotAllowed, Invalid, and NotPossible for a person's role, one that is not in force, or a system that is
    gone.
    """
    administrators.require_administrator_of(session, role.unit, by=by)
    asked = set(scopes)
    wanted = [scope for scope in FOR_SYSTEMS if scope in asked]
    if not wanted:
        raise Invalid("scope_needed")
    if not timedelta(days=1) <= life <= LONGEST:
        raise Invalid("lives_too_long", longest=LONGEST.days)
    if not role.person.active:
        raise NotPossible("person_is_not_active")
    if role.state != RoleState.IN_FORCE or not role.person.is_system:
        raise NotPossible("role_not_in_force")
    return _give(session, role, wanted, by=by, at=at, life=life)


def give_calendar(session: Session, *, by: Actor, at: datetime) -> str:
    """The secret of a calendar's address: the deadlines of the unit that somebody acts in, for as long as they have
    their role there, a year at most. `at` is real time. Raises NotPossible.
    """
    role = session.scalar(
        select(PersonRole).where(
            PersonRole.person_id == by.person_id, PersonRole.unit_id == by.unit_id, PersonRole.role.in_(by.roles),
            PersonRole.state == RoleState.IN_FORCE,
        ).limit(1)
    )  # fmt: skip
    if role is None or not by.sees_patients:
        raise NotPossible("role_not_in_force")
    return _give(session, role, [Scope.CALENDAR], by=by, at=at, life=LONGEST)


def _give(
    session: Session, role: PersonRole, scopes: Sequence[Scope], *, by: Actor, at: datetime, life: timedelta
) -> str:
    secret = f"overgang_{secrets.token_urlsafe(32)}"
    session.add(
        Token(
            token_hash=_hash(secret), person_id=role.person_id, role_id=role.id, made_at=at, made_by=by.name,
            scopes=[scope.value for scope in scopes], expires_at=at + life,
        )
    )  # fmt: skip
    session.flush()
    return secret


def bearer(session: Session, secret: str, *, at: datetime) -> Bearer | None:
    """Who holds it; None when it was never given, has expired or was revoked, or its role or person is gone.

    `at` is real time.
    """
    token = session.scalar(
        select(Token)
        .join(Person, Person.id == Token.person_id)
        .join(PersonRole, PersonRole.id == Token.role_id)
        .where(
            Token.token_hash == _hash(secret), Token.revoked_at.is_(None), Token.expires_at > at, Person.active,
            PersonRole.state == RoleState.IN_FORCE,
        )
        .options(joinedload(Token.person), joinedload(Token.role).joinedload(PersonRole.unit))
    )  # fmt: skip
    if token is None:
        return None
    if token.used_at is None or at - token.used_at > NOTED_EVERY:
        session.execute(update(Token).where(Token.id == token.id).values(used_at=at))
    unit = token.role.unit
    actor = Actor(
        name=token.person.name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=token.person_id,
        roles=frozenset({token.role.role}),
    )  # fmt: skip
    return Bearer(token_id=token.id, actor=actor, unit=unit.name, scopes=frozenset(map(Scope, token.scopes)))


def revoke(session: Session, token_id: UUID, *, by: Actor, at: datetime) -> Token:
    """It does not count any more, from the next request on; twice does nothing. One's own, or as an administrator.

    Raises NotAllowed, NotFound.
    """
    token = session.scalar(select(Token).where(Token.uuid == token_id).with_for_update())
    if token is None:
        raise NotFound("no_such_token")
    if by.person_id is None or token.person_id != by.person_id:
        administrators.require_administrator_of(session, token.role.unit, by=by)
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = at, by.name
    return token


def revoke_all(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Nothing that they hold counts any more, tokens and calendars, also when they come back."""
    held = update(Token).where(Token.person_id == person.id, Token.revoked_at.is_(None))
    session.execute(held.values(revoked_at=at, revoked_by=by.name))


def of_person(session: Session, person: Person, *, at: datetime) -> Sequence[Token]:
    """What a person or system holds that counts, or was given in the last 90 days; the newest first."""
    lately = at - timedelta(days=90)
    living = Token.revoked_at.is_(None) & (Token.expires_at > at)
    return session.scalars(
        select(Token)
        .where(Token.person_id == person.id, or_(living, Token.made_at > lately))
        .options(joinedload(Token.role).joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(Token.id.desc())
        .limit(MOST)
    ).all()


def systems(session: Session) -> Sequence[Person]:
    """Every system, by name."""
    return session.scalars(select(Person).where(Person.is_system).order_by(Person.name, Person.id).limit(MOST)).all()


def _hash(secret: str) -> bytes:
    """A token is 32 random bytes: a plain hash hides it from whoever reads the table."""
    return hashlib.sha256(secret.encode()).digest()
