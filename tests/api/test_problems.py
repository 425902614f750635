"""Whatever goes wrong below /api is a problem in JSON, in the language asked for, and repeats nothing that was sent."""

import re

import pytest
from flask import Flask

from tests.api.conftest import NUMBER, Program, Programs, Told
from tests.api.story import CITIZEN, Story
from tests.world import World
from web.ground import throttling
from workflow import db
from workflow.vocabulary import Role, Scope

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic b3ZlcmdhbmdfeA==", "Bearer \u00e6"])
def test_without_a_token_nothing_is_told(app: Flask, header: str) -> None:
    for path in ("/api/v1/episodes", f"/api/v1/episodes/{NOBODY}", "/api/v1/units"):
        answer = app.test_client().get(path, headers={"Authorization": header})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Overgang"')
        assert (answer.mimetype, Told(answer).json["title"]) == ("application/problem+json", "Der mangler en token")


def test_a_token_reaches_as_far_as_its_scopes(programs: Programs, world: World) -> None:
    narrow = programs.reaching("narrow", world.ward, Role.WARD_NURSE, Scope.TASKS_READ)
    assert narrow.get("/tasks").status_code == 200
    for answer in (narrow.get("/episodes"), narrow.post("/episodes", {}), narrow.get("/units")):
        assert (answer.status_code, answer.json["type"]) == (403, "urn:overgang:problem:token_lacks_scope")


def test_who_asks_is_told_in_their_language(programs: Programs) -> None:
    path = f"/episodes/{NOBODY}"
    danish = programs["ward"].get(path).json
    english = programs["ward"].get(path, Accept_Language="en-GB,en;q=0.9,da;q=0.1").json
    assert (danish["title"], english["title"]) == ("Ikke fundet", "Not found")
    assert english["detail"] == "There is no such episode, or it is not yours to see."
    assert english["type"] == danish["type"] == "urn:overgang:problem:no_such_episode"
    assert re.fullmatch(r"[0-9a-f]{12}", english["request_id"])
    cookies = programs["ward"]
    cookies.client.set_cookie("overgang_language", "en")
    assert cookies.get(path).json["title"] == "Ikke fundet"  # no cookie is looked at


def test_where_nothing_is_and_how_nothing_is_asked(programs: Programs) -> None:
    ward = programs["ward"]
    assert ward.get("/nowhere").status_code == 404
    assert ward.get("/episodes/not-a-number").status_code == 404
    put = ward.client.put("/api/v1/episodes", headers={"Authorization": f"Bearer {ward.secret}"})
    assert (put.status_code, set(put.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS", "POST"})
    assert Told(put).json["title"] == "Den metode findes ikke her"


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"cpr": "' + b"x" * 1_100_000 + b'"}', "application/json", 413),
        (b"[]", "application/json", 422),
        (b'{"cpr": 119400007}', "application/json", 422),
    ],
)
def test_a_body_that_is_none_is_refused(programs: Programs, data: bytes, kind: str, status: int) -> None:
    ward = programs["ward"]
    headers = {"Authorization": f"Bearer {ward.secret}"}
    answer = ward.client.post("/api/v1/episodes/search", data=data, content_type=kind, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_what_does_not_fit_is_named_and_not_repeated(programs: Programs, world: World) -> None:
    said = {
        "citizen": CITIZEN | {"name": f"Agnes\0{NUMBER}"}, "pathway": "home", "ward": NUMBER, NUMBER: 1,
        "effective_at": "0001-01-01T00:00:00+14:00",
    }  # fmt: skip
    answer = programs["ward"].post("/episodes", said)
    assert answer.status_code == 422
    assert {one["pointer"]: one["rule"] for one in answer.json["errors"]} == {
        "/citizen/name": "string_pattern_mismatch", "/way_in": "missing", "/ward": "uuid_parsing",
        "/effective_at": "value_error", f"/{NUMBER[:6]}-****": "extra_forbidden",
    }  # fmt: skip
    assert NUMBER not in answer.text


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "unit=x", "cursor=!!", "cursor=eA", "cursor=" + "9" * 201, "more=1",
              "cursor=MjAyNi0wMS0wMVQwMDowMDowMHwx"],
)  # fmt: skip
def test_a_question_that_is_none_is_refused(programs: Programs, query: str) -> None:
    answer = programs["hotel"].get(f"/tasks?{query}")
    assert (answer.status_code, "errors" in answer.json or answer.json["type"].endswith("no_such_page")) == (422, True)


def test_a_number_that_no_column_holds(programs: Programs, world: World) -> None:
    episode = Story(programs, world).opened()
    body = {"effective_at": "2026-03-12T07:00:00Z", "reason": "x"}
    answer = programs["ward"].post(f"/episodes/{episode}/events/{'9' * 40}/correction", body)
    assert answer.status_code == 409


def test_who_asks_too_often_waits_and_others_do_not(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "A_PERSON", "3/minute")
    assert [programs["ward"].get("/units").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = programs["ward"].get("/units")
    assert (refused.headers["Retry-After"], refused.json["title"]) == ("60", "For ofte")
    assert programs["hotel"].get("/units").status_code == 200


def test_the_database_is_away(app: Flask, programs: Programs, closed_port: int) -> None:
    secret = programs["ward"].secret
    db.connect(f"postgresql+psycopg://somebody@127.0.0.1:{closed_port}/overgang").dispose()
    answer = Program(app.test_client(), secret).get("/episodes")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_no_cookie_lets_a_program_in(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("overgang_sign_in", "planted")
    assert client.get("/api/v1/episodes").status_code == 401
    assert "Set-Cookie" not in client.get("/api/v1/openapi.json").headers
