"""A unit that closes: what hangs on it, which unit has it from then on, and from which day."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import formats, identity, rules
from workflow import clock, db, succession
from workflow.calendar import local
from workflow.db import Session
from workflow.staff import closing, staffing
from workflow.staff.uses import uses
from workflow.vocabulary import Role

administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/units/<unit>/closing`."""

    @app.get("/admin/units/<uuid:unit_id>/closing")
    @administrators
    def closing_page(unit_id: UUID) -> ResponseReturnValue:
        with Session() as session:
            unit, by = staffing.unit(session, unit_id), identity.current_actor()
            return render_template(
                "admin/closing.html", unit=unit, uses=uses(session, unit), at=clock.now(session),
                successors=closing.successors(session, unit, by=by),
                successor=staffing.numbered(session, unit.successor_id),
            )  # fmt: skip

    @app.post("/admin/units/<uuid:unit_id>/closing")
    @administrators
    def close_for_good(unit_id: UUID) -> ResponseReturnValue:
        """One whose day is today closes at once; what is more than a batch, the next sweep moves."""
        day = formats.day_from_input(request.form.get("from_on", ""))
        chosen = request.form.get("successor", type=UUID)
        with Session.begin() as session:
            unit, by, at = staffing.unit(session, unit_id), identity.current_actor(), clock.now(session)
            successor = staffing.unit(session, chosen) if chosen is not None else None
            closing.plan(session, unit, successor, on=day, by=by, at=at)
            if day == local(at).date():
                db.act_in_background(session)
                succession.go_on(session, at=at)
                succession.go_on(session, at=at)
        return redirect(url_for("closing_page", unit_id=unit_id), code=303)

    @app.post("/admin/units/<uuid:unit_id>/closing/off")
    @administrators
    def call_closing_off(unit_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            closing.call_off(session, staffing.unit(session, unit_id), by=identity.current_actor())
        return redirect(url_for("closing_page", unit_id=unit_id), code=303)
