"""One message received: read, counted once, judged, loaded and answered, in one transaction with all that follows."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import calendar, citizens, keys
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.medcom import (
    acknowledgement,
    addresses,
    chains,
    communication,
    conversation,
    envelope,
    journey,
    notification,
    outbound,
    rules,
    stays,
    structure,
    uris,
    wire,
)
from workflow.medcom.acknowledgement import Answer, Code
from workflow.medcom.envelope import Envelope
from workflow.medcom.following import Following
from workflow.medcom.notification import Notification
from workflow.medcom.problems import DUPLICATE_ID, RECEIVER_UNKNOWN, REQUIRED, Problem
from workflow.medcom.tree import Tree
from workflow.medcom.wire import Format
from workflow.tables import Address, Citizen, Episode, Message, Transmission
from workflow.vocabulary import Fate, Origin

_TO = "MessageHeader.destination.receiver"
_WRONG_RECEIVER = Problem("not-found", RECEIVER_UNKNOWN, _TO, "We are not this receiver.")
_USED_TWICE = Problem("duplicate", DUPLICATE_ID, "Bundle.id", "Another message was sent under this Bundle.id.")
_FAILED = Problem("transient", "MSG_Mailbox_Out_Of_Operation", "", "The receiver has a technical fault.")
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtext('stays'), :citizen)")


@dataclass(frozen=True)
class Receipt:
    """What became of a transmission. `again`: the message had been received before, and nothing was done."""

    outside: Envelope
    latest: Tree | None
    form: Format
    fate: Fate
    answer: Answer | None
    at: datetime
    code: str | None = None
    again: bool = False
    citizen_id: int | None = None
    kept: bool = True  # False: it must be sent again, for nothing could be written

    def acknowledgement(self) -> bytes | None:
        """The answer to its sender, under new numbers; None for an acknowledgement, which is never acknowledged."""
        if self.answer is None:
            return None
        return wire.write(acknowledgement.write(self.outside, self.latest, self.answer, at=self.at), self.form)


@dataclass
class _Coming:
    """A transmission that has been read."""

    raw: bytes
    tree: Tree
    outside: Envelope
    received_from: str
    at: datetime


def receive(session: Session, raw: bytes, *, received_from: str, at: datetime) -> Receipt:
    """Take in one transmission. `received_from` names the credential or folder; `at` is when it came.

    The caller commits; whoever sends it again gets the same answer, and nothing happens twice. Two that are about one
    citizen wait for each other. Raises problems.Unreadable when nobody can be answered.
    """
    coming = _read(raw, received_from, at)
    judged = _judge(session, coming)
    message, again = _count(session, coming, judged)
    if again and message.fate != Fate.WAITING:
        _note_transmission(session, coming, message)
        return _receipt(coming, message, again=True)
    used_twice = not _note_transmission(session, coming, message)
    if used_twice:
        judged = _refused([_USED_TWICE], coming.outside.kind)
    if used_twice or again:  # it was written otherwise, or had to wait
        for name, value in judged.values.items():
            setattr(message, name, value)
    if judged.load is not None:
        judged.load(message)
    session.flush()
    return _receipt(coming, message)


def keep_for_later(session: Session, raw: bytes, *, received_from: str, at: datetime) -> Receipt:
    """Our own side has failed with a message: it is kept, its sender is told so, and a sweep loads it later (KR5).

    Raises problems.Unreadable.
    """
    coming = _read(raw, received_from, at)
    message, again = _count(session, coming, _Judged({"fate": Fate.WAITING}))
    if not again:
        message.raw, message.answer = _encrypted(raw), Code.TRANSIENT.value
    session.flush()
    return _receipt(coming, message)


def out_of_order(raw: bytes, *, at: datetime) -> Receipt:
    """The same answer where not even that can be written: the database is away. Raises problems.Unreadable."""
    tree = wire.read(raw)
    outside = envelope.read(tree)
    own, _ = envelope.provenances(tree, outside.header_id)
    answer = None if outside.kind == uris.ACKNOWLEDGEMENT else Answer(Code.TRANSIENT, (_FAILED,))
    return Receipt(outside, own, wire.format_of(raw), Fate.WAITING, answer, at, kept=False)


def _read(raw: bytes, received_from: str, at: datetime) -> _Coming:
    tree = wire.read(raw)
    return _Coming(raw, tree, envelope.read(tree), received_from, at)


@dataclass(frozen=True)
class _Judged:
    """What is to be written of a message, and what is to be done with it then."""

    values: dict[str, Any]
    load: Callable[[Message], None] | None = None


def _count(session: Session, coming: _Coming, judged: _Judged) -> tuple[Message, bool]:
    """The row of this message, and whether it was there: another transaction that writes it is waited for."""
    outside = coming.outside
    row = {
        "sender": outside.sender_key, "number": outside.header_id, "kind": outside.kind, "received_at": coming.at,
        "received_from": coming.received_from, "problems": [], **judged.values,
    }  # fmt: skip
    made = session.scalars(
        insert(Message).on_conflict_do_nothing(index_elements=["sender", "number"]).returning(Message), [row]
    ).one_or_none()
    if made is not None:
        return made, False
    same = select(Message).where(Message.sender == outside.sender_key, Message.number == outside.header_id)
    return session.scalars(same.with_for_update(key_share=True)).one(), True


def _note_transmission(session: Session, coming: _Coming, message: Message) -> bool:
    """Write down this sending; False when its Bundle.id has been another message's."""
    outside = coming.outside
    if not outside.bundle_id:
        return True  # the rules refuse it
    noted = session.execute(
        insert(Transmission)
        .values(
            message_id=message.id, sender=outside.sender_key, bundle_id=outside.bundle_id, received_at=coming.at,
            raw_hash=keys.ring().fingerprint("message", coming.raw),
        )
        .on_conflict_do_nothing(index_elements=["sender", "bundle_id"])
        .returning(Transmission.id)
    ).scalar_one_or_none()  # fmt: skip
    if noted is not None:
        return True
    owner = select(Transmission.message_id).where(
        Transmission.sender == outside.sender_key, Transmission.bundle_id == outside.bundle_id
    )
    return session.scalar(owner) == message.id


