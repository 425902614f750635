"""The hospital's messages about a citizen as certification wants them shown (standards 1.10), and where the stay is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow.medcom import chains, codes, stays, uris
from workflow.medcom.codes import Change
from workflow.medcom.notification import Notification
from workflow.medcom.stays import State
from workflow.seeing.sight import Sight
from workflow.tables import Episode, Message

MOST = 200  # messages of one citizen that are read, the newest


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One message: its text, when it happened and when we heard, from whom; whether it corrects, or is cancelled."""

    text: str  # Danish, as the standard says it
    happened_at: datetime
    heard_at: datetime
    hospital: str
    ward: str
    corrects: bool
    cancels: bool
    cancelled: bool  # by a later one


@dataclass(frozen=True)
class Advis:
    """Every message that is shown, the newest first; and where the newest stay has come to."""

    messages: Sequence[Shown]
    state: State | None
    newest: Shown | None  # the last that is in force


def of_citizen(session: Session, seen: Sight, citizen_id: int) -> Advis:
    """What is shown of a citizen's stays: the messages that belong to episodes which the reader sees."""
    theirs = select(Episode.id).where(seen.visible(), Episode.citizen_id == citizen_id)
    own = select(Message.facts, Message.received_at).where(
        Message.citizen_id == citizen_id, Message.kind == uris.HOSPITAL_NOTIFICATION, Message.facts.is_not(None),
        or_(Message.about_id.in_(theirs), Message.episode_id.in_(theirs)),
    )  # fmt: skip
    rows = session.execute(own.order_by(Message.id.desc()).limit(MOST)).all()
    told = [(Notification.from_json(facts), heard_at) for facts, heard_at in rows if facts is not None]
    folded = stays.fold([notification for notification, _ in told])
    voided = frozenset[chains.Message]().union(*(stay.voided for stay in folded))
    messages = [_shown(notification, heard_at, voided) for notification, heard_at in told]
    in_force = (one for one in messages if not one.cancelled and not one.cancels)
    return Advis(messages, folded[-1].state if folded else None, next(in_force, None))


def _shown(told: Notification, heard_at: datetime, voided: frozenset[chains.Message]) -> Shown:
    return Shown(
        text=codes.text(told.event, told.change), happened_at=told.happened_at, heard_at=heard_at,
        hospital=_name(told.sender.name, told.sender.sor), ward=_name(told.provider.name, told.provider.sor),
        corrects=told.change == Change.CORRECTS, cancels=told.change == Change.CANCELS,
        cancelled=chains.key(told) in voided,
    )  # fmt: skip


def _name(name: str | None, sor: str | None) -> str:
    return name or f"SOR {sor or '?'}"
