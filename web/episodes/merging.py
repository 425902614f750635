"""A replacement number turns out to be somebody's: merged with the real one, and separated again."""

from uuid import UUID

from flask import Flask, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from web.episodes.episode import for_patients, require
from web.episodes.episode_form import text
from web.ground import looks
from workflow import citizens, merging
from workflow.cpr import Cpr
from workflow.tables import Episode


def register(app: Flask) -> None:
    """The page `/forloeb/<episode>/nummer`."""

    @app.get("/forloeb/<uuid:episode_id>/nummer")
    @for_patients
    def number_page(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("number") as desk:
            episode = require(desk, episode_id)
            return render_template(
                "number.html", at=desk.at, episode=episode, merges=merging.standing(desk.session, episode.citizen_id)
            )

    @app.post("/forloeb/<uuid:episode_id>/nummer")
    @for_patients
    def merge_numbers(episode_id: UUID) -> ResponseReturnValue:
        """Everything of the replacement number becomes the real citizen's. The number is in no address."""
        with looks.looking("number") as desk:
            episode, cpr = require(desk, episode_id), Cpr.parse(text("cpr"))
            replacement = episode.citizen
            real = citizens.register(
                desk.session, cpr, replacement.name, municipality_id=replacement.municipality_id,
                phone=replacement.phone,
            )  # fmt: skip
            theirs = select(Episode).where(Episode.citizen_id == real.id, Episode.closed_at.is_(None))
            other = desk.session.scalar(theirs)
            chosen = {"this": episode.uuid, "other": other.uuid if other is not None else None}.get(text("goes_on"))
            merging.merge(
                desk.session, replacement, real, by=desk.by, at=desk.at, reason=text("reason"), goes_on=chosen
            )
        return redirect(url_for("number_page", episode_id=episode_id), code=303)

    @app.post("/forloeb/<uuid:episode_id>/nummer/<uuid:merge_id>/adskil")
    @for_patients
    def undo_merge(episode_id: UUID, merge_id: UUID) -> ResponseReturnValue:
        with looks.looking("number") as desk:
            require(desk, episode_id)
            merging.undo(desk.session, merge_id, by=desk.by, at=desk.at, reason=text("reason"))
        return redirect(url_for("number_page", episode_id=episode_id), code=303)
