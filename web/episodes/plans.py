"""What is planned and known of an episode: expected discharge, needs, a look at it, an objection, a record."""

from uuid import UUID

from flask import Flask
from flask.typing import ResponseReturnValue

from web.episodes.episode import for_patients, require
from web.episodes.episode_form import text
from web.episodes.happenings import back
from web.ground import confirmation, formats, looks
from workflow import amendments, tasks
from workflow.seeing import objections


def register(app: Flask) -> None:
    """The forms below `/forloeb/<episode>` that are no event."""

    @app.post("/forloeb/<uuid:episode_id>/forventet")
    @for_patients
    def expect_discharge(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("episode_plan") as desk:
            expected = formats.from_input(text("expected_at"))
            amendments.expect_discharge(desk.session, episode_id, expected, by=desk.by, at=desk.at)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/behov")
    @for_patients
    def record_need(episode_id: UUID) -> ResponseReturnValue:
        """One of those that the agreement asks about."""
        with looks.looking("episode_plan") as desk:
            require(desk, episode_id)
            amendments.record_need(desk.session, episode_id, text("need"), by=desk.by, at=desk.at)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/set-til")
    @for_patients
    def review_episode(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("episode_review") as desk:
            amendments.review(desk.session, episode_id, by=desk.by, at=desk.at)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/udfoert/<uuid:task_id>")
    @for_patients
    def record_task(episode_id: UUID, task_id: UUID) -> ResponseReturnValue:
        """Where it can be seen that a task was done."""
        with looks.looking("episode_task") as desk:
            done_at = formats.from_input(text("done_at")) if text("done_at") != text("filled_in") else None
            record = text("record")
            task = tasks.complete(desk.session, task_id, by=desk.by, at=desk.at, done_at=done_at, record=record)
            confirmation.of(task.episode, what=task.kind)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/frabedt")
    @for_patients
    def register_objection(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("episode_objection") as desk:
            episode = require(desk, episode_id)
            objections.register(desk.session, episode.citizen_id, text("reason"), by=desk.by, at=desk.at)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/frabedt/traekket")
    @for_patients
    def withdraw_objection(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("episode_objection") as desk:
            episode = require(desk, episode_id)
            objections.withdraw(desk.session, episode.citizen_id, by=desk.by, at=desk.at)
        return back(episode_id)
