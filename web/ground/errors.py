"""One page for all that is refused or goes wrong: a status, a kind sentence, a number to quote, and no internals."""

import logging
import traceback
from contextlib import suppress
from types import TracebackType

import psycopg
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import (
    DataError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
    TimeoutError,
)
from werkzeug.exceptions import HTTPException

from web.ground import again, headers, identity, language, outcome, problem
from web.ground.forgery import FIELD, Unmarked
from web.ground.language import gettext
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, NotPossible, Stale, TooMany, WorkflowError

STATUS: dict[type[WorkflowError], int] = {
    Invalid: 422,
    Missing: 422,
    NotAllowed: 403,
    NotFound: 404,
    NotPossible: 409,
    Stale: 409,
    TooMany: 429,
}

SECRET = {"password", "old", "new", "again", "code"}  # fields that no page repeats

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

log = logging.getLogger(__name__)


def sentence_for(code: int) -> str:
    """What a reader can do about an HTTP status."""
    sentences = {
        400: gettext(
            "Something in the address or the form could not be understood. Go back, reload the page and try again."
        ),
        403: gettext("You do not have access to this."),
        404: gettext("There is no such page. The link may be old or mistyped."),
        405: gettext("This address cannot be used in that way. Go back and use the buttons of the page."),
        401: gettext("This needs a credential that we know."),
        413: gettext("What was sent is too large."),
        429: gettext("You ask faster than anybody can read. Wait a minute, and try again."),
        415: gettext("This is not a form of message that is received here."),
        503: gettext("The database does not answer right now. Try again in a minute."),
    }
    return sentences.get(code, gettext("Something went wrong on our side. Try again."))


def heading(status: int) -> str:
    """What the page is called."""
    headings = {403: gettext("No access"), 404: gettext("The page was not found")}
    return headings.get(status, gettext("It did not work"))


def page(status: int, sentence: str, error: Exception | None = None) -> ResponseReturnValue:
    """The error page, or the alert alone when htmx asks; for programs, what they expect."""
    if outcome.is_wanted():
        return outcome.refusal(status, sentence)
    if problem.is_wanted():
        return problem.refusal(status, error)
    layout = "fragment.html" if headers.wants_fragment() else "base.html"
    if status < 500:  # also where no route was found, who asks is who they are: their menu leads on
        with suppress(SQLAlchemyError):
            identity.signed_in()
    extra = {"Retry-After": "30"} if status == 503 else {}
    answer = render_template(
        "error.html", layout=layout, heading=heading(status), sentence=sentence, sure=status < 500,
        request_id=g.request_id, typed=_typed() if status == 503 else (),
    )  # fmt: skip
    return answer, status, extra


def _typed() -> list[tuple[str, str]]:
    """What stood in a form that could not be taken, to be sent once more by one press; never a secret."""
    if request.method != "POST" or headers.wants_fragment() or SECRET & set(request.form):
        return []
    return [(name, value) for name, value in request.form.items(multi=True) if name != FIELD]


class Pages(Flask):
    """A Flask that logs where a bug is, and not what the exception said: that may hold what somebody typed."""

    def log_exception(self, exc_info: ExcInfo | tuple[None, None, None]) -> None:
        kind, _, frames = exc_info
        where = "".join(traceback.format_tb(frames))
        log.error("request %s %s failed: %s\n%s", g.request_id, request.endpoint, kind and kind.__name__, where)


def register(app: Flask) -> None:
    """Answer the facts of the workflow, the refusals of HTTP, a database that is away, and bugs."""

    @app.errorhandler(WorkflowError)
    def refused(error: WorkflowError) -> ResponseReturnValue:
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        sentence = error.say(language.current())
        return again.page(error, sentence, status) or page(status, sentence, error)

    @app.errorhandler(Unmarked)
    def unmarked(error: Unmarked) -> ResponseReturnValue:
        return page(
            400, gettext("We could not see that this came from our own page. Go back, reload the page and try again.")
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        return page(error.code, sentence_for(error.code), error)

    @app.errorhandler(DataError)
    @app.errorhandler(psycopg.DataError)
    def cannot_be_kept(error: Exception) -> ResponseReturnValue:
        """What no form sends: a NUL character, a number that no column holds."""
        log.warning("request %s %s: what was sent cannot be kept", g.request_id, request.endpoint)
        return page(400, sentence_for(400))

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(PendingRollbackError)  # of a session whose connection went in the middle
    @app.errorhandler(psycopg.OperationalError)
    @app.errorhandler(psycopg.InterfaceError)
    @app.errorhandler(TimeoutError)
    def database_away(error: Exception) -> ResponseReturnValue:
        identity.unknown()
        log.error("request %s %s: database: %s", g.request_id, request.endpoint, type(error).__name__)
        return page(503, sentence_for(503))
