"""Overblik in the pages: a manager's first page, each figure with its whole and the list that it counts."""

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.web.reader import Page, Reader
from tests.web.test_missed import manager, missed
from workflow.db import SWEEPS, Session
from workflow.tables import AccessEntry
from workflow.vocabulary import Look

__all__ = ["manager", "missed"]


def figure(page: Page, name: str) -> tuple[str, str, str]:
    """The number, what it is of, and the address of its list."""
    link = rf'data-figure="{name}"><a href="([^"]*)"[^>]*>'
    found = re.search(rf"{link}<b>([^<]*)</b>(?: <span>([^<]*)</span>)?", page.html)
    assert found is not None
    return found[2], found[3] or "", unescape(found[1])


def test_it_is_the_first_page_of_a_manager_and_says_the_most_important_first(manager: Reader) -> None:
    page = manager.sees("/")
    assert page.answer.request.path == "/overblik"
    said = "Opfølgende opkald til tiden: 0 af 1 (0 %) de sidste 30 dage."
    assert page.text.index(said) < page.text.index("af 1 · 0 %")
    assert [tag["data-figure"] for _, tag in page.tags if "data-figure" in tag] == [
        "late", "missed", "calls", "answers", "free", "ownerless",
    ]  # fmt: skip
    assert figure(page, "ownerless")[:2] == ("0", "af 1 åbne forløb")
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        look = session.scalars(select(AccessEntry).where(AccessEntry.what == "overview")).first()
        assert look is not None
        assert (look.kind, look.citizens) == (Look.LIST, [])


@pytest.mark.parametrize("name", ["missed", "late"])
def test_a_figure_is_what_its_list_shows(manager: Reader, name: str) -> None:
    count, _, address = figure(manager.sees("/overblik"), name)
    listed = manager.sees(address)
    rows = [tag for _, tag in listed.tags if "data-miss" in tag or "data-episode" in tag]
    assert len(rows) == int(count)


def test_a_unit_narrows_every_figure_and_its_links(manager: Reader) -> None:
    page = manager.sees("/overblik")
    chosen = re.search(r'<option value="([0-9a-f-]{36})">Tryghedshotellet', page.html)
    assert chosen is not None
    narrowed = manager.sees(f"/overblik?unit={chosen[1]}")
    assert figure(narrowed, "ownerless")[:2] == ("0", "af 0 åbne forløb")
    assert f"unit={chosen[1]}" in figure(narrowed, "missed")[2]


@pytest.mark.parametrize("username", ["distrikt", "koordinator", "admin", "drift"])
def test_it_is_for_managers(app: Flask, username: str) -> None:
    somebody = Reader(app.test_client())
    somebody.signs_in(username)
    assert somebody.sees("/overblik").answer.status_code == 403