def _judge(session: Session, coming: _Coming) -> _Judged:
    outside, tree = coming.outside, coming.tree
    receiver = addresses.ours(session, outside.receiver, at=coming.at)
    own = receiver is None and outside.kind == uris.CARE_COMMUNICATION
    if own:  # what another system of ours has written to a ward belongs to the conversation
        receiver = addresses.ours(session, outside.sender, at=coming.at)
    if receiver is None:
        return _refused([_WRONG_RECEIVER], outside.kind)
    if bad := structure.problems(tree) or rules.problems(tree, outside.kind):
        return _refused(bad, outside.kind)
    if outside.kind == uris.HOSPITAL_NOTIFICATION:
        return _judge_notification(session, coming, receiver)
    if outside.kind == uris.CARE_COMMUNICATION:
        return _judge_communication(session, coming, receiver, own=own)
    answer = acknowledgement.read(tree)

    def load(message: Message) -> None:
        message.code = None if outbound.answered(session, answer, at=coming.at) else "unknown"

    return _Judged({"fate": Fate.ANSWER}, load)


def _refused(problems: list[Problem], kind: str | None) -> _Judged:
    return _Judged({
        "fate": Fate.REFUSED, "why": problems[0].detail, "raw": None,
        "answer": Code.FATAL.value if kind != uris.ACKNOWLEDGEMENT else None,
        "problems": [asdict(problem) for problem in problems],
    })  # fmt: skip


def _judge_notification(session: Session, coming: _Coming, receiver: Address) -> _Judged:
    citizen = _known_citizen(session, notification.cpr_of(coming.tree) or "", receiver, at=coming.at)
    if citizen is None:
        return _Judged({"fate": Fate.UNKNOWN_CITIZEN, "answer": Code.OK.value, "raw": None})
    read = notification.read(coming.tree)

    def load(message: Message) -> None:
        session.flush()
        follow(session, citizen, receiver, at=coming.at)
        if message.episode_id is None:
            message.fate = Fate.HISTORY

    values = {
        "fate": Fate.LOADED, "code": read.code, "citizen_id": citizen.id, "facts": read.as_json(),
        "raw": _encrypted(coming.raw), "answer": Code.OK.value,
    }  # fmt: skip
    return _Judged(values, load)


def _judge_communication(session: Session, coming: _Coming, receiver: Address, *, own: bool) -> _Judged:
    bad = list(communication.problems(coming.tree))
    said = communication.read(coming.tree)
    if not bad and not conversation.numbers_of(said):
        bad = [Problem("required", REQUIRED, "Patient.identifier", "A CPR number or a replacement is required.")]
    if bad:
        return _refused(bad, coming.outside.kind)

    def load(message: Message) -> None:
        thread = conversation.take_in(session, said, receiver.unit, at=coming.at, own=own)
        message.citizen_id = thread.citizen_id

    values = {
        "fate": Fate.LOADED, "code": said.activity, "answer": Code.OK.value, "raw": _encrypted(coming.raw)
    }  # fmt: skip
    return _Judged(values, load)


