"""Emergency access (break-glass): asked for with the full number and a reason, and reviewed by the managers."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import looks, rules
from web.ground.carried import searched_number
from workflow.cpr import Cpr
from workflow.seeing import break_glass
from workflow.vocabulary import Role

for_patients = rules.only(*(set(Role) - {Role.ADMINISTRATOR, Role.OPERATOR}))
managers = rules.only(Role.MANAGER)


def register(app: Flask) -> None:
    """The pages below `/noed-adgang`."""

    @app.get("/noed-adgang")
    @for_patients
    def emergency_page() -> ResponseReturnValue:
        with looks.looking("emergency_access") as desk:
            opened = break_glass.current(desk.session, desk.by, at=desk.at)
            return render_template(
                "emergency.html", at=desk.at, waiting=break_glass.to_review(desk.session, desk.seen), opened=opened,
                leads_to=break_glass.leads_to(desk.session, opened), searched=searched_number(),
            )  # fmt: skip

    @app.post("/noed-adgang")
    @for_patients
    def break_the_glass() -> ResponseReturnValue:
        reason = request.form.get("reason", "")
        with looks.looking("emergency_access", purpose=reason.strip() or None) as desk:
            cpr = Cpr.parse(request.form.get("cpr", ""))
            opened = break_glass.open(desk.session, desk.by, cpr, reason, visit=desk.visit, at=desk.at)
            episode_id = break_glass.leads_to(desk.session, [opened])[opened.citizen_id]
        return redirect(url_for("episode_page", episode_id=episode_id), code=303)

    @app.post("/noed-adgang/<uuid:opened_id>/review")
    @managers
    def review_emergency(opened_id: UUID) -> ResponseReturnValue:
        with looks.looking("emergency_review") as desk:
            break_glass.review(
                desk.session, opened_id, desk.seen, in_order=request.form.get("in_order") == "1",
                note=request.form.get("reason", ""), at=desk.at,
            )  # fmt: skip
        return redirect(url_for("emergency_page"), code=303)
