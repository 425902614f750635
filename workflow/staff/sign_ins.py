"""Sign-ins: who sits at which browser, in which role, and for how long. All times here are real time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row
from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.orm import Session, joinedload

from workflow import db
from workflow.actor import Actor
from workflow.errors import NotAllowed, NotFound
from workflow.staff import administrators
from workflow.tables import Account, Person, PersonRole, SignIn, Unit
from workflow.vocabulary import Role, RoleState, SignInBy, SignInEnd

NOTED_EVERY = timedelta(minutes=1)  # a page need not write that it was looked at

# Every page asks this first. That it was asked is written in the same round trip.
_LIVING = b"""
with alive as (
    select * from sign_ins
    where token_hash = %(token)s and ended_at is null and ends_at > %(at)s and used_at > %(since)s
), noted as (
    update sign_ins set used_at = %(at)s from alive
    where sign_ins.id = alive.id and alive.used_at < %(noted)s and %(used)s
    returning sign_ins.used_at
)
select s.id, s.person_id, s.by, s.confirmed_at, coalesce((select used_at from noted), s.used_at) as used_at, s.ends_at,
       p.name, p.username, p.toured, p.shortcuts, a.must_change, a.totp_confirmed_at,
       r.id as role_id, r.role, u.id as unit_id, u.name as unit, o.id as organisation_id, o.name as organisation
from alive s join people p on p.id = s.person_id and p.active
    left join accounts a on a.person_id = p.id
    left join person_roles r on r.id = s.role_id and r.state = 'in_force'
    left join units u on u.id = r.unit_id
    left join organisations o on o.id = u.organisation_id
"""


class Lacks(StrEnum):
    """What a sign-in must have before its person can work."""

    CODE = "code"
    PASSWORD = "password"  # one that only they know
    SECOND_FACTOR = "second_factor"
    ROLE = "role"


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A living sign-in, as plain values. `lacks` is None when its person can work. Unused, it ends at `lasts_until`."""

    id: int
    person_id: int
    name: str
    username: str
    by: SignInBy
    lasts_until: datetime
    toured: bool
    shortcuts: bool
    lacks: Lacks | None
    role_id: int | None
    role: Role | None
    unit_id: int | None
    unit: str
    organisation_id: int | None
    organisation: str

    @property
    def actor(self) -> Actor:
        """The person as they act now. Raises NotAllowed before they have chosen in which role."""
        if self.lacks is not None or self.role is None:
            raise NotAllowed("sign_in_first")
        return Actor(
            name=self.name, unit_id=self.unit_id, organisation_id=self.organisation_id, person_id=self.person_id,
            roles=frozenset({self.role}),
        )  # fmt: skip


SEE_ALL = {Role.MANAGER, Role.DISCHARGE_COORDINATOR, Role.ADMINISTRATOR}  # whichever of their units they act in


def begin(
    session: Session, person: Person, by: SignInBy, *, address: str, at: datetime, life: timedelta,
    replaces: str | None = None,
) -> str:  # fmt: skip
    """Let somebody in who has shown who they are; returns a new token, for their browser alone.

    `replaces` is the token that the browser held before: it does not count any more. Who has one role acts in it, and
    so does who sees the same in whichever they choose; who has others chooses. With a second factor set up, a password
    alone is half a sign-in. Raises NotAllowed for a system: it acts by tokens.
    """
    if person.is_system:
        raise NotAllowed("systems_do_not_sign_in")
    if replaces:
        end(session, replaces, because=SignInEnd.SIGNED_IN_ANEW, at=at)
    token = secrets.token_urlsafe(32)
    roles = roles_of(session, person.id)
    alike = {(role.role, role.unit.organisation_id) for role in roles}
    role_id = roles[0].id if len(roles) == 1 or (len(alike) == 1 and roles[0].role in SEE_ALL) else None
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    half = by == SignInBy.PASSWORD and account is not None and account.totp_confirmed_at is not None
    session.add(
        SignIn(
            token_hash=_hash(token), person_id=person.id, role_id=role_id, by=by,
            address=address, began_at=at, confirmed_at=None if half else at, used_at=at, ends_at=at + life,
        )
    )  # fmt: skip
    session.flush()
    return token


def living(session: Session, token: str, *, at: datetime, idle: timedelta, used: bool = True) -> SignedIn | None:
    """The sign-in with this token, unless it ended, was unused for `idle`, lasted too long, or its person left.

    It counts as used now, unless `used` says that a page asked on its own.
    """
    with db.driver(session).cursor(row_factory=namedtuple_row) as cursor:
        found: Any = cursor.execute(
            _LIVING,
            {"token": _hash(token), "at": at, "since": at - idle, "used": used, "noted": at - NOTED_EVERY},
        ).fetchone()
    if found is None:
        return None
    return SignedIn(
        id=found.id, person_id=found.person_id, name=found.name, username=found.username, by=SignInBy(found.by),
        lasts_until=min(found.used_at + idle, found.ends_at), toured=found.toured, shortcuts=found.shortcuts,
        lacks=_lacks(session, found), role_id=found.role_id, role=Role(found.role) if found.role else None,
        unit_id=found.unit_id, unit=found.unit or "", organisation_id=found.organisation_id,
        organisation=found.organisation or "",
    )  # fmt: skip


