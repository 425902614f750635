"""MedCom's own rules, in the order of standards 1.3, 2.1 and 3.1. Each yields what breaks it; nothing else refuses.

Only warned about elsewhere, never refused: a status or class that does not fit the activity, numbers that are no UUIDs,
references of old Provenances that lead nowhere, offsets of the wrong season, addresses of profiles.
"""

import re
from collections.abc import Callable, Iterator

from workflow.medcom import envelope, uris
from workflow.medcom.codes import Change, Event
from workflow.medcom.notification import decoded_of, instant
from workflow.medcom.problems import (
    DATATYPE_WRONG,
    REQUIRED,
    TYPE_NOT_RECEIVED,
    VALUE_UNKNOWN,
    Problem,
)
from workflow.medcom.tree import Tree, each, extension, pick, resolve, resources, word

# DkCoreCprIdentifier. Modulus 11 has not held since 2007, and MedCom's own test persons break it.
_CPR = re.compile(
    r"(((0[1-9]|1[0-9]|2[0-9]|3[0-1])(01|03|05|07|08|10|12))|((0[1-9]|1[0-9]|2[0-9]|30)(04|06|09|11))"
    r"|((0[1-9]|1[0-9]|2[0-9])(02)))[0-9]{6}"
)
_DEMO_CPR = re.compile(r"(0[1-9]|[12][0-9]|3[01])(1[3-9]|[2-9][0-9])[0-9]{6}")  # months that no year has
_STATUSES = {"in-progress", "onleave", "finished", "entered-in-error"}
_FORBIDDEN = (
    "type", "serviceType", "priority", "basedOn", "participant", "appointment", "length", "reasonCode",
    "reasonReference", "diagnosis", "hospitalization", "location", "partOf",
)  # fmt: skip
CATEGORIES = frozenset({
    "alcohol-and-drug-treatment", "assistive-devices", "carecoordination", "decease", "discharge",
    "examination-results", "healthcare", "home-care-assessment", "medicine", "nursing", "outpatient",
    "psychiatry-social-disability", "regarding-referral", "telemedicine", "training", "acute-ambulant",
    "extended-care-responsibility", "other",
})  # fmt: skip
COMMUNICATION_ACTIVITIES = frozenset({"new-message", "reply-message", "forward-message"})
ATTACHMENT_TYPES = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/tiff", "image/bmp"})
RESPONSES = frozenset({"ok", "fatal-error", "transient-error"})
Found = Iterator[Problem]


def problems(bundle: Tree, kind: str | None) -> list[Problem]:
    """What breaks MedCom's rules for a message of this kind, which FHIR's structure has nothing against."""
    checks = _CHECKS.get(kind or "")
    if checks is None:
        where = "MessageHeader.eventCoding"
        return [Problem("not-supported", TYPE_NOT_RECEIVED, where, "Messages of this kind are not received here.")]
    return [problem for check in (_message, _header, *checks) for problem in check(bundle)]


def _missing(where: str, text: str) -> Problem:
    return Problem("required", REQUIRED, where, text)


def _message(bundle: Tree) -> Found:
    if bundle.get("type") != "message":
        yield Problem("value", VALUE_UNKNOWN, "Bundle.type", "A message has the type 'message'.")
    if not bundle.get("id"):
        yield _missing("Bundle.id", "Every transmission has a number of its own.")
    if instant(bundle.get("timestamp")) is None:
        yield _missing("Bundle.timestamp", "A time with a zone is required.")
    if pick(bundle, "entry", 0, "resource", "resourceType") != "MessageHeader":
        yield Problem("structure", DATATYPE_WRONG, "Bundle.entry[0]", "The first entry is the MessageHeader.")
    if len(list(resources(bundle, "MessageHeader"))) > 1:
        yield Problem("structure", DATATYPE_WRONG, "Bundle.entry", "A message has one MessageHeader.")


