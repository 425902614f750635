"""What is to become of a message that can be read: who it is for, whether it is in order, whom it is about."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from sqlalchemy.orm import Session

from workflow import keys
from workflow.cpr import Cpr
from workflow.medcom import (
    acknowledgement,
    addresses,
    communication,
    conversation,
    following,
    notification,
    outbound,
    relevance,
    rules,
    structure,
    uris,
)
from workflow.medcom.acknowledgement import Code
from workflow.medcom.addresses import Ours
from workflow.medcom.counting import SAID, Values
from workflow.medcom.problems import DUPLICATE_ID, RECEIVER_UNKNOWN, REQUIRED, Problem
from workflow.medcom.receipt import Coming
from workflow.vocabulary import Fate

_TO = "MessageHeader.destination.receiver"
_WRONG_RECEIVER = Problem("not-found", RECEIVER_UNKNOWN, _TO, "We are not this receiver.")
USED_TWICE = Problem("duplicate", DUPLICATE_ID, "Bundle.id", "Another message was sent under this Bundle.id.")


@dataclass(frozen=True)
class Judged:
    """What is said of a message, and what is done once it has a row: that may say something else of it."""

    said: Values
    load: Callable[[int], Values] | None = None
    in_order: bool = False  # FHIR's structure was found to be so


def say(fate: Fate, **more: object) -> Values:
    """All that is said of a message: what is not named is not so."""
    return {**dict.fromkeys(SAID), "problems": [], "fate": fate, **more}


def refuse(coming: Coming, problems: list[Problem], *, in_order: bool = False) -> Judged:
    """Nothing of it is kept but what is wrong with it."""
    answer = Code.FATAL.value if coming.is_answered else None
    written = [asdict(problem) for problem in problems]
    said = say(Fate.REFUSED, why=problems[0].detail, answer=answer, problems=written)
    return Judged(said, in_order=in_order)


def judge(session: Session, coming: Coming) -> Judged:
    """What the standard and our own registers say of it. Nothing is written yet."""
    outside, tree = coming.outside, coming.tree
    receiver = addresses.ours(session, outside.receiver, at=coming.at)
    own = receiver is None and outside.kind == uris.CARE_COMMUNICATION
    if own:  # what another system of ours has written to a ward belongs to the conversation
        receiver = addresses.ours(session, outside.sender, at=coming.at)
    if receiver is None:
        return refuse(coming, [_WRONG_RECEIVER])
    if bad := structure.problems(tree):
        return refuse(coming, bad)
    if bad := rules.problems(tree, outside.kind):
        return refuse(coming, bad, in_order=True)
    if outside.kind == uris.HOSPITAL_NOTIFICATION:
        return _judge_notification(session, coming, receiver)
    if outside.kind == uris.CARE_COMMUNICATION:
        return _judge_communication(session, coming, receiver, own=own)
    return Judged(say(Fate.ANSWER), partial(_load_answer, session, coming))


def _load_answer(session: Session, coming: Coming, row: int) -> Values:
    ours = outbound.answered(session, acknowledgement.read(coming.tree), at=coming.at)
    return {} if ours else {"code": "unknown"}


def _judge_notification(session: Session, coming: Coming, receiver: Ours) -> Judged:
    cpr = Cpr.parse(notification.cpr_of(coming.tree) or "")
    citizen_id = relevance.citizen_of(session, cpr, receiver.municipality_id, at=coming.at)
    if citizen_id is None:
        return Judged(say(Fate.UNKNOWN_CITIZEN, answer=Code.OK.value), in_order=True)
    read = notification.read(coming.tree)

    def load(row: int) -> Values:
        known, about_id = following.follow(session, citizen_id, receiver, at=coming.at)
        has_led_on = any(message.row == row and message.episode_id is not None for message in known)
        return {"about_id": about_id} | ({} if has_led_on else {"fate": Fate.HISTORY})

    said = say(
        Fate.LOADED, code=read.code, citizen_id=citizen_id, facts=read.as_json(), raw=encrypted(coming.raw),
        answer=Code.OK.value,
    )  # fmt: skip
    return Judged(said, load, in_order=True)


def _judge_communication(session: Session, coming: Coming, receiver: Ours, *, own: bool) -> Judged:
    bad = list(communication.problems(coming.tree))
    said = communication.read(coming.tree)
    if not bad and not conversation.numbers_of(said):
        bad = [Problem("required", REQUIRED, "Patient.identifier", "A CPR number or a replacement is required.")]
    if bad:
        return refuse(coming, bad, in_order=True)

    def load(row: int) -> Values:
        thread = conversation.take_in(session, said, receiver, at=coming.at, own=own)
        return {"citizen_id": thread.citizen_id, "about_id": thread.episode_id}

    known = say(Fate.LOADED, code=said.activity, answer=Code.OK.value, raw=encrypted(coming.raw))
    return Judged(known, load, in_order=True)


def encrypted(raw: bytes) -> bytes:
    """A message as it lies in the database."""
    return keys.ring().encrypt(raw.decode())
