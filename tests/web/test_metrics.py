"""What monitoring reads is right, whatever process answers and whatever is down."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from ops import programs
from tests.conftest import Database, Servers
from tests.web.conftest import counted
from workflow import clock, figures
from workflow.db import Session
from workflow.figures import Backlog
from workflow.tables import SweepRun
from workflow.vocabulary import MissCode

START = clock.DEMO_START
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(exposition: str) -> Samples:
    """Every figure by name and labels."""
    families = text_string_to_metric_families(exposition)
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


WORK = """
    insert into deadlines (episode_id, concerns, unit_id, opened_at, due_at, rung_at, rung_to, rung, next_at)
        select n, 'state', 1, %(start)s, %(start)s, '{}', '{}', 0, %(start)s + minutes * interval '1 minute'
        from unnest(array[-90, -1, 5]) with ordinality as due (minutes, n);
    insert into outbox (episode_id, kind, topic, unit_id, audience, written_at)
        values (1, 'reminder', 'x', 1, 'unit', %(start)s - interval '20 s');
    insert into deliveries (notice_id, channel, address, attempts, next_try_at, dead_at)
        values (1, 'mail', 'a', 1, %(now)s - interval '30 s', null), (1, 'mail', 'b', 9, null, %(now)s);
    insert into misses (episode_id, task_id, code, due_at, recorded_at, owing_unit_id, reminders, attempts)
        select 1, n, code, %(start)s, %(start)s, 1, 0, 0
        from unnest(array['M5', 'M5', 'M1']) with ordinality as missed (code, n);
"""


def test_what_waits_is_counted_and_its_age_taken_from_the_clock_that_governs_it(
    servers: Servers, database: Database
) -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    with psycopg.connect(servers.postgres.url("admin", database.name), cursor_factory=psycopg.ClientCursor) as admin:
        admin.execute("set session_replication_role = replica")  # rows without the episodes that they belong to
        admin.execute(WORK, {"start": START, "now": now})
    with Session.begin() as session:
        found = figures.read(session, at=START, real_at=now)
    assert found.unraised == Backlog(count=2, oldest=timedelta(minutes=90))
    assert found.unrouted == Backlog(count=1, oldest=timedelta(seconds=20))
    assert found.unsent == Backlog(count=1, oldest=timedelta(seconds=30))
    assert (found.dead, found.dead_since) == (1, now)
    assert found.misses == dict.fromkeys(MissCode, 0) | {MissCode.CALL_NOT_MADE: 2, MissCode.NOT_SENT: 1}


def test_the_figures_are_those_of_the_database(own_client: FlaskClient) -> None:
    with Session.begin() as session:
        clock.start_demo(session)
        session.add(SweepRun(sweep="raise_due", started_at=START, seconds=0.25, done=3, runs=7, total=40))
    found = samples(own_client.get("/metrics").text)
    assert found["overgang_ready", ()] == 1
    assert found["overgang_sweep_last_run_seconds", (("sweep", "raise_due"),)] == 0.25
    assert found["overgang_sweep_last_run_done", (("sweep", "raise_due"),)] == 3
    assert found["overgang_sweep_done_total", (("sweep", "raise_due"),)] == 40
    assert found["overgang_sweep_last_run_timestamp_seconds", (("sweep", "raise_due"),)] == START.timestamp()
    assert found["overgang_deadlines_unraised", ()] == 0
    assert found["overgang_dead_letters", ()] == 0
    assert {labels[0][1] for name, labels in found if name == "overgang_misses"} == {code.value for code in MissCode}


def test_the_last_count_of_what_must_be_nought_is_told_once_there_is_one(own_client: FlaskClient) -> None:
    assert ("overgang_faults", ()) not in samples(own_client.get("/metrics").text)
    counted(2)
    counted(3)
    assert samples(own_client.get("/metrics").text)["overgang_faults", ()] == 3


def test_what_nobody_knows_is_left_out_rather_than_nought(without_database: FlaskClient) -> None:
    answer = without_database.get("/metrics")
    found = samples(answer.text)
    assert answer.status_code == 200
    assert found["overgang_database_up", ()] == 0
    assert found["overgang_broker_up", ()] == 1
    assert found["overgang_ready", ()] == 0
    assert not [name for name, _ in found if "deadlines" in name or "outbox" in name or "misses" in name]


def test_the_broker_is_told_apart_from_the_database(without_broker: FlaskClient) -> None:
    found = samples(without_broker.get("/metrics").text)
    assert (found["overgang_database_up", ()], found["overgang_broker_up", ()]) == (1, 0)


def test_requests_are_counted_by_route_and_status_never_by_address(client: FlaskClient) -> None:
    def count(route: str, status: str, method: str = "GET") -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return samples(client.get("/metrics").text).get(("overgang_http_request_seconds_count", labels), 0)

    before = count("/healthz", "200"), count("none", "404"), count("none", "405", "other")
    client.get("/healthz")
    client.get("/somebody/010170-1234")
    client.open("/status", method="BREW")
    after = count("/healthz", "200"), count("none", "404"), count("none", "405", "other")
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]
    assert "010170-" not in client.get("/metrics").text


@pytest.fixture
def address(database: Database, tmp_path: Path, closed_port: int) -> Iterator[str]:
    """The address of an installation with two web processes, as the launcher starts them."""
    environment = {**os.environ, **database.environment, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    running = subprocess.Popen(programs.web("127.0.0.1", closed_port), env=environment)
    try:
        yield f"http://127.0.0.1:{closed_port}"
    finally:
        running.terminate()
        running.wait()


def test_two_web_processes_tell_one_sum(address: str) -> None:
    healthz = (("method", "GET"), ("route", "/healthz"), ("status", "200"))
    asked = wait_until_up(address)
    for _ in range(40):
        with urlopen(f"{address}/healthz") as answer:
            assert answer.status == 200
    told = set()
    for _ in range(10):
        with urlopen(f"{address}/metrics") as answer:
            told.add(samples(answer.read().decode())["overgang_http_request_seconds_count", healthz])
    assert told == {40.0 + asked}


def wait_until_up(address: str) -> int:
    """Ask until somebody answers; returns how often somebody did."""
    for _ in range(600):
        try:
            with urlopen(f"{address}/healthz"):
                return 1
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the web did not come up")
