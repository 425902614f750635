"""Correspondence with the ward about a citizen: what was said, how far ours has come, a new letter, an answer."""

from uuid import UUID

from flask import Flask, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web.episodes.episode import ask_purpose, for_patients, require
from web.episodes.episode_form import text
from web.ground import looks
from workflow import clock
from workflow.errors import Missing, NotPossible
from workflow.medcom import conversation, letters, threads
from workflow.medcom.rules import ATTACHMENT_TYPES, CATEGORIES
from workflow.staff import reading


def register(app: Flask) -> None:
    """The page `/forloeb/<episode>/korrespondance`, its letters and its attachments."""

    @app.get("/forloeb/<uuid:episode_id>/korrespondance")
    @for_patients
    def correspondence_page(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("correspondence") as desk:
            try:
                episode = require(desk, episode_id)
            except Missing:
                return ask_purpose(desk, episode_id)
            about = threads.about(desk.session, episode, by=desk.by)
            ward = letters.ward_of(desk.session, episode, about) if about is not None else None
            return render_template(
                "correspondence.html", at=desk.at, by=desk.by, episode=episode, categories=sorted(CATEGORIES),
                talks=threads.of_citizen(desk.session, desk.seen, episode.citizen_id), about=about, ward=ward,
                read_at=reading.reads_again(desk.session, ward, at=desk.at) if ward is not None else None,
            )  # fmt: skip

    @app.post("/forloeb/<uuid:episode_id>/korrespondance")
    @for_patients
    def begin_letter(episode_id: UUID) -> ResponseReturnValue:
        """A letter to the ward about the follow-up call, or the handover. It never completes the call."""
        with looks.looking("correspondence") as desk:
            about = threads.about(desk.session, require(desk, episode_id), by=desk.by)
            if about is None:
                raise NotPossible("nothing_to_write_about")
            letters.begin(
                desk.session, about, text("text"), by=desk.by, at=desk.at, real_at=clock.real_now(),
                category=text("category"), topic=text("topic") or None,
            )  # fmt: skip
        return redirect(url_for("correspondence_page", episode_id=episode_id), code=303)

    @app.post("/forloeb/<uuid:episode_id>/korrespondance/<uuid:thread_id>/svar")
    @for_patients
    def answer_letter(episode_id: UUID, thread_id: UUID) -> ResponseReturnValue:
        with looks.looking("correspondence") as desk:
            require(desk, episode_id)
            letters.reply(desk.session, thread_id, text("text"), by=desk.by, at=desk.at, real_at=clock.real_now())
        return redirect(url_for("correspondence_page", episode_id=episode_id), code=303)

    @app.post("/forloeb/<uuid:episode_id>/korrespondance/<uuid:thread_id>/set")
    @for_patients
    def mark_letter_read(episode_id: UUID, thread_id: UUID) -> ResponseReturnValue:
        with looks.looking("correspondence") as desk:
            require(desk, episode_id)
            conversation.mark_read(desk.session, thread_id, by=desk.by, at=desk.at)
        return redirect(url_for("correspondence_page", episode_id=episode_id), code=303)

    @app.get("/forloeb/<uuid:episode_id>/korrespondance/fil/<uuid:segment_id>")
    @for_patients
    def letter_attachment(episode_id: UUID, segment_id: UUID) -> ResponseReturnValue:
        """Always a file to keep, never something that the browser opens in our name."""
        with looks.looking("correspondence_file") as desk:
            content_type, content = threads.attachment(desk.session, desk.seen, require(desk, episode_id), segment_id)
        told = content_type if content_type in ATTACHMENT_TYPES else "application/octet-stream"
        ending = told.rpartition("/")[2] if told in ATTACHMENT_TYPES else "bin"
        return Response(
            content, content_type=told,
            headers={"Content-Disposition": f'attachment; filename="bilag.{ending}"'},
        )  # fmt: skip
