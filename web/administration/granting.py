"""Roles: given, approved by a second person, looked through each half-year, taken away."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, rules
from workflow import clock, db, leaving
from workflow.db import Session
from workflow.errors import Invalid, NotFound
from workflow.staff import access_review, people, roles, staffing
from workflow.vocabulary import Role

administrators = rules.only(Role.ADMINISTRATOR)
approvers = rules.only(Role.ADMINISTRATOR, Role.MANAGER)


def register(app: Flask) -> None:
    """The pages below `/admin/roles`, and the giving of a role."""
    _register_waiting(app)
    _register_review(app)


def _register_waiting(app: Flask) -> None:
    @app.post("/admin/people/<uuid:person_id>/roles")
    @administrators
    def give_role(person_id: UUID) -> ResponseReturnValue:
        if request.form.get("role") not in set(Role):
            raise NotFound("no_such_role")
        with Session.begin() as session:
            person = people.fetch(session, person_id)
            unit = staffing.unit(session, request.form.get("unit", UUID(int=0), type=UUID))
            role = Role(request.form["role"])
            roles.grant(session, person, unit, role, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("person_page", person_id=person_id), code=303)

    @app.get("/admin/roles")
    @approvers
    def roles_page() -> ResponseReturnValue:
        actor = identity.current_actor()
        with Session() as session:
            waiting = roles.waiting(session)
            if Role.ADMINISTRATOR not in actor.roles:
                waiting = [role for role in waiting if role.unit_id == actor.unit_id]
            may = {role.id for role in waiting if roles.may_approve(session, role, by=actor)}
            due = sum(one.due for one in access_review.held(session, by=actor, at=clock.real_now()))
            return render_template("admin/roles.html", waiting=waiting, may=may, due=due)

    @app.post("/admin/roles/<uuid:role_id>/approve")
    @approvers
    def approve_role(role_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            roles.approve(session, role_id, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("roles_page"), code=303)

    @app.post("/admin/roles/<uuid:role_id>/end")
    @administrators
    def end_role(role_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            role = roles.end(session, role_id, by=identity.current_actor(), at=clock.real_now())
            person_id = role.person.uuid
            db.act_in_background(session)
            leaving.give_back(session, at=clock.now(session))
        return redirect(url_for("person_page", person_id=person_id), code=303)


def _register_review(app: Flask) -> None:
    @app.get("/admin/roles/review")
    @approvers
    def access_review_page() -> ResponseReturnValue:
        actor, everything = identity.current_actor(), request.args.get("show") == "all"
        with Session() as session:
            found = access_review.held(session, by=actor, at=clock.real_now())
            return render_template(
                "admin/access_review.html", found=[one for one in found if one.due or everything], every=len(found),
                due=sum(one.due for one in found), everything=everything, ends=Role.ADMINISTRATOR in actor.roles,
            )  # fmt: skip

    @app.post("/admin/roles/review")
    @approvers
    def confirm_roles() -> ResponseReturnValue:
        ticked = request.form.getlist("role", type=UUID)
        if not ticked:
            raise Invalid("nothing_ticked")
        with Session.begin() as session:
            for role_id in ticked:
                access_review.confirm(session, role_id, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("access_review_page", show=request.form.get("show")), code=303)
