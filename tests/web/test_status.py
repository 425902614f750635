"""The status page says what is so, in words, also when next to nothing works."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Database
from tests.web.conftest import at_migration, beat, counted
from tests.web.reader import Page, Reader
from web.app import create_app
from web.running.health import Condition, Insight
from web.running.probe import Answer
from web.running.status import State, headline, lines
from workflow import clock
from workflow.figures import Backlog, Figures, Sweep
from workflow.installation import InstallationState
from workflow.settings import Settings
from workflow.vocabulary import MissCode

NOON = datetime(2026, 3, 12, 11, 0, tzinfo=UTC)
QUIET = Figures(
    at=NOON,
    real_at=NOON,
    unraised=Backlog(count=0),
    unrouted=Backlog(count=0),
    unsent=Backlog(count=0),
    dead=0,
    dead_since=None,
    misses=dict.fromkeys(MissCode, 0),
    heartbeats={"beat": NOON - timedelta(seconds=4)},
    sweeps=(),
)


def count(done: int, *, ago: timedelta = timedelta(seconds=12)) -> dict[str, Any]:
    """A count of what must be nought."""
    return {"sweeps": (Sweep(name="reconcile", started_at=NOON - ago, seconds=0.01, done=done, runs=1, total=done),)}


def states(page: Page) -> dict[str, str]:
    """How the page says that each part is."""
    return {values["data-part"]: values["data-state"] for _, values in page.tags if "data-part" in values}


def test_the_front_page_leads_a_stranger_to_the_sign_in(reader: Reader) -> None:
    page = reader.sees("/")
    assert page.answer.status_code == 200
    assert page.answer.request.path == "/sign-in"


def test_everything_works(reader: Reader) -> None:
    counted()
    page = reader.sees("/status")
    assert set(states(page).values()) == {"success"}
    assert "Alt virker" in page.text
    assert "Intet er glemt." in page.text


def test_without_the_database_the_page_still_says_so(without_database: FlaskClient) -> None:
    page = Page(without_database.get("/status"))
    assert page.answer.status_code == 200
    assert states(page) == {
        "database": "error", "schema": "info", "broker": "success", "beat": "info",
        "raising": "info", "sending": "info", "delivered": "info", "forgotten": "info",
        "installation": "info", "agreements": "info", "clock": "info",
    }  # fmt: skip
    assert "Noget virker ikke" in page.text
    assert "Start databasen igen" in page.text


def test_without_the_broker_reminders_are_late_and_the_lists_right(without_broker: FlaskClient) -> None:
    page = Page(without_broker.get("/status"))
    assert states(page)["broker"] == "error"
    assert states(page)["database"] == "success"
    assert "ingen går tabt, og listerne passer" in page.text


def test_silent_background_work_is_told_with_since_when(reader: Reader) -> None:
    beat(datetime(2026, 3, 12, 7, 0, tzinfo=UTC))
    page = reader.sees("/status")
    assert states(page)["beat"] == "error"
    assert "Intet livstegn siden tors. 12.03.2026 kl. 08.00" in page.text


def test_tables_of_another_version_are_told(own_client: FlaskClient, database: Database) -> None:
    at_migration(database, "0000_of_yesterday")
    page = Page(own_client.get("/status"))
    assert states(page)["schema"] == "error"
    assert "overgang migrate" in page.text


def test_htmx_gets_the_changed_part_only(client: FlaskClient) -> None:
    fragment = client.get("/status", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "hx-get" not in fragment  # it goes inside the element that asked
    assert 'data-part="database"' in fragment


def test_it_refreshes_without_script_too(client: FlaskClient) -> None:
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in client.get("/status").text


WELL = InstallationState(wrong=(), without_agreement=(), skew=timedelta())


def condition(figures: Figures) -> Condition:
    """Everything well but for what the figures say."""
    known = Answer(value=Insight(revision="0001", figures=figures, installation=WELL))
    return Condition(looked_at=NOON, head="0001", database=known, broker=Answer(value=True))


@pytest.mark.parametrize(
    ("seen", "part", "state", "says"),
    [
        ({"unraised": Backlog(count=2, oldest=timedelta(seconds=3))}, "raising", State.WORKS, "2 påmindelser mangler"),
        ({"unraised": Backlog(count=1, oldest=timedelta(hours=2))}, "raising", State.LATE, "den er 2 t forsinket"),
        ({"unrouted": Backlog(count=1), "unsent": Backlog(count=1234, oldest=timedelta(minutes=61))},
         "sending", State.LATE, "1.235 venter på at blive sendt; den ældste er 1 t 1 min over tiden"),
        ({"dead": 1, "dead_since": NOON}, "delivered", State.LATE, "1 besked blev opgivet tors. 12.03.2026 kl. 12.00"),
        ({"dead": 3, "dead_since": NOON}, "delivered", State.LATE, "3 beskeder blev opgivet, den første tors."),
        ({"heartbeats": {}}, "beat", State.FAILS, "Har aldrig kørt her"),
        (count(0), "forgotten", State.WORKS, "Intet er glemt. Talt for 12 s siden."),
        (count(0, ago=timedelta(minutes=6)), "forgotten", State.LATE, "Intet er glemt. Talt for 6 min siden."),
        (count(1), "forgotten", State.FAILS, "Noget er glemt: 1 fejl, talt for 12 s siden."),
        (count(1234), "forgotten", State.FAILS, "Noget er glemt: 1.234 fejl, talt for 12 s siden."),
        ({}, "forgotten", State.UNKNOWN, "Endnu ikke talt."),
        ({}, "beat", State.WORKS, "Seneste livstegn for 4 s siden."),
    ],
)  # fmt: skip
def test_what_waits_is_told_as_late_when_it_waits_long(
    installation: Settings, seen: dict[str, Any], part: str, state: State, says: str
) -> None:
    with create_app(installation).test_request_context("/status"):
        line = next(line for line in lines(condition(replace(QUIET, **seen))) if line.key == part)
        assert line.state is state
        assert says in line.means


def test_what_is_forgotten_is_told_with_what_to_do(installation: Settings) -> None:
    with create_app(installation).test_request_context("/status"):
        line = next(line for line in lines(condition(replace(QUIET, **count(3)))) if line.key == "forgotten")
        assert "»overgang reconcile«" in line.remedy


def test_the_headline_is_the_worst_of_it(installation: Settings) -> None:
    with create_app(installation).test_request_context("/status"):
        late = replace(QUIET, dead=1, dead_since=NOON)
        assert headline(lines(condition(QUIET))) == (State.WORKS, "Alt virker")
        assert headline(lines(condition(late))) == (State.LATE, "Alt virker, men noget er forsinket")
        assert headline(lines(condition(replace(late, heartbeats={})))) == (State.FAILS, "Noget virker ikke")


def test_sign_of_life_after_a_clock_stepped_back_is_not_negative(client: FlaskClient) -> None:
    beat(clock.real_now() + timedelta(hours=1))
    answer = client.get("/readyz")
    assert answer.json is not None
    assert answer.json["parts"]["beat"] == {"ok": True, "seconds_since": 0.0}