def _known_citizen(session: Session, cpr: str, receiver: Address, *, at: datetime) -> Citizen | None:
    """The citizen, if we may know of the stay (R.BR1): the municipality serves them, or has an episode going on."""
    citizen = citizens.find(session, Cpr.parse(cpr))
    if citizen is None:
        return None
    municipality_id, today = receiver.unit.organisation_id, calendar.local(at).date()
    going_on = select(Episode.id).where(
        Episode.citizen_id == citizen.id, Episode.closed_at.is_(None), Episode.municipality_id == municipality_id
    )
    known = citizens.is_known(session, citizen, municipality_id, on=today) or session.scalar(going_on) is not None
    return citizen if known else None


def follow(session: Session, citizen: Citizen, receiver: Address, *, at: datetime) -> None:
    """Fold all that is known of a citizen's stays, and let the episode follow. One at a time goes on for a citizen."""
    session.execute(_ONE_AT_A_TIME, {"citizen": citizen.id % 2**31})
    rows = messages_of(session, citizen)
    facts = {chains.key(read): row for row, read in rows}
    travelled = journey.travel(stays.fold([read for _, read in rows]))
    by = Actor(name="Advis om sygehusophold", origin=Origin.MESSAGE)
    Following(session, citizen, receiver.unit, travelled, facts, by, at).run()


def messages_of(session: Session, citizen: Citizen) -> list[tuple[Message, Notification]]:
    """Every message about the citizen's stays that is in order, as it came."""
    own = select(Message).where(Message.citizen_id == citizen.id, Message.kind == uris.HOSPITAL_NOTIFICATION)
    rows = session.scalars(own.order_by(Message.id), execution_options={"populate_existing": True})
    return [(row, Notification.from_json(row.facts)) for row in rows if row.facts is not None]


def journey_of(session: Session, citizen: Citizen) -> journey.Journey:
    """Where the citizen has come to, by what the hospitals have told."""
    return journey.travel(stays.fold([read for _, read in messages_of(session, citizen)]))


def raw_of(message: Message) -> bytes | None:
    """The message as it came, where it was kept. Raises keys.Unreadable."""
    return keys.ring().decrypt(message.raw).encode() if message.raw is not None else None


class FailedAgain(Exception):
    """A message that was kept could not be loaded this time either; `row` is its number here, `why` a kind of error."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(why)
        self.row, self.why = row, why


def load_waiting(session: Session, *, after: int, at: datetime, real_at: datetime, answers: bool) -> int | None:
    """Load the next message, after row `after`, that was kept because our own side had failed; returns its row.

    Its answer is put among what is to be sent, where there are `answers`. None: nothing waits. The caller commits, and
    calls again. Raises FailedAgain.
    """
    waiting = select(Message).where(Message.fate == Fate.WAITING, Message.raw.is_not(None), Message.id > after)
    message = session.scalars(waiting.order_by(Message.id).limit(1).with_for_update(skip_locked=True)).first()
    if message is None:
        return None
    row, received_from = message.id, message.received_from
    try:
        receipt = receive(session, raw_of(message) or b"", received_from=received_from, at=at)
    except Exception as fault:  # as at the door: whatever it is, the message waits on
        raise FailedAgain(row, type(fault).__name__) from None
    if receipt.answer is not None and answers:
        answer = acknowledgement.write(receipt.outside, receipt.latest, receipt.answer, at=at)
        outbound.queue(
            session, answer, kind=uris.ACKNOWLEDGEMENT, receiver=receipt.outside.sender_key, real_at=real_at
        )  # fmt: skip
    return row


def _encrypted(raw: bytes) -> bytes:
    return keys.ring().encrypt(raw.decode())


def _receipt(coming: _Coming, message: Message, *, again: bool = False) -> Receipt:
    own, _ = envelope.provenances(coming.tree, coming.outside.header_id)
    answer = None
    if message.answer is not None and coming.outside.kind != uris.ACKNOWLEDGEMENT:
        problems = tuple(_problem(stored) for stored in message.problems)
        failed = (_FAILED,) if message.answer == Code.TRANSIENT else ()
        answer = Answer(Code(message.answer), problems or failed)
    return Receipt(
        coming.outside, own, wire.format_of(coming.raw), message.fate, answer, coming.at, message.code, again,
        message.citizen_id,
    )  # fmt: skip


def _problem(stored: dict[str, Any]) -> Problem:
    return Problem(**stored)
