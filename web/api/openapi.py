"""The description of the interface (OpenAPI 3.1), made of the verbs and of the shapes that hold every request."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from web.api.verbs import KEY, LONGEST_KEY, PREFIX, PURPOSE, Verb
from web.ground.problem import MEDIA_TYPE

REF = "#/components/schemas/{model}"
PARAMETER = re.compile(r"<(uuid|int):(\w+)>")
KINDS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer", "minimum": 0}}
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457); nothing was changed.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "about:blank, or urn:overgang:problem: and a code that stays."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "In Danish, or in English by Accept-Language."},
        "request_id": {"type": "string", "description": "Give it to who runs the installation."},
        "items": {"type": "array", "items": {"type": "string"}, "description": "What is asked for first."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "rule"],
                "properties": {"pointer": {"type": "string"}, "rule": {"type": "string"}},
            },
        },
    },
}
SAYS = (
    "Episodes, events, handovers, tasks, attempts, places and misses, for the systems that nurses work in. A token "
    "acts in one role of one unit, sees what a person in that role sees, and every look is logged. Times are instants "
    "with a zone. No address holds a CPR number."
)


def document(verbs: Sequence[Verb]) -> str:
    """The whole document, as JSON."""
    shapes: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for verb in verbs:
        shapes[verb.gives, "serialization"] = None
        if verb.takes is not None:
            shapes[verb.takes, "validation"] = None
    where, defined = models_json_schema(list(shapes), ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for verb in verbs:
        path = PARAMETER.sub(r"{\2}", f"{PREFIX}{verb.path}")
        paths.setdefault(path, {})[verb.method.lower()] = _operation(verb, where)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Overgang", "version": "1", "description": SAYS},
            "paths": paths,
            "components": {
                "schemas": {**defined["$defs"], "Problem": PROBLEM},
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        },
        ensure_ascii=False,
    )


def _operation(verb: Verb, where: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": verb.name,
        "summary": verb.says,
        "description": f"Scope: `{verb.scope}`.",
        "security": [{"token": []}],
        "parameters": list(_parameters(verb)),
        "responses": {
            str(verb.status): {
                "description": "Done." if verb.changes else "Shown.",
                "content": {"application/json": {"schema": where[verb.gives, "serialization"]}},
            },
            "default": {
                "description": "Refused.",
                "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
            },
        },
    }
    if verb.takes is not None:
        content = {"application/json": {"schema": where[verb.takes, "validation"]}}
        said["requestBody"] = {"required": True, "content": content}
    return said


def _parameters(verb: Verb) -> Iterator[dict[str, Any]]:
    for kind, name in PARAMETER.findall(verb.path):
        yield {"in": "path", "name": name, "required": True, "schema": KINDS[kind]}
    if verb.asks is not None:
        for name, schema in verb.asks.model_json_schema(ref_template=REF)["properties"].items():
            yield {"in": "query", "name": name, "required": False, "schema": schema}
    if verb.changes:
        says = "Of your making, one a change: for a day, the same request under the same key is answered again."
        schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY}
        yield {"in": "header", "name": KEY, "description": says, "schema": schema}
    else:
        says = "What for: asked for where an episode is on a sensitive pathway. It is logged."
        yield {"in": "header", "name": PURPOSE, "description": says, "schema": {"type": "string"}}
