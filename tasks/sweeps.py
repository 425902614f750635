"""The sweeps: each looks in the database for what is due, does it, and can be run again at any moment."""

import logging
from collections.abc import Callable

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError

from tasks import gateway, runs
from tasks.app import celery, settings
from tasks.channels import configured

log = logging.getLogger(__name__)
CHANNELS = configured(settings)


@celery.task(name="tasks.sweeps.raise_due")
def raise_due() -> None:
    """Raise the rungs whose time has come."""
    _run("raise_due", runs.raise_due)


@celery.task(name="tasks.sweeps.deliver")
def deliver() -> None:
    """Route the outbox to inboxes and channels, then send what is due."""
    _run("deliver", lambda: runs.route(CHANNELS) + runs.send(CHANNELS, base_url=settings.base_url))


@celery.task(name="tasks.sweeps.apply_agreements")
def apply_agreements() -> None:
    """Move the open deadlines that a new agreement moves."""
    _run("apply_agreements", runs.apply_agreements)


@celery.task(name="tasks.sweeps.follow_register")
def follow_register() -> None:
    """Give back what people had who have left, and let successors have what units had that close."""
    _run("follow_register", runs.follow_register)


@celery.task(name="tasks.sweeps.messages")
def messages() -> None:
    """Take in what the message gateway has left, load what had to wait, and send what is due."""
    _run("messages", lambda: gateway.take_files(settings) + gateway.load_waiting(settings) + gateway.send(settings))


@celery.task(name="tasks.sweeps.reconcile")
def reconcile() -> None:
    """Count what must be nought."""
    _run("reconcile", runs.look)


@celery.task(name="tasks.sweeps.heartbeat")
def heartbeat() -> None:
    """Write down that beat, broker and worker live."""
    _run("heartbeat", runs.beat)


@celery.task(name="tasks.sweeps.seal_log")
def seal_log() -> None:
    """Seal the looks that nothing can be added between any more."""
    _run("seal_log", runs.seal_log)


@celery.task(name="tasks.sweeps.keep_log")
def keep_log() -> None:
    """Make the months ahead, and drop those that are past keeping."""
    _run("keep_log", lambda: runs.keep_log(years=settings.access_log_years))


@celery.task(name="tasks.sweeps.forget_answers")
def forget_answers() -> None:
    """Forget what programs were answered more than a day ago."""
    _run("forget_answers", runs.forget_answers)


@celery.task(name="tasks.sweeps.audit_log")
def audit_log() -> None:
    """Find the looks that managers must confirm."""
    _run("audit_log", runs.audit_log)


def _run(sweep: str, run: Callable[[], int]) -> None:
    try:
        runs.recorded(sweep, run)
    except (OperationalError, InterfaceError, psycopg.OperationalError) as lost:  # the engine asks in both ways
        reason = type(getattr(lost, "orig", lost)).__name__
        log.warning("%s broke off, and the next does it: the database does not answer (%s)", sweep, reason)
