"""The Celery application: what must hold for a wake-up that is lost, doubled or late to change nothing."""

import subprocess
import sys
from importlib import import_module

import pytest
from celery import Celery

from tests.conftest import Database


@pytest.fixture
def celery(database: Database, monkeypatch: pytest.MonkeyPatch) -> Celery:
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "tasks.app", raising=False)
    monkeypatch.delitem(sys.modules, "tasks.sweeps", raising=False)
    import_module("tasks.sweeps")
    from tasks.app import celery

    return celery


def test_every_wake_up_names_a_task_and_carries_nothing(celery: Celery) -> None:
    for entry in celery.conf.beat_schedule.values():
        assert entry["task"] in celery.tasks
        assert not entry.get("args")
        assert not entry.get("kwargs")
        assert entry["options"]["expires"] <= 10


def test_a_sweep_in_hand_is_not_handed_out_again_while_it_runs(celery: Celery) -> None:
    visible_again = celery.conf.broker_transport_options["visibility_timeout"]
    assert celery.conf.task_soft_time_limit < celery.conf.task_time_limit < visible_again


def test_what_a_killed_worker_had_in_hand_is_looked_for_every_five_seconds(celery: Celery) -> None:
    options = celery.conf.broker_transport_options
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] == 5
    assert celery.conf.task_acks_late
    assert celery.conf.task_reject_on_worker_lost


def test_nothing_is_kept_in_the_broker(celery: Celery) -> None:
    assert celery.conf.task_ignore_result
    assert celery.conf.result_backend is None


def test_a_worker_without_its_settings_says_which(database: Database) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import tasks.app"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert started.returncode != 0
    assert "set DATABASE_URL, REDIS_URL" in started.stderr
