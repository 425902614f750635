"""What is observed of a citizen, as people write it down, and the answer to what was asked about it."""

from uuid import UUID

from flask import Flask
from flask.typing import ResponseReturnValue

from web.episodes.episode import for_patients
from web.episodes.episode_form import text
from web.episodes.happenings import back
from web.ground import formats, looks
from workflow import observations
from workflow.errors import Invalid, Missing, NotFound
from workflow.staff import staffing
from workflow.vocabulary import Observed


def register(app: Flask) -> None:
    """The forms below `/forloeb/<episode>/observation`."""

    @app.post("/forloeb/<uuid:episode_id>/observation")
    @for_patients
    def record_observation(episode_id: UUID) -> ResponseReturnValue:
        """TOBS, medicine, aids or a worry; where a unit is named, it is asked about it."""
        what, typed, asks = _what(), text("effective_at"), text("asks")
        with looks.looking("episode_observation") as desk:
            observations.record(
                desk.session, episode_id, what, text("text"), by=desk.by, at=desk.at,
                observed_at=formats.from_input(typed) if typed not in {"", text("filled_in")} else None,
                score=_score() if what == Observed.TOBS else None,
                asks=staffing.unit(desk.session, _unit(asks)) if asks else None,
            )  # fmt: skip
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/observation/<int:number>/svar")
    @for_patients
    def answer_question(episode_id: UUID, number: int) -> ResponseReturnValue:
        with looks.looking("episode_observation") as desk:
            observations.answer(desk.session, episode_id, number, text("text"), by=desk.by, at=desk.at)
        return back(episode_id)


def _what() -> Observed:
    """Raises Missing."""
    try:
        return Observed(text("what"))
    except ValueError:
        raise Missing("asked_for_first", ("what",)) from None


def _score() -> int:
    """Raises Invalid."""
    typed = text("score")
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        raise Invalid("not_a_score", most=observations.HIGHEST)
    return int(typed)


def _unit(typed: str) -> UUID:
    """Raises NotFound."""
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("no_such_unit") from None
