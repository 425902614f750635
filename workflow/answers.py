"""Answers to changes, kept for a day: a program that asks again under its key is answered, and nothing is done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from workflow import keys
from workflow.errors import Invalid
from workflow.tables import Answer

_ONE_BY_ONE = text("select pg_advisory_xact_lock(hashtextextended(:key, :token))")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of a program: under which key, and what exactly (method, address and body)."""

    token_id: int
    key: str
    question: bytes

    @property
    def fingerprint(self) -> bytes:
        return keys.ring().fingerprint("asked", self.question)


def earlier(session: Session, asked: Asked) -> Answer | None:
    """What was answered before. Of two who ask at once, the second waits here until the first is answered.

    Raises Invalid when the key stands for another question.
    """
    session.execute(_ONE_BY_ONE, {"key": asked.key, "token": asked.token_id})
    found = session.scalar(select(Answer).where(Answer.token_id == asked.token_id, Answer.key == asked.key))
    if found is not None and found.asked != asked.fingerprint:
        raise Invalid("key_used_for_another")
    return found


def keep(session: Session, asked: Asked, status: int, body: str, *, at: datetime) -> None:
    """Keep the answer, in the transaction of what it tells: both are there, or neither. `at` is real time."""
    session.add(
        Answer(token_id=asked.token_id, key=asked.key, asked=asked.fingerprint, status=status, body=body, at=at)
    )
    session.flush()


def forget(session: Session) -> int:
    """Forget what is older than a day, by the server's clock; returns how many. For sweeps only."""
    return session.scalar(select(func.forget_answers())) or 0