def _lacks(session: Session, found: Any) -> Lacks | None:
    if found.confirmed_at is None:
        return Lacks.CODE
    if found.by == SignInBy.PASSWORD and found.must_change is not None:  # they have an account
        if found.must_change:
            return Lacks.PASSWORD
        if found.totp_confirmed_at is None and administrators.is_administrator(session, found.person_id):
            return Lacks.SECOND_FACTOR
    return Lacks.ROLE if found.role_id is None else None


def before_last(session: Session, person_id: int) -> datetime | None:
    """When this person signed in the time before the last: what came since then is new to them."""
    began = select(SignIn.began_at).where(SignIn.person_id == person_id).order_by(SignIn.began_at.desc())
    return session.scalar(began.offset(1).limit(1))


def whose(session: Session, token: str) -> SignIn | None:
    """The sign-in with this token, living or not: whose form it was that came too late."""
    return session.scalar(select(SignIn).where(SignIn.token_hash == _hash(token)))


def confirm(session: Session, sign_in_id: int, *, at: datetime, replaces: str) -> str:
    """The second factor was given: the sign-in is whole, under a new token, which is returned."""
    token = secrets.token_urlsafe(32)
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.token_hash == _hash(replaces))
        .values(confirmed_at=at, token_hash=_hash(token))
    )
    return token


def roles_of(session: Session, person_id: int) -> list[PersonRole]:
    """In what they can act, by organisation, unit and role."""
    roles = session.scalars(
        select(PersonRole)
        .where(*_working(person_id))
        .options(joinedload(PersonRole.unit).joinedload(Unit.organisation))
    )
    return sorted(roles, key=lambda role: (role.unit.organisation.name, role.unit.name, role.role))


def choose(session: Session, sign_in_id: int, role_id: UUID) -> None:
    """Act in this role from now on. Raises NotFound when it is not theirs, or not in force."""
    found = session.get_one(SignIn, sign_in_id)
    role = session.scalar(select(PersonRole).where(PersonRole.uuid == role_id, *_working(found.person_id)))
    if role is None:
        raise NotFound("no_such_role")
    found.role_id = role.id
    session.flush()


def end(session: Session, token: str, *, because: SignInEnd, at: datetime) -> None:
    """The sign-in with this token ends, if it has not."""
    session.execute(_ending(because, at).where(SignIn.token_hash == _hash(token)))


def end_all(
    session: Session, person_id: int, *, because: SignInEnd, at: datetime, but_token: str | None = None
) -> None:
    """Everywhere, at once; but where `but_token` is held."""
    ending = _ending(because, at).where(SignIn.person_id == person_id)
    session.execute(ending if but_token is None else ending.where(SignIn.token_hash != _hash(but_token)))


def end_one(session: Session, sign_in_id: UUID, *, by: Actor, at: datetime) -> None:
    """An administrator ends somebody's sign-in. Raises NotAllowed, NotFound."""
    found = session.scalar(select(SignIn).where(SignIn.uuid == sign_in_id).options(joinedload(SignIn.person)))
    if found is None:
        raise NotFound("no_such_sign_in")
    administrators.require_administrator_over(session, found.person, by=by)
    session.execute(_ending(SignInEnd.ENDED_BY_ADMINISTRATOR, at).where(SignIn.id == found.id))


def open_ones(session: Session, *, by: Actor, at: datetime, idle: timedelta, most: int = 200) -> list[SignIn]:
    """Who is signed in now of those who work in the organisations that an administrator has, the latest first.

    Those who have no role anywhere are nobody's yet, so every administrator sees them.
    """
    held = PersonRole.person_id == SignIn.person_id
    ours = select(PersonRole.id).join(Unit, Unit.id == PersonRole.unit_id).where(
        held, PersonRole.state != RoleState.ENDED,
        Unit.organisation_id.in_(sorted(administrators.administered(session, by=by))),
    )  # fmt: skip
    roleless = ~select(PersonRole.id).where(held, PersonRole.state != RoleState.ENDED).exists()
    return list(
        session.scalars(
            select(SignIn)
            .where(SignIn.ended_at.is_(None), SignIn.ends_at > at, SignIn.used_at > at - idle, ours.exists() | roleless)
            .options(joinedload(SignIn.person), joinedload(SignIn.role).joinedload(PersonRole.unit))
            .order_by(SignIn.id.desc())
            .limit(most)
        )
    )


def _ending(because: SignInEnd, at: datetime) -> Update:
    return update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=at, ended_because=because)


def _working(person_id: int) -> tuple[ColumnElement[bool], ...]:
    return PersonRole.person_id == person_id, PersonRole.state == RoleState.IN_FORCE


def _hash(token: str) -> bytes:
    """A token is 32 random bytes: a plain hash hides it from whoever reads the table."""
    return hashlib.sha256(token.encode()).digest()
