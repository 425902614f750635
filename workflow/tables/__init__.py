"""Every table, so that whoever imports this package knows the whole schema."""

from workflow.db import Base
from workflow.tables.access import (
    AccessEntry,
    AccessMark,
    AccessSeal,
    BreakGlass,
    LookToConfirm,
    Merge,
    Objection,
    RecordMark,
    RecordSeal,
    SavedView,
)
from workflow.tables.accounts import Account, ExternalIdentity, SignIn, SignInFailures
from workflow.tables.agreements import Agreement, AgreementMove, AgreementRule
from workflow.tables.citizens import Citizen, MunicipalService
from workflow.tables.correspondence import OutboundMessage, Segment, Thread
from workflow.tables.deadlines import Deadline, Reminder
from workflow.tables.episodes import Episode, HistoryEntry
from workflow.tables.handovers import Handover, HandoverDraft, HandoverVersion
from workflow.tables.messages import Address, Message, SenderKey, Transmission
from workflow.tables.misses import Miss, MissReview, MissVerdict
from workflow.tables.operations import DemoClock, Heartbeat, Installation, SweepRun
from workflow.tables.organisations import (
    ClosedDay,
    Organisation,
    Person,
    PersonRole,
    RegistryImport,
    Unit,
    UnitHolder,
)
from workflow.tables.outbox import Delivery, InboxItem, Notice
from workflow.tables.places import Place, PlaceRequest, PlaceStay
from workflow.tables.tasks import ContactAttempt, Task
from workflow.tables.tokens import Answer, Token
from workflow.tables.wordings import Wording
from workflow.texts import hold_to_bounds

hold_to_bounds(Base)

__all__ = [
    "AccessEntry",
    "AccessMark",
    "AccessSeal",
    "Account",
    "Address",
    "Agreement",
    "AgreementMove",
    "AgreementRule",
    "Answer",
    "BreakGlass",
    "Citizen",
    "ClosedDay",
    "ContactAttempt",
    "Deadline",
    "Delivery",
    "DemoClock",
    "Episode",
    "ExternalIdentity",
    "Handover",
    "HandoverDraft",
    "HandoverVersion",
    "Heartbeat",
    "HistoryEntry",
    "InboxItem",
    "Installation",
    "LookToConfirm",
    "Merge",
    "Message",
    "Miss",
    "MissReview",
    "MissVerdict",
    "MunicipalService",
    "Notice",
    "Objection",
    "Organisation",
    "OutboundMessage",
    "Person",
    "PersonRole",
    "Place",
    "PlaceRequest",
    "PlaceStay",
    "RecordMark",
    "RecordSeal",
    "RegistryImport",
    "Reminder",
    "SavedView",
    "Segment",
    "SenderKey",
    "SignIn",
    "SignInFailures",
    "SweepRun",
    "Task",
    "Thread",
    "Token",
    "Transmission",
    "Unit",
    "UnitHolder",
    "Wording",
]
