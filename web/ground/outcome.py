"""What a program is told that is refused: an OperationOutcome, where a person would get a page."""

import json

from flask import Response, request

from workflow.medcom import acknowledgement, wire
from workflow.medcom.problems import OPERATION_FAILED, Problem
from workflow.medcom.wire import Format

PREFIX = "/fhir/"
ISSUES = {400: "structure", 401: "login", 404: "not-found", 405: "not-supported", 413: "too-long", 415: "not-supported"}


def is_wanted() -> bool:
    """Whether a program asks, and no person."""
    return request.path.startswith(PREFIX)


def form_asked_for() -> Format:
    """XML for who sends or asks for XML; else JSON."""
    said = f"{request.headers.get('Accept', '')} {request.headers.get('Content-Type', '')}"
    return Format.XML if "xml" in said and "json" not in request.headers.get("Accept", "") else Format.JSON


def refusal(status: int, sentence: str) -> Response:
    """The answer with this status. It says nothing that the request said."""
    problem = Problem(ISSUES.get(status, "exception"), OPERATION_FAILED, "", sentence)
    outcome = acknowledgement.operation_outcome(problem)
    form = form_asked_for()
    body = wire.write(outcome, form) if form == Format.XML else json.dumps(outcome, ensure_ascii=False).encode()
    answer = Response(body, status, content_type=f"{form.media_type}; charset=utf-8")
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="Overgang"'
    if status == 503:
        answer.headers["Retry-After"] = "30"
    return answer
