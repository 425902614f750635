"""Events over the interface: recorded, corrected, cancelled, and read again as history."""

from datetime import timedelta

import pytest

from tests.api.conftest import Program, Programs, advance
from tests.api.story import Story
from tests.steps import ADMITTED
from tests.world import World


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def test_an_event_moves_the_episode_on_and_is_read_in_its_history(story: Story, programs: Programs) -> None:
    episode, _ = story.sent()
    advance(timedelta(hours=5))
    said = {"trigger": "patient_discharged", "effective_at": "2026-03-12T11:30:00+00:00", "reason": "Travlt"}
    answer = programs["coordination"].post(f"/episodes/{episode}/events", said)
    assert (answer.json["state"], answer.json["closed_at"]) == ("discharged", None)
    entries = programs["ward"].get(f"/episodes/{episode}/history").json["items"]
    assert [one["trigger"] or one["kind"] for one in entries] == [
        "patient_admitted", "rerouted", "handover_sent", "patient_discharged",
    ]  # fmt: skip
    assert (entries[3]["effective_at"], entries[3]["recorded_at"]) == ("2026-03-12T11:30:00Z", "2026-03-12T12:00:00Z")
    assert (entries[3]["actor"], entries[3]["origin"]) == ("Coordination Demo", "person")


def test_what_is_asked_for_first_is_named(story: Story, programs: Programs) -> None:
    episode = story.to_hotel()
    answer = programs["coordination"].post(f"/episodes/{episode}/events", {"trigger": "patient_discharged"})
    assert (answer.status_code, answer.json["items"]) == (422, ["handover_sent"])
    because = {"trigger": "patient_discharged", "reason": "Sendes i aften"}
    assert programs["coordination"].post(f"/episodes/{episode}/events", because).status_code == 200


@pytest.mark.parametrize(
    ("who", "said", "status", "code"),
    [
        ("hotel", {"trigger": "patient_discharged", "reason": "x"}, 403, "not_yours_to_report"),
        ("ward", {"trigger": "patient_arrived"}, 409, "cannot_happen_now"),
        ("coordination", {"trigger": "patient_discharged", "reason": "x", "seen": 1}, 409, "somebody_was_faster"),
        ("coordination", {"trigger": "declared_ready", "effective_at": "2026-03-11T00:00:00Z"}, 422,
         "before_what_came_before"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    story: Story, programs: Programs, who: str, said: dict[str, object], status: int, code: str
) -> None:
    episode = story.to_hotel()
    answer = programs[who].post(f"/episodes/{episode}/events", said)
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:overgang:problem:{code}")


def test_a_time_is_corrected_and_an_event_cancelled(story: Story, programs: Programs) -> None:
    episode, _ = story.discharged()
    number = programs["ward"].get(f"/episodes/{episode}").json["entry"]
    where = f"/episodes/{episode}/events/{number}"
    coordination = programs["coordination"]
    moved = coordination.post(f"{where}/correction", {"effective_at": "2026-03-12T07:00:00Z", "reason": "Tastefejl"})
    assert moved.status_code == 200
    gone = coordination.post(f"{where}/cancellation", {"reason": "Blev alligevel"})
    assert gone.json["state"] == "admitted"
    first = coordination.post(f"/episodes/{episode}/events/1/cancellation", {"reason": "x"})
    assert first.json["type"] == "urn:overgang:problem:only_the_newest_event"


def test_the_rest_that_is_said_of_an_episode(story: Story, programs: Programs) -> None:
    episode, ward, world = story.opened(), programs["ward"], story.world

    def says(program: Program, what: str, body: dict[str, object]) -> dict[str, object]:
        answer = program.post(f"/episodes/{episode}/{what}", body)
        assert answer.status_code == 200, answer.json
        found: dict[str, object] = answer.json
        return found

    expected = says(ward, "expected-discharge", {"expected_at": "2026-03-13T12:00:00+01:00"})
    assert expected["expected_discharge_at"] == "2026-03-13T11:00:00Z"
    says(ward, "needs", {"need": "rehabilitation_plan"})
    assert ward.get(f"/episodes/{episode}").json["needs"] == ["rehabilitation_plan"]
    moved = says(ward, "ward", {"ward": str(world.other_ward.uuid)})
    assert moved["responsible"] == {"id": str(world.other_ward.uuid), "name": "K2"}


def test_a_readmission_goes_on_in_another_episode(story: Story, programs: Programs) -> None:
    episode, _ = story.call()
    hotel, coordination = programs["hotel"], programs["coordination"]
    assert hotel.post(f"/episodes/{episode}/events", {"trigger": "patient_arrived"}).status_code == 200
    advance(timedelta(days=2))
    back = coordination.post(f"/episodes/{episode}/readmission", {"ward": str(story.world.ward.uuid)})
    assert (back.status_code, back.json["state"], back.json["id"] != episode) == (200, "admitted", True)
    assert back.json["opened_at"] == (ADMITTED + timedelta(days=2)).isoformat().replace("+00:00", "Z")


def test_an_observation_asks_another_unit_and_is_answered(story: Story, programs: Programs) -> None:
    episode, _ = story.discharged()
    ward, hotel = str(story.world.ward.uuid), programs["hotel"]
    where = f"/episodes/{episode}/observations"
    seen = {"what": "tobs", "score": 4, "observed_at": "2026-03-12T07:00:00Z"}
    assert hotel.post(where, seen).status_code == 200
    number = hotel.post(where, {"what": "medicine", "text": "Mangler Marevan", "asks": ward}).json["entry"]
    assert hotel.post(f"{where}/{number}/answer", {"text": "Ja"}).status_code == 403
    assert programs["ward"].post(f"{where}/{number}/answer", {"text": "Pause"}).status_code == 200
    told = programs["ward"].get(f"/episodes/{episode}/history").json["items"][-3:]
    assert [(one["kind"], one["about"], one["observation"], one["answer"]) for one in told] == [
        ("observed", None, {"what": "tobs", "score": 4, "text": "", "asked": False}, None),
        ("observed", None, {"what": "medicine", "score": None, "text": "Mangler Marevan", "asked": True}, None),
        ("answered", number, None, "Pause"),
    ]
    assert told[0]["effective_at"] == "2026-03-12T07:00:00Z"
    bad = hotel.post(where, {"what": "worry", "text": "x", "score": 4})
    assert (bad.status_code, bad.json["type"]) == (422, "urn:overgang:problem:not_a_score")
    assert programs["neighbour"].post(where, {"what": "worry", "text": "x"}).status_code == 404
