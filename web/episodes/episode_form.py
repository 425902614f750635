"""What the forms of an episode's page send: when it happened, why, what was agreed by phone, where the citizen goes."""

from datetime import datetime, timedelta

from flask import request

from web.ground import formats
from workflow.episodes import PhoneAgreement
from workflow.errors import Missing

FINAL = {"patient_died", "episode_cancelled"}  # pressed by mistake these are the worst: they are confirmed


def text(name: str) -> str:
    """A field, without space around it."""
    return request.form.get(name, "").strip()


def seen() -> int | None:
    """The number of the newest entry that stood on the page."""
    return request.form.get("seen", type=int)


def sure() -> None:
    """Whether it was confirmed. Raises Missing."""
    if text("sure") != "1":
        raise Missing("asked_for_first", ("sure",))


def happened_at(at: datetime) -> datetime | None:
    """When it happened; None for now: the time stands as the page had filled it in. Raises Invalid."""
    typed = text("effective_at")
    if typed in {"", text("filled_in")}:
        return None
    happened = formats.from_input(typed)
    return min(happened, at) if happened - at < timedelta(minutes=1) else happened


def phone() -> PhoneAgreement | None:
    """The agreement by phone, once somebody spoken to is named. Raises Invalid, Missing."""
    spoken_with, made_at, agreed = text("spoken_with"), text("made_at"), text("agreed")
    if not any((spoken_with, agreed)):
        return None
    if lacking := tuple(name for name in ("spoken_with", "made_at", "agreed") if not text(name)):
        raise Missing("asked_for_first", lacking)
    return PhoneAgreement(spoken_with=spoken_with, made_at=formats.from_input(made_at), agreed=agreed)
