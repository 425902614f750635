"""`overgang demo walk`: the story from a running installation, and what it says of one that does not run."""

import json

import pytest
from sqlalchemy import select

from ops.demo import cluster, story
from tests.conftest import Database
from tests.ops.verbs import background_work, overgang
from workflow import clock, db
from workflow.tables import Citizen, Episode, Miss, Reminder, Task
from workflow.vocabulary import TaskState


@pytest.fixture
def demonstration(database: Database) -> Database:
    """The cluster at the beginning of the demonstration, without its year."""
    with db.Session.begin() as session:
        cluster.build(session)
        clock.start_demo(session)
    return database


def test_the_call_is_forgotten_and_the_installation_does_not_forget(demonstration: Database) -> None:
    with background_work(demonstration.environment):
        walked = overgang("demo", "walk", environ=demonstration.environment)
        assert walked.returncode == 0, walked.stdout + walked.stderr
    assert "12.03.2026 08:00  Agnes Demo is admitted to Medicinsk afsnit." in walked.stdout
    for words in (
        "18 h after the discharge a reminder is raised.",
        "22 h after the discharge a reminder is raised.",
        "24 h after the discharge the call is missed (M5: Follow-up call not made in time).",
        "told: Tryghedshotellet, its managers, Medicinsk afsnit, its managers",
        "done, 2 h late. The miss M5 stands.",
        "Agnes Demo stays at Tryghedshotellet",
    ):
        assert words in walked.stdout
    with db.Session() as session:
        assert len(session.scalars(select(Miss)).all()) == 1
        (call,) = session.scalars(select(Task).where(Task.kind == "follow_up_call")).all()
        assert call.state == TaskState.DONE
        assert call.done_at is not None
        assert call.done_at > call.due_at


@pytest.mark.long
def test_it_may_be_repeated_and_a_program_reads_it(demonstration: Database) -> None:
    with background_work(demonstration.environment):
        for first in (True, False):
            walked = overgang("demo", "walk", "--json", environ=demonstration.environment)
            assert walked.returncode == 0, walked.stdout + walked.stderr
            told = json.loads(walked.stdout)
            assert told["well"]
            assert (told["citizen"] == "Agnes Demo") == first
            responsible = [step["responsible"] for step in told["steps"]]
            assert responsible[:4] == ["Medicinsk afsnit"] * 4
            assert set(responsible[4:]) == {"Tryghedshotellet"}


def test_where_no_worker_runs_it_says_so_and_raises_nothing_itself(demonstration: Database) -> None:
    said: list[str] = []
    told = story.walk(demonstration.settings, say=said.append, patience=1)
    assert not told.well
    assert "worker or beat is not running" in said[-1]
    with db.Session() as session:
        assert session.scalars(select(Reminder)).all() == []
        assert len(session.scalars(select(Episode)).all()) == 1


def test_a_demonstration_that_is_still_being_loaded_is_left_alone(demonstration: Database) -> None:
    with db.Session.begin() as session:
        clock.start_demo(session, clock.DEMO_START.replace(year=2025))
    refused = overgang("demo", "walk", environ=demonstration.environment)
    assert refused.returncode == 3
    assert "still being loaded" in refused.stderr
    with db.Session() as session:
        assert session.scalars(select(Citizen)).all() == []


def test_without_a_demonstration_it_says_how_to_get_one(database: Database) -> None:
    refused = overgang("demo", "walk", environ=database.environment)
    assert refused.returncode == 3
    assert "overgang demo load" in refused.stderr
