"""Lists are read to their end a page at a time: each row once, in order, whatever comes meanwhile."""

from datetime import timedelta

from sqlalchemy import event

from tests import world as worlds
from tests.api.conftest import Program, Programs, background
from tests.steps import ADMITTED
from tests.world import World
from workflow import db


def admit(world: World, count: int) -> None:
    """So many citizens in the ward, each with a handover of their own to come."""
    with background() as session:
        for n in range(count):
            worlds.admit(session, world, ADMITTED - timedelta(minutes=n), needs=("municipal_services",))


def every(program: Program, path: str) -> list[list[str]]:
    """The ids of each page, as `next` leads from one to the other."""
    pages, address = [], path
    while address:
        found = program.get(address).json
        pages.append([item.get("id", item.get("episode")) for item in found["items"]])
        address = found["next"]
    return pages


def test_every_row_comes_once(programs: Programs, world: World) -> None:
    admit(world, 7)
    whole = programs["ward"].get("/episodes").json
    assert (len(whole["items"]), whole["next"]) == (7, None)
    ids = [item["id"] for item in whole["items"]]
    pages = every(programs["ward"], "/episodes?limit=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == ids


def test_lists_by_time_go_on_after_the_same_time_too(programs: Programs, world: World) -> None:
    with background() as session:
        for _ in range(5):
            worlds.admit(session, world, ADMITTED, needs=("municipal_services",))
    district = programs["district"]
    due = [task["due_at"] for task in district.get("/tasks").json["items"]]
    assert len(set(due)) == 1
    for path in (f"/tasks?limit=2&unit={world.district.uuid}", "/tasks?limit=2"):
        pages = every(district, path)
        assert [len(page) for page in pages] == [2, 2, 1], path
        assert len({one for page in pages for one in page}) == 5


def test_what_comes_meanwhile_moves_nothing(programs: Programs, world: World) -> None:
    admit(world, 4)
    first = programs["ward"].get("/episodes?limit=2").json
    admit(world, 2)
    second = programs["ward"].get(first["next"]).json
    assert len({one["id"] for one in first["items"] + second["items"]}) == 4


def test_the_cursor_of_one_sees_no_more_for_another(programs: Programs, world: World) -> None:
    admit(world, 3)
    following = programs["ward"].get("/episodes?limit=1").json["next"]
    assert programs["neighbour"].get(following).json["items"] == []


def test_a_page_sends_as_many_statements_whatever_it_lists(programs: Programs, world: World) -> None:
    paths = {"ward": ("/episodes", "/handovers", "/misses", "/units"), "district": ("/tasks", "/deadlines")}
    counted: list[dict[str, int]] = []
    sent: list[str] = []
    engine = db.Session.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *said: sent.append(str(said[2])))
    for count in (1, 20):
        admit(world, count)
        numbers = {}
        for who, theirs in paths.items():
            for path in theirs:
                program = programs[who]
                assert program.get(path).status_code == 200
                sent.clear()
                program.get(path)
                numbers[path] = len(sent)
        counted.append(numbers)
    assert counted[0] == counted[1]
    assert max(counted[1].values()) < 12, counted
