"""A file of organisations and units: looked at before it is written, written, and undone."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, language, rules
from web.ground.language import gettext
from workflow import clock, office_files
from workflow.db import Session
from workflow.errors import Invalid
from workflow.office_files import Decoded
from workflow.sentences import sentence
from workflow.staff import registry, registry_undo
from workflow.staff.registry import Reading
from workflow.vocabulary import Role

administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/units/file`, and undoing."""

    @app.get("/admin/units/file")
    @administrators
    def unit_file_page() -> ResponseReturnValue:
        return _page()

    @app.post("/admin/units/file/look")
    @administrators
    def look_at_units() -> ResponseReturnValue:
        """Answered at once, without a redirect: nothing has happened, and the file is carried by the page."""
        file = _file()
        with Session.begin() as session:
            reading = registry.preview(session, file.lines, by=identity.current_actor())
        g.here = url_for("unit_file_page")
        return _page(file, reading)

    @app.post("/admin/units/file")
    @administrators
    def write_units() -> ResponseReturnValue:
        lines, by = request.form.get("text", "").splitlines(keepends=True), identity.current_actor()
        with Session.begin() as session:
            if registry.apply(session, lines, by=by, at=clock.real_now()).bad:
                raise Invalid("bad_lines")
        return redirect(url_for("units_page"), code=303)

    @app.post("/admin/units/undo")
    @administrators
    def undo_units() -> ResponseReturnValue:
        with Session.begin() as session:
            registry_undo.undo(session, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("units_page"), code=303)


def _file() -> Decoded:
    """The file that was sent. Raises Invalid when there is none, or it is no text."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("no_file")
    return office_files.decode(sent.read())


def _page(file: Decoded | None = None, reading: Reading | None = None) -> str:
    bad = [(one.line, sentence(one.code, language.current(), **one.facts)) for one in reading.bad] if reading else []
    return render_template(
        "admin/unit_file.html", file=file, reading=reading, bad=bad, columns=registry.COLUMNS, differences=differences
    )


def differences(change: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What is another than before, each with the old and the new; nothing of what is new."""
    labels = {
        "name": gettext("Name"), "code": gettext("Number"), "sor": gettext("SOR id"), "gln": gettext("GLN"),
        "phone": gettext("Phone by day"), "phone_night": gettext("Phone by night"),
        "phone_line": gettext("72-hour line"), "email": gettext("Mail"), "reads_from": gettext("Read from"),
        "reads_until": gettext("Read until"), "kind": gettext("Kind"), "parent_id": gettext("Region"),
        "organisation_id": gettext("Organisation"),
        "receives_for_municipality": gettext("Receives for its whole municipality"),
    }  # fmt: skip
    before, after = change["before"] or change["after"], change["after"]
    return [(labels[name], _shown(before[name]), _shown(after[name])) for name in after if before[name] != after[name]]


def _shown(value: str | int | None) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return gettext("nothing") if value is None else str(value).removesuffix(":00")  # a time without its seconds
