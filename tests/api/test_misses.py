"""What was missed, and what is owed, over the interface."""

from datetime import timedelta

import pytest

from tests.api.conftest import NAME, Programs, advance, background
from tests.api.story import Story
from tests.world import World
from workflow import clock, deadlines


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def sweep() -> None:
    """Raise what is due, as the background does."""
    raised = 1
    while raised:
        with background() as session:
            raised = deadlines.raise_due(session, at=clock.now(session))


def test_a_call_that_was_not_made_is_a_miss_of_who_owed_it(story: Story, programs: Programs) -> None:
    episode, _ = story.call()
    advance(timedelta(hours=25))
    sweep()
    missed = {one["code"]: one for one in programs["hotel"].get("/misses").json["items"]}
    call = missed["M5"]
    assert (call["episode"], call["verdict"], call["attempts"]) == (episode, "stands", 0)
    assert (call["owing"]["name"], call["responsible"]["name"]) == ("Tryghedshotellet", "Tryghedshotellet")
    assert call["citizen"]["name"] == NAME
    assert "M5" not in {one["code"] for one in programs["ward"].get("/misses").json["items"]}
    whole = programs["ward"].get(f"/episodes/{episode}").json
    assert "M5" in {one["code"] for one in whole["misses"]}


def test_deadlines_come_by_time_and_name_nobody(story: Story, programs: Programs) -> None:
    _, call = story.call()
    answer = programs["hotel"].get("/deadlines")
    due = [one["due_at"] for one in answer.json["items"]]
    assert due == sorted(due)
    assert call in {one["task"] for one in answer.json["items"]}
    assert NAME not in answer.text
    advance(timedelta(hours=25))
    late = {one["task"]: one["late"] for one in programs["hotel"].get("/deadlines").json["items"]}
    assert late[call] is True


def test_a_manager_sees_the_lists_of_their_units(story: Story, programs: Programs) -> None:
    _, call = story.call()
    tasks = programs["hotel-manager"].get(f"/tasks?unit={story.world.facility.uuid}").json["items"]
    assert call in {task["id"] for task in tasks}
