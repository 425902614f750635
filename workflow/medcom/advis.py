"""An Advis om sygehusophold as a hospital writes it: for demonstrations and tests, which have no hospital."""

from datetime import datetime

from workflow.medcom import uris
from workflow.medcom.codes import Change, Event
from workflow.medcom.envelope import Party
from workflow.medcom.notification import Link
from workflow.medcom.tree import Tree
from workflow.medcom.writing import bundle, message_header, organisation, provenance, refer, resource, stamp, unique

_PROFILE = uris.PROFILES + "hospitalnotification/StructureDefinition/medcom-hospitalNotification-"
_EXTENSIONS = uris.PROFILES + "hospitalnotification/StructureDefinition/"

_ACTIVITY = {
    Event.STAA: "admit-emergency",
    Event.STIN: "admit-inpatient",
    Event.STOR: "start-leave-inpatient",
    Event.SLOR: "end-leave-inpatient",
}
_PREFIX = {Change.NEW: "", Change.CORRECTS: "revise-", Change.CANCELS: "cancel-"}


def activity_of(event: Event, change: Change, *, emergency: bool, before: str | None) -> str:
    """The activity for an event; a death keeps that of the message before it."""
    if event == Event.MORS:
        return before or _ACTIVITY[Event.STIN]
    discharge = f"discharge-{'emergency' if emergency else 'inpatient'}-home"
    return _PREFIX[change] + _ACTIVITY.get(event, discharge)


def write(
    event: Event,
    change: Change = Change.NEW,
    *,
    cpr: str,
    family_name: str,
    sender: Party,
    receiver: Party,
    episode_of_care: str,
    start: datetime,
    sent_at: datetime,
    end: datetime | None = None,
    leave: tuple[datetime, datetime | None] | None = None,
    emergency: bool = False,
    on_leave: bool = False,
    provider: Party | None = None,
    earlier: tuple[Link, ...] = (),
    follows: str | None = None,
    asks_for_report: bool = False,
    number: str | None = None,
) -> Tree:
    """One message. `earlier` are the Provenances of the messages before it, `follows` the one that it is about."""
    number = number or unique()
    them, us = organisation(sender), organisation(receiver)
    place = organisation(provider) if provider is not None else them
    patient = resource(
        "Patient", uris.PROFILES + "core/StructureDefinition/medcom-core-patient",
        identifier=[{"system": uris.CPR, "value": cpr}], name=[{"use": "official", "family": family_name}],
        deceasedBoolean={Change.CANCELS: False}.get(change, True) if event == Event.MORS else None,
    )  # fmt: skip
    encounter = resource(
        "Encounter", _PROFILE + "encounter",
        extension=[_leave(leave)] if leave is not None else None,
        status=_status(event, change, on_leave=on_leave, ended=end is not None),
    )  # fmt: skip
    encounter |= {
        "class": {"system": uris.ACT_CODES, "code": "EMER" if emergency else "IMP"},
        "subject": refer(patient),
        "episodeOfCare": [{"identifier": {"system": f"{uris.SOR_ENDPOINT}{sender.sor}", "value": episode_of_care}}],
        "period": {"start": stamp(start), **({"end": stamp(end)} if end is not None else {})},
        "serviceProvider": refer(place),
    }
    header = message_header(
        number, uris.HOSPITAL_NOTIFICATION, sender=them, receiver=us, from_sor=sender.sor,
        to_endpoint=f"{uris.SOR_ENDPOINT}{receiver.sor}", profile=_PROFILE + "messageHeader", focus=encounter,
    )  # fmt: skip
    if asks_for_report:
        flag = {"url": _EXTENSIONS + uris.REPORT_FLAG, "valueBoolean": True}
        to = {"url": _EXTENSIONS + uris.REPORT_RECIPIENT, "valueReference": refer(them)}
        header = {**{k: header[k] for k in ("resourceType", "id", "meta", "text")}, "extension": [flag, to], **header}
    before = earlier[-1].activity if earlier else None
    activity = activity_of(event, change, emergency=emergency, before=before)
    own = provenance(number, activity, who=them, follows=follows, at=sent_at)
    if change == Change.CANCELS:
        own["entity"][-1]["role"] = "removal"
    told = [provenance(e.target, e.activity, who=them, follows=e.follows, at=e.occurred_at) for e in earlier]
    organisations = [us, them, *([place] if place is not them else [])]
    return bundle(_PROFILE + "message", [header, patient, encounter, *organisations, *told, own], at=sent_at)


def _leave(leave: tuple[datetime, datetime | None]) -> Tree:
    start, end = leave
    period = {"start": stamp(start), **({"end": stamp(end)} if end is not None else {})}
    return {"url": f"{_EXTENSIONS}medcom-hospitalnotifiation-{uris.LEAVE_PERIOD}", "valuePeriod": period}


def _status(event: Event, change: Change, *, on_leave: bool, ended: bool) -> str:
    if event.starts and change == Change.CANCELS:
        return "entered-in-error"
    if on_leave:
        return "onleave"
    over = event in {Event.SLHJ, Event.MORS} and change != Change.CANCELS and ended
    return "finished" if over else "in-progress"
