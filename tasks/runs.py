"""What each run of a sweep does, in short transactions: one that breaks off anywhere leaves the rest to the next."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import func, select, text

from workflow import answers, clock, deadlines, leaving, moving, operations, reconcile, seals, succession
from workflow.db import Session
from workflow.seeing import access_log, audits
from workflow.telling import delivery, routing
from workflow.telling.channels.channel import Channel, NotDelivered, Unreachable

BUDGET = 20.0  # seconds that one run may begin new work in; well under the time limit of a task
AUDITED = timedelta(days=7)  # an audit that did not run for less than this leaves nothing out
ONE_SENDER = func.hashtext("overgang: sending letters")

log = logging.getLogger(__name__)


def recorded(sweep: str, run: Callable[[], int]) -> None:
    """Carry out a run; write down when it began, how long it took and what it did. One that fails is not written."""
    started_at, began = clock.real_now(), time.monotonic()
    done = run()
    with Session.begin() as session:
        operations.record_run(session, sweep, started_at=started_at, seconds=time.monotonic() - began, done=done)


def raise_due(*, batch: int = deadlines.BATCH) -> int:
    """Raise what is due, a batch a transaction, until nothing is; returns how many rungs."""

    def raise_a_batch() -> int:
        with Session.begin() as session:
            return deadlines.raise_due(session, at=clock.now(session), batch=batch)

    return _until_nothing_is_left(raise_a_batch)


def route(channels: Sequence[Channel], *, batch: int = 5_000) -> int:
    """Route what is in the outbox, a batch a transaction, until nothing is; returns how many notices."""

    def route_a_batch() -> int:
        with Session.begin() as session:
            return routing.route(
                session, at=clock.now(session), real_at=clock.real_now(), channels=channels, batch=batch
            )

    return _until_nothing_is_left(route_a_batch)


def send(channels: Sequence[Channel], *, base_url: str) -> int:
    """Send the letters that are due, the channels in turn; returns how many were taken.

    One run at a time sends: a server that hangs then never holds up more than one process, and others raise and route.
    A channel whose server is out of reach rests until the next run; its letters keep their attempts.
    """
    with Session.begin() as held:
        # The server lets go of the lock by itself when this process is gone, even if the network did not say so.
        held.execute(text("set local idle_in_transaction_session_timeout = '60s'"))
        if not held.scalar(select(func.pg_try_advisory_xact_lock(ONE_SENDER))):
            return 0
        return _send(channels, base_url)


def _send(channels: Sequence[Channel], base_url: str) -> int:
    sent, gives_up_at, working = 0, time.monotonic() + BUDGET, list(channels)
    while working and time.monotonic() < gives_up_at:
        for channel in tuple(working):
            with Session.begin() as session:  # the attempt is counted, whatever becomes of us
                letter = delivery.claim(
                    session, channel, at=clock.now(session), real_at=clock.real_now(), base_url=base_url
                )
            if letter is None:
                working.remove(channel)
                continue
            try:
                channel.send(letter)
            except NotDelivered as failure:
                with Session.begin() as session:
                    delivery.record_failure(session, letter.key, failure, real_at=clock.real_now())
                if isinstance(failure, Unreachable):
                    log.warning("channel %s is out of reach: %s", channel.name, failure.why)
                    working.remove(channel)
                continue
            except Exception as unforeseen:  # of this letter alone: the attempt is counted, and the others go on
                kind = type(unforeseen).__name__
                log.error("channel %s failed on letter %s: %s", channel.name, letter.key, kind)
                with Session.begin() as session:
                    why = NotDelivered(f"failed: {kind}", permanent=False)
                    delivery.record_failure(session, letter.key, why, real_at=clock.real_now())
                continue
            with Session.begin() as session:
                delivery.record_delivered(session, letter.key, real_at=clock.real_now())
            sent += 1
    return sent


def apply_agreements(*, batch: int = moving.BATCH) -> int:
    """Apply agreements that move open deadlines, a batch a transaction, until nothing is left; returns how many."""

    def apply_a_batch() -> int:
        with Session.begin() as session:
            return moving.go_on(session, at=clock.now(session), batch=batch)

    return _until_nothing_is_left(apply_a_batch)


def follow_register(*, batch: int = leaving.BATCH) -> int:
    """Give back what people had who have left, close units whose day has come, and move what they had, a batch a
    transaction, until nothing is left; returns how much.
    """

    def give_back_a_batch() -> int:
        with Session.begin() as session:
            return leaving.give_back(session, at=clock.now(session), batch=batch)

    def succeed_a_batch() -> int:
        with Session.begin() as session:
            return succession.go_on(session, at=clock.now(session), batch=batch)

    return _until_nothing_is_left(give_back_a_batch) + _until_nothing_is_left(succeed_a_batch)


def seal_log() -> int:
    """Seal what is ripe, looks and all that only grows, a batch a transaction, then mark up to where the next run may
    go; returns how many rows.

    What is marked by one run is sealed by the next: a row is sealed within two runs, a minute, unless a transaction
    that began before it still runs.
    """

    def seal_a_batch() -> int:
        with Session.begin() as session:
            return access_log.seal(session, at=clock.real_now())

    def seal_a_batch_of_records() -> int:
        with Session.begin() as session:
            return seals.seal(session, at=clock.real_now())

    sealed = _until_nothing_is_left(seal_a_batch) + _until_nothing_is_left(seal_a_batch_of_records)
    for mark in (access_log.mark, seals.mark):
        with Session.begin() as session:
            mark(session)
    return sealed


def keep_log(*, years: int) -> int:
    """Make and drop months of the access log; returns how many."""
    with Session.begin() as session:
        return access_log.keep(session, years=years)


def forget_answers() -> int:
    """Forget what programs were answered more than a day ago; returns how many."""
    with Session.begin() as session:
        return answers.forget(session)


def audit_log() -> int:
    """Find what managers must confirm among the looks of the last days, and draw last week's sample."""
    now = clock.real_now()
    with Session.begin() as session:
        found = audits.find(session, audits.Span(since=now - AUDITED, until=now))
    with Session.begin() as session:
        return found + audits.draw_sample(session, at=now)


def look() -> int:
    """Look for what was forgotten, and say it in the log; returns how many faults."""
    with Session.begin() as session:
        found = reconcile.look(session, at=clock.now(session), real_at=clock.real_now())
    faults = {fault.value: count for fault, count in found.faults.items() if count}
    if faults:
        log.warning("not nought: %s", ", ".join(f"{fault} {count}" for fault, count in faults.items()))
    return sum(faults.values())


def beat() -> int:
    """Write down that beat, broker and worker live: this run has come from the one through the other to the third."""
    with Session.begin() as session:
        operations.record_heartbeat(session, ("beat", "worker"), at=clock.real_now())
    return 1


def _until_nothing_is_left(step: Callable[[], int]) -> int:
    done, gives_up_at = 0, time.monotonic() + BUDGET
    while (more := step()) and time.monotonic() < gives_up_at:
        done += more
    return done + more
