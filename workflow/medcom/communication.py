"""A CareCommunication (korrespondancemeddelelse) as plain values: read tolerantly, written strictly."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from workflow import texts
from workflow.medcom import envelope, uris
from workflow.medcom.envelope import Party
from workflow.medcom.notification import instant
from workflow.medcom.problems import DATATYPE_WRONG, TOO_LONG, Problem
from workflow.medcom.tree import Tree, each, extension, pick, resolve, resources, word
from workflow.medcom.writing import bundle, message_header, organisation, provenance, refer, resource, stamp

_PROFILE = uris.PROFILES + "carecommunication/StructureDefinition/medcom-careCommunication-"
_CORE = uris.PROFILES + "core/StructureDefinition/medcom-core-"
_DEFINITION = (
    "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition|5.0"
)

MAX_ATTACHMENT = 10_000_000  # bytes
_BEGINS = {
    "application/pdf": (b"%PDF",),
    "image/gif": (b"GIF8",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG",),
    "image/tiff": (b"II*\0", b"MM\0*"),
    "image/bmp": (b"BM",),
}


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One piece of a conversation: a text, or an attachment (`content` is None where only its heading is repeated)."""

    identifier: str
    written_at: datetime
    text: str | None = None
    title: str | None = None
    content_type: str | None = None
    content: bytes | None = None
    url: str | None = None
    author: str | None = None
    contact: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, kw_only=True)
class CareCommunication:
    """One message of a conversation about one citizen, with everything of it that was said before."""

    number: str
    activity: str
    thread: str
    category: str
    topic: str | None
    sender: Party
    receiver: Party
    occurred_at: datetime
    citizens: tuple[str, ...]  # CPR first, then replacement numbers
    name: str | None
    episode_of_care: tuple[str, str] | None  # system and value: it is returned as it came
    segments: tuple[Segment, ...]
    follows: str | None = None


def problems(tree: Tree) -> Iterator[Problem]:
    """What is wrong with attachments: too large, damaged, or an address that is none."""
    for number, payload in enumerate(each(next(resources(tree, "Communication"), None), "payload")):
        attachment, where = payload.get("contentAttachment"), f"Communication.payload[{number}].contentAttachment"
        data, url = word(attachment, "data"), word(attachment, "url")
        if data is not None:
            content = _decoded(data)
            if content is None:
                yield Problem("value", DATATYPE_WRONG, f"{where}.data", "The content is not base64.")
            elif len(content) > MAX_ATTACHMENT:
                yield Problem("too-long", TOO_LONG, f"{where}.data", f"At most {MAX_ATTACHMENT} bytes are taken.")
        if url is not None and not url.startswith(("https://", "http://")):
            yield Problem("value", DATATYPE_WRONG, f"{where}.url", "Only web addresses are taken.")


def _decoded(data: str) -> bytes | None:
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def read(tree: Tree) -> CareCommunication:
    """The values of a message that the rules have found nothing wrong with."""
    outside = envelope.read(tree)
    said, patient = next(resources(tree, "Communication")), next(resources(tree, "Patient"))
    own, _ = envelope.provenances(tree)
    revised = (word(e, "what", "reference") for e in each(own, "entity") if e.get("role") == "revision")
    occurred_at = instant(pick(own, "occurredDateTime"))
    assert occurred_at is not None
    encounter = resolve(tree, word(said, "encounter", "reference"))
    episode = pick(encounter, "episodeOfCare", 0, "identifier")
    value = word(episode, "value")
    identifiers = sorted(each(patient, "identifier"), key=lambda i: i.get("system") != uris.CPR)
    names = [word(patient, "name", 0, "given", 0), word(patient, "name", 0, "family")]
    return CareCommunication(
        number=outside.header_id, activity=word(own, "activity", "coding", 0, "code") or "",
        thread=_plain(word(said, "identifier", 0, "value") or ""),
        category=word(said, "category", 0, "coding", 0, "code") or "", topic=word(said, "topic", "text"),
        sender=outside.sender, receiver=outside.receiver, occurred_at=occurred_at,
        citizens=tuple(v for v in (word(i, "value") for i in identifiers) if v),
        name=texts.cut(" ".join(n for n in names if n)) or None,
        episode_of_care=(word(episode, "system") or "", value) if value else None,
        segments=tuple(_segment(tree, p) for p in each(said, "payload")),
        follows=next((r.rpartition("/")[2] for r in revised if r), None),
    )  # fmt: skip


def _plain(identifier: str) -> str:
    return identifier.lower().removeprefix("urn:uuid:")


