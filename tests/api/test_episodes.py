"""Episodes over the interface: opened, listed, searched, shown; and what two municipalities see."""

import pytest
from sqlalchemy import select, text

from tests.api.conftest import NAME, NUMBER, Programs, background
from tests.api.story import CITIZEN, Story
from tests.world import World
from workflow.tables import AccessEntry, Citizen, Episode
from workflow.vocabulary import Look, Role, Scope

MASKED = f"{NUMBER[:6]}-****"


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def looks(kind: Look, what: str) -> list[AccessEntry]:
    """What the access log has of this kind, from this verb."""
    with background() as session:
        found = select(AccessEntry).where(AccessEntry.kind == kind, AccessEntry.what == what).order_by(AccessEntry.id)
        entries = list(session.scalars(found))
        session.expunge_all()
        return entries


def test_an_episode_is_opened_and_names_nobody(story: Story, programs: Programs) -> None:
    answer = programs["ward"].post(
        "/episodes",
        {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(story.world.ward.uuid)},
    )
    assert answer.status_code == 201
    assert (answer.json["state"], answer.json["owner"]["name"]) == ("admitted", "M3")
    assert NAME not in answer.text
    with background() as session:
        opened = session.scalars(select(Episode)).one()
        assert opened.district_id == story.world.district.id  # the unit that receives for the municipality
        assert session.scalars(select(Citizen.name)).all() == [NAME]


def test_it_is_listed_with_a_masked_number_and_the_look_is_written_down(story: Story, programs: Programs) -> None:
    episode = story.opened()
    (listed,) = programs["ward"].get("/episodes").json["items"]
    assert (listed["id"], listed["citizen"]["name"], listed["citizen"]["cpr"]) == (episode, NAME, MASKED)
    (look,) = looks(Look.LIST, "api_list_episodes")
    assert (look.person, len(look.citizens), look.related) == ("Ward Demo", 1, True)


def test_one_is_shown_with_what_can_happen_and_what_is_owed(story: Story, programs: Programs) -> None:
    episode, handover = story.discharged()
    shown = programs["hotel"].get(f"/episodes/{episode}").json
    assert (shown["facility"]["name"], shown["responsible"]["name"]) == ("Tryghedshotellet", "M3")
    assert [one["id"] for one in shown["handovers"]] == [handover]
    assert "follow_up_call" in {task["kind"] for task in shown["tasks"]}
    assert "patient_arrived" in {one["trigger"] for one in shown["can_happen"]}
    assert looks(Look.READ, "api_read_episode")[0].person == "Hotel Demo"


def test_a_whole_number_is_shown_by_its_scope_only_and_logged_as_that(story: Story, programs: Programs) -> None:
    episode = story.opened()
    reader = programs.reaching("reader", story.world.ward, Role.WARD_NURSE, Scope.EPISODES_READ, Scope.CPR_READ)
    assert reader.get(f"/episodes/{episode}").json["citizen"]["cpr"] == NUMBER
    assert reader.get("/episodes").json["items"][0]["citizen"]["cpr"] == NUMBER
    assert len(looks(Look.CPR_SHOWN, "api_read_episode")) == len(looks(Look.CPR_SHOWN, "api_list_episodes")) == 1


def test_a_citizen_is_found_by_number_in_a_body(story: Story, programs: Programs) -> None:
    episode = story.opened()
    found = programs["ward"].post("/episodes/search", {"cpr": f"{NUMBER[:6]}-{NUMBER[6:]}"})
    assert [one["id"] for one in found.json["items"]] == [episode]
    (look,) = looks(Look.SEARCH, "api_search_episodes")
    assert look.criterion is not None
    wrong = programs["ward"].post("/episodes/search", {"cpr": "hvem?"})
    assert (wrong.status_code, wrong.json["type"]) == (422, "urn:overgang:problem:not_a_cpr")


def test_another_municipality_has_another_world(story: Story, programs: Programs) -> None:
    episode, handover = story.discharged()
    stranger = programs["neighbour"]
    for path in ("/episodes", "/handovers", "/tasks", "/deadlines", "/misses"):
        assert stranger.get(path).json == {"items": [], "next": None}, path
    for path in (f"/episodes/{episode}", f"/episodes/{episode}/history", f"/handovers/{handover}"):
        answer = stranger.get(path)
        assert (answer.status_code, NAME in answer.text) == (404, False), path
    theirs, nobodys = (stranger.post("/episodes/search", {"cpr": cpr}) for cpr in (NUMBER, "0119400008"))
    assert theirs.json == nobodys.json == {"items": []}
    district = stranger.get(f"/tasks?unit={story.world.district.uuid}")
    assert district.status_code == 404
    assert {look.person for look in looks(Look.REFUSED, "api_read_episode")} == {"Neighbour Demo"}


