"""The parts that every message of ours is made of, their elements in FHIR's order."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from workflow.medcom import uris
from workflow.medcom.envelope import Party
from workflow.medcom.tree import Tree

_MESSAGING = uris.PROFILES + "messaging/StructureDefinition/medcom-messaging-"


def unique() -> str:
    """A new number: UUID version 4, as the standard wants."""
    return str(uuid4())


def stamp(at: datetime) -> str:
    """An instant, to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def resource(kind: str, profile: str, *, number: str | None = None, **elements: Any) -> Tree:
    """A resource with a narrative that says no more than what it is: narratives are copied into many places."""
    text = f'<div xmlns="{uris.XHTML_NAMESPACE}">{kind}</div>'
    return {
        "resourceType": kind, "id": number or unique(), "meta": {"profile": [profile]},
        "text": {"status": "generated", "div": text},
        **{name: value for name, value in elements.items() if value is not None},
    }  # fmt: skip


def organisation(party: Party) -> Tree:
    """An organisation with the identifiers that we know of it."""
    identifiers = [(uris.GLN[0], party.gln), (uris.SOR, party.sor)]
    return resource(
        "Organization", _MESSAGING + "organization",
        identifier=[{"system": system, "value": value} for system, value in identifiers if value],
        name=party.name,
    )  # fmt: skip


def message_header(
    number: str,
    kind: str,
    *,
    sender: Tree,
    receiver: Tree,
    from_sor: str | None,
    to_endpoint: str,
    profile: str,
    focus: Tree | None = None,
    response: Tree | None = None,
    definition: str | None = None,
) -> Tree:
    """The MessageHeader of a message to one primary receiver."""
    primary = {
        "url": uris.DESTINATION_USE_EXTENSION,
        "valueCoding": {"system": uris.DESTINATION_USE, "code": "primary"},
    }
    return resource(
        "MessageHeader", profile, number=number,
        eventCoding={"system": uris.EVENT_CODES, "code": kind},
        destination=[{"extension": [primary], "endpoint": to_endpoint, "receiver": refer(receiver)}],
        sender=refer(sender),
        source={"endpoint": f"{uris.SOR_ENDPOINT}{from_sor or ''}"},
        response=response,
        focus=[refer(focus)] if focus is not None else None,
        definition=definition,
    )  # fmt: skip


def provenance(
    number: str, activity: str, *, who: Tree, at: datetime, follows: str | None = None, payloads: tuple[str, ...] = ()
) -> Tree:
    """What was done with message `number`; after which other; with which segments of its own."""
    entities: list[Tree] = [{"role": "source", "what": {"identifier": {"value": p}}} for p in payloads]
    if follows is not None:
        entities.append({"role": "revision", "what": {"reference": f"MessageHeader/{follows}"}})
    return resource(
        "Provenance", _MESSAGING + "provenance",
        target=[{"reference": f"MessageHeader/{number}"}],
        occurredDateTime=stamp(at), recorded=stamp(at),
        activity={"coding": [{"system": uris.ACTIVITY_CODES, "code": activity}]},
        agent=[{"who": refer(who)}],
        entity=entities or None,
    )  # fmt: skip


def refer(to: Tree) -> Tree:
    """A reference to a resource of the same message."""
    return {"reference": f"{to['resourceType']}/{to['id']}"}


def bundle(profile: str, parts: list[Tree], *, at: datetime) -> Tree:
    """A message of these resources, the header first, under a number of its own."""
    return {
        "resourceType": "Bundle", "id": unique(), "meta": {"profile": [profile]}, "type": "message",
        "timestamp": stamp(at),
        "entry": [{"fullUrl": f"{p['resourceType']}/{p['id']}", "resource": p} for p in parts],
    }  # fmt: skip


def sent_again(message: Tree, *, at: datetime) -> Tree:
    """The same message for another transmission: a new Bundle.id and new times, the same MessageHeader.id (KR7)."""
    header = message["entry"][0]["resource"]["id"]
    entries = []
    for entry in message["entry"]:
        part = entry["resource"]
        if part["resourceType"] == "Provenance" and part["target"][0]["reference"] == f"MessageHeader/{header}":
            part = {**part, "occurredDateTime": stamp(at), "recorded": stamp(at)}
        entries.append({**entry, "resource": part})
    return {**message, "id": unique(), "timestamp": stamp(at), "entry": entries}
