"""A hospital that tells of a stay, message by message, as a test wants it told."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from tests.medcom.examples import KNOWN, RECEIVER
from workflow.medcom import advis, notification, wire
from workflow.medcom.codes import Change, Event
from workflow.medcom.envelope import Party
from workflow.medcom.notification import Link, Notification
from workflow.medcom.tree import Tree
from workflow.medcom.wire import Format

OURS = Party(RECEIVER, "5790001348120", "Plejecenter Herlev")
HEART = Party("265161000016000", "5790000209354", "Hjerteafdelingen på Herlev og Gentofte hospital")
ELDERLY = Party("502701000016000", "5790000121526", "SHS Ældresygdomme")


@dataclass
class HospitalStay:
    """One stay as its hospital tells of it. Every message repeats the Provenances of those before it."""

    cpr: str = KNOWN
    sender: Party = HEART
    receiver: Party = OURS
    provider: Party | None = None
    episode_of_care: str = field(default_factory=lambda: str(uuid4()))
    family_name: str = "Elmer"
    start: datetime | None = None
    end: datetime | None = None
    leave: tuple[datetime, datetime | None] | None = None
    emergency: bool = False
    on_leave: bool = False
    links: tuple[Link, ...] = ()
    told: dict[Event, str] = field(default_factory=dict)  # the last message about each event

    def tell(
        self,
        code: str,
        at: datetime,
        *,
        sent_at: datetime | None = None,
        follows: str | None = None,
        flag: bool = False,
        start: datetime | None = None,
    ) -> Tree:
        """The next message: `at` is when it happened, or what it is corrected to (of a cancellation: when sent)."""
        change = Change(code[:3]) if code[:3] in {"RE_", "AN_"} else Change.NEW
        event = Event(code.removeprefix(change))
        self._happen(event, change, at, start)
        sent_at, number = sent_at or at, str(uuid4())
        last = self.links[-1].target if self.links else None
        follows = follows or (last if change == Change.NEW else self.told.get(event, last))
        self.told[event] = number
        told = advis.write(
            event, change, cpr=self.cpr, family_name=self.family_name, sender=self.sender, receiver=self.receiver,
            episode_of_care=self.episode_of_care, start=self.start or at, sent_at=sent_at, end=self.end,
            leave=self.leave, emergency=self.emergency, on_leave=self.on_leave, provider=self.provider,
            earlier=self.links, follows=follows, asks_for_report=flag, number=number,
        )  # fmt: skip
        before = self.links[-1].activity if self.links else None
        activity = advis.activity_of(event, change, emergency=self.emergency, before=before)
        self.links = (*self.links, Link(number, activity, follows, sent_at))
        return told

    def _happen(self, event: Event, change: Change, at: datetime, start: datetime | None) -> None:
        undone = change == Change.CANCELS
        match event:
            case Event.STAA | Event.STIN:
                self.emergency = event == Event.STAA
                self.start = self.start if undone else at
            case Event.STOR:
                self.leave, self.on_leave = (None, False) if undone else ((at, None), True)
            case Event.SLOR:
                begun = self.leave[0] if self.leave is not None else at
                self.leave, self.on_leave = ((begun, None), True) if undone else ((begun, at), False)
            case Event.SLHJ | Event.MORS:
                self.end = None if undone else at
                self.start = start or self.start or at
                if event == Event.SLHJ:
                    self.on_leave = False


def as_bytes(message: Tree, form: Format = Format.JSON) -> bytes:
    """The message as it is sent."""
    return wire.write(message, form)


def as_values(message: Tree) -> Notification:
    """The message as the fold sees it: written, read again, and found to be in order."""
    return notification.read(wire.read(as_bytes(message)))
