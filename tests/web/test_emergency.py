"""Emergency access in the pages: asked for, said on every page, ended, refused and reviewed."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.web.reader import Page, Reader
from tests.web.test_revision import a_citizen, manages
from workflow import clock
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry
from workflow.vocabulary import Look


@pytest.fixture
def number(app: Flask) -> str:
    """The full number of a citizen in the ward, of whom the neighbouring municipality knows nothing."""
    return a_citizen()


@pytest.fixture
def neighbour(somebody: Reader) -> Reader:
    somebody.signs_in("nabokommune")
    return somebody


def asks(reader: Reader, number: str, reason: str = "Ringet op af vagtlægen") -> Page:
    return reader.sends(reader.sees("/noed-adgang"), "/noed-adgang", cpr=number, reason=reason)


def kinds() -> list[Look]:
    """What was written down besides the board, to which signing in leads."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        return list(
            session.scalars(select(AccessEntry.kind).where(AccessEntry.kind != Look.LIST).order_by(AccessEntry.id))
        )


def test_every_page_says_so_until_it_ends_by_itself(neighbour: Reader, number: str) -> None:
    assert "data-glass-open" not in neighbour.sees("/account").html
    page = asks(neighbour, number)
    assert "data-glass-open" in page.html
    assert "data-glass-open" in neighbour.sees("/account").html
    assert page.first("form", action=f"{page.answer.request.path}/cpr")  # it leads to the episode
    assert number not in page.html
    assert page.answer.request.path in neighbour.sees("/noed-adgang").html
    with Session.begin() as session:
        clock.advance(session, timedelta(hours=4))
    assert "data-glass-open" not in neighbour.sees("/account").html
    assert kinds() == [Look.BREAK_GLASS, Look.READ]


@pytest.mark.parametrize(
    ("typed", "reason", "status"), [("0199400001", "Vagt", 404), ("nonsense", "Vagt", 422), (None, " ", 422)]
)
def test_a_refusal_says_nothing_of_who_is_there_and_is_written_down(
    neighbour: Reader, number: str, typed: str | None, reason: str, status: int
) -> None:
    page = asks(neighbour, typed or number, reason)
    assert page.answer.status_code == status
    assert "data-glass-open" not in neighbour.sees("/account").html
    assert kinds() == ([Look.REFUSED] if status == 404 else [])


def test_the_managers_review_it(neighbour: Reader, number: str, app: Flask) -> None:
    asks(neighbour, number)
    manager = Reader(app.test_client())
    manages(manager, "leder.hospital")
    page = manager.sees("/noed-adgang")
    assert "Ringet op af vagtlægen" in page.text
    form = next(form for form in page.forms if form.action.endswith("/review"))
    reviewed = manager.sends(page, form.action, in_order="0", reason="Taler med dem")
    assert "data-review" not in reviewed.html
    assert "data-review" not in neighbour.sees("/noed-adgang").html


@pytest.mark.parametrize("username", ["admin", "drift"])
def test_it_is_not_for_administrators_or_operators(somebody: Reader, username: str) -> None:
    somebody.signs_in(username)
    assert somebody.sees("/noed-adgang").answer.status_code == 403
