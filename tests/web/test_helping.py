"""Help, the first tour, the keys, a sign-in that is about to end, and reminders out of order: without script."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.web.conftest import beat
from tests.web.reader import Reader
from web import guides
from web.helping import LETTERS
from workflow import clock
from workflow.db import Session


def unused_for(minutes: float) -> None:
    """Let nobody have used any sign-in for so long."""
    with Session.begin() as session:
        values = {"at": clock.real_now() - timedelta(minutes=minutes)}
        session.execute(text("update sign_ins set used_at = :at"), values)


def test_who_is_not_signed_in_finds_help_too(somebody: Reader) -> None:
    page = somebody.sees("/sign-in")
    assert page.first("a", data_help="")["href"] == "/hjaelp/sign-in"
    page = somebody.sees("/hjaelp")
    assert "/hjaelp/noed-adgang" in {values.get("href") for _, values in page.tags}
    assert "Genvejstaster" not in page.text
    assert somebody.sees("/hjaelp/none").answer.status_code == 404


def test_a_page_that_is_none_leads_to_all_help(somebody: Reader) -> None:
    assert somebody.sees("/nowhere").first("a", data_help="")["href"] == "/hjaelp"


def test_the_last_part_of_an_address_that_has_a_guide_counts() -> None:
    assert guides.screen_of("/forloeb/<uuid:episode_id>/overlevering/udskriv") == "overlevering"
    assert guides.screen_of("/forloeb/<uuid:episode_id>") == "forloeb"
    assert guides.screen_of("/") is None


def test_the_tour_is_the_persons_own_and_once_closed_it_never_returns(somebody: Reader, app_again: Reader) -> None:
    page = somebody.signs_in("koordinator")
    assert "Ny her?" in page.text
    page = somebody.presses(page, data_tour_close="")
    assert "Ny her?" not in page.text
    assert "Ny her?" not in app_again.signs_in("koordinator").text  # at another computer
    assert "Ny her?" in app_again.signs_in("distrikt").text


def test_no_letter_leads_to_two_pages() -> None:
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert "g" in LETTERS.values()  # twice the same key is a way too


def test_keys_are_listed_and_can_be_switched_off_and_on(somebody: Reader) -> None:
    somebody.signs_in("koordinator")
    page = somebody.sees("/hjaelp")
    assert page.first("a", data_key="n")["href"] == "/noed-adgang"
    page = somebody.presses(page, data_shortcuts="off")
    assert not any("data-key" in values for _, values in page.tags)
    assert not any("shortcuts.js" in values.get("src", "") for _, values in page.tags)
    page = somebody.presses(page, data_shortcuts="on")
    assert any("shortcuts.js" in values.get("src", "") for _, values in page.tags)


def test_to_stay_makes_a_sign_in_last(somebody: Reader) -> None:
    somebody.signs_in("koordinator")
    unused_for(29)
    page = somebody.sees("/hjaelp")
    somebody.presses(page, data_stay="")
    unused_for(29)
    answer = somebody.client.post("/stay", data=page.forms[0].fields, headers={"HX-Request": "true"})
    assert 29 * 60 < answer.json["seconds"] <= 30 * 60  # type: ignore[index]
    unused_for(31)
    answer = somebody.client.post("/stay", data=page.forms[0].fields, headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_a_page_says_how_long_its_sign_in_lasts_and_never_longer_than_it_may(somebody: Reader) -> None:
    page = somebody.signs_in("koordinator")
    assert 29 * 60 < int(page.first("div", id="staying")["data-seconds"]) <= 30 * 60
    with Session.begin() as session:
        session.execute(text("update sign_ins set ends_at = :at"), {"at": clock.real_now() + timedelta(minutes=3)})
    assert int(somebody.sees("/hjaelp").first("div", id="staying")["data-seconds"]) <= 180


@pytest.mark.parametrize(("silent", "said"), [(4, False), (6, True)])
def test_reminders_are_out_of_order_after_five_minutes_without_a_sign_of_life(
    somebody: Reader, silent: int, said: bool
) -> None:
    somebody.signs_in("distrikt")
    beat(clock.real_now() - timedelta(minutes=silent))
    for address in ("/hjaelp", "/noed-adgang", "/nowhere"):
        assert ("Påmindelser er ude af drift" in somebody.sees(address).text) is said


def test_without_a_database_help_says_that_it_is_away(without_database: FlaskClient) -> None:
    without_database.set_cookie("overgang_sign_in", "of before")
    assert without_database.get("/hjaelp").status_code == 503
    assert without_database.get("/was").status_code == 503


@pytest.fixture
def app_again(somebody: Reader) -> Reader:
    """Another browser on the same installation."""
    return Reader(somebody.client.application.test_client())
