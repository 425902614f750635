"""People at work, as an administrator adds them, finds them and lets them go; and who is signed in."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, rules
from workflow import clock, db, leaving
from workflow.db import Session
from workflow.staff import people, sign_ins, staffing
from workflow.vocabulary import Role

administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/people`, and `/admin/sign-ins`."""
    _register_people(app)
    _register_sign_ins(app)


def _register_people(app: Flask) -> None:
    @app.get("/admin/people")
    @administrators
    def people_page() -> ResponseReturnValue:
        with Session() as session:
            asked = request.args.get("organisation", type=UUID)
            where = staffing.organisation(session, asked) if asked else None
            found = staffing.people(session, where)
            return render_template(
                "admin/people.html", found=found, roles=staffing.roles_in_force(session, found), where=where,
                organisations=staffing.organisations(session), most=staffing.MOST,
            )  # fmt: skip

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
                db.act_in_background(session)
                leaving.give_back(session, at=clock.now(session))
        return redirect(url_for("person_page", person_id=person_id), code=303)


def _register_sign_ins(app: Flask) -> None:
    @app.get("/admin/sign-ins")
    @administrators
    def sign_ins_page() -> ResponseReturnValue:
        with Session() as session:
            at, by = clock.real_now(), identity.current_actor()
            found = sign_ins.open_ones(session, by=by, at=at, idle=identity.settings().idle)
            return render_template("admin/sign_ins.html", found=found)

    @app.post("/admin/sign-ins/<uuid:sign_in_id>/end")
    @administrators
    def end_sign_in(sign_in_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            sign_ins.end_one(session, sign_in_id, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("sign_ins_page"), code=303)
