"""The page of an episode: what each person sees and does there, and what nobody can do by a forged request."""

from uuid import UUID

import pytest
from flask import Flask

from tests.web.reader import Reader
from tests.web.routes import Hidden, a_citizen


@pytest.fixture
def hidden(app: Flask) -> Hidden:
    """Somebody in the medical ward."""
    return a_citizen()


def somebody_else(app: Flask, username: str) -> Reader:
    reader = Reader(app.test_client())
    reader.signs_in(username)
    return reader


def address(episode: UUID) -> str:
    return f"/forloeb/{episode}"


def test_the_page(somebody: Reader, hidden: Hidden) -> None:
    somebody.signs_in("koordinator")
    page = somebody.sees(address(hidden.episode))
    assert page.answer.status_code == 200, page.text
