"""overgang people: how the first administrator comes to be, and what only whoever runs the machine may do."""

import getpass
import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ops import door
from ops.errors import CannotDo
from workflow import clock, leaving
from workflow.actor import Actor
from workflow.errors import WorkflowError
from workflow.staff import accounts, roles, sign_ins
from workflow.staff import people as register
from workflow.tables import Person, PersonRole, Unit
from workflow.vocabulary import Origin, Role, RoleState, SignInEnd

Verb = TypeVar("Verb", bound=Callable[..., None])
NAMES = [role.value for role in Role]


def _me() -> Actor:
    return Actor(name=f"{getpass.getuser()} (command line)", origin=Origin.SYSTEM)


def _json(verb: Verb) -> Verb:
    return click.option("--json", "as_json", is_flag=True, help="The result for a program.")(verb)


@contextmanager
def _transaction() -> Iterator[Session]:
    try:
        with door.transaction(door.settings()) as session:
            yield session
    except WorkflowError as why:
        raise CannotDo(why.say(door.language())) from None


@click.group()
def people() -> None:
    """People, their roles and their local accounts."""


@people.command()
@click.argument("username")
@click.argument("name")
@click.option("--email", help="Where mail to them goes.")
@click.option("--mobile", help="Where messages to them go.")
@click.option("--system", "is_system", is_flag=True, help="A system that acts by tokens, and never signs in.")
@_json
def add(username: str, name: str, *, email: str | None, mobile: str | None, is_system: bool, as_json: bool) -> None:
    """Add a person: USERNAME and full NAME. They have no role and no password yet."""
    with _transaction() as session:
        person = register.add(session, username, name, by=_me(), email=email, mobile=mobile, is_system=is_system)
        told = _told(session, person)
    _say(
        told,
        f"{told['name']} is added. Next: overgang people roles {told['username']} --give ROLE --unit UNIT",
        as_json,
    )


@people.command("roles")
@click.argument("username")
@click.option("--give", type=click.Choice(NAMES), help="The role to give; it is in force at once.")
@click.option("--take", type=click.Choice(NAMES), help="The role to take away.")
@click.option("--unit", "unit_name", help="The unit: its SOR id, its name, or ORGANISATION/NAME.")
@_json
def roles_(username: str, *, give: str | None, take: str | None, unit_name: str | None, as_json: bool) -> None:
    """Show the roles of USERNAME, give one (--give) or take one (--take).

    Roles that people give each other in the pages wait for a second person; what is given here does not.
    """
    if (give or take) and not unit_name:
        raise click.UsageError("Say in which unit: --unit")
    with _transaction() as session:
        person = register.named(session, username)
        at = clock.real_now()
        if give:
            roles.grant(session, person, door.unit(session, unit_name or ""), Role(give), by=_me(), at=at)
        if take:
            held = _held(session, person, door.unit(session, unit_name or ""), Role(take))
            roles.end(session, held.uuid, by=_me(), at=at)
            leaving.give_back(session, at=clock.now(session))
        told = _told(session, person)
    shown = [f"{one['role']} in {one['unit']}, {one['organisation']} ({one['state']})" for one in told["roles"]]
    _say(told, "\n".join(shown) or f"{told['name']} has no role.", as_json)


@people.command()
@click.argument("username")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--forget-code", is_flag=True, help="Also forget the app that shows codes: it was lost.")
@_json
def password(username: str, *, from_stdin: bool, forget_code: bool, as_json: bool) -> None:
    """Give USERNAME a new password, to be changed at the first sign-in; without --stdin, make one and print it.

    Every sign-in of theirs ends.
    """
    given = sys.stdin.readline().rstrip("\n") if from_stdin else secrets.token_urlsafe(15)
    with _transaction() as session:
        person, at = register.named(session, username), clock.real_now()
        accounts.set_password(session, person, given, at=at, must_change=True)
        if forget_code:
            accounts.forget_second_factor(session, person)
        sign_ins.end_all(session, person.id, because=SignInEnd.PASSWORD_CHANGED, at=at)
        told = _told(session, person)
        if not from_stdin:
            told["password"] = given
    words = "The password is set." if from_stdin else f"The password, once: {given}"
    _say(told, f"{words} It must be changed at the first sign-in.", as_json)


@people.command()
@click.argument("username")
@_json
def deactivate(username: str, *, as_json: bool) -> None:
    """USERNAME leaves: every sign-in ends at once. Not the last administrator."""
    with _transaction() as session:
        person = register.named(session, username)
        register.deactivate(session, person, by=_me(), at=clock.real_now())
        leaving.give_back(session, at=clock.now(session))
        told = _told(session, person)
    _say(told, f"{told['name']} is deactivated.", as_json)


def _held(session: Session, person: Person, unit: Unit, role: Role) -> PersonRole:
    found = session.scalar(
        select(PersonRole).where(
            PersonRole.person_id == person.id, PersonRole.unit_id == unit.id, PersonRole.role == role,
            PersonRole.state != RoleState.ENDED,
        )
    )  # fmt: skip
    if found is None:
        raise CannotDo("They do not have that role there.")
    return found


def _told(session: Session, person: Person) -> dict[str, Any]:
    held = session.scalars(
        select(PersonRole)
        .where(PersonRole.person_id == person.id, PersonRole.state != RoleState.ENDED)
        .options(joinedload(PersonRole.unit).joinedload(Unit.organisation))
        .order_by(PersonRole.id)
    )
    return {
        "username": person.username, "name": person.name, "active": person.active,
        "roles": [
            {
                "role": one.role.value, "unit": one.unit.name, "organisation": one.unit.organisation.name,
                "state": one.state.value,
            }
            for one in held
        ],
    }  # fmt: skip


def _say(told: dict[str, Any], words: str, as_json: bool) -> None:
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else words)
