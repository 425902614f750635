"""What is refused or goes wrong is told with a status, a kind sentence and a number, and nothing else."""

import logging

import pytest
from flask.testing import FlaskClient

from tests.web.reader import Page, Reader
from web.app import create_app
from web.ground import rules
from web.ground.errors import STATUS
from workflow import db, errors
from workflow.errors import Missing, NotFound, NotPossible, WorkflowError
from workflow.settings import Settings

SECRET = "010170-1234 stood in the message"


def kinds(of: type[WorkflowError] = WorkflowError) -> set[type[WorkflowError]]:
    return {kind for below in of.__subclasses__() for kind in {below} | kinds(below)}


def test_every_fact_that_the_workflow_may_state_has_a_status() -> None:
    assert kinds() >= {errors.Stale, Missing}
    assert kinds() - set(STATUS) == set()


@pytest.mark.parametrize(("error", "status"), [(NotPossible("no_demo_clock"), 409), (NotFound("no_demo_clock"), 404)])
def test_a_refusal_is_told_in_the_readers_language(installation: Settings, error: WorkflowError, status: int) -> None:
    client = broken(installation, error)
    danish = client.get("/broken")
    assert danish.status_code == status
    assert str(error) in Page(danish).text
    client.set_cookie("overgang_language", "en")
    assert Page(client.get("/broken")).first("html")["lang"] == "en"


def test_a_bug_is_told_without_its_insides_and_logged_without_what_it_said(
    installation: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    client = broken(installation, RuntimeError(SECRET))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    assert "Noget gik galt hos os" in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    ours = [record.getMessage() for record in caplog.records if record.name == "web.ground.errors"]
    assert answer.headers["X-Request-ID"] in ours[0]
    assert "RuntimeError" in ours[0]
    assert "in fail" in ours[0]  # where, so that it can be found
    assert SECRET not in caplog.text


def test_a_database_that_is_away_is_told_with_when_to_try_again(without_database: FlaskClient) -> None:
    form = Reader(without_database).sees("/nowhere").forms[0]
    answer = without_database.post("/demo/clock", data=form.fields | {"minutes": "15"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "Databasen svarer ikke lige nu" in answer.text
    assert "om det, du sendte, er gemt" in answer.text


def test_a_database_that_goes_away_in_the_middle_of_a_transition_is_told_the_same(running: Settings) -> None:
    app = create_app(running)

    @app.get("/cut-off")
    @rules.public
    def cut_off() -> str:
        with db.Session.begin() as session:
            db.driver(session).execute("select pg_terminate_backend(pg_backend_pid())")
        return "still there"

    assert app.test_client().get("/cut-off").status_code == 503


def test_htmx_gets_the_alert_alone(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert 'data-alert="error"' in answer.text


def test_what_is_too_large_is_refused(reader: Reader) -> None:
    answer = reader.client.post("/language", data={"language": "e" * 1_100_000})
    assert answer.status_code == 413
    assert "for stort" in answer.text


def broken(installation: Settings, error: Exception) -> FlaskClient:
    """A browser on an installation with one page that goes wrong."""
    app = create_app(installation)

    @app.get("/broken")
    @rules.public
    def fail() -> str:
        raise error

    return app.test_client()


@pytest.mark.parametrize(
    ("address", "status", "heading"), [("/nowhere", 404, "Siden findes ikke"), ("/klynge", 403, "Ingen adgang")]
)
def test_whoever_is_signed_in_keeps_their_menu(somebody: Reader, address: str, status: int, heading: str) -> None:
    somebody.signs_in("distrikt")
    page = somebody.sees(address)
    assert page.answer.status_code == status
    assert heading in page.text
    assert page.first("details", data_whoami="distrikt")
    assert page.first("a", href="/opgaver")
    assert any(form.action == "/soeg" for form in page.forms)
