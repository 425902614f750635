"""The ground that every shape of the interface stands on: what is taken, what is asked for, what is given."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from flask import abort, request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from web.ground.problem import Unfit
from workflow import texts
from workflow.db import LONGEST_LINE, LONGEST_NOTE

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(at: datetime) -> datetime:
    if not EARLIEST <= at <= LATEST:
        raise ValueError("out of range")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
# No character that no column holds; the letters composed, as they are kept and searched for.
Line = Annotated[
    str, StringConstraints(max_length=LONGEST_LINE, pattern=r"^[^\x00-\x1f\x7f]*$"), AfterValidator(texts.clean)
]
Text = Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=r"^[^\x00]*$"), AfterValidator(texts.clean)]


class Taken(BaseModel):
    """What a request's body holds: no more than is asked for, and nothing read as what it is not."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Nothing(Taken):
    """An empty object: the address says it all."""


class Reason(Taken):
    """Why."""

    reason: Text


class Query(BaseModel):
    """What stands after the question mark of an address: nothing about a citizen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(BaseModel):
    """What an answer holds. Programs must bear with fields that are added later."""

    model_config = ConfigDict(frozen=True)


Body = TypeVar("Body", bound=Taken)
Asked = TypeVar("Asked", bound=Query)


def body(shape: type[Body]) -> Body:
    """The body of this request. Raises Unfit, and refuses what is no JSON."""
    if request.mimetype != "application/json":
        abort(415)
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in _errors(error)):
            abort(400)
        raise _unfit(error) from None  # what was sent must not travel with it


def query(shape: type[Asked]) -> Asked:
    """What stands in the address of this request. Raises Unfit."""
    try:
        return shape.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _unfit(error) from None


def _unfit(error: ValidationError) -> Unfit:
    return Unfit([("/" + "/".join(map(str, each["loc"])), each["type"]) for each in _errors(error)])


def _errors(error: ValidationError) -> Iterator[Any]:
    yield from error.errors(include_url=False, include_input=False, include_context=False)
