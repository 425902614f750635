"""Whose database this is: a demonstration's or real work's, written with which keys, and agreed on what."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, inspect, select, text
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session

from workflow import agreements, db, keys
from workflow.actor import SYSTEM
from workflow.settings import MissingSettings, Settings
from workflow.tables import Citizen, DemoClock, Installation

log = logging.getLogger(__name__)

_PURPOSE = "installation"
PROOF = "Overgang"  # what every installation writes with its keys, to see later that they are the same
SKEW_TOLERATED = timedelta(minutes=1)  # between our clock and the database's


class Wrong(StrEnum):
    """Why a program must not work on a database."""

    UNMARKED = "unmarked"
    DEMONSTRATION = "demonstration"
    REAL_WORK = "real_work"
    KEYS = "keys"
    HASH_KEY = "hash_key"


SENTENCES = {
    Wrong.UNMARKED: "the database does not say whose it is; run: overgang migrate",
    Wrong.DEMONSTRATION: (
        "the database holds a demonstration, whose clock stands still: nothing would ever fall due in it. "
        "Give real work an empty database of its own, or set OVERGANG_DEMO=1"
    ),
    Wrong.REAL_WORK: (
        "the database holds real work, and OVERGANG_DEMO=1 asks for a demonstration. "
        "Give the demonstration a database of its own, or take OVERGANG_DEMO away"
    ),
    Wrong.KEYS: (
        "OVERGANG_KEYS does not hold the key that the database is written with: no CPR number could be read. "
        "Put the key of this installation back"
    ),
    Wrong.HASH_KEY: (
        "OVERGANG_HASH_KEY is not the one that the database is written with: no citizen would be found again, and each "
        "would be registered twice. Put the key of this installation back"
    ),
}


class NotOurs(MissingSettings):
    """The database is not one that this program, with these settings, may work on."""


@dataclass(frozen=True, kw_only=True)
class InstallationState:
    """What was seen at one look. `skew` is how far the database's clock is from ours, either way."""

    wrong: tuple[Wrong, ...]
    without_agreement: tuple[str, ...]  # keys of pathways
    skew: timedelta

    @property
    def clock_runs_true(self) -> bool:
        return self.skew <= SKEW_TOLERATED


def look(session: Session, *, demo: bool, at: datetime, real_at: datetime) -> InstallationState:
    """Look once. `at` is what pages and sweeps go by, `real_at` the real time."""
    theirs: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
    return InstallationState(
        wrong=wrong(session, demo=demo),
        without_agreement=tuple(pathway.key for pathway in agreements.without(session, at=at)),
        skew=abs(theirs - real_at),
    )


def wrong(session: Session, *, demo: bool) -> tuple[Wrong, ...]:
    """Why this process, in demo mode or not and with its keys, must not work here; empty when it may.

    A database from before the marks is judged by its demo clock and its first citizen.
    """
    tables = inspect(session.connection()).get_table_names()
    mark = session.get(Installation, True) if Installation.__tablename__ in tables else None
    if mark is not None:
        return (
            *_of_other_kind(session, demo, mark.demo),
            *_of_other_keys(mark.proof_encrypted, mark.proof_hash, _PURPOSE),
        )
    if "citizens" not in tables:
        return (Wrong.UNMARKED,)
    first = session.execute(
        select(Citizen.cpr_encrypted, Citizen.cpr_fingerprint).order_by(Citizen.id).limit(1)
    ).first()
    keys_differ = _of_other_keys(*first, "cpr") if first is not None else ()
    return (Wrong.UNMARKED, *_of_other_kind(session, demo, demo and first is None), *keys_differ)


def _of_other_kind(session: Session, demo: bool, marked_demo: bool) -> tuple[Wrong, ...]:
    holds_demo = marked_demo or bool(session.scalar(select(exists(select(DemoClock.at)))))
    if holds_demo == demo:
        return ()
    return (Wrong.DEMONSTRATION if holds_demo else Wrong.REAL_WORK,)


def _of_other_keys(encrypted: bytes, hashed: bytes, purpose: str) -> tuple[Wrong, ...]:
    try:
        plain = keys.ring().decrypt(encrypted)
    except keys.Unreadable:
        return (Wrong.KEYS,)
    return () if hashed == keys.ring().fingerprint(purpose, plain.encode()) else (Wrong.HASH_KEY,)


def require(session: Session, settings: Settings, *, may_be_unmarked: bool = False) -> None:
    """Let nobody start on a database that is not theirs. Raises NotOurs, with all that is wrong in words."""
    tolerated = {Wrong.UNMARKED} if may_be_unmarked else set()
    if found := [one for one in wrong(session, demo=settings.demo) if one not in tolerated]:
        raise NotOurs("Overgang cannot work here: " + "; ".join(SENTENCES[one] for one in found) + ".")


def require_at_start(settings: Settings) -> None:
    """The same for a process that has connected and opened its key ring, and ends when it is refused.

    A database that is away for the moment refuses nobody: the pages say that it is away, and the next start looks.
    """
    try:
        with db.Session() as session:
            require(session, settings)
    except (OperationalError, TimeoutError):
        log.warning("the database does not answer, so nobody could look whether it is ours")
    except NotOurs as refused:
        raise SystemExit(str(refused)) from None


def establish(session: Session, *, demo: bool, at: datetime) -> None:
    """Write the mark where there is none, and the first agreements where none are in force.

    A demonstration whose clock has not begun agrees by itself, at the time that its story begins. A database from
    before the marks is a demonstration's when it has a demo clock.
    """
    shown = session.scalar(select(DemoClock.at))
    if session.get(Installation, True) is None:
        ring = keys.ring()
        proof = {
            "proof_encrypted": ring.encrypt(PROOF), "proof_hash": ring.fingerprint(_PURPOSE, PROOF.encode())
        }  # fmt: skip
        session.add(Installation(single=True, demo=demo or shown is not None, **proof))
        session.flush()
    if shown is not None or not demo:
        agreements.seed(session, by=SYSTEM, at=at)
