"""What goes with the citizen on paper: the handover on one page, and the citizen's own sheet."""

from collections.abc import Sequence
from uuid import UUID

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from web.ground import looks, menu, rules
from workflow.errors import NotPossible
from workflow.handing import handover_view
from workflow.seeing import sight
from workflow.showing import windows
from workflow.tables import Episode, Task
from workflow.vocabulary import Look, TaskState

for_patients = rules.only(*menu.PATIENTS)


def register(app: Flask) -> None:
    """The two sheets."""

    @app.get("/forloeb/<uuid:episode_id>/overlevering/udskriv")
    @for_patients
    def print_handover(episode_id: UUID) -> ResponseReturnValue:
        """The newest version that was sent. Raises NotPossible where there is none."""
        with looks.looking("handover_print") as desk:
            episode = sight.require(desk.session, desk.seen, episode_id, visit=desk.visit, kind=Look.PRINT)
            view = handover_view.view(desk.session, episode, by=desk.by, at=desk.at)
            shown = view.current or next(iter(view.sent), None)
            if shown is None:
                raise NotPossible("nothing_sent_yet")
            return render_template("handover_print.html", at=desk.at, view=view, shown=shown)

    @app.get("/forloeb/<uuid:episode_id>/borgerark")
    @for_patients
    def citizen_sheet(episode_id: UUID) -> ResponseReturnValue:
        """Who has the responsibility, whom to ring, what was agreed: in words for the citizen."""
        with looks.looking("citizen_sheet") as desk:
            episode = sight.require(desk.session, desk.seen, episode_id, visit=desk.visit, kind=Look.PRINT)
            view = handover_view.view(desk.session, episode, by=desk.by, at=desk.at)
            shown = view.current or next(iter(view.sent), None)
            return render_template(
                "citizen_sheet.html", at=desk.at, view=view, shown=shown,
                training=_training(desk.session, episode),
                line_until=windows.line_until(desk.session, episode, view.terms),
            )  # fmt: skip


def _training(session: Session, episode: Episode) -> Sequence[Task]:
    """The rehabilitation that has not begun, by when it must."""
    kind, still = Task.kind == "rehabilitation_start", Task.state == TaskState.OPEN
    return session.scalars(select(Task).where(Task.episode_id == episode.id, kind, still)).all()
