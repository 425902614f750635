"""The bounds of every instant that a door takes: of what is told to have been, and of what is planned."""

from datetime import datetime, timedelta

from workflow.actor import Actor
from workflow.errors import Invalid, Missing
from workflow.vocabulary import Origin

TOLD_LATER = timedelta(minutes=15)  # whoever tells a person's act later than this says why
FURTHEST = timedelta(days=366)  # a plan beyond this is a slip of the finger


def told(said: datetime | None, *, at: datetime, follows: datetime | None = None) -> datetime:
    """When something was, as said, or else now.

    `follows` is when that happened which it comes after or answers. Raises Invalid: no zone, a time to come, or before
    what it follows.
    """
    if said is None:
        return at
    _require_zone(said)
    if said > at:
        raise Invalid("in_the_future")
    if follows is not None and said < follows:
        raise Invalid("before_what_came_before", earlier=follows)
    return said


def require_why(said: datetime, reason: str | None, *, by: Actor, at: datetime) -> None:
    """A person who tells of something a quarter of an hour later says why. Raises Missing, naming the reason."""
    if by.origin == Origin.PERSON and said < at - TOLD_LATER and not (reason or "").strip():
        raise Missing("why_told_later", ("reason",))


def planned(said: datetime, *, at: datetime) -> datetime:
    """A time to come, within a year. Raises Invalid: no zone, has passed, or too far."""
    _require_zone(said)
    if said < at:
        raise Invalid("has_passed")
    if said > at + FURTHEST:
        raise Invalid("too_far_ahead")
    return said


def _require_zone(said: datetime) -> None:
    if said.tzinfo is None:
        raise Invalid("time_without_zone")
