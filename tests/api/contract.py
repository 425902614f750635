"""What the interface says of itself, and whether an answer is as it says."""

import json
from functools import cache
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from web.ground.problem import MEDIA_TYPE


@cache
def described(app: Flask) -> dict[str, Any]:
    """The document, by which a program is written."""
    found: dict[str, Any] = json.loads(app.test_client().get("/api/v1/openapi.json").data)
    return found


def operations(app: Flask) -> dict[str, dict[str, Any]]:
    """Every operation, by its id."""
    paths = described(app)["paths"].values()
    return {operation["operationId"]: operation for path in paths for operation in path.values()}


def held(app: Flask, schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with a value by a schema of the document; nothing when it is right."""
    validator = Draft202012Validator({**schema, "components": described(app)["components"]})
    return [error.message for error in validator.iter_errors(value)]


def hold(app: Flask, answer: TestResponse) -> None:
    """An answer is one that its operation says there may be."""
    refused = answer.status_code >= 400
    assert answer.mimetype == (MEDIA_TYPE if refused else "application/json"), answer.text
    try:
        endpoint, _ = app.url_map.bind("localhost").match(answer.request.path, method=answer.request.method)
    except HTTPException:
        schema = {"$ref": "#/components/schemas/Problem"}
    else:
        responses = operations(app)[endpoint.removeprefix("api_")]["responses"]
        response = responses["default"] if refused else responses[str(answer.status_code)]
        schema = response["content"][answer.mimetype]["schema"]
    assert held(app, schema, json.loads(answer.data)) == [], answer.request.path
