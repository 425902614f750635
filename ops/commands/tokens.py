"""overgang tokens: by which systems act here. A system is added and given its role by `overgang people`."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from ops import door
from ops.errors import CannotDo
from workflow import clock
from workflow.actor import Actor
from workflow.errors import WorkflowError
from workflow.staff import people, sign_ins
from workflow.staff import tokens as register
from workflow.tables import PersonRole, Token
from workflow.vocabulary import Origin, Scope

SCOPES = [scope.value for scope in register.FOR_SYSTEMS]


@contextmanager
def _transaction() -> Iterator[Session]:
    try:
        with door.transaction(door.settings()) as session:
            yield session
    except WorkflowError as why:
        raise CannotDo(why.say(door.language())) from None


def _me() -> Actor:
    return Actor(name=f"{getpass.getuser()} (command line)", origin=Origin.SYSTEM)


@click.group()
def tokens() -> None:
    """Tokens, by which systems use the interface below /api/v1."""


@tokens.command()
@click.argument("username")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES),
    help="What it may do; may be given more than once.",
)  # fmt: skip
@click.option("--unit", help="Where it acts, by name or SOR id; asked for where it has more than one role.")
@click.option("--days", default=365, show_default=True, help="For how long.")
def add(username: str, *, scopes: tuple[str, ...], unit: str | None, days: int) -> None:
    """Make a token for the system USERNAME, and print it, once."""
    with _transaction() as session:
        role = _role(session, username, unit)
        secret = register.give(
            session, role, map(Scope, scopes), by=_me(), at=clock.real_now(), life=timedelta(days=days)
        )
    click.echo(secret)


def _role(session: Session, username: str, unit: str | None) -> PersonRole:
    held = sign_ins.roles_of(session, people.named(session, username).id)
    held = [role for role in held if unit is None or unit in {role.unit.name, role.unit.sor}]
    if not held:
        raise CannotDo(f"It has no such role. Give it one: overgang people roles {username} --give ROLE --unit UNIT")
    if len(held) > 1:
        raise CannotDo("It has more than one role. Say in which unit it acts: --unit")
    return held[0]


@tokens.command("list")
@click.option("--json", "as_json", is_flag=True, help="The result for a program.")
def list_(*, as_json: bool) -> None:
    """List every system with its tokens: number, where it acts, what it may, last used, until when."""
    with _transaction() as session:
        at = clock.real_now()
        told = [
            {"system": system.username, "name": system.name, **_told(token)}
            for system in register.systems(session)
            for token in register.of_person(session, system, at=at)
        ]
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for one in told:
        ends = "revoked" if one["revoked_at"] else f"until {one['expires_at']}"
        click.echo(f"{one['id']}  {one['system']}  {one['role']} in {one['unit']}  {' '.join(one['scopes'])}  {ends}")


def _told(token: Token) -> dict[str, Any]:
    return {
        "id": str(token.uuid), "unit": token.role.unit.name, "role": token.role.role.value, "scopes": token.scopes,
        "made_by": token.made_by, "used_at": token.used_at and token.used_at.isoformat(timespec="minutes"),
        "expires_at": token.expires_at.isoformat(timespec="minutes"),
        "revoked_at": token.revoked_at and token.revoked_at.isoformat(timespec="minutes"),
    }  # fmt: skip


@tokens.command()
@click.argument("number", type=click.UUID)
def revoke(number: UUID) -> None:
    """Take back the token with this NUMBER (`overgang tokens list`): it does not count from the next request on."""
    with _transaction() as session:
        register.revoke(session, number, by=_me(), at=clock.real_now())
    click.echo("It does not count any more.")
