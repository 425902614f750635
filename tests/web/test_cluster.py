"""The cluster in the pages: for managers, in both languages, numbers alone; and the look is written down."""

import pytest
from sqlalchemy import select, text

from tests.web.reader import Reader
from tests.web.test_revision import NAME, a_citizen, manages
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry
from workflow.vocabulary import Look

RANDERS, HOSPITAL = "Randers Kommune", "Regionshospitalet Randers (demo)"


@pytest.fixture
def manager(somebody: Reader) -> Reader:
    """The manager in the municipality of somebody who is admitted."""
    a_citizen()
    manages(somebody, "leder.kommune")
    return somebody


def test_both_sectors_by_unit_and_nothing_of_others(manager: Reader) -> None:
    page = manager.presses(manager.sees("/klynge"), data_language="en")
    assert page.answer.request.path == "/klynge"
    shown = [tag["data-organisation"] for name, tag in page.tags if "data-organisation" in tag]
    assert shown == [RANDERS, HOSPITAL]
    assert {"Distrikt Syd", "Tryghedshotellet", "Medicinsk afsnit"} <= {tag.get("data-unit") for _, tag in page.tags}
    assert "Medicinsk afsnit <5 0 0" in page.text  # it owns one episode
    assert "Syddjurs" not in page.text
    assert NAME not in page.text


def test_it_stands_in_the_menu_of_managers(manager: Reader) -> None:
    assert manager.sees("/klynge").first("a", href="/klynge")["aria-current"] == "page"


def test_the_look_is_written_down_as_a_list_of_nobody(manager: Reader) -> None:
    manager.sees("/klynge")
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        look = session.scalars(select(AccessEntry).where(AccessEntry.what == "cluster")).one()
        assert (look.kind, look.citizens, look.episodes, look.related) == (Look.LIST, [], [], None)


@pytest.mark.parametrize("username", ["distrikt", "afdeling", "koordinator", "admin", "drift"])
def test_it_is_for_managers(somebody: Reader, username: str) -> None:
    somebody.signs_in(username)
    page = somebody.sees("/klynge")
    assert page.answer.status_code == 403
    assert not [tag for name, tag in page.tags if tag.get("href") == "/klynge"]
