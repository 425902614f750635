"""Help: a guide for each screen, the keyboard shortcuts, the first tour, and the accessibility statement."""

from flask import Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import guides
from web.ground import identity, menu, rules
from web.ground.language import local_address
from web.ground.menu import Item
from workflow.db import Session
from workflow.staff import people

# After `g`, the letter of a page: the first of its Danish name that no other has.
LETTERS = {
    "board_page": "o", "tasks_page": "p", "places_page": "l", "missed_page": "m", "cluster_page": "k",
    "people_page": "e", "units_page": "u", "agreements_page": "s", "systems_page": "y", "sign_ins_page": "i",
    "roles_page": "r", "revision_page": "g", "emergency_page": "n", "status_page": "d",
    "texts_page": "t", "inbox_page": "b", "overview_page": "v",
}  # fmt: skip


def shortcuts() -> dict[str, Item]:
    """The pages of this person's menu, and at the foot of it, by the letter that leads there."""
    return {LETTERS[item.endpoint]: item for item in [*menu.items(), *menu.aside()] if item.endpoint in LETTERS}


def register(app: Flask) -> None:
    """`/hjaelp`, a page a screen below it, `/was`; and what a person has seen enough of."""
    app.add_template_global(shortcuts)

    @app.get("/hjaelp")
    @rules.public
    def help_page() -> ResponseReturnValue:
        identity.signed_in()
        return render_template("help.html", guides=guides.there(app))

    @app.get("/hjaelp/<screen>")
    @rules.public
    def guide_page(screen: str) -> ResponseReturnValue:
        identity.signed_in()
        guide = guides.there(app).get(screen)
        if guide is None:
            abort(404)
        return render_template("guide.html", guide=guide)

    @app.get("/was")
    @rules.public
    def accessibility_page() -> ResponseReturnValue:
        identity.signed_in()
        return render_template("was.html")

    @app.post("/hjaelp/rundtur")
    @rules.known
    def close_tour() -> ResponseReturnValue:
        with Session.begin() as session:
            people.close_tour(session, identity.somebody().person_id)
        return redirect(local_address(request.form.get("back", "/")), code=303)

    @app.post("/hjaelp/genveje")
    @rules.known
    def use_shortcuts() -> ResponseReturnValue:
        with Session.begin() as session:
            people.use_shortcuts(session, identity.somebody().person_id, request.form.get("on") == "1")
        return redirect(url_for("help_page") + "#genveje", code=303)
