"""An Advis om sygehusophold (HospitalNotification) as plain values: what a stay is folded from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from workflow.medcom import codes, envelope, uris
from workflow.medcom.codes import Change, Event
from workflow.medcom.envelope import Party
from workflow.medcom.tree import Tree, each, extension, pick, resolve, resources, word


@dataclass(frozen=True)
class Link:
    """One Provenance: which message it is about, what was done, and which message that followed."""

    target: str
    activity: str
    follows: str | None
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One message about a stay. `number` is its MessageHeader.id; times are instants; it names no person."""

    number: str
    sender: Party
    provider: Party
    event: Event
    change: Change
    emergency: bool
    on_leave: bool
    started_at: datetime
    ended_at: datetime | None
    leave_from: datetime | None
    leave_until: datetime | None
    occurred_at: datetime
    links: tuple[Link, ...]
    episodes_of_care: tuple[tuple[str, str], ...]  # system and value, as they were written
    asks_for_report: bool
    report_to: Party | None

    @property
    def code(self) -> str:
        return f"{self.change}{self.event}"

    @property
    def happened_at(self) -> datetime:
        """The time that is shown for it, and that counts (standards 1.1 and 1.7)."""
        match self.event:
            case Event.STOR:
                return self.leave_from or self.started_at
            case Event.SLOR:
                return self.leave_until or self.leave_from or self.started_at
            case Event.SLHJ | Event.MORS:
                return self.ended_at or self.started_at
            case _:
                return self.started_at

    @property
    def follows(self) -> str | None:
        """The message that this one names as the one before it."""
        return next((link.follows for link in self.links if link.target == self.number), None)

    @property
    def earlier(self) -> frozenset[str]:
        """The messages that came before this one, as it tells."""
        return frozenset(link.target for link in self.links) - {self.number}

    @property
    def begins_chain(self) -> bool:
        """The first message of a stay: it has one Provenance, which follows nothing."""
        return len(self.links) == 1 and self.follows is None

    @property
    def stay_ids(self) -> frozenset[str]:
        """The episodeOfCare identifiers, written alike."""
        return frozenset(same(value) for _, value in self.episodes_of_care)

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `as_json` made."""
        times = {k: _instant(stored[k]) for k in _TIMES}
        links = tuple(
            Link(link["target"], link["activity"], link["follows"], datetime.fromisoformat(link["occurred_at"]))
            for link in stored["links"]
        )
        return cls(**{
            **stored, **times, "links": links,
            "sender": Party(**stored["sender"]), "provider": Party(**stored["provider"]),
            "report_to": Party(**stored["report_to"]) if stored["report_to"] else None,
            "event": Event(stored["event"]), "change": Change(stored["change"]),
            "episodes_of_care": tuple((system, value) for system, value in stored["episodes_of_care"]),
        })  # fmt: skip


_TIMES = ("started_at", "ended_at", "leave_from", "leave_until", "occurred_at")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Party | Link):
        return {name: _plain(inside) for name, inside in vars(value).items()}
    return value


def same(identifier: str) -> str:
    """An episodeOfCare identifier without what senders add or leave out (standards 1.9)."""
    return identifier.lower().removeprefix("urn:uuid:").replace("-", "")


def instant(text: object) -> datetime | None:
    """A time with a zone, as an instant; None for anything else."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) and "T" in text else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None and 1900 < read.year < 2200 else None


def _instant(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored is not None else None


def cpr_of(bundle: Tree) -> str | None:
    """The citizen's CPR number, as written."""
    patient = next(resources(bundle, "Patient"), None)
    return next((word(i, "value") for i in each(patient, "identifier") if i.get("system") == uris.CPR), None)


def read(bundle: Tree) -> Notification:
    """The values of a message that the rules have found nothing wrong with."""
    outside = envelope.read(bundle)
    header = next(resources(bundle, "MessageHeader"))
    encounter = resolve(bundle, word(header, "focus", 0, "reference")) or next(resources(bundle, "Encounter"))
    own, every = envelope.provenances(bundle)
    decoded = decoded_of(bundle)
    started_at, occurred_at = instant(pick(encounter, "period", "start")), instant(pick(own, "occurredDateTime"))
    assert decoded is not None
    assert started_at is not None
    assert occurred_at is not None
    leave = pick(extension(encounter, uris.LEAVE_PERIOD), "valuePeriod")
    recipient = word(extension(header, uris.REPORT_RECIPIENT), "valueReference", "reference")
    asks = pick(extension(header, uris.REPORT_FLAG), "valueBoolean") is True
    return Notification(
        number=outside.header_id, sender=outside.sender,
        provider=envelope.party(bundle, word(encounter, "serviceProvider", "reference")),
        event=decoded[0], change=decoded[1],
        emergency=word(encounter, "class", "code") == "EMER", on_leave=encounter.get("status") == "onleave",
        started_at=started_at, ended_at=instant(pick(encounter, "period", "end")),
        leave_from=instant(pick(leave, "start")), leave_until=instant(pick(leave, "end")),
        occurred_at=occurred_at, links=tuple(_link(p) for p in every),
        episodes_of_care=tuple(
            (str(pick(e, "identifier", "system") or ""), str(pick(e, "identifier", "value")))
            for e in each(encounter, "episodeOfCare")
        ),
        asks_for_report=asks and decoded[1] == Change.NEW and decoded[0].starts,
        report_to=(envelope.party(bundle, recipient) if recipient else outside.sender) if asks else None,
    )  # fmt: skip


def decoded_of(bundle: Tree) -> tuple[Event, Change] | None:
    """Which of the 18 codes a message has; None for none of them."""
    own, every = envelope.provenances(bundle)
    about = _number(word(own, "entity", 0, "what", "reference"))
    before = next((p for p in every if _number(word(p, "target", 0, "reference")) == about), None)
    return codes.decode(
        word(own, "activity", "coding", 0, "code"),
        word(own, "entity", 0, "role"),
        pick(next(resources(bundle, "Patient"), None), "deceasedBoolean"),
        before=word(before, "activity", "coding", 0, "code"),
    )


def _link(provenance: Tree) -> Link:
    occurred = instant(pick(provenance, "occurredDateTime"))
    assert occurred is not None
    follows = next(
        (word(e, "what", "reference") for e in each(provenance, "entity") if e.get("role") in {"revision", "removal"}),
        None,
    )
    return Link(
        target=_number(word(provenance, "target", 0, "reference")) or "",
        activity=word(provenance, "activity", "coding", 0, "code") or "",
        follows=_number(follows),
        occurred_at=occurred,
    )


def _number(reference: str | None) -> str | None:
    return reference.rstrip("/").rpartition("/")[2] if reference is not None else None
