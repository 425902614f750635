"""The description of the interface is whole, and says of every route what the route asks for."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from tests.api import contract
from tests.api.conftest import Programs, Told
from tests.api.story import CITIZEN
from tests.world import World
from web.api import verbs
from web.ground import rules
from web.ground.rules import Who


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in it."""
    if isinstance(value, dict):
        yield value
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inside)


def test_every_route_of_the_interface_is_described_with_its_scope(app: Flask) -> None:
    described = contract.operations(app)
    routes = [route for route in app.url_map.iter_rules() if route.rule.startswith(verbs.PREFIX)]
    assert {route.endpoint.removeprefix("api_") for route in routes} == {*described, "described"}
    for route in routes:
        rule = rules.of(app, route.endpoint)
        assert rule is not None
        if rule.who == Who.PROGRAM:
            assert f"`{rule.scope}`" in described[route.endpoint.removeprefix("api_")]["description"], route
        else:
            assert route.rule == "/api/v1/openapi.json"


def test_each_address_names_what_stands_in_it(app: Flask) -> None:
    for path, methods in contract.described(app)["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_it_refers_to_nothing_that_is_not_there_and_every_schema_is_one(app: Flask) -> None:
    document = contract.described(app)
    schemas = document["components"]["schemas"]
    referred = {node["$ref"] for node in nodes(document) if "$ref" in node}
    assert referred <= {f"#/components/schemas/{name}" for name in schemas}
    assert "#/components/schemas/Problem" in referred
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_everybody_may_read_it_and_every_verb_says_what_it_does(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert (answer.status_code, Told(answer).json["openapi"]) == (200, "3.1.0")
    assert [one for one in contract.operations(app).values() if not one["summary"].endswith(".")] == []
    ids = [operation["operationId"] for path in Told(answer).json["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_a_body_that_the_document_allows_is_taken_and_one_that_it_refuses_is_not(
    app: Flask, programs: Programs, world: World
) -> None:
    schema = contract.operations(app)["open_episode"]["requestBody"]["content"]["application/json"]["schema"]
    good = {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(world.ward.uuid)}
    for said in (good, good | {"more": 1}, {**good, "needs": "x"}, {k: v for k, v in good.items() if k != "pathway"}):
        fits = contract.held(app, schema, said) == []
        answer = programs["ward"].post("/episodes", said)
        assert (answer.status_code == 201) == fits, json.dumps(said)


@pytest.mark.parametrize("kind", ["episode_id", "handover_id", "task_id", "place_id", "unit_id"])
def test_every_kind_of_number_is_a_uuid(app: Flask, kind: str) -> None:
    """So that none can be counted up."""
    found = [route.rule for route in app.url_map.iter_rules() if kind in route.arguments]
    assert [rule for rule in found if f"<uuid:{kind}>" not in rule] == []
