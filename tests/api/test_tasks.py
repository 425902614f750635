"""Tasks and attempts over the interface."""

from datetime import timedelta

import pytest

from tests.api.conftest import NAME, Programs, advance
from tests.api.story import Story
from tests.world import World


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def test_the_call_is_tried_made_and_confirmed_by_the_other_side(story: Story, programs: Programs) -> None:
    _, call = story.call()
    hotel, where = programs["hotel"], f"/tasks/{call}"
    assert hotel.post(f"{where}/claim").json["claimed"]
    tried = hotel.post(f"{where}/attempts", {"outcome": "no_answer", "next_try_at": "2026-03-12T09:00:00Z"})
    assert (tried.json["state"], tried.json["attempts"], tried.json["last_outcome"]) == ("open", 1, "no_answer")
    advance(timedelta(hours=2))
    agreed = {"text": "Mål blodtryk i morgen", "owner": "receiver", "due_at": "2026-03-13T09:00:00Z"}
    made = {"outcome": "completed", "spoken_with": "Anders Demo", "agreed": [agreed]}
    done = hotel.post(f"{where}/attempts", made | {"made_at": "2026-03-12T08:30:00Z", "note": "Travlt"})
    assert (done.json["state"], done.json["done_at"]) == ("done", "2026-03-12T08:30:00Z")
    assert programs["ward"].post(f"{where}/confirmation").json["confirmed_at"] is not None
    shown = programs["ward"].get(where).json
    assert [one["outcome"] for one in shown["tries"]] == ["completed", "no_answer"]
    assert (shown["tries"][0]["agreed"], shown["citizen"]["name"]) == (["Mål blodtryk i morgen"], NAME)


def test_a_completed_call_names_whom_one_spoke_to(story: Story, programs: Programs) -> None:
    _, call = story.call()
    answer = programs["hotel"].post(f"/tasks/{call}/attempts", {"outcome": "completed"})
    assert (answer.status_code, answer.json["type"]) == (422, "urn:overgang:problem:who_did_you_speak_to")
    no_tick = programs["hotel"].post(f"/tasks/{call}/completion", {"record": "Ringet"})
    assert no_tick.json["type"] == "urn:overgang:problem:only_a_call_completes_it"


def test_what_one_claims_another_takes_over_only_on_purpose(story: Story, programs: Programs) -> None:
    episode = story.opened(needs=["municipal_services"])
    tasks = programs["district"].get("/tasks").json["items"]
    report = next(task["id"] for task in tasks if task["kind"] == "admission_report")
    assert {task["episode"] for task in tasks} == {episode}
    programs["district"].post(f"/tasks/{report}/claim")
    refused = programs["second"].post(f"/tasks/{report}/claim")
    assert (refused.status_code, "District Demo" in refused.json["detail"]) == (409, True)
    assert programs["second"].post(f"/tasks/{report}/claim", {"take_over": True}).status_code == 200
    released = programs["second"].post(f"/tasks/{report}/release", {"note": "Vagtskifte"})
    assert released.json["claimed"] is False
    done = programs["district"].post(f"/tasks/{report}/completion", {"record": "Sendt kl. 9"})
    assert done.json["state"] == "done"


def test_not_relevant_needs_a_second(story: Story, programs: Programs) -> None:
    _, call = story.call()
    proposed = programs["hotel"].post(f"/tasks/{call}/attempts", {"outcome": "not_relevant", "note": "Indlagt igen"})
    assert proposed.json["state"] == "open"
    alone = programs["hotel"].post(f"/tasks/{call}/irrelevance")
    assert alone.json["type"] == "urn:overgang:problem:second_person_needed"
    assert programs["ward"].post(f"/tasks/{call}/irrelevance").json["state"] == "done"


def test_late_is_worked_out_when_it_is_asked(story: Story, programs: Programs) -> None:
    _, call = story.call()
    assert programs["hotel"].get(f"/tasks/{call}").json["late"] is False
    advance(timedelta(hours=25))
    assert programs["hotel"].get(f"/tasks/{call}").json["late"] is True
