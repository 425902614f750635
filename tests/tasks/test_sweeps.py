"""A call that is forgotten, from the row of its deadline to a mailbox and a telephone, through real processes."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import func, select

from ops import processes, programs
from ops.processes import ROOT
from tests import steps
from tests import world as worlds
from tests.conftest import Database
from tests.receivers import PostOffice, TelephoneExchange, serve_http, serve_mail
from tests.world import ISBAR
from workflow import amendments, clock, db, episodes, reconcile, tasks
from workflow.clock import DEMO_START
from workflow.db import Session
from workflow.handing import handovers
from workflow.tables import Deadline, Delivery, Heartbeat, InboxItem, Miss, Notice, Person, Reminder, SweepRun, Task
from workflow.vocabulary import MissCode

PATIENCE = 60  # seconds until a test that waits has failed; no test measures time
DISCHARGED = DEMO_START + timedelta(hours=9)  # 17:00: no rung of the ladder falls in quiet hours


@contextmanager
def background(environment: dict[str, str], log: Path) -> Iterator[None]:
    """A worker and a beat, as they are run for real."""
    whole = {**os.environ, **environment}
    with log.open("w") as said:
        started = [
            subprocess.Popen(command, env=whole, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
            for command in (programs.worker(), programs.beat())
        ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(PATIENCE)


SWEEPS = {
    "apply_agreements",
    "audit_log",
    "deliver",
    "follow_register",
    "forget_answers",
    "heartbeat",
    "keep_log",
    "messages",
    "raise_due",
    "reconcile",
    "seal_log",
}


def forget_a_call() -> None:
    """A citizen is discharged; Tove takes the call upon herself, and nobody calls."""
    with Session.begin() as session:
        world = worlds.build(session)
        tove = session.get_one(Person, world.facility_nurse.person_id)
        tove.email, tove.mobile = "tove@demo.example", "+4520304050"
        episode = worlds.admit(session, world, DEMO_START)
        way = {"facility": world.facility, "by": world.coordinator, "at": DEMO_START}
        amendments.reroute(session, episode.uuid, "tryghedshotel", **way)  # type: ignore[arg-type]
        handover = handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=DISCHARGED)
        episodes.record_event(session, episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)
        steps.receive(session, handover.uuid, by=world.facility_nurse, at=DISCHARGED)
        session.flush()
        call = session.scalars(select(Task).where(Task.kind == "follow_up_call")).one()
        tasks.claim(session, call.uuid, by=world.facility_nurse, at=DISCHARGED)
        clock.start_demo(session, DISCHARGED)


def calls_raised() -> int:
    with Session() as session:
        raised = select(func.count()).select_from(Reminder).join(Deadline).join(Task, Task.id == Deadline.task_id)
        return session.scalar(raised.where(Task.kind == "follow_up_call")) or 0


def all_sent() -> bool:
    with Session() as session:
        unrouted = session.scalar(select(func.count()).where(Notice.routed_at.is_(None)))
        return not unrouted and not session.scalar(select(func.count()).where(Delivery.sent_at.is_(None)))


def test_the_system_does_not_forget(database: Database, tmp_path: Path) -> None:
    office, exchange, log = PostOffice(), TelephoneExchange(), tmp_path / "background.log"
    forget_a_call()

    def until(holds: Callable[[], object], what: str) -> None:
        gives_up_at = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < gives_up_at, f"waited in vain until {what}:\n{log.read_text()}"
            time.sleep(0.1)

    with serve_mail(office) as smtp_url, serve_http(exchange) as gateway_url:
        channels = {"OVERGANG_SMTP_URL": smtp_url, "OVERGANG_GATEWAY_URL": gateway_url}
        with background({**database.environment, **channels}, log):
            with Session.begin() as session:
                clock.advance(session, timedelta(hours=24))
            until(lambda: calls_raised() == 3, "each rung of the call is raised")
            until(all_sent, "every letter is sent")
            until(lambda: sweeps_run() == SWEEPS, "every sweep has run")

    with Session() as session:
        miss = session.scalars(select(Miss)).one()
        assert (miss.code, miss.reminders) == (MissCode.CALL_NOT_MADE, 3)
        listed = select(Notice.kind).join(InboxItem, InboxItem.notice_id == Notice.id).join(Reminder)
        calls = listed.where(Reminder.deadline_id == Deadline.id, Deadline.task_id == miss.task_id)
        assert sorted(session.scalars(calls)) == ["miss", "miss", "reminder", "reminder"]
        keys = {str(key): channel for key, channel in session.execute(select(Delivery.uuid, Delivery.channel))}
        assert {beat.part for beat in session.scalars(select(Heartbeat))} == {"beat", "worker"}
        assert reconcile.look(session, at=clock.now(session), real_at=clock.real_now()).nought

    mailed = [message["Message-ID"].strip("<>").partition("@")[0] for _, _, message in office.received]
    phoned = [headers["Idempotency-Key"] for _, headers, _ in exchange.received]
    assert sorted([*mailed, *phoned]) == sorted(keys)
    ((_, _, told),) = exchange.received
    assert told["to"] == "+4520304050"
    assert ["tove@demo.example"] in [recipients for _, recipients, _ in office.received]
    everything = log.read_text() + str(told) + "".join(message.as_string() for _, _, message in office.received)
    assert "Agnes" not in everything


def sweeps_run() -> set[str]:
    with Session() as session:
        return set(session.scalars(select(SweepRun.sweep)))


@pytest.fixture
def sweeps(database: Database, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tasks of an installation without channels, in this process."""
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("tasks.app", "tasks.sweeps"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from tasks import sweeps

    return sweeps


@pytest.mark.parametrize("name", ["raise_due", "deliver", "messages", "reconcile", "heartbeat"])
def test_a_database_that_is_away_is_one_line_in_the_log(
    sweeps: ModuleType, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    away = db.connect(f"postgresql+psycopg://nobody@127.0.0.1:{processes.free_port()}/overgang")
    with caplog.at_level(logging.WARNING):
        getattr(sweeps, name)()
    away.dispose()
    assert caplog.messages == [
        f"{name} broke off, and the next does it: the database does not answer (OperationalError)"
    ]


def test_a_statement_of_the_driver_that_takes_too_long_is_one_line_too(
    sweeps: ModuleType, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def wait() -> int:
        with Session.begin() as session:
            driver = db.driver(session)
            driver.execute("set local statement_timeout = '100ms'")
            driver.execute("select pg_sleep(60)")
        return 1

    with caplog.at_level(logging.WARNING):
        sweeps._run("raise_due", wait)
    assert caplog.messages == [
        "raise_due broke off, and the next does it: the database does not answer (QueryCanceled)"
    ]