def _header(bundle: Tree) -> Found:
    header = next(resources(bundle, "MessageHeader"))
    if word(header, "eventCoding", "system") != uris.EVENT_CODES:
        yield Problem("value", VALUE_UNKNOWN, "MessageHeader.eventCoding.system", "MedCom's event codes are required.")
    primary = [d for d in each(header, "destination") if _use(d) in {None, "primary"}]
    if len(primary) != 1:
        yield _missing("MessageHeader.destination", "Exactly one primary destination is required.")
    for where, reference in (
        ("MessageHeader.sender", word(header, "sender", "reference")),
        ("MessageHeader.destination.receiver", word(primary[0], "receiver", "reference") if primary else None),
    ):
        organisation = resolve(bundle, reference)
        if organisation is None or organisation.get("resourceType") != "Organization":
            yield _missing(where, "It must name an Organization that is in the message.")
            continue
        systems = {str(i.get("system")) for i in each(organisation, "identifier") if i.get("value")}
        if uris.SOR not in systems or not systems & set(uris.GLN):
            yield _missing(f"{where}.identifier", "A messaging organisation has a SOR and a GLN identifier.")


def _use(destination: Tree) -> str | None:
    return word(extension(destination, "destinationUseExtension"), "valueCoding", "code")


def _provenance(bundle: Tree) -> Found:
    own, every = envelope.provenances(bundle)
    if own is None:
        yield _missing("Provenance.target", "One Provenance must be about this message (messaging-2).")
    for number, provenance in enumerate(every):
        where = f"Provenance[{number}]"
        if instant(provenance.get("occurredDateTime")) is None or instant(provenance.get("recorded")) is None:
            yield _missing(f"{where}.occurredDateTime", "occurred and recorded are required, with a zone.")
        if word(provenance, "activity", "coding", 0, "code") is None:
            yield _missing(f"{where}.activity", "An activity is required.")


def _patient(bundle: Tree) -> Found:
    patients = list(resources(bundle, "Patient"))
    if len(patients) != 1:
        yield Problem("structure", REQUIRED, "Bundle.entry", "A message is about exactly one Patient (hn-2).")
    for patient in patients:
        identifiers = list(each(patient, "identifier"))
        if not identifiers:
            yield _missing("Patient.identifier", "A CPR number is required (hn-4).")
        for identifier in identifiers:
            value = word(identifier, "value") or ""
            if identifier.get("system") != uris.CPR:
                where = "Patient.identifier.system"
                yield Problem("value", VALUE_UNKNOWN, where, "Only a CPR number, no replacement (hn-4).")
            elif not (_CPR.fullmatch(value) or _DEMO_CPR.fullmatch(value)):
                where = "Patient.identifier.value"
                yield Problem("value", DATATYPE_WRONG, where, "A CPR number has ten digits and no hyphen.")


def _encounter(bundle: Tree) -> Found:
    header = next(resources(bundle, "MessageHeader"))
    encounter = resolve(bundle, word(header, "focus", 0, "reference"))
    if encounter is None or encounter.get("resourceType") != "Encounter":
        yield _missing("MessageHeader.focus", "It must name the Encounter of the message.")
        return
    if encounter.get("status") not in _STATUSES:
        yield Problem("value", VALUE_UNKNOWN, "Encounter.status", "in-progress, onleave, finished or entered-in-error.")
    if word(encounter, "class", "code") not in {"EMER", "IMP"}:
        yield Problem("value", VALUE_UNKNOWN, "Encounter.class", "A class is required: EMER or IMP.")
    if pick(encounter, "subject") is None:
        yield _missing("Encounter.subject", "A subject is required.")
    if pick(encounter, "serviceProvider") is None:
        yield _missing("Encounter.serviceProvider", "A service provider is required.")
    episodes = list(each(encounter, "episodeOfCare"))
    if not episodes or any(not word(e, "identifier", "value") for e in episodes):
        yield _missing("Encounter.episodeOfCare.identifier", "An identifier of the episode of care is required.")
    for element in _FORBIDDEN:
        if element in encounter:
            yield Problem("structure", DATATYPE_WRONG, f"Encounter.{element}", "It is not allowed in an advis.")
    yield from _times(encounter)


def _times(encounter: Tree) -> Found:
    leave = pick(extension(encounter, uris.LEAVE_PERIOD), "valuePeriod")
    if instant(pick(encounter, "period", "start")) is None:
        yield _missing("Encounter.period.start", "A start with a zone is required.")
    if encounter.get("status") == "onleave" and instant(pick(leave, "start")) is None:
        yield _missing("Encounter.extension(leavePeriod).start", "A leave has a start (hn-6).")
    for where, text in (
        ("Encounter.period.end", pick(encounter, "period", "end")),
        ("Encounter.extension(leavePeriod).start", pick(leave, "start")),
        ("Encounter.extension(leavePeriod).end", pick(leave, "end")),
    ):
        if text is not None and instant(text) is None:
            yield Problem("value", DATATYPE_WRONG, where, "A time has a zone.")


