"""What administrators do in the pages: units, people, roles that wait for a second person, and who is signed in."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import formats, identity, rules
from workflow import clock
from workflow.db import Session
from workflow.errors import NotFound
from workflow.staff import holders, people, roles, sign_ins, staffing
from workflow.vocabulary import Holding, Role

administrators = rules.only(Role.ADMINISTRATOR)
approvers = rules.only(Role.ADMINISTRATOR, Role.MANAGER)


def _uuid(name: str) -> UUID:
    """What the form says, or a number that nobody has."""
    return request.form.get(name, UUID(int=0), type=UUID)


def register(app: Flask) -> None:
    """The pages below `/admin`."""
    _register_units(app)
    _register_people(app)
    _register_roles(app)
    _register_sign_ins(app)


def _register_units(app: Flask) -> None:
    @app.get("/admin/units")
    @administrators
    def units_page() -> ResponseReturnValue:
        with Session() as session:
            return render_template("admin/units.html", units=staffing.units(session))

    @app.get("/admin/units/<uuid:unit_id>")
    @administrators
    def unit_page(unit_id: UUID) -> ResponseReturnValue:
        with Session() as session:
            unit = staffing.unit(session, unit_id)
            return render_template(
                "admin/unit.html", unit=unit, holders=holders.holders(session, unit), holdings=list(Holding),
                organisations=staffing.organisations(session),
            )  # fmt: skip

    @app.post("/admin/units/<uuid:unit_id>/holders")
    @administrators
    def hand_unit_over(unit_id: UUID) -> ResponseReturnValue:
        from_on = formats.day_from_input(request.form.get("from_on", ""))
        try:
            holding = Holding(request.form.get("holding", ""))
        except ValueError:
            raise NotFound("no_such_holding") from None
        with Session.begin() as session:
            unit = staffing.unit(session, unit_id)
            to = staffing.organisation(session, _uuid("organisation"))
            holders.hand_over(session, unit, holding, to, from_on=from_on, by=identity.current_actor())
        return redirect(url_for("unit_page", unit_id=unit_id), code=303)


def _register_people(app: Flask) -> None:
    @app.get("/admin/people")
    @administrators
    def people_page() -> ResponseReturnValue:
        with Session() as session:
            return render_template("admin/people.html", people=staffing.people(session))

    @app.post("/admin/people")
    @administrators
    def add_person() -> ResponseReturnValue:
        form = request.form
        with Session.begin() as session:
            added = people.add(
                session, form.get("username", ""), form.get("name", ""), by=identity.current_actor(),
                email=form.get("email"), mobile=form.get("mobile"),
            )  # fmt: skip
            person_id = added.uuid
        return redirect(url_for("person_page", person_id=person_id), code=303)

    @app.get("/admin/people/<uuid:person_id>")
    @administrators
    def person_page(person_id: UUID) -> ResponseReturnValue:
        with Session() as session:
            person = people.fetch(session, person_id)
            return render_template(
                "admin/person.html", person=person, held=staffing.roles(session, person),
                units=staffing.units(session), kinds=list(Role),
            )  # fmt: skip

    @app.post("/admin/people/<uuid:person_id>/active")
    @administrators
    def let_person_go(person_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            person, by = people.fetch(session, person_id), identity.current_actor()
            if request.form.get("active") == "1":
                people.reactivate(session, person, by=by)
            else:
                people.deactivate(session, person, by=by, at=clock.real_now())
        return redirect(url_for("person_page", person_id=person_id), code=303)

    @app.post("/admin/people/<uuid:person_id>/roles")
    @administrators
    def give_role(person_id: UUID) -> ResponseReturnValue:
        if request.form.get("role") not in set(Role):
            raise NotFound("no_such_role")
        with Session.begin() as session:
            person, unit = people.fetch(session, person_id), staffing.unit(session, _uuid("unit"))
            role = Role(request.form["role"])
            roles.grant(session, person, unit, role, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("person_page", person_id=person_id), code=303)


def _register_roles(app: Flask) -> None:
    @app.get("/admin/roles")
    @approvers
    def roles_page() -> ResponseReturnValue:
        actor = identity.current_actor()
        with Session() as session:
            waiting = roles.waiting(session)
            if Role.ADMINISTRATOR not in actor.roles:
                waiting = [role for role in waiting if role.unit_id == actor.unit_id]
            may = {role.id for role in waiting if roles.may_approve(session, role, by=actor)}
            return render_template("admin/roles.html", waiting=waiting, may=may)

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
        return redirect(url_for("person_page", person_id=person_id), code=303)


def _register_sign_ins(app: Flask) -> None:
    @app.get("/admin/sign-ins")
    @administrators
    def sign_ins_page() -> ResponseReturnValue:
        with Session() as session:
            found = sign_ins.open_ones(session, at=clock.real_now(), idle=identity.settings().idle)
            return render_template("admin/sign_ins.html", found=found)

    @app.post("/admin/sign-ins/<uuid:sign_in_id>/end")
    @administrators
    def end_sign_in(sign_in_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            sign_ins.end_one(session, sign_in_id, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("sign_ins_page"), code=303)
