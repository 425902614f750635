"""My unit's tasks: by time left, what is claimed given back at the end of a shift, and printed for when we are down."""

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import looks, rules
from web.ground.menu import PATIENTS
from workflow import tasks
from workflow.lists import worklist
from workflow.lists.worklist import Which
from workflow.seeing import sight
from workflow.showing import phones
from workflow.vocabulary import Look

for_patients = rules.only(*PATIENTS)
PRINTED = 300  # rows: more than a unit can do in a day


def _which() -> Which:
    try:
        return Which(request.args.get("vis", Which.OPEN))
    except ValueError:
        return Which.OPEN


def register(app: Flask) -> None:
    """The pages `/opgaver`, `/opgaver/udskriv` and `/opgaver/vagtskifte`."""

    @app.get("/opgaver")
    @for_patients
    def tasks_page() -> ResponseReturnValue:
        which = _which()
        with looks.looking("tasks") as desk:
            page = worklist.page(desk.session, desk.seen, which, at=desk.at, after=request.args.get("efter"))
            sight.record(desk.session, desk.seen, [r.episode for r in page.rows], visit=desk.visit, kind=Look.LIST)
            return render_template(
                "worklist.html", at=desk.at, page=page, which=which, ways=Which, me=desk.by,
                mine=worklist.acts_for(desk.seen), numbers=phones.numbers,
                count=worklist.count(desk.session, desk.seen, at=desk.at), counted=worklist.COUNTED,
            )  # fmt: skip

    @app.get("/opgaver/udskriv")
    @for_patients
    def print_tasks() -> ResponseReturnValue:
        with looks.looking("tasks") as desk:
            page = worklist.page(desk.session, desk.seen, Which.OPEN, at=desk.at, rows=PRINTED)
            sight.record(desk.session, desk.seen, [r.episode for r in page.rows], visit=desk.visit, kind=Look.PRINT)
            return render_template("worklist_print.html", at=desk.at, page=page, numbers=phones.numbers)

    @app.get("/opgaver/vagtskifte")
    @for_patients
    def shift_page() -> ResponseReturnValue:
        with looks.looking("tasks") as desk:
            page = worklist.page(desk.session, desk.seen, Which.MINE, at=desk.at, rows=PRINTED)
            sight.record(desk.session, desk.seen, [r.episode for r in page.rows], visit=desk.visit, kind=Look.LIST)
            return render_template("shift.html", at=desk.at, page=page)

    @app.post("/opgaver/vagtskifte")
    @for_patients
    def change_shift() -> ResponseReturnValue:
        with looks.looking("tasks") as desk:
            tasks.change_shift(desk.session, by=desk.by, at=desk.at, note=request.form.get("note", "").strip())
        return redirect(url_for("tasks_page"), code=303)
