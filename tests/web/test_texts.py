"""The texts of what people are told, in the pages of an administrator; and what a nurse then reads."""

from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.web import handed
from tests.web.reader import Page, Reader
from tests.web.routes import MARK, enter, marked
from tests.web.test_admin import unit_id
from workflow import clock
from workflow.db import Session
from workflow.tables import Organisation, Person, PersonRole, Unit, Wording
from workflow.telling import routing, texts
from workflow.vocabulary import OrganisationKind, Role, UnitKind

ADDRESS = "/admin/tekster/rerouted"  # what a district is told, and has nothing to do about


@pytest.fixture
def admin(app: Flask) -> Reader:
    reader = Reader(app.test_client())
    enter(reader.client, "admin")
    return reader


def organisation(name: str = "Randers Kommune") -> str:
    with Session() as session:
        return str(session.scalars(select(Organisation.uuid).where(Organisation.name == name)).one())


def whose(name: str = "Randers Kommune") -> str:
    return f"{ADDRESS}?organisation={organisation(name)}"


def sends(reader: Reader, wording: str, *, address: str = ADDRESS, language: str = "da", rest: str = "") -> Page:
    """Fill in the form of a language, and press one of its buttons."""
    page = reader.sees(f"{address}?organisation={organisation()}")
    form = next(f for f in page.forms if f.action == address and f.fields["language"] == language)
    data = form.fields | {"wording": wording}
    return Page(reader.client.post(address + rest, data=data, follow_redirects=True))


def written() -> int:
    with Session() as session:
        return session.scalar(select(func.count()).select_from(Wording)) or 0


def the_field(page: Page, language: str = "da") -> str:
    page.first("textarea", id=f"{language}-wording")
    field = page.html.split(f'id="{language}-wording"')[1].partition(">")[2].partition("</textarea>")[0]
    return unescape(field.removeprefix("\n"))


def test_every_text_stands_there_in_both_languages(admin: Reader) -> None:
    page = admin.sees(f"/admin/tekster?organisation={organisation()}")
    shown = [values["data-text"] for tag, values in page.tags if tag == "tr" and "data-text" in values]
    assert sorted(shown) == sorted(texts.EVERY)
    assert "overlevering sendt handover sent" in page.text
    assert "{slags}: {besked} ({enhed}). Log ind og læs: {link}" in page.text


def test_a_text_is_worded_and_told_so_from_then_on(app: Flask, admin: Reader) -> None:
    page = sends(admin, "Andet sted end planlagt, {enhed}")
    assert (page.answer.status_code, page.answer.request.path) == (200, ADDRESS)
    assert the_field(page) == "Andet sted end planlagt, {enhed}"
    assert "Tidligere ordlyd" in page.text
    assert "egne ord siden" in admin.sees(f"/admin/tekster?organisation={organisation()}").text
    handed.admitted(to_hotel=True)
    with Session.begin() as session:
        handed.background(session)
        routing.route(session, at=clock.now(session), real_at=clock.real_now(), channels=())
    nurse = Reader(app.test_client())
    enter(nurse.client, "distrikt")
    assert "Andet sted end planlagt, Distrikt Syd" in nurse.sees("/indbakke").text
    assert the_field(admin.sees(whose("Favrskov Kommune"))) == "destination ændret"
    back = admin.presses(admin.sees(whose()), data_go_back="")
    assert (the_field(back), "Overgangs tekst igen" in back.text, written()) == ("destination ændret", True, 2)


def test_an_example_is_shown_and_nothing_is_saved(admin: Reader) -> None:
    page = sends(admin, "Se efter, {enhed}", rest="/vis")
    assert the_field(page) == "Se efter, {enhed}"
    assert "Sådan vil det se ud; intet er gemt endnu Indbakke Se efter, " in page.text
    assert "Overgang – Besked: Se efter, " in page.text
    assert written() == 0
    form = next(f for f in page.forms if f.action == ADDRESS and f.fields["language"] == "da")
    kept = form.fields | {"wording": the_field(page)}
    saved = Page(admin.client.post(form.action, data=kept, follow_redirects=True))
    assert (the_field(saved), written()) == ("Se efter, {enhed}", 1)