def _segment(tree: Tree, payload: Tree) -> Segment:
    number = extension(payload, uris.SEGMENT_NUMBER)
    written_at = instant(pick(extension(payload, uris.SEGMENT_TIME), "valueDateTime"))
    assert written_at is not None
    attachment = payload.get("contentAttachment")
    data = word(attachment, "data")
    content = _decoded(data) if data is not None else None
    role = resolve(tree, word(extension(payload, uris.SEGMENT_AUTHOR), "valueReference", "reference"))
    person = resolve(tree, word(role, "practitioner", "reference"))
    name = [word(person, "name", 0, "given", 0), word(person, "name", 0, "family")]
    function = word(role, "code", 0, "coding", 0, "display") or word(role, "code", 0, "coding", 0, "code")
    assigner = word(number, "valueIdentifier", "assigner", "reference")
    return Segment(
        identifier=_plain(word(number, "valueIdentifier", "value") or ""), written_at=written_at,
        text=word(payload, "contentString"), title=word(attachment, "title"),
        content_type=_type(word(attachment, "contentType"), content), content=content,
        url=word(attachment, "url"),
        author=", ".join(p for p in (" ".join(n for n in name if n), function) if p) or None,
        contact=word(extension(payload, uris.SEGMENT_CONTACT), "valueContactPoint", "value"),
        organisation=envelope.party(tree, assigner).name if assigner else None,
    )  # fmt: skip


def _type(said: str | None, content: bytes | None) -> str | None:
    """What an attachment is; one that is not what it says is only bytes, which nobody's browser opens."""
    return said if content is None or said is None or is_a(said, content) else "application/octet-stream"


def is_a(content_type: str, content: bytes) -> bool:
    """Whether a file begins as files of this type do."""
    return content.startswith(_BEGINS.get(content_type, ()))


def write(
    said: CareCommunication, *, new: int, at: datetime, earlier: tuple[tuple[str, str, str | None], ...] = ()
) -> Tree:
    """The message: its last `new` segments are its own, the others repeat what was said.

    `earlier` are number, activity and predecessor of the messages before it, whose Provenances are repeated.
    """
    us, them = organisation(said.sender), organisation(said.receiver)
    patient = resource(
        "Patient", _CORE + "patient",
        identifier=[{"system": _system(c), "value": c} for c in said.citizens],
        name=[{"use": "official", "family": (said.name or "").rpartition(" ")[2]}] if said.name else None,
    )  # fmt: skip
    encounter = _encounter(said, patient)
    people: list[Tree] = []
    payloads = [_payload(segment, us, people, number=n) for n, segment in enumerate(said.segments)]
    communication = resource(
        "Communication", _PROFILE + "communication",
        identifier=[{"value": f"urn:uuid:{said.thread}"}], status="unknown",
        category=[{"coding": [{"system": uris.CATEGORY_CODES, "code": said.category}]}],
        subject=refer(patient), topic={"text": said.topic} if said.topic else None,
        encounter=refer(encounter) if encounter is not None else None, payload=payloads,
    )  # fmt: skip
    header = message_header(
        said.number, uris.CARE_COMMUNICATION, sender=us, receiver=them, from_sor=said.sender.sor,
        to_endpoint=f"{uris.SOR_ENDPOINT}{said.receiver.sor}", profile=_PROFILE + "messageHeader",
        focus=communication, definition=_DEFINITION,
    )  # fmt: skip
    payloads_of_its_own = tuple(f"urn:uuid:{s.identifier}" for s in said.segments[-new:])
    before = [provenance(n, activity, who=them, follows=follows, at=at) for n, activity, follows in earlier]
    own = provenance(said.number, said.activity, who=us, follows=said.follows, payloads=payloads_of_its_own, at=at)
    parts = [header, patient, communication, *([encounter] if encounter else []), us, them, *people, *before, own]
    return bundle(_PROFILE + "message", parts, at=at)


def _system(number: str) -> str:
    return uris.CPR if number.isdigit() else uris.REPLACEMENT_CPR[number[6:7] not in {"1", "7"}]


def _encounter(said: CareCommunication, patient: Tree) -> Tree | None:
    if said.episode_of_care is None:
        return None
    system, value = said.episode_of_care
    made = resource("Encounter", _CORE + "encounter", status="unknown")
    return {
        **made, "class": {"system": uris.ACT_CODES, "code": "IMP"}, "subject": refer(patient),
        "episodeOfCare": [{"identifier": {**({"system": system} if system else {}), "value": value}}],
    }  # fmt: skip


def _payload(segment: Segment, us: Tree, people: list[Tree], *, number: int) -> Tree:
    person = resource(
        "Practitioner", _CORE + "practitioner", name=[{"family": (segment.author or "Ukendt").rpartition(" ")[2]}]
    )
    role = resource("PractitionerRole", _CORE + "practitionerrole", practitioner=refer(person))
    people += [person, role]
    extensions: list[Tree] = [
        {"url": _CORE + "datetime-extension", "valueDateTime": stamp(segment.written_at)},
        {
            "url": _CORE + "identifier-extension",
            "valueIdentifier": {"value": f"urn:uuid:{segment.identifier}", "assigner": refer(us)},
        },
        {"url": _CORE + "practitioner-extension", "valueReference": refer(role)},
    ]
    contact = {"system": "phone", "value": segment.contact or "ukendt"}
    extensions.append({"url": _CORE + "contact-extension", "valueContactPoint": contact})
    if segment.text is not None:
        return {"extension": extensions, "contentString": segment.text}
    attachment: Tree = {"contentType": segment.content_type} if segment.content_type else {}
    if segment.content is not None:
        attachment["data"] = base64.b64encode(segment.content).decode()
    if segment.url is not None:
        attachment["url"] = segment.url
    return {"extension": extensions, "contentAttachment": {**attachment, "title": segment.title or f"Bilag {number}"}}
