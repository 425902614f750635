"""What a program is told whose request to the interface is refused: a problem in JSON (RFC 9457)."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import MethodNotAllowed, UnprocessableEntity

from web.ground import language
from web.ground.language import gettext
from workflow.errors import Missing, WorkflowError
from workflow.seeing.masking import masked

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"


class Unfit(UnprocessableEntity):
    """What was sent does not have the shape that is asked for: where (a JSON pointer), and by which rule not."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.errors = errors


def is_wanted() -> bool:
    """Whether a program asks the interface."""
    return request.path.startswith(PREFIX)


def titles() -> dict[int, str]:
    """What each status means, in a few words."""
    return {
        400: gettext("Not understood"),
        401: gettext("A token is needed"),
        403: gettext("Not allowed"),
        404: gettext("Not found"),
        405: gettext("No such method here"),
        409: gettext("Not possible now"),
        413: gettext("Too large"),
        415: gettext("JSON is needed"),
        422: gettext("Something does not fit"),
        429: gettext("Too often"),
        503: gettext("Not available now"),
    }


def details() -> dict[int, str]:
    """What a program can do about a status that no sentence of the workflow explains."""
    return {
        400: gettext("What was sent could not be read."),
        401: gettext("Send the header Authorization: Bearer and a token that is valid, neither expired nor revoked."),
        404: gettext("There is no such address."),
        405: gettext("The header Allow says which methods there are."),
        413: gettext("A request holds at most 1 MB."),
        415: gettext("Send application/json."),
        422: gettext("The list errors says where, and by which rule."),
        429: gettext("Wait for as many seconds as Retry-After says."),
        503: gettext("The database does not answer right now. Try again in a minute."),
    }


def refusal(status: int, error: Exception | None) -> Response:
    """The answer with this status. It repeats nothing that the request said."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": titles().get(status, gettext("Our fault")),
        "status": status,
        "detail": details().get(status, gettext("Something went wrong on our side. Try again.")),
        "request_id": g.request_id,
    }
    if isinstance(error, WorkflowError):
        said |= {"type": f"urn:overgang:problem:{error.code}", "detail": masked(error.say(language.current()))}
    if isinstance(error, Missing):
        said["items"] = list(error.items)
    if isinstance(error, Unfit):
        said["errors"] = [{"pointer": masked(pointer), "rule": rule} for pointer, rule in error.errors]
    answer = Response(json.dumps(said, ensure_ascii=False), status, content_type=MEDIA_TYPE)
    answer.headers.update(_headers(status, error))
    return answer


def _headers(status: int, error: Exception | None) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"Allow": ", ".join(error.valid_methods or ())}
    waits = {
        401: ("WWW-Authenticate", 'Bearer realm="Overgang"'),
        429: ("Retry-After", "60"),
        503: ("Retry-After", "30"),
    }
    return dict([waits[status]]) if status in waits else {}
