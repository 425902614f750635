"""Places over the interface: kept, taken, left, closed, waited for."""

import pytest

from tests.api.conftest import NAME, Programs
from tests.api.story import Story
from tests.world import World


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def free(programs: Programs, who: str, world: World) -> list[bool]:
    items = programs[who].get(f"/places?unit={world.facility.uuid}").json["items"]
    return [place["free"] for place in items]


def test_a_place_is_kept_taken_and_left(story: Story, programs: Programs, world: World) -> None:
    episode, _ = story.discharged()
    place = world.places[0].uuid
    kept = programs["coordination"].post(f"/places/{place}/reservations", {"episode": episode})
    assert (kept.status_code, kept.json["state"], kept.json["place_name"]) == (201, "reserved", "1")
    assert free(programs, "neighbour", world) == [False, True, True]
    shown = programs["neighbour"].get(f"/places?unit={world.facility.uuid}").text
    assert NAME not in shown
    assert episode not in shown
    assert programs["hotel"].post(f"/episodes/{episode}/place/arrival").json["state"] == "taken"
    left = programs["hotel"].post(f"/episodes/{episode}/place/departure")
    assert left.status_code == 200
    assert free(programs, "hotel", world) == [True, True, True]


def test_two_are_never_in_one_place(story: Story, programs: Programs, world: World) -> None:
    episode = story.to_hotel()
    where = f"/places/{world.places[0].uuid}/reservations"
    programs["coordination"].post(where, {"episode": episode})
    twice = programs["coordination"].post(where, {"episode": episode})
    assert (twice.status_code, twice.json["type"]) == (409, "urn:overgang:problem:place_not_free")


def test_a_place_is_closed_and_opened_again(programs: Programs, world: World) -> None:
    place = world.places[1].uuid
    closed = programs["hotel"].post(f"/places/{place}/closure", {"reason": "Rengøring", "until": None})
    assert closed.json["state"] == "closed"
    assert free(programs, "hotel", world) == [True, False, True]
    assert programs["hotel"].post(f"/places/{place}/reopening").json["free"] is True
    elsewhere = programs["district"].post(f"/places/{place}/closure", {"reason": "x"})
    assert elsewhere.json["type"] == "urn:overgang:problem:not_your_unit"


def test_who_gets_none_waits_and_only_a_manager_makes_an_extra(story: Story, programs: Programs, world: World) -> None:
    episode, unit = story.to_hotel(), str(world.facility.uuid)
    wish = {"unit": unit, "kind": "tryghedshotel"}
    first = programs["coordination"].post(f"/episodes/{episode}/place/wish", wish)
    again = programs["coordination"].post(f"/episodes/{episode}/place/wish", wish)
    assert first.json == again.json == {"requested_at": "2026-03-12T07:00:00Z"}
    extra = {"episode": episode, "kind": "tryghedshotel", "reason": "Alt er optaget"}
    assert programs["hotel"].post(f"/units/{unit}/extra-places", extra).status_code == 403
    there_are = programs["hotel-manager"].post(f"/units/{unit}/extra-places", extra)
    assert there_are.json["type"] == "urn:overgang:problem:places_are_free"
    for place in world.places:
        programs["hotel"].post(f"/places/{place.uuid}/closure", {"reason": "Renovering"})
    made = programs["hotel-manager"].post(f"/units/{unit}/extra-places", extra)
    assert (made.status_code, made.json["place_name"]) == (201, "Ekstra 1")
