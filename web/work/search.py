"""Finding a citizen from any page: by full CPR number, name or telephone.

What was typed stands in no address: it travels in a cookie, encrypted, so that going back to what was found works.
"""

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from web.ground import language, looks, rules
from web.ground.carried import SEARCH
from web.ground.menu import CARE, PATIENTS
from workflow.errors import Invalid
from workflow.lists import finding
from workflow.lists.finding import Found
from workflow.staff.sign_ins import SignedIn
from workflow.tables import Unit

LONGEST = 100  # characters
for_patients = rules.only(*PATIENTS)


def _may_search() -> bool:
    found: SignedIn | None = g.get("signed_in")
    return found is not None and not found.lacks and found.role in PATIENTS


def register(app: Flask) -> None:
    """`/soeg`, and the field for it on every page of who may see citizens."""
    app.context_processor(lambda: {"may_search": _may_search()})

    @app.post("/soeg")
    @for_patients
    def search() -> ResponseReturnValue:
        answer = redirect(url_for("search_page"), code=303)
        SEARCH.put(answer, {"typed": request.form.get("find", "")[:LONGEST].strip()})
        return answer

    @app.get("/soeg")
    @for_patients
    def search_page() -> ResponseReturnValue:
        typed = SEARCH.get().get("typed", "")
        found, wrong = Found(episodes=[]), ""
        with looks.looking("search", criterion=typed or None) as desk:
            if typed:
                try:
                    found = finding.find(desk.session, desk.seen, typed, visit=desk.visit)
                except Invalid as error:
                    wrong = error.say(language.current())
            numbers = {episode.responsible_unit_id for episode in found.episodes} - {None}
            units = {u.id: u.name for u in desk.session.scalars(select(Unit).where(Unit.id.in_(numbers)))}
            page = render_template(
                "search.html", at=desk.at, found=found, wrong=wrong, typed="" if found.cpr else typed, units=units,
                going_on={episode.citizen_id for episode in found.open},
                may_open=bool(desk.by.roles & CARE),
            )  # fmt: skip
        return page
