"""Handovers over the interface: sent, listed, read, answered."""

import pytest

from tests.api.conftest import NAME, Programs
from tests.api.story import Story
from tests.world import ISBAR, World


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def test_what_is_missing_is_named_before_it_is_sent(story: Story, programs: Programs) -> None:
    episode = story.to_hotel()
    answer = programs["ward"].post(f"/episodes/{episode}/handovers", {"content": {"S.reason": "Fald"}})
    assert (answer.status_code, "R.medicine" in answer.json["items"]) == (422, True)
    unknown = programs["ward"].post(f"/episodes/{episode}/handovers", {"content": {"X.y": "z"}})
    assert unknown.json["type"] == "urn:overgang:problem:no_such_field"


def test_it_is_on_its_way_until_the_receiver_accepts(story: Story, programs: Programs) -> None:
    episode, handover = story.sent()
    ward, hotel, coordination = programs["ward"], programs["hotel"], programs["coordination"]
    (incoming,) = hotel.get("/handovers").json["items"]
    (outgoing,) = ward.get("/handovers?incoming=false").json["items"]
    assert incoming["id"] == outgoing["id"] == handover
    assert incoming["citizen"]["name"] == NAME
    shown = hotel.get(f"/handovers/{handover}").json
    assert (shown["sent"]["content"], shown["state"]) == (ISBAR, "sent")  # looking is not reading
    assert hotel.post(f"/handovers/{handover}/reading").json["state"] == "read"
    assert hotel.post(f"/handovers/{handover}/information").json["informed_at"] is not None
    accepted = hotel.post(f"/handovers/{handover}/acceptance", {"version": 1}).json
    assert (accepted["state"], accepted["answered_by"], accepted["passed_at"]) == ("accepted", "Hotel Demo", None)
    done = coordination.post(f"/episodes/{episode}/events", {"trigger": "patient_discharged"}).json
    assert done["responsible"]["name"] == "Tryghedshotellet"
    assert hotel.get("/handovers").json["items"] == []


def test_it_is_rejected_and_sent_again_with_what_changed(story: Story, programs: Programs) -> None:
    episode, handover = story.sent()
    no = programs["hotel"].post(
        f"/handovers/{handover}/rejection", {"reason": "Medicin mangler", "asked_for": ["R.medicine"]}
    )
    assert no.json["state"] == "rejected"
    again = {"content": ISBAR | {"R.medicine": "Med til syv dage"}, "seen": 1}
    assert programs["ward"].post(f"/episodes/{episode}/handovers", again).json["version"] == 2
    shown = programs["hotel"].get(f"/handovers/{handover}").json["sent"]
    assert (shown["changed"], shown["version"]) == (["R.medicine"], 2)
    stale = programs["hotel"].post(f"/handovers/{handover}/acceptance", {"version": 1})
    assert (stale.status_code, stale.json["type"]) == (409, "urn:overgang:problem:newer_version")


def test_the_sender_cannot_accept_it(story: Story, programs: Programs) -> None:
    _, handover = story.sent()
    answer = programs["ward"].post(f"/handovers/{handover}/acceptance", {"version": 1})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:overgang:problem:not_the_receiver")