def test_nor_can_it_change_what_it_guesses(story: Story, programs: Programs) -> None:
    episode, handover = story.discharged()
    stranger, before = programs["neighbour"], state()
    for path, body in (
        (f"/episodes/{episode}/events", {"trigger": "patient_arrived"}),
        (f"/episodes/{episode}/needs", {"need": "rehabilitation_plan"}),
        (f"/episodes/{episode}/handovers", {"content": {}}),
        (f"/handovers/{handover}/acceptance", {"version": 1}),
        (f"/handovers/{handover}/rejection", {"reason": "Nej"}),
        (f"/episodes/{episode}/place/arrival", {}),
        (f"/places/{story.world.places[0].uuid}/reservations", {"episode": episode}),
    ):
        assert stranger.post(path, body).status_code == 404, path
    assert state() == before


def state() -> list[str]:
    """What there is of episodes."""
    tables = ("episodes", "history", "handovers", "handover_versions", "tasks", "place_stays", "answers")
    with background() as session:
        return [str(session.execute(text(f"select * from {table} order by id")).all()) for table in tables]


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"pathway": "nowhere"}, 422, "no_such_pathway"),
        ({"way_in": "by_parachute"}, 422, "no_such_way_in"),
        ({"ward": "00000000-0000-0000-0000-000000000000"}, 404, "no_such_unit"),
        ({"citizen": CITIZEN | {"municipality": "0999"}}, 422, "no_such_municipality"),
        ({"effective_at": "2031-01-01T00:00:00Z"}, 422, "in_the_future"),
    ],
)
def test_an_episode_that_cannot_be_is_refused(
    programs: Programs, world: World, wrong: dict[str, object], status: int, code: str
) -> None:
    said = {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(world.ward.uuid)} | wrong
    answer = programs["ward"].post("/episodes", said)
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:overgang:problem:{code}")


def test_a_second_episode_of_one_citizen_is_refused(story: Story) -> None:
    story.opened()
    with pytest.raises(AssertionError, match="citizen_has_open_episode"):
        story.opened()


def test_a_token_opens_only_what_its_unit_may(story: Story, programs: Programs) -> None:
    """The rules are the engine's: the pages and the interface refuse the same."""
    world, before = story.world, state()
    ward, house = str(world.ward.uuid), str(world.facility.uuid)
    said = {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": ward}
    planned = {"citizen": CITIZEN, "pathway": "tryghedshotel", "way_in": "municipality", "facility": house}
    claimed = CITIZEN | {"municipality": "0707"}
    for who, wrong in (
        ("neighbour", said | {"district": str(world.district.uuid)}),
        ("ward", said | {"ward": str(world.other_ward.uuid)}),
        ("ward", said | {"ward": house}),
        ("ward", said | {"practice": str(world.district.uuid)}),
        ("hotel-manager", planned),
        ("neighbour", planned),
        ("ward", planned),
    ):
        assert programs[who].post("/episodes", wrong).status_code == 403, (who, wrong)
    elsewhere = said | {"district": str(world.other_district.uuid)}
    assert programs["ward"].post("/episodes", elsewhere).status_code == 422
    assert state() == before
    story.opened()
    assert programs["neighbour"].post("/episodes", planned | {"citizen": claimed}).status_code == 403  # is known by now


def test_a_token_moves_nobody_who_is_not_its_units(story: Story, programs: Programs) -> None:
    episode = story.to_hotel()
    for who, ward in (("hotel", story.world.ward), ("hotel", story.world.facility), ("ward", story.world.facility)):
        answer = programs[who].post(f"/episodes/{episode}/ward", {"ward": str(ward.uuid)})
        assert answer.status_code == 403, (who, ward.name)
    for who in ("ward", "hotel"):
        way = {"pathway": "tryghedshotel", "facility": str(story.world.district.uuid)}
        assert programs[who].post(f"/episodes/{episode}/way", way).status_code == 403, who
    assert programs["ward"].get(f"/episodes/{episode}").json["responsible"]["name"] == "M3"
