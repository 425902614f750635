"""One message received: read, judged, counted once, loaded and answered, in one transaction with all that follows."""

from datetime import datetime

from sqlalchemy.orm import Session

from workflow.medcom import counting, judging
from workflow.medcom.acknowledgement import Answer, Code
from workflow.medcom.counting import Values
from workflow.medcom.problems import Problem
from workflow.medcom.receipt import Coming, Receipt
from workflow.vocabulary import Fate

_FAILED = Problem("transient", "MSG_Mailbox_Out_Of_Operation", "", "The receiver has a technical fault.")


def receive(session: Session, raw: bytes, *, received_from: str, at: datetime) -> Receipt:
    """Take in one transmission. `received_from` names the credential or folder; `at` is when it came.

    The caller commits; whoever sends it again gets the same answer, and nothing happens twice. Two that are about one
    citizen wait for each other. Raises problems.Unreadable when nobody can be answered.
    """
    coming = Coming.read(raw, received_from=received_from, at=at)
    judged = judging.judge(session, coming)
    counted = counting.count(session, coming, judged.said)
    if counted.before is not None and counted.before["fate"] != Fate.WAITING:
        return _receipt(coming, counted.before, again=True)
    if counted.bundle_taken:
        judged = judging.refuse(coming, [judging.USED_TWICE], in_order=judged.in_order)
    if counted.bundle_taken or counted.before is not None:  # something else was said of it
        counting.change(session, counted.row, judged.said)
    then = judged.load(counted.row) if judged.load is not None else {}
    counting.change(session, counted.row, then)
    return _receipt(coming, {**judged.said, **then}, in_order=judged.in_order)


def keep_for_later(session: Session, raw: bytes, *, received_from: str, at: datetime) -> Receipt:
    """Our own side has failed with a message: it is kept, its sender is told so, and a sweep loads it later (KR5).

    Raises problems.Unreadable.
    """
    coming = Coming.read(raw, received_from=received_from, at=at)
    said = judging.say(Fate.WAITING, answer=Code.TRANSIENT.value, raw=judging.encrypted(raw))
    counted = counting.count(session, coming, said)
    return _receipt(coming, counted.before or said)


def out_of_order(raw: bytes, *, at: datetime) -> Receipt:
    """The same answer where not even that can be written: the database is away. Raises problems.Unreadable."""
    coming = Coming.read(raw, received_from="", at=at)
    answer = Answer(Code.TRANSIENT, (_FAILED,)) if coming.is_answered else None
    return Receipt(of=coming, fate=Fate.WAITING, answer=answer, kept=False)


def _receipt(coming: Coming, said: Values, *, again: bool = False, in_order: bool = False) -> Receipt:
    answer = None
    if said["answer"] is not None and coming.is_answered:
        problems = tuple(Problem(**stored) for stored in said["problems"])
        answer = Answer(Code(said["answer"]), problems or ((_FAILED,) if said["answer"] == Code.TRANSIENT else ()))
    return Receipt(
        of=coming, fate=said["fate"], answer=answer, code=said["code"], again=again, citizen_id=said["citizen_id"],
        in_order=in_order,
    )  # fmt: skip
