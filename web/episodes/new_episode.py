"""Opening an episode: the number first, then what begins, where and when. The number never stands in an address."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from web.ground import again, confirmation, formats, looks, rules
from web.ground.language import gettext
from web.ground.looks import Desk
from web.ground.menu import CARE
from workflow import citizens, opening
from workflow.cpr import Cpr
from workflow.errors import Invalid
from workflow.opening import Wanted
from workflow.seeing import access_log, sight
from workflow.tables import Episode, Organisation
from workflow.vocabulary import Look

for_care = rules.only(*CARE)


def _page(desk: Desk, typed: str) -> str:
    """Asks for the number, or, with one, for the rest; links to what is open already where they may see it."""
    cpr = _number(typed)
    if cpr is None:
        return render_template("new_episode.html", at=desk.at, cpr=None)
    citizen = citizens.find(desk.session, cpr)
    access_log.write(
        desk.session, Look.SEARCH, desk.visit, by=desk.by, citizens=[citizen.id] if citizen else [], criterion=cpr.value
    )
    theirs = select(Episode).where(Episode.citizen_id == (citizen.id if citizen else None), desk.seen.visible())
    newest = desk.session.scalar(theirs.order_by(Episode.closed_at.is_(None).desc(), Episode.id.desc()).limit(1))
    under_way = newest if newest is not None and newest.closed_at is None else None
    offered = opening.desk(desk.session, desk.by, citizen)
    return render_template(
        "new_episode.html", at=desk.at, cpr=cpr, citizen=citizen, under_way=under_way, offered=offered,
        home=desk.session.get(Organisation, citizen.municipality_id) if citizen and newest else None,
        optional=[("", gettext("Not chosen"))],
    )  # fmt: skip


def _asked_for(desk: Desk) -> str:
    """The number that was typed, or that of the citizen of an episode that was found. Raises NotFound, Invalid."""
    found = request.form.get("episode", type=UUID)
    if found is not None:
        return sight.require(desk.session, desk.seen, found, visit=desk.visit).citizen.cpr.value
    return Cpr.parse(request.form.get("cpr", "")).value


def _number(typed: str) -> Cpr | None:
    try:
        return Cpr.parse(typed)
    except Invalid:
        return None


def register(app: Flask) -> None:
    """`/forloeb/nyt`."""

    @app.get("/forloeb/nyt")
    @for_care
    def new_episode_page() -> ResponseReturnValue:
        with looks.looking("new_episode") as desk:
            return _page(desk, again.refused().value("new", "cpr"))

    @app.post("/forloeb/nyt")
    @for_care
    def new_episode_for() -> ResponseReturnValue:
        with looks.looking("new_episode") as desk:
            return _page(desk, _asked_for(desk))

    @app.post("/forloeb")
    @for_care
    def open_episode() -> ResponseReturnValue:
        form = request.form
        wanted = Wanted(
            way=form.get("way", ""), name=form.get("name", ""), municipality=form.get("municipality", ""),
            ward=form.get("ward", ""), facility=form.get("facility", ""), district=form.get("district", ""),
            practice=form.get("practice", ""),
        )  # fmt: skip
        with looks.looking("new_episode") as desk:
            at = formats.from_input(form.get("effective_at", ""))
            number = Cpr.parse(form.get("cpr", ""))
            episode = opening.begin(
                desk.session, desk.by, number, wanted, visit=desk.visit, at=desk.at, effective_at=at
            )
            confirmation.of(episode)
            return redirect(url_for("episode_page", episode_id=episode.uuid), code=303)
