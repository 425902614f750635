"""People whom an identity provider knows: its claims, already verified, become a person and their roles here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from workflow import texts
from workflow.actor import Actor
from workflow.errors import NotAllowed
from workflow.staff import people, roles
from workflow.tables import ExternalIdentity, Person, Unit
from workflow.vocabulary import Origin, Role


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What a provider says of a person. `subject` is theirs for ever; a unit is named by its SOR id or GLN.

    `roles` is None where the provider says nothing of roles: then people of this installation give them.
    """

    issuer: str
    subject: str
    username: str
    name: str
    email: str | None
    mobile: str | None
    roles: Sequence[tuple[Role, str]] | None


def person_who(session: Session, claimed: Claimed, *, at: datetime, creates: bool) -> Person:
    """The person behind the claims, with the roles that the provider gives; `at` is real time.

    Known by issuer and subject; the first time by username, among those who have no identity with that issuer yet.
    `creates`: somebody new is let in when the provider gives them a role here. Raises NotAllowed for others, and for
    those who were deactivated.
    """
    person = _known(session, claimed) or _met(session, claimed, at=at, creates=creates)
    if person is None or not person.active:
        raise NotAllowed("unknown_to_us")
    if claimed.roles is not None:
        wanted = _in_units(session, claimed.roles)
        roles.follow_provider(session, person, wanted, provider=claimed.issuer, at=at)
    return person


def _known(session: Session, claimed: Claimed) -> Person | None:
    identity = session.scalar(
        select(ExternalIdentity)
        .where(ExternalIdentity.issuer == claimed.issuer, ExternalIdentity.subject == claimed.subject)
        .options(joinedload(ExternalIdentity.person))
    )
    return identity.person if identity else None


def _met(session: Session, claimed: Claimed, *, at: datetime, creates: bool) -> Person | None:
    taken = select(ExternalIdentity.id).where(
        ExternalIdentity.issuer == claimed.issuer, ExternalIdentity.person_id == Person.id
    )
    username = texts.clean(claimed.username).strip().lower()
    person = session.scalar(select(Person).where(func.lower(Person.username) == username, ~taken.exists()))
    if person is None and creates and _in_units(session, claimed.roles or ()):
        by = Actor(name=claimed.issuer, origin=Origin.SYSTEM)
        person = people.add(session, username, claimed.name, by=by, email=claimed.email, mobile=claimed.mobile)
    if person is not None:
        session.add(ExternalIdentity(person_id=person.id, issuer=claimed.issuer, subject=claimed.subject, first_at=at))
        session.flush()
    return person


def _in_units(session: Session, claimed: Sequence[tuple[Role, str]]) -> set[tuple[int, Role]]:
    """The roles in units that we have; a provider may know of others."""
    numbers = {number for _, number in claimed}
    units = session.scalars(select(Unit).where(or_(Unit.sor.in_(numbers), Unit.gln.in_(numbers)))).all()
    return {(unit.id, role) for role, number in claimed for unit in units if number in {unit.sor, unit.gln}}