def _activity(bundle: Tree) -> Found:
    own, _ = envelope.provenances(bundle)
    encounter = next(resources(bundle, "Encounter"), None)
    decoded = decoded_of(bundle)
    if own is not None and decoded is None:
        where = "Provenance.activity"
        yield Problem("value", VALUE_UNKNOWN, where, "The activity is none of those of an Advis om sygehusophold.")
    ended = instant(pick(encounter, "period", "end")) is not None
    if decoded is not None and decoded[0] == Event.SLHJ and decoded[1] != Change.CANCELS and not ended:
        yield _missing("Encounter.period.end", "A stay that is over has an end.")
    leave = pick(extension(encounter, uris.LEAVE_PERIOD), "valuePeriod")
    if decoded == (Event.STOR, Change.NEW) and instant(pick(leave, "start")) is None:
        yield _missing("Encounter.extension(leavePeriod).start", "A leave has a start (hn-6).")


def _communication(bundle: Tree) -> Found:
    said = list(resources(bundle, "Communication"))
    if len(said) != 1:
        yield _missing("Bundle.entry", "A message has one Communication.")
        return
    communication = said[0]
    category = word(communication, "category", 0, "coding", 0, "code")
    if category not in CATEGORIES:
        where = "Communication.category"
        yield Problem("value", VALUE_UNKNOWN, where, "One of MedCom's categories is required.")
    if category == "other" and not word(communication, "topic", "text"):
        yield _missing("Communication.topic", "The category 'other' asks for a topic.")
    if communication.get("priority") is not None and category != "regarding-referral":
        where = "Communication.priority"
        yield Problem("structure", DATATYPE_WRONG, where, "Only 'regarding-referral' has a priority.")
    if not any(word(p, "contentString") for p in each(communication, "payload")):
        yield _missing("Communication.payload", "A message segment is required.")
    if not word(communication, "identifier", 0, "value"):
        yield _missing("Communication.identifier", "The number of the thread is required.")
    for number, payload in enumerate(each(communication, "payload")):
        yield from _segment(payload, f"Communication.payload[{number}]")
    if next(resources(bundle, "Patient"), None) is None:
        yield _missing("Communication.subject", "A Patient is required.")


def _segment(payload: Tree, where: str) -> Found:
    if instant(pick(extension(payload, uris.SEGMENT_TIME), "valueDateTime")) is None:
        yield _missing(f"{where}.extension(date)", "A time with a zone is required.")
    if not word(extension(payload, uris.SEGMENT_NUMBER), "valueIdentifier", "value"):
        yield _missing(f"{where}.extension(identifier)", "A number of its own is required.")
    if payload.get("contentString") is not None and extension(payload, uris.SEGMENT_AUTHOR) is None:
        yield _missing(f"{where}.extension(author)", "Who wrote it is required.")
    attachment = payload.get("contentAttachment")
    if pick(attachment, "data") is not None and word(attachment, "contentType") not in ATTACHMENT_TYPES:
        yield Problem("value", VALUE_UNKNOWN, f"{where}.contentAttachment", "pdf, gif, jpeg, png, tiff or bmp")


def _communication_activity(bundle: Tree) -> Found:
    own, _ = envelope.provenances(bundle)
    if own is not None and word(own, "activity", "coding", 0, "code") not in COMMUNICATION_ACTIVITIES:
        where = "Provenance.activity"
        yield Problem("value", VALUE_UNKNOWN, where, "new-message, reply-message or forward-message.")


def _answer(bundle: Tree) -> Found:
    header = next(resources(bundle, "MessageHeader"))
    if word(header, "response", "identifier") is None:
        yield _missing("MessageHeader.response.identifier", "Which message is answered is required.")
    if word(header, "response", "code") not in RESPONSES:
        yield Problem("value", VALUE_UNKNOWN, "MessageHeader.response.code", "ok, fatal-error or transient-error.")


_CHECKS: dict[str, tuple[Callable[[Tree], Found], ...]] = {
    uris.HOSPITAL_NOTIFICATION: (_provenance, _patient, _encounter, _activity),
    uris.CARE_COMMUNICATION: (_provenance, _communication, _communication_activity),
    uris.ACKNOWLEDGEMENT: (_answer,),
}
