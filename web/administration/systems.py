"""Systems that act here: added by an administrator, given roles as people are, and tokens that are shown once."""

from datetime import timedelta
from uuid import UUID

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, rules
from workflow import clock
from workflow.db import Session
from workflow.errors import NotFound
from workflow.staff import people, roles, staffing, tokens
from workflow.vocabulary import Role, RoleState, Scope

administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/systems`."""

    @app.get("/admin/systems")
    @administrators
    def systems_page() -> ResponseReturnValue:
        with Session() as session:
            return render_template("admin/systems.html", systems=tokens.systems(session))

    @app.post("/admin/systems")
    @administrators
    def add_system() -> ResponseReturnValue:
        with Session.begin() as session:
            added = people.add(
                session, request.form.get("username", ""), request.form.get("name", ""), by=identity.current_actor(),
                is_system=True,
            )  # fmt: skip
            system_id = added.uuid
        return redirect(url_for("system_page", person_id=system_id), code=303)

    @app.get("/admin/systems/<uuid:person_id>")
    @administrators
    def system_page(person_id: UUID) -> ResponseReturnValue:
        return _page(person_id)

    @app.post("/admin/systems/<uuid:person_id>/tokens")
    @administrators
    def give_token(person_id: UUID) -> ResponseReturnValue:
        """Answered at once, without a redirect: the token is shown once, and kept nowhere."""
        form = request.form
        with Session.begin() as session:
            role = roles.fetch(session, form.get("role", UUID(int=0), type=UUID))
            if role.person.uuid != person_id:
                raise NotFound("no_such_role")
            secret = tokens.give(
                session, role, [scope for scope in Scope if scope in form.getlist("scope")],
                by=identity.current_actor(), at=clock.real_now(), life=_life(form.get("days", "")),
            )  # fmt: skip
        g.here = url_for("system_page", person_id=person_id)
        return _page(person_id, secret)

    @app.post("/admin/tokens/<uuid:token_id>/revoke")
    @administrators
    def revoke_token(token_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            revoked = tokens.revoke(session, token_id, by=identity.current_actor(), at=clock.real_now())
            person_id = revoked.person.uuid
        return redirect(url_for("system_page", person_id=person_id), code=303)


def _life(days: str) -> timedelta:
    """As typed; no days where it is no number of them."""
    return timedelta(days=int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0)


def _page(person_id: UUID, secret: str | None = None) -> str:
    with Session() as session:
        system = people.fetch(session, person_id)
        if not system.is_system:
            raise NotFound("no_such_person")
        held = [role for role in staffing.roles(session, system) if role.state == RoleState.IN_FORCE]
        at = clock.real_now()
        return render_template(
            "admin/system.html", system=system, held=held, tokens=tokens.of_person(session, system, at=at),
            scopes=tokens.FOR_SYSTEMS, longest=tokens.LONGEST.days, secret=secret, now=at,
        )  # fmt: skip
