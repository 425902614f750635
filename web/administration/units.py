"""Units: which there are, one of them in a form, and who decides there and runs it from which day."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import formats, identity, rules
from workflow import clock
from workflow.calendar import local
from workflow.db import Session
from workflow.errors import NotFound
from workflow.staff import holders, reading, registry, registry_undo, staffing
from workflow.vocabulary import Holding, Role, UnitKind

administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/units`."""
    _register_units(app)
    _register_one(app)
    _register_closed_days(app)


def _register_units(app: Flask) -> None:
    @app.get("/admin/units")
    @administrators
    def units_page() -> ResponseReturnValue:
        with Session() as session:
            return render_template(
                "admin/units.html", units=staffing.units(session), latest=registry_undo.latest(session),
                last=registry_undo.last(session),
                closed=reading.next_closed(session, since=local(clock.now(session)).date()),
            )  # fmt: skip

    @app.get("/admin/units/new")
    @administrators
    def new_unit_page() -> ResponseReturnValue:
        with Session() as session:
            return render_template(
                "admin/unit_new.html", organisations=staffing.organisations(session), kinds=kind_choices()
            )

    @app.post("/admin/units/new")
    @administrators
    def add_unit() -> ResponseReturnValue:
        with Session.begin() as session:
            organisation = staffing.organisation(session, _uuid("organisation"))
            by = identity.current_actor()
            made = registry.write_unit(session, organisation, None, _said(), by=by, at=clock.real_now())
            unit_id = made.uuid
        return redirect(url_for("unit_page", unit_id=unit_id), code=303)


def _register_one(app: Flask) -> None:
    @app.get("/admin/units/<uuid:unit_id>")
    @administrators
    def unit_page(unit_id: UUID) -> ResponseReturnValue:
        with Session() as session:
            unit = staffing.unit(session, unit_id)
            return render_template(
                "admin/unit.html", unit=unit, said=registry.said_of(unit), holders=holders.holders(session, unit),
                holdings=list(Holding), organisations=staffing.organisations(session), kinds=kind_choices(),
                closed=reading.closed_days(session, unit, since=local(clock.now(session)).date()),
            )  # fmt: skip

    @app.post("/admin/units/<uuid:unit_id>")
    @administrators
    def change_unit(unit_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            unit, by = staffing.unit(session, unit_id), identity.current_actor()
            registry.write_unit(session, unit.organisation, unit, _said(), by=by, at=clock.real_now())
        return redirect(url_for("unit_page", unit_id=unit_id), code=303)

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


def _register_closed_days(app: Flask) -> None:
    @app.post("/admin/units/<uuid:unit_id>/closed")
    @administrators
    def close_unit(unit_id: UUID) -> ResponseReturnValue:
        day = formats.day_from_input(request.form.get("closed_on", ""))
        with Session.begin() as session:
            unit, by = staffing.unit(session, unit_id), identity.current_actor()
            reading.close(session, unit, day, by=by, at=clock.now(session))
        return redirect(url_for("unit_page", unit_id=unit_id) + "#closed", code=303)

    @app.post("/admin/units/<uuid:unit_id>/closed/<uuid:closed_id>/remove")
    @administrators
    def open_unit_again(unit_id: UUID, closed_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            unit, by = staffing.unit(session, unit_id), identity.current_actor()
            reading.open_again(session, unit, closed_id, by=by, at=clock.now(session))
        return redirect(url_for("unit_page", unit_id=unit_id) + "#closed", code=303)


def kind_choices() -> list[tuple[str, UnitKind]]:
    """The kinds of unit, each with the word that a file has for it."""
    return list(registry.UNITS.items())


def _said() -> dict[str, str]:
    """The form, whose fields have the names of a file's columns."""
    return {name: " ".join(request.form.get(name, "").split()) for name in registry.COLUMNS}


def _uuid(name: str) -> UUID:
    """What the form says, or a number that nobody has."""
    return request.form.get(name, UUID(int=0), type=UUID)
