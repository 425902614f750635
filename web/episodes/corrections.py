"""What was recorded of an episode and is put right by a new entry: another time, or that it never happened."""

from uuid import UUID

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from web.episodes.episode import for_patients
from web.episodes.episode_form import text
from web.episodes.happenings import back
from web.ground import formats, looks
from web.ground.language import gettext, local_address
from workflow import amendments


def register(app: Flask) -> None:
    """The forms that stand at each event of the history."""

    @app.post("/forloeb/<uuid:episode_id>/ret/<int:number>")
    @for_patients
    def correct_time(episode_id: UUID, number: int) -> ResponseReturnValue:
        with looks.looking("episode_correction") as desk:
            happened = formats.from_input(text("effective_at"))
            amendments.correct_time(
                desk.session, episode_id, number, happened, by=desk.by, at=desk.at, reason=text("reason")
            )
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/annuller/<int:number>")
    @for_patients
    def cancel_event(episode_id: UUID, number: int) -> ResponseReturnValue:
        with looks.looking("episode_correction") as desk:
            amendments.cancel_event(desk.session, episode_id, number, by=desk.by, at=desk.at, reason=text("reason"))
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/fortryd/<int:number>")
    @for_patients
    def undo_event(episode_id: UUID, number: int) -> ResponseReturnValue:
        """What was recorded just now, from the line that confirms it; back to where that stood."""
        with looks.looking("episode_correction") as desk:
            reason = gettext("Undone right after it was recorded")
            amendments.undo(desk.session, episode_id, seen=number, by=desk.by, at=desk.at, reason=reason)
        return redirect(local_address(request.form.get("back", "")), code=303)
