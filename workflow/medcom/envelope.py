"""What must be known of a message before it is checked: who sent it, to whom, as what, under which numbers."""

from dataclasses import dataclass

from workflow import texts
from workflow.medcom import uris
from workflow.medcom.problems import Unreadable
from workflow.medcom.tree import Tree, each, local, pick, resolve, resources, word

MAX_ID = 200  # characters; FHIR allows 64, some senders put a name before the number


@dataclass(frozen=True)
class Party:
    """An organisation as a message names it."""

    sor: str | None
    gln: str | None
    name: str | None


@dataclass(frozen=True)
class Envelope:
    """The outside of a message. `kind` is an event code, or what the profile says where that is missing."""

    bundle_id: str
    header_id: str
    kind: str | None
    sender: Party
    receiver: Party
    reply_to: str | None

    @property
    def sender_key(self) -> str:
        """Under what name this sender's numbers are remembered."""
        return self.sender.sor or self.sender.gln or ""


def read(bundle: Tree) -> Envelope:
    """The outside of a bundle. Raises Unreadable when it has no MessageHeader with a number: nobody can be answered."""
    header = next(resources(bundle, "MessageHeader"), None)
    header_id = word(header, "id")
    if header is None or not header_id or len(header_id) > MAX_ID:
        raise Unreadable("no MessageHeader with an id")
    destination = next(each(header, "destination"), {})
    return Envelope(
        bundle_id=(word(bundle, "id") or "")[:MAX_ID],
        header_id=header_id,
        kind=word(header, "eventCoding", "code") or _kind_by_profile(bundle),
        sender=party(bundle, word(header, "sender", "reference"), word(header, "source", "endpoint")),
        receiver=party(bundle, word(destination, "receiver", "reference"), word(destination, "endpoint")),
        reply_to=word(header, "source", "endpoint"),
    )


def party(bundle: Tree, reference: str | None, endpoint: str | None = None) -> Party:
    """The organisation that a reference names; what it lacks is taken from an endpoint."""
    organisation = resolve(bundle, reference)
    identifiers = {str(i.get("system")): str(i.get("value")) for i in each(organisation, "identifier")}
    gln = next((identifiers[system] for system in uris.GLN if system in identifiers), None)
    _, _, by_endpoint = (endpoint or "").partition(uris.SOR_ENDPOINT)
    sor = identifiers.get(uris.SOR) or by_endpoint or None
    return Party(sor and sor[:MAX_ID], gln and gln[:MAX_ID], texts.cut(word(organisation, "name") or "") or None)


def provenances(bundle: Tree) -> tuple[Tree | None, list[Tree]]:
    """The Provenance of this message itself, and all of them."""
    header_id = word(next(resources(bundle, "MessageHeader"), None), "id")
    every = list(resources(bundle, "Provenance"))
    own = next((p for p in every if _target(p) == f"MessageHeader/{header_id}"), None)
    return own, every


def _target(provenance: Tree) -> str:
    return local(word(provenance, "target", 0, "reference"))


def _kind_by_profile(bundle: Tree) -> str | None:
    profiles = " ".join(str(p) for p in pick(bundle, "meta", "profile") or []).lower()
    kinds = {
        "hospitalnotification": uris.HOSPITAL_NOTIFICATION,
        "carecommunication": uris.CARE_COMMUNICATION,
        "acknowledgement": uris.ACKNOWLEDGEMENT,
    }
    return next((kind for part, kind in kinds.items() if part in profiles), None)
