"""Observations on the page of an episode: written, asked, answered, and in the next handover."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests.web import handed
from tests.web.reader import Page, Reader
from tests.web.test_episode import acting, address, background, entries, forges, looks, now, seen
from web.ground import formats
from workflow import clock
from workflow.tables import Unit
from workflow.vocabulary import Look


@pytest.fixture
def there(app: Flask) -> UUID:
    """Agnes, discharged to Tryghedshotellet."""
    episode = handed.sent(to_hotel=True)
    handed.discharged(episode)
    return episode


def unit(name: str) -> str:
    with background() as (session, _):
        return str(session.query(Unit).filter_by(name=name).one().uuid)


def observes(reader: Reader, episode: UUID, **typed: str) -> Page:
    """Fill in the form, and press its button."""
    form = next(f for f in seen(reader, episode).forms if f.fields.get("form") == "observe")
    return Page(reader.client.post(form.action, data=form.fields | typed, follow_redirects=True))


def test_a_score_stands_in_the_history_and_among_what_is_known(app: Flask, there: UUID) -> None:
    reader = acting(app, "tryghed")
    page = observes(reader, there, what="tobs", score="3", text="Let forpustet")
    assert page.answer.status_code == 200, page.text
    assert "TOBS 3 : Let forpustet" in page.text
    assert page.first("li", data_tobs="")
    assert entries(there)[-1] == "observed"
    assert "Let forpustet" in reader.sees(address(there, "/udskrift")).text


def test_it_is_dated_back_without_a_reason_and_never_ahead(app: Flask, there: UUID) -> None:
    reader = acting(app, "tryghed")
    earlier = formats.for_input(now().replace(hour=5, minute=0))
    page = observes(reader, there, what="worry", text="Urolig i nat", effective_at=earlier)
    assert (page.answer.status_code, "Urolig i nat" in page.text) == (200, True)
    refused = observes(reader, there, what="worry", text="Urolig i nat", effective_at="2099-01-01T00:00")
    assert refused.answer.status_code == 422
    assert refused.first("input", id="observe-effective_at")["aria-invalid"] == "true"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"what": "tobs", "score": "tre"}, "observe-score"),
        ({"what": "tobs", "score": "99"}, "observe-score"),
        ({"what": "nonsense"}, "observe-what"),
    ],
)
def test_what_was_typed_comes_back_where_it_is_refused(
    app: Flask, there: UUID, typed: dict[str, str], field: str
) -> None:
    before = entries(there)
    page = observes(acting(app, "tryghed"), there, text="Bleg og klam", asks=unit("Medicinsk afsnit"), **typed)
    assert page.answer.status_code == 422
    assert ("Bleg og klam" in page.html, f'href="#{field}"' in page.html) == (True, True)
    assert f'<option value="{unit("Medicinsk afsnit")}" selected>' in page.html
    assert f'value="{typed.get("score", "")}"' in page.html
    assert entries(there) == before
    empty = observes(acting(app, "tryghed"), there, what="aids", text=" ")
    assert (empty.answer.status_code, 'href="#observe-text"' in empty.html) == (422, True)


def test_the_ward_is_asked_sees_it_and_answers_once(app: Flask, there: UUID) -> None:
    hotel, ward = acting(app, "tryghed"), acting(app, "afdeling")
    page = observes(hotel, there, what="medicine", text="Mangler Marevan", asks=unit("Medicinsk afsnit"))
    assert ("data-unanswered" in page.html, "data-question" in page.html) == (True, False)
    asked = seen(ward, there)
    number = str(len(entries(there)))
    assert asked.first("form", data_question=number)
    assert "Besvar spørgsmålet" in asked.texts
    form = next(f for f in asked.forms if f.fields.get("form") == f"answer-{number}")
    empty = Page(ward.client.post(form.action, data=form.fields | {"text": " "}))
    assert (empty.answer.status_code, f'href="#answer-{number}-text"' in empty.html) == (422, True)
    answered = Page(ward.client.post(form.action, data=form.fields | {"text": "Pause"}, follow_redirects=True))
    assert "Pause" in answered.text
    again = Page(ward.client.post(form.action, data=form.fields | {"text": "Nej"}))
    assert (again.answer.status_code, "allerede besvaret" in again.text) == (409, True)
    assert "data-unanswered" not in seen(hotel, there).html


def test_while_the_citizen_objects_nobody_can_be_chosen(app: Flask, there: UUID) -> None:
    reader = acting(app, "tryghed")
    assert 'id="observe-asks"' in seen(reader, there).html
    forges(reader, there, "/frabedt", reason="Intet skal videre")
    page = seen(reader, there)
    assert 'id="observe-asks"' not in page.html
    assert "Ingen kan spørges her" in page.text


def test_who_takes_no_part_writes_and_answers_nothing(app: Flask, there: UUID) -> None:
    observes(acting(app, "tryghed"), there, what="aids", text="Rollator?", asks=unit("Medicinsk afsnit"))
    before = entries(there)
    typed = {"what": "worry", "text": "x"}
    for username, status in (("nabokommune", 404), ("drift", 403)):
        reader = acting(app, username)
        assert forges(reader, there, "/observation", **typed).answer.status_code == status
        assert forges(reader, there, f"/observation/{len(before)}/svar", text="x").answer.status_code == status
    assert ("episode_observation", Look.REFUSED, "no_such_episode") in looks()
    district = acting(app, "distrikt")
    assert forges(district, there, f"/observation/{len(before)}/svar", text="x").answer.status_code == 403
    assert forges(district, there, "/observation/1/svar", text="x").answer.status_code == 404
    forged = {"what": "aids", "text": "x", "asks": unit("Distrikt Ebeltoft")}
    assert forges(district, there, "/observation", **forged).answer.status_code == 409
    assert forges(district, there, "/observation", **{**forged, "asks": "ward"}).answer.status_code == 404
    assert entries(there) == before


def vital_signs(page: Page) -> str:
    return page.html.split('id="handover-A.vital_signs"')[1].split(">", 1)[1].split("<")[0].strip()


def test_the_newest_score_stands_in_the_handover_so_that_nobody_types_it_twice(app: Flask) -> None:
    episode = handed.admitted()
    nurse = acting(app, "afdeling")
    where = address(episode, "/overlevering")
    observes(nurse, episode, what="tobs", score="3", text="Let forpustet")
    page = nurse.sees(where)
    assert vital_signs(page).startswith("TOBS 3 (tors. 12.03.2026")
    assert vital_signs(page).endswith("Let forpustet")
    kept = {"A.vital_signs": "TOBS 3 (før)\nBT 130/80", "S.reason": "Fald"}
    form = next(f for f in page.forms if f.fields.get("form") == "handover")
    nurse.client.post(f"{where}/kladde", data=form.fields | kept)
    assert vital_signs(nurse.sees(where)) == kept["A.vital_signs"]  # a draft that was written since is left as it is
    with background() as (session, _):
        clock.advance(session, timedelta(minutes=20))
    observes(nurse, episode, what="tobs", score="1")
    first, second = vital_signs(nurse.sees(where)).splitlines()
    assert (first[:8], second) == ("TOBS 1 (", "BT 130/80")