@pytest.mark.parametrize("rest", ["", "/vis"])
@pytest.mark.parametrize(
    ("wording", "told"),
    [
        ("", "Skriv en tekst"),
        ("Til {navn}", "Teksten kan ikke udfylde {navn}. Den kan udfylde: {enhed}, {tidspunkt}."),
        ("Se 011340-1234", "ligner et CPR-nummer"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(admin: Reader, rest: str, wording: str, told: str) -> None:
    page = sends(admin, wording, rest=rest)
    assert (page.answer.status_code, told in page.text, the_field(page)) == (422, True, wording)
    assert page.first("textarea", id="da-wording")["aria-invalid"] == "true"
    assert "aria-invalid" not in page.first("textarea", id="en-wording")
    assert written() == 0


def test_a_mail_must_say_where_to_read_on(admin: Reader) -> None:
    page = sends(admin, "{besked}", address="/admin/tekster/mail_body")
    assert (page.answer.status_code, "Teksten skal indeholde {link}." in page.text) == (422, True)
    assert 'id="en-wording"' not in page.html


def test_another_organisation_is_not_theirs_to_word(app: Flask) -> None:
    elsewhere = Reader(app.test_client())
    enter(elsewhere.client, "admin")
    fields = {MARK: marked(elsewhere.client), "language": "da", "wording": "Hej", "organisation": "0"}
    with Session() as session:
        nobodys = session.scalars(select(Unit.uuid)).first()
    for whose_it_is in ("", "0", str(nobodys)):
        answer = elsewhere.client.post(ADDRESS, data=fields | {"organisation": whose_it_is})
        assert answer.status_code == 404
    assert elsewhere.client.get(f"{ADDRESS}?organisation={nobodys}").status_code == 404
    assert elsewhere.client.get("/admin/tekster/intet").status_code == 404
    unspoken = fields | {"organisation": organisation(), "language": "de"}
    assert elsewhere.client.post(ADDRESS, data=unspoken).status_code == 404
    assert written() == 0


def test_who_administers_nobody_that_is_told_has_nothing_to_word(app: Flask) -> None:
    with Session.begin() as session:
        region = Organisation(name="Region Prøve", kind=OrganisationKind.REGION)
        session.add(region)
        session.flush()
        office = Unit(organisation_id=region.id, name="Kontoret", kind=UnitKind.ADMINISTRATION)
        person = Person(username="eva", name="Eva Demo", active=True)
        session.add_all([office, person])
        session.flush()
        session.add(PersonRole(person_id=person.id, unit_id=office.id, role=Role.ADMINISTRATOR))
    reader = Reader(app.test_client())
    enter(reader.client, "eva")
    assert "Ingen af jeres enheder får besked om noget" in reader.sees("/admin/tekster").text
    assert reader.client.get(whose()).status_code == 404
    fields = {MARK: marked(reader.client), "language": "da", "wording": "Hej", "organisation": organisation()}
    for rest in ("", "/tilbage"):
        assert reader.client.post(ADDRESS + rest, data=fields).status_code == 403
    assert written() == 0


def test_a_closed_day_is_added_shown_to_who_sends_and_removed(app: Flask, admin: Reader) -> None:
    today = f"{handed.now():%Y-%m-%d}"
    address = f"/admin/units/{unit_id('Distrikt Syd')}"
    page = admin.sends(admin.sees(address), f"{address}/closed", closed_on=today)
    assert f'data-closed="{today}"' in page.html
    assert "lukket" in admin.sees("/admin/units").text
    episode_id = handed.admitted()
    nurse = Reader(app.test_client())
    enter(nurse.client, "afdeling")
    handover = f"/forloeb/{episode_id}/overlevering"
    assert "Distrikt Syd læser igen" in nurse.sees(handover).text
    admin.presses(page, data_open_again="")
    assert "læser igen" not in nurse.sees(handover).text
    refused = admin.sends(admin.sees(address), f"{address}/closed", closed_on="2001-01-01")
    assert (refused.answer.status_code, 'value="2001-01-01"' in refused.html) == (422, True)
    assert "Vælg i dag eller en dag, der kommer" in refused.text
