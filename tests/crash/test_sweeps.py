"""Hundreds of calls fall due, and something is killed in the middle: each rung is raised and told once."""

import time
from datetime import timedelta

import pytest

from tests.crash.installation import Installation, kill
from tests.crash.population import BEGINS, ENDS

pytestmark = pytest.mark.xdist_group("crash")

A_WHILE = 3  # seconds that something stands still, while beat and worker go on for several rounds


def test_a_pool_child_is_killed(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS)
        (port, *_) = installation.until_somebody_waits(gate)
        child = installation.worker.child_at(port)
        assert child is not None
        kill([child])
        assert installation.worker.process.poll() is None
    installation.prove()


def test_a_worker_is_killed_with_its_pool(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS)
        installation.until_somebody_waits(gate)
        installation.worker.kill()
        assert installation.count("reminders") == 0, "what it had half done is not to be seen"
    installation.mend()
    installation.prove()


def test_a_worker_is_killed_while_it_delivers(installation: Installation) -> None:
    with installation.closed("inbox") as gate:
        installation.set_clock(ENDS)
        installation.until_somebody_waits(gate)
        installation.worker.kill()
    installation.mend()
    installation.prove()


def test_beat_is_killed(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS)
        installation.until_somebody_waits(gate)
        installation.beat.kill()
    installation.mend()
    installation.prove()


def test_postgres_is_killed(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS)
        installation.until_somebody_waits(gate)
        installation.kill_postgres()
    installation.servers.postgres.start(print)
    installation.prove()


def test_the_broker_is_killed_and_its_folder_wiped(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS - timedelta(hours=24))
        installation.until_somebody_waits(gate)
        installation.kill_valkey()
    time.sleep(A_WHILE)
    installation.servers.valkey.start(print)
    installation.set_clock(ENDS)
    installation.prove()


def test_the_broker_stands_still(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS - timedelta(hours=24))
        installation.until_somebody_waits(gate)
        with installation.stopped_valkey():
            gate.open()
            time.sleep(A_WHILE)
    installation.set_clock(ENDS)
    installation.prove()


def test_the_database_stands_still(installation: Installation) -> None:
    with installation.closed("outbox") as gate:
        installation.set_clock(ENDS)
        installation.until_somebody_waits(gate)
        with installation.stopped_postgres():
            time.sleep(A_WHILE)
    installation.prove()


def test_two_workers_and_two_beats_at_once(installation: Installation) -> None:
    installation.another_worker()
    installation.another_beat()
    with installation.closed("outbox") as gate:
        for others, shown in enumerate((BEGINS + timedelta(hours=2), ENDS - timedelta(hours=24), ENDS)):
            installation.set_clock(shown)
            installation.until_somebody_waits(gate, how_many=others + 1)  # each in the middle of a batch of its own
    installation.prove()


def test_the_clock_steps_an_hour_forward_and_back(installation: Installation) -> None:
    shown = BEGINS
    while shown < ENDS:
        for step in (1, -1, 1):
            shown += timedelta(hours=step)
            installation.set_clock(shown)
            time.sleep(0.1)
        shown += timedelta(hours=3)
    installation.set_clock(ENDS)
    installation.prove()
