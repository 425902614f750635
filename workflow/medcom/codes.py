"""The 18 codes of an Advis om sygehusophold. They are not on the wire: they follow from the activity and the chain."""

from enum import StrEnum


class Event(StrEnum):
    """What happened in hospital."""

    STAA = "STAA"
    STIN = "STIN"
    STOR = "STOR"
    SLOR = "SLOR"
    SLHJ = "SLHJ"
    MORS = "MORS"

    @property
    def starts(self) -> bool:
        return self in {Event.STAA, Event.STIN}


class Change(StrEnum):
    """Whether it is told for the first time, corrected or cancelled."""

    NEW = ""
    CORRECTS = "RE_"
    CANCELS = "AN_"


DANISH = {
    Event.STAA: "Start sygehusophold - akut ambulant",
    Event.STIN: "Start sygehusophold - indlagt",
    Event.STOR: "Start orlov",
    Event.SLOR: "Slut orlov",
    Event.SLHJ: "Slut sygehusophold - afsluttet til hjemmet/primær sektor",
    Event.MORS: "Død",
}
_CHANGE_DANISH = {Change.NEW: "", Change.CORRECTS: "Rettelse ", Change.CANCELS: "Annullering "}

_ACTIVITIES = {
    "admit-emergency": Event.STAA,
    "admit-inpatient": Event.STIN,
    "start-leave-inpatient": Event.STOR,
    "end-leave-inpatient": Event.SLOR,
    "discharge-emergency-home": Event.SLHJ,
    "discharge-inpatient-home": Event.SLHJ,
}
_PREFIXES = {"revise-": Change.CORRECTS, "cancel-": Change.CANCELS}


def text(event: Event, change: Change) -> str:
    """The Danish text that the screen shows (table 1 of the overview of codes)."""
    return _CHANGE_DANISH[change] + DANISH[event]


def of_activity(activity: str | None) -> tuple[Event, Change] | None:
    """What an activity says; None for one that is not listed."""
    for prefix, change in _PREFIXES.items():
        if activity is not None and activity.startswith(prefix):
            event = _ACTIVITIES.get(activity.removeprefix(prefix))
            return (event, change) if event is not None else None
    event = _ACTIVITIES.get(activity or "")
    return (event, Change.NEW) if event is not None else None


def decode(
    activity: str | None, role: str | None, deceased: bool | None, *, before: str | None
) -> tuple[Event, Change] | None:
    """What happened (standards 1.1): a death wins over the activity; a removal that is no cancellation undoes a death.

    A death keeps the activity of the message `before` it, so one that is undone has the same twice. A corrected death
    looks like a death; the chain tells, and the effect is the same. None: nothing that is listed.
    """
    if deceased:
        return (Event.MORS, Change.NEW) if of_activity(activity) is not None else None
    told = of_activity(activity)
    if told is not None and role == "removal" and (told[1] != Change.CANCELS or activity == before):
        return Event.MORS, Change.CANCELS
    return told
