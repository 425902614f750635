"""What asks my unit to act, and what it has been told and has not read."""

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import language, looks, rules
from web.ground.menu import PATIENTS
from workflow.lists import inbox
from workflow.seeing import sight
from workflow.vocabulary import Look

for_patients = rules.only(*PATIENTS)


def register(app: Flask) -> None:
    """The page `/indbakke`."""

    @app.get("/indbakke")
    @for_patients
    def inbox_page() -> ResponseReturnValue:
        with looks.looking("inbox") as desk:
            before = request.args.get("foer", type=int)
            items, more = inbox.page(desk.session, desk.seen, language.current(), before=before)
            asking = inbox.asking(desk.session, desk.seen)
            episodes = [*(one.episode for one in asking), *(item.episode for item in items)]
            sight.record(desk.session, desk.seen, episodes, visit=desk.visit, kind=Look.LIST)
            return render_template(
                "inbox.html", at=desk.at, asking=asking, groups=inbox.by_citizen(items), more=more,
                several=len(desk.seen.units) > 1,
            )  # fmt: skip

    @app.post("/indbakke")
    @for_patients
    def mark_read() -> ResponseReturnValue:
        marked = ",".join(request.form.getlist("shown" if request.form.get("all") else "read")).split(",")
        chosen = [int(number) for number in marked if number.isdecimal() and len(number) < 19]
        with looks.looking("inbox") as desk:
            inbox.mark_read(desk.session, desk.seen, chosen, at=desk.at)
        return redirect(url_for("inbox_page"), code=303)
