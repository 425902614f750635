"""Every page of sign-in, account and administration: both languages, no loose script, no text untranslated."""

import re

import pytest
from sqlalchemy import select

from tests.web.reader import Page, Reader
from tests.web.test_language import Marked, untranslated
from tests.web.test_signin import given_password, with_app, with_password
from web.ground import language
from workflow.db import Session
from workflow.staff import people
from workflow.tables import Unit

PAGES = ("/sign-in", "/choose", "/account", "/account/calendar", "/account/password", "/admin/people",
         "/admin/systems", "/admin/units", "/admin/roles", "/admin/sign-ins")  # fmt: skip


def addresses() -> list[str]:
    """Every page that an administrator can see."""
    with Session() as session:
        unit = session.scalars(select(Unit.uuid).where(Unit.name == "Akutpladserne")).one()
        return [*PAGES, f"/admin/units/{unit}", f"/admin/people/{people.named(session, 'vikar').uuid}"]


def test_no_script_or_style_stands_in_them_and_every_form_is_marked(somebody: Reader) -> None:
    somebody.signs_in("admin")
    for address in addresses():
        page = somebody.sees(address)
        assert page.answer.request.path == address
        assert not [tag for tag, _ in page.tags if tag == "style"], address
        assert all("src" in values for tag, values in page.tags if tag == "script"), address
        names = {name for _, values in page.tags for name in values}
        assert not {name for name in names if name == "style" or name.startswith(("on", "hx-on"))}, address
        assert all("form_mark" in form.fields for form in page.forms if form.method == "post"), address
        assert page.answer.headers["Cache-Control"] == "no-store"


def test_every_field_has_a_label(somebody: Reader) -> None:
    somebody.signs_in("admin")
    for address in addresses():
        page = somebody.sees(address)
        labelled = {values["for"] for tag, values in page.tags if tag == "label"}
        for tag, values in page.tags:
            if tag in {"input", "select"} and values.get("type") != "hidden":
                assert values.get("id") in labelled or values.get("aria-label"), (address, values)


def test_no_words_are_left_in_the_other_language(somebody: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    with_password("drift")
    with_app("distrikt")
    somebody.signs_in("admin")
    stranger, half = (Reader(somebody.client.application.test_client()) for _ in range(2))
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr("workflow.sentences.word", lambda *_: "")
    given_password(half, "distrikt")
    pages = [somebody.sees(address) for address in addresses()]
    pages += [stranger.sees("/sign-in"), half.sees("/sign-in/code"), given_password(stranger, "drift")]
    assert {page.answer.status_code for page in pages} == {200}
    shown = {row for page in pages for row in names(page)}
    left = {word for page in pages for word in untranslated(page)} - shown
    assert left == set()


def names(page: Page) -> set[str]:
    """What the database holds: names, addresses, numbers."""
    with Session() as session:
        held = session.connection().exec_driver_sql(
            "select name from units union select name from organisations union select name from people union "
            "select username from people union select email from people union select email from units union "
            "select phone from units"
        )
        texts = [str(row[0]) for row in held if row[0]]
    return {word for text in texts for word in re.findall(r"\w+", text)} | {"Overgang", "demo", "example"}
