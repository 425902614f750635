"""Sign-ins: who sits at which browser, in which role, and for how long. All times here are real time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.orm import Session, joinedload

from workflow.actor import Actor
from workflow.errors import NotAllowed, NotFound
from workflow.staff import administrators
from workflow.tables import Account, Person, PersonRole, SignIn, Unit
from workflow.vocabulary import Role, RoleState, SignInBy, SignInEnd

NOTED_EVERY = timedelta(minutes=1)  # a page need not write that it was looked at


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


def begin(
    session: Session, person: Person, by: SignInBy, *, address: str, at: datetime, life: timedelta,
    replaces: str | None = None,
) -> str:  # fmt: skip
    """Let somebody in who has shown who they are; returns a new token, for their browser alone.

    `replaces` is the token that the browser held before: it does not count any more. Who has one role acts in it;
    who has more chooses. With a second factor set up, a password alone is half a sign-in. Raises NotAllowed for a
    system: it acts by tokens.
    """
    if person.is_system:
        raise NotAllowed("systems_do_not_sign_in")
    if replaces:
        end(session, replaces, because=SignInEnd.SIGNED_IN_ANEW, at=at)
    token = secrets.token_urlsafe(32)
    roles = list(session.scalars(select(PersonRole.id).where(*_working(person.id)).limit(2)))
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    half = by == SignInBy.PASSWORD and account is not None and account.totp_confirmed_at is not None
    session.add(
        SignIn(
            token_hash=_hash(token), person_id=person.id, role_id=roles[0] if len(roles) == 1 else None, by=by,
            address=address, began_at=at, confirmed_at=None if half else at, used_at=at, ends_at=at + life,
        )
    )  # fmt: skip
    session.flush()
    return token


def living(session: Session, token: str, *, at: datetime, idle: timedelta, used: bool = True) -> SignedIn | None:
    """The sign-in with this token, unless it ended, was unused for `idle`, lasted too long, or its person left.

    It counts as used now, unless `used` says that a page asked on its own.
    """
    alive = (
        SignIn.token_hash == _hash(token),
        SignIn.ended_at.is_(None),
        SignIn.ends_at > at,
        SignIn.used_at > at - idle,
    )
    asked = (
        select(SignIn, Account)
        .join(Person, Person.id == SignIn.person_id)
        .outerjoin(Account, Account.person_id == SignIn.person_id)
        .where(*alive, Person.active)
        .options(
            joinedload(SignIn.person), joinedload(SignIn.role).joinedload(PersonRole.unit).joinedload(Unit.organisation)
        )
    )  # fmt: skip
    if used:  # in the same round trip
        noting = update(SignIn).where(*alive, SignIn.used_at < at - NOTED_EVERY).values(used_at=at)
        asked = asked.add_cte(noting.cte("noting"))
    row = session.execute(asked).one_or_none()
    if row is None:
        return None
    found, account = row
    noted = used and at - found.used_at > NOTED_EVERY
    role = found.role if found.role and found.role.state == RoleState.IN_FORCE else None
    unit = role.unit if role else None
    return SignedIn(
        id=found.id, person_id=found.person_id, name=found.person.name, username=found.person.username, by=found.by,
        lasts_until=min((at if noted else found.used_at) + idle, found.ends_at), toured=found.person.toured,
        shortcuts=found.person.shortcuts, lacks=_lacks(session, found, account, role),
        role_id=role.id if role else None, role=role.role if role else None,
        unit_id=unit.id if unit else None, unit=unit.name if unit else "",
        organisation_id=unit.organisation_id if unit else None, organisation=unit.organisation.name if unit else "",
    )  # fmt: skip


def _lacks(session: Session, found: SignIn, account: Account | None, role: PersonRole | None) -> Lacks | None:
    if found.confirmed_at is None:
        return Lacks.CODE
    if found.by == SignInBy.PASSWORD and account is not None:
        if account.must_change:
            return Lacks.PASSWORD
        if account.totp_confirmed_at is None and administrators.is_administrator(session, found.person_id):
            return Lacks.SECOND_FACTOR
    return Lacks.ROLE if role is None else None


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


def open_ones(session: Session, *, at: datetime, idle: timedelta, most: int = 200) -> list[SignIn]:
    """Who is signed in now, the latest first."""
    return list(
        session.scalars(
            select(SignIn)
            .where(SignIn.ended_at.is_(None), SignIn.ends_at > at, SignIn.used_at > at - idle)
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
