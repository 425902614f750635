"""The access log as managers and administrators read it: by citizen, by employee, and what must be confirmed."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, language, looks, rules
from web.ground.looks import Desk
from workflow import citizens
from workflow.cpr import Cpr
from workflow.errors import NotFound
from workflow.seeing import access_log, audits
from workflow.seeing.audits import Span
from workflow.staff import people, staffing
from workflow.tables import Citizen, Organisation
from workflow.vocabulary import Look, Role

auditors = rules.only(Role.MANAGER, Role.ADMINISTRATOR)
SHOWN = timedelta(days=90)


def _span(now: datetime, *, back: timedelta = SHOWN) -> Span:
    return Span(since=now - back, until=now + timedelta(seconds=1))


def _whole(now: datetime) -> Span:
    """As long as looks are kept."""
    return _span(now, back=timedelta(days=identity.settings().access_log_years * access_log.YEAR))


def _typed() -> Cpr:
    """The number that was searched for. Raises Invalid."""
    return Cpr.parse(request.form.get("cpr", ""))


def _citizen(desk: Desk, cpr: Cpr, kind: Look) -> Citizen:
    """Whom the number belongs to, with the search written down. Raises NotFound.

    Somebody whom nobody of the asker's house has looked at is not there for them: neither name nor existence is told.
    """
    found = citizens.find(desk.session, cpr)
    if found is None or not audits.of_citizen(desk.session, desk.seen, found.id, _whole(desk.visit.at)):
        raise NotFound("no_such_citizen")
    access_log.write(desk.session, kind, desk.visit, by=desk.by, citizens=[found.id], criterion=cpr.value)
    return found


def _before() -> int | None:
    """Where the next page of entries begins."""
    return request.values.get("before", type=int)


def register(app: Flask) -> None:
    """The pages below `/revision`."""

    @app.get("/revision")
    @auditors
    def revision_page() -> ResponseReturnValue:
        with looks.looking("revision") as desk:
            where = desk.session.get_one(Organisation, desk.by.organisation_id)
            return render_template(
                "revision.html", waiting=audits.to_confirm(desk.session, desk.seen),
                colleagues=staffing.people(desk.session, where),
            )  # fmt: skip

    @app.post("/revision/citizen")
    @auditors
    def looks_at_citizen() -> ResponseReturnValue:
        """Answered at once, without a redirect: the number must not stand in an address."""
        cpr = _typed()
        with looks.looking("revision_citizen", criterion=cpr.value) as desk:
            citizen = _citizen(desk, cpr, Look.SEARCH)
            found = audits.of_citizen(desk.session, desk.seen, citizen.id, _span(desk.visit.at), before_id=_before())
            return render_template("revision_looks.html", found=found, name=citizen.name, cpr=citizen.cpr, person=None)

    @app.post("/revision/extract")
    @auditors
    def extract_for_citizen() -> ResponseReturnValue:
        cpr = _typed()
        with looks.looking("revision_extract", criterion=cpr.value) as desk:
            citizen = _citizen(desk, cpr, Look.EXPORT)
            whole, told = _whole(desk.visit.at), language.current()
            text = audits.extract(desk.session, desk.seen, citizen.id, whole, language=told)
        headers = {"Content-Disposition": 'attachment; filename="opslag.csv"'}
        return Response("\ufeff" + text, mimetype="text/csv", headers=headers)

    @app.post("/revision/employee")
    @auditors
    def find_employee() -> ResponseReturnValue:
        with looks.looking("revision_employee") as desk:
            person = people.named(desk.session, request.form.get("username", ""))
            return redirect(url_for("looks_of_employee", person_id=person.uuid), code=303)

    @app.get("/revision/employee/<uuid:person_id>")
    @auditors
    def looks_of_employee(person_id: UUID) -> ResponseReturnValue:
        with looks.looking("revision_employee") as desk:
            person = people.fetch(desk.session, person_id)
            found = audits.of_person(desk.session, desk.seen, person.id, _span(desk.visit.at), before_id=_before())
            return render_template("revision_looks.html", found=found, name=person.name, cpr=None, person=person)

    @app.post("/revision/confirm/<uuid:look_id>")
    @auditors
    def confirm_look(look_id: UUID) -> ResponseReturnValue:
        with looks.looking("revision_confirm") as desk:
            audits.confirm(
                desk.session, look_id, desk.seen, in_order=request.form.get("in_order") == "1",
                note=request.form.get("reason", ""), at=desk.visit.at,
            )  # fmt: skip
        return redirect(url_for("revision_page"), code=303)
