"""A handover in the pages: written, kept, sent, read, answered; and what no forged request brings about."""

import re
from datetime import timedelta
from html import unescape
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from tests.statements import listening
from tests.web import handed
from tests.web.reader import Page, Reader
from tests.web.routes import MARK, enter, marked, state
from tests.web.test_language import Marked, untranslated
from tests.web.test_pages import names
from tests.world import ISBAR
from web.ground import language
from workflow import amendments, clock
from workflow.db import Session
from workflow.handing import isbar
from workflow.seeing import objections
from workflow.tables import AccessEntry, Episode, HandoverDraft, HandoverVersion, HistoryEntry, Organisation, PlaceStay
from workflow.vocabulary import EntryKind, HandoverState, Look

FORM = {**ISBAR, "signed": "nursing"}
WITHOUT_MEDICINE = {key: text for key, text in FORM.items() if key != "R.medicine"}


def as_(app: Flask, username: str) -> Reader:
    """Somebody at a browser of their own, signed in."""
    reader = Reader(app.test_client())
    enter(reader.client, username)
    return reader


def at(episode_id: UUID, rest: str = "") -> str:
    return f"/forloeb/{episode_id}/overlevering{rest}"


def posts(reader: Reader, address: str, **data: str | list[str]) -> Page:
    """Send a form without having seen it, as a forger would; only its mark is right."""
    return Page(reader.client.post(address, data={MARK: marked(reader.client), **data}))


def sends(reader: Reader, episode_id: UUID, fields: dict[str, str] = FORM, /, **more: str) -> Page:
    """Fill in the form as it stands there, and press Send."""
    return fills(reader, episode_id, "", {**fields, **more})


def fills(reader: Reader, episode_id: UUID, rest: str, fields: dict[str, str], *, new: bool = False) -> Page:
    page = reader.sees(at(episode_id, "?new=1" if new else ""))
    form = next(form for form in page.forms if form.action == at(episode_id))
    return Page(reader.client.post(at(episode_id, rest), data=form.fields | fields))


# --- writing and sending ---


def test_what_is_missing_is_said_before_and_after_and_nothing_typed_is_lost(app: Flask) -> None:
    koordinator, episode_id = as_(app, "koordinator"), handed.admitted()
    before = koordinator.sees(at(episode_id))
    assert before.first("a", href="#handover-R.medicine")
    refused = sends(koordinator, episode_id, WITHOUT_MEDICINE)
    assert refused.answer.status_code == 422
    assert refused.first("div", id="refused")["tabindex"] == "-1"
    assert refused.first("a", href="#handover-R.medicine")
    assert refused.first("textarea", id="handover-R.medicine")["aria-invalid"] == "true"
    assert ISBAR["S.reason"] in unescape(refused.html)
    assert not [values for tag, values in refused.tags if tag == "a" and values.get("href") == "#handover-S.reason"]
    assert handed.handover_of(episode_id).state is None
    assert "Overleveringen er ikke sendt. Kladden er gemt" in refused.text
    assert "Overleveringen mangler:" not in refused.text  # the links say it
    assert ISBAR["S.reason"] in koordinator.sees(at(episode_id)).text  # it is
    assert sends(koordinator, episode_id).answer.status_code == 303
    sent = koordinator.sees(at(episode_id))
    assert "Sendt · version 1" in sent.text
    assert handed.handover_of(episode_id).state == HandoverState.SENT


def test_an_override_takes_a_reason_and_the_receiver_sees_it(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    refused = sends(afdeling, episode_id, WITHOUT_MEDICINE)
    assert refused.first("textarea", id="handover-override_reason")
    assert sends(afdeling, episode_id, WITHOUT_MEDICINE, override_reason="  ").answer.status_code == 422
    answer = sends(afdeling, episode_id, WITHOUT_MEDICINE, override_reason="Apoteket ringer i eftermiddag")
    assert answer.answer.status_code == 303
    page = as_(app, "distrikt").sees(at(episode_id))
    assert "Apoteket ringer i eftermiddag" in page.text
    assert "Medicin Mangler" in page.text


def test_two_clicks_send_once_and_both_end_on_the_page(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    page = afdeling.sees(at(episode_id))
    form = next(form for form in page.forms if form.action == at(episode_id))
    codes = [afdeling.client.post(at(episode_id), data=form.fields | FORM).status_code for _ in range(2)]
    assert codes == [303, 303]
    assert handed.handover_of(episode_id).version == 1
    other = afdeling.client.post(at(episode_id), data=form.fields | FORM | {"A.risks": "Fald"})
    assert other.status_code == 409
    assert handed.handover_of(episode_id).version == 1


@pytest.mark.parametrize("version", ["", "0", "-1", "1e3", "9" * 40, "²"])
def test_a_version_that_nobody_saw_is_not_sent_over_another(app: Flask, version: str) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.sent()
    other = {**FORM, "A.risks": "Fald", "version": version, "draft": "0"}
    assert posts(afdeling, at(episode_id), **other).answer.status_code == 409
    assert handed.handover_of(episode_id).version == 1


def test_where_the_citizen_objects_basis_and_reason_are_asked_for(app: Flask) -> None:
    koordinator, episode_id = as_(app, "koordinator"), handed.admitted()
    with Session.begin() as session:
        handed.background(session)
        episode = session.scalars(select(Episode).where(Episode.uuid == episode_id)).one()
        by = handed.ward_nurse(session)
        objections.register(session, episode.citizen_id, "Intet til kommunen", by=by, at=clock.now(session))
    page = koordinator.sees(at(episode_id))
    assert "Intet til kommunen" in page.text
    assert page.first("input", name="legal_basis", value="essential_regard")
    for more in ({}, {"legal_basis": "essential_regard"}, {"basis_reason": "Fare"}, {"legal_basis": "x"}):
        refused = sends(koordinator, episode_id, **more)
        assert refused.answer.status_code == 409
        assert refused.first("a", href="#handover-legal_basis")
    assert handed.handover_of(episode_id).state is None
    answer = sends(koordinator, episode_id, legal_basis="essential_regard", basis_reason="Fare for liv")
    assert answer.answer.status_code == 303
    with Session() as session:
        handed.background(session)
        entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == EntryKind.HANDOVER_SENT)).one()
        assert (entry.reason, entry.facts["legal_basis"]) == ("Fare for liv", "essential_regard")


def test_an_objection_that_was_said_to_others_stops_what_is_sent_and_is_not_read(app: Flask) -> None:
    koordinator, episode_id = as_(app, "koordinator"), handed.admitted()
    with Session.begin() as session:
        handed.background(session)
        episode = session.scalars(select(Episode).where(Episode.uuid == episode_id)).one()
        by = handed.ward_nurse(session)
        said = objections.register(session, episode.citizen_id, "Intet om hoften", by=by, at=clock.now(session))
        said.episode_id = None  # of an episode that nobody here sees
    for page in (koordinator.sees(at(episode_id)), koordinator.sees(f"/forloeb/{episode_id}")):
        assert "Sagt i et andet forløb" in page.text
        assert "hoften" not in page.html
    assert koordinator.sees(at(episode_id)).first("input", name="legal_basis", value="consent")
    assert sends(koordinator, episode_id).answer.status_code == 409
    answer = sends(koordinator, episode_id, legal_basis="consent", basis_reason="Har sagt ja")
    assert answer.answer.status_code == 303


def test_to_the_wrong_municipality_asks_why(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    with Session.begin() as session:
        handed.background(session)
        episode = session.scalars(select(Episode).where(Episode.uuid == episode_id)).one()
        elsewhere = session.scalars(select(Organisation).where(Organisation.name == "Norddjurs Kommune")).one()
        episode.citizen.municipality_id = elsewhere.id
    assert "Bopæl: Norddjurs Kommune" in afdeling.sees(at(episode_id)).text
    refused = sends(afdeling, episode_id)
    assert refused.answer.status_code == 422
    assert refused.first("a", href="#handover-override_reason")
    assert sends(afdeling, episode_id, override_reason="Bor hos sin datter").answer.status_code == 303


def test_a_new_version_marks_what_is_new_and_the_old_one_is_read_and_not_accepted(app: Flask) -> None:
    afdeling, distrikt, episode_id = as_(app, "afdeling"), as_(app, "distrikt"), handed.sent()
    first = distrikt.sees(at(episode_id))
    typed = {**FORM, "R.medicine": "Ny liste kl. 9"}
    assert fills(afdeling, episode_id, "", typed, new=True).answer.status_code == 303
    stale = distrikt.presses(first, data_accept="")
    assert stale.answer.status_code == 409
    assert handed.handover_of(episode_id).state == HandoverState.READ
    page = distrikt.sees(at(episode_id))
    assert page.html.count('class="new-mark"') == 1
    assert "NYT 12.03." in page.text
    handover = handed.handover_of(episode_id)
    old = distrikt.sees(at(episode_id, f"?of={handover.uuid}&version=1"))
    assert ISBAR["R.medicine"] in old.text
    assert "Denne kan ikke længere modtages" in old.text
    assert "data-accept" not in old.html


def expects(episode_id: UUID, hours_ahead: int) -> None:
    with Session.begin() as session:
        handed.background(session)
        now = clock.now(session)
        amendments.expect_discharge(
            session, episode_id, now + timedelta(hours=hours_ahead), by=handed.ward_nurse(session), at=now
        )


def test_what_the_system_filled_in_is_filled_in_anew_when_the_plan_changes(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    expects(episode_id, 5)
    page = afdeling.sees(at(episode_id))
    discharge, to_citizen = typed_in(page, "S.discharge"), typed_in(page, "R.to_citizen")
    assert (discharge[-14:], to_citizen[:15]) == (", Distrikt Syd", "Du kommer hjem ")
    form = next(form for form in page.forms if form.action == at(episode_id))
    typed = {"S.discharge": discharge, "R.to_citizen": f"{to_citizen}\nHilsen Karen", "S.reason": "Faldt"}
    assert afdeling.client.post(at(episode_id, "/kladde"), data=form.fields | typed).status_code == 303
    handed.to_the_hotel(episode_id)
    expects(episode_id, 7)
    page = afdeling.sees(at(episode_id))
    assert typed_in(page, "S.discharge").endswith(", Tryghedshotellet")
    assert typed_in(page, "R.to_citizen").startswith("Du kommer på Tryghedshotellet ")
    assert typed_in(page, "R.to_citizen").endswith("\nHilsen Karen")
    assert typed_in(page, "S.reason") == "Faldt"


def typed_in(page: Page, key: str) -> str:
    found = re.search(rf'id="handover-{re.escape(key)}"[^>]*>\n([^<]*)</textarea>', page.html)
    assert found is not None
    return unescape(found[1])


def test_what_somebody_wrote_against_the_plan_is_marked_and_confirmed_before_it_is_sent(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    handed.to_the_hotel(episode_id)
    against = {**FORM, "S.discharge": "I morgen hjem til Distrikt Syd"}
    refused = sends(afdeling, episode_id, against)
    assert refused.answer.status_code == 422
    assert refused.first("a", href="#handover-S.discharge")
    assert "nævner et andet sted eller tidspunkt end planen" in refused.text
    form = next(form for form in refused.forms if form.action == at(episode_id))
    sent = afdeling.client.post(at(episode_id), data=form.fields | against | {"confirmed": "S.discharge"})
    assert sent.status_code == 303


# --- receiving ---


def test_what_is_missing_stands_before_what_is_there(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    unclear = {**FORM, "B.allergies:answer": "Ved ikke", "B.allergies": "", "R.medicine_list": "Ja"}
    assert sends(afdeling, episode_id, unclear).answer.status_code == 303
    page = as_(app, "distrikt").sees(at(episode_id))
    assert "Mangler i overleveringen Allergi (CAVE): Ved ikke" in page.text
    assert "FMK er ajourført Bekræftet" in page.text
    assert "Medicin til 48 timer er sendt med Ikke bekræftet" in page.text
    assert page.html.index("data-lacking") < page.html.index("data-said") < page.html.index("data-accept")


def test_that_there_is_an_allergy_says_nothing_before_it_says_which(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    refused = sends(afdeling, episode_id, {**FORM, "B.allergies:answer": "Ja", "B.allergies": ""})
    assert refused.first("a", href="#handover-B.allergies")
    said = {**FORM, "B.allergies:answer": "Ja", "B.allergies": "Penicillin"}
    assert sends(afdeling, episode_id, said).answer.status_code == 303
    assert "Ja: Penicillin" in as_(app, "distrikt").sees(at(episode_id)).text


def test_the_citizens_sheet_says_what_was_written_to_the_citizen(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    written = {**FORM, "R.to_citizen": "Datteren henter dig kl. 13."}
    assert sends(afdeling, episode_id, written).answer.status_code == 303
    sheet = afdeling.sees(f"/forloeb/{episode_id}/borgerark")
    assert sheet.text.index("Til dig, Agnes") < sheet.text.index("Datteren henter dig kl. 13.")
    assert ISBAR["R.told"] not in sheet.text


def test_opening_it_is_reading_it_and_the_sender_sees_by_whom(app: Flask) -> None:
    episode_id = handed.sent()
    as_(app, "koordinator").sees(at(episode_id))
    assert handed.handover_of(episode_id).state == HandoverState.SENT
    as_(app, "distrikt").sees(at(episode_id))
    assert handed.handover_of(episode_id).state == HandoverState.READ
    sender = as_(app, "koordinator").sees(at(episode_id))
    assert "Læst af Distrikt Syd Dorthe Demo" in sender.text


def test_accepting_is_one_click_and_the_second_does_nothing(app: Flask) -> None:
    episode_id = handed.sent()
    distrikt, maja = as_(app, "distrikt"), as_(app, "maja")
    page, hers = distrikt.sees(at(episode_id)), maja.sees(at(episode_id))
    for _ in range(2):
        accepted = distrikt.presses(page, data_accept="")
        assert accepted.answer.status_code == 200
        assert "Accepteret Dorthe Demo" in accepted.text
    assert "Randers Kommune har ansvaret fra udskrivelsen" in accepted.text
    told = maja.presses(hers, data_accept="")
    assert told.answer.status_code == 409
    assert "Allerede modtaget af Dorthe Demo" in told.text
    assert handed.handover_of(episode_id).answered_by == "Dorthe Demo"


def test_a_rejection_says_why_and_what_and_the_sender_finds_it_in_the_form(app: Flask) -> None:
    episode_id = handed.sent()
    distrikt = as_(app, "distrikt")
    address = f"/overlevering/{handed.handover_of(episode_id).uuid}/afvis"
    page = distrikt.sees(at(episode_id))
    form = next(form for form in page.forms if form.fields.get("form") == "ask")
    empty = Page(distrikt.client.post(address, data=form.fields | {"reason": " "}))
    assert empty.answer.status_code == 422
    assert empty.first("a", href="#ask-reason")
    assert handed.handover_of(episode_id).state == HandoverState.READ
    fields = form.fields | {"reason": "Mangler medicinliste", "asked_for": ["R.medicine", "nonsense"]}
    assert distrikt.client.post(address, data=fields).status_code == 303
    assert handed.handover_of(episode_id).state == HandoverState.REJECTED
    sender = as_(app, "koordinator").sees(at(episode_id))
    assert "Mangler medicinliste" in sender.text
    assert sender.first("a", href="#handover-R.medicine")
    assert "Modtageren beder om dette." in sender.text
    assert ISBAR["S.reason"] in sender.text
    late = Page(distrikt.client.post(address, data=fields))
    assert late.answer.status_code == 409


def test_a_place_is_chosen_as_it_is_accepted_and_only_once(app: Flask) -> None:
    episode_id = handed.sent(to_hotel=True)
    tryghed = as_(app, "tryghed")
    page = tryghed.sees(at(episode_id))
    form = next(form for form in page.forms if form.fields.get("form") == "accept")
    place = next(values["value"] for tag, values in page.tags if tag == "option" and values["value"])
    for _ in range(2):
        assert tryghed.client.post(form.action, data=form.fields | {"place": place}).status_code == 303
    assert "Tove Demo" in tryghed.sees(at(episode_id)).text
    with Session() as session:
        handed.background(session)
        stays = select(PlaceStay).join(Episode, Episode.id == PlaceStay.episode_id).where(Episode.uuid == episode_id)
        assert len(session.scalars(stays).all()) == 1


def test_where_the_place_is_gone_nothing_is_accepted(app: Flask) -> None:
    first, second, tryghed = handed.sent(to_hotel=True), handed.sent(to_hotel=True), as_(app, "tryghed")
    pages = [tryghed.sees(at(episode_id)) for episode_id in (first, second)]
    place = next(values["value"] for tag, values in pages[0].tags if tag == "option" and values["value"])
    answers = []
    for page in pages:
        form = next(form for form in page.forms if form.fields.get("form") == "accept")
        answers.append(tryghed.client.post(form.action, data=form.fields | {"place": place}))
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Pladsen er ikke ledig" in answers[1].text
    assert handed.handover_of(second).state == HandoverState.READ
    for wrong, status in (("x", 404), (str(uuid4()), 404)):
        form = next(form for form in pages[1].forms if form.fields.get("form") == "accept")
        assert tryghed.client.post(form.action, data=form.fields | {"place": wrong}).status_code == status


def test_that_the_citizen_has_been_told_is_noted_once(app: Flask) -> None:
    episode_id, told = handed.sent_without_telling(), as_(app, "afdeling")
    assert "data-inform" in as_(app, "distrikt").sees(at(episode_id)).html
    after = told.presses(told.sees(at(episode_id)), data_inform="")
    assert "Borger/pårørende er orienteret" in after.text
    assert "data-inform" not in after.html
    assert handed.handover_of(episode_id).informed_at is not None


def test_what_a_practice_said_is_written_down_by_the_receiver_and_accepted(app: Flask) -> None:
    tryghed, episode_id = as_(app, "tryghed"), handed.referred()
    page = tryghed.sees(at(episode_id))
    assert "Almen praksis logger ikke ind" in page.text
    assert "Lægehuset Demo" in page.html
    assert sends(tryghed, episode_id).answer.status_code == 303
    accepted = tryghed.presses(tryghed.sees(at(episode_id)), data_accept="")
    assert "Accepteret Tove Demo" in accepted.text


def test_of_an_episode_that_is_over_it_is_read_and_nothing_else(app: Flask) -> None:
    episode_id = handed.sent()
    handed.cancelled(episode_id)
    for who in ("afdeling", "distrikt"):
        page = as_(app, who).sees(at(episode_id))
        assert ISBAR["S.reason"] in page.text
        assert "Trukket tilbage" in page.text
        assert "data-accept" not in page.html
        assert "data-send" not in page.html
        assert "data-new-version" not in page.html
    assert posts(as_(app, "afdeling"), at(episode_id), **FORM, version="1", draft="0").answer.status_code == 409


# --- drafts ---


def test_a_draft_is_there_again_and_goes_when_it_is_sent(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    assert fills(afdeling, episode_id, "/kladde", {"S.reason": "Faldt på trappen"}).answer.status_code == 303
    page = as_(app, "koordinator").sees(at(episode_id))
    assert "Faldt på trappen" in page.text
    assert "Anders Demo" in page.text
    assert "Faldt på trappen" not in as_(app, "distrikt").sees(at(episode_id)).text
    assert sends(afdeling, episode_id).answer.status_code == 303
    with Session() as session:
        handed.background(session)
        assert session.scalars(select(HandoverDraft)).one().content is None


def test_a_script_is_told_the_number_of_the_draft(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    data = {MARK: marked(afdeling.client), "form": "handover", "back": at(episode_id), "S.reason": "Faldt"}
    numbers = []
    for seen in ("0", "1"):
        answer = afdeling.client.post(
            at(episode_id, "/kladde"), data={**data, "draft": seen}, headers={"Accept": "application/json"}
        )
        numbers.append(answer.json["number"] if answer.json else None)
    assert numbers == [1, 2]
    late = afdeling.client.post(
        at(episode_id, "/kladde"), data={**data, "draft": "1"}, headers={"Accept": "application/json"}
    )
    assert late.status_code == 409


@pytest.mark.parametrize("rest", ["/kladde", ""])
def test_the_second_of_two_writers_sees_both_texts(app: Flask, rest: str) -> None:
    episode_id, afdeling, koordinator = handed.admitted(), as_(app, "afdeling"), as_(app, "koordinator")
    page = koordinator.sees(at(episode_id))
    fills(afdeling, episode_id, "/kladde", {"S.reason": "Faldt på trappen"})
    form = next(form for form in page.forms if form.action == at(episode_id))
    typed = form.fields | FORM | {"S.reason": "Svimmel"}
    told = Page(koordinator.client.post(at(episode_id, rest), data=typed))
    assert told.answer.status_code == 409
    assert "Der findes en nyere kladde" in told.text
    assert "Svimmel" in told.text
    assert "I den nyere kladde: Faldt på trappen" in told.text
    assert handed.handover_of(episode_id).state is None
    again = next(form for form in told.forms if form.action == at(episode_id))
    assert again.fields["draft"] == "1"
    answer = koordinator.client.post(at(episode_id, rest), data=again.fields | FORM | {"S.reason": "Begge"})
    assert answer.status_code == 303


def test_what_was_typed_survives_the_end_of_the_sign_in(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    page = afdeling.sees(at(episode_id))
    form = next(form for form in page.forms if form.action == at(episode_id))
    handed.let_sign_ins_end()
    late = Page(afdeling.client.post(at(episode_id, "/kladde"), data=form.fields | {"S.reason": "Faldt i nat"}))
    assert late.answer.status_code == 401
    resumed = afdeling.presses(late, data_demo_user="afdeling")
    assert afdeling.presses(resumed, data_send_again="").answer.status_code == 200
    assert "Faldt i nat" in afdeling.sees(at(episode_id)).text


# --- what no forged request does ---


def test_who_is_of_another_unit_answers_nothing(app: Flask) -> None:
    episode_id = handed.sent()
    handover, before = handed.handover_of(episode_id), state()
    for who, status in (("tryghed", 404), ("nabokommune", 404), ("afdeling", 403), ("koordinator", 403)):
        reader = as_(app, who)
        for verb in ("modtag", "afvis"):
            answer = posts(reader, f"/overlevering/{handover.uuid}/{verb}", version="1", reason="Nej")
            assert answer.answer.status_code == status, (who, verb)
    assert state() == before


def test_who_does_not_have_it_sends_nothing(app: Flask) -> None:
    episode_id = handed.admitted()
    before = state()
    for who, status in (("distrikt", 403), ("maja", 403), ("nabokommune", 404), ("tryghed", 404)):
        for rest in ("", "/kladde"):
            answer = posts(as_(app, who), at(episode_id, rest), **FORM, version="0", draft="0")
            assert answer.answer.status_code == status, (who, rest)
    assert state() == before


def test_nobody_accepts_their_own(app: Flask) -> None:
    """The temp works in the ward and in the district."""
    episode_id = handed.sent_by_the_temp()
    vikar = Reader(app.test_client())
    handed.enters(vikar.client, "vikar", "Tryghedshotellet")
    page = vikar.sees(at(episode_id))
    assert "Du har selv sendt den" in page.text
    assert "data-accept" not in page.html
    handover = handed.handover_of(episode_id)
    answer = posts(vikar, f"/overlevering/{handover.uuid}/modtag", version="1")
    assert answer.answer.status_code == 403
    assert handed.handover_of(episode_id).state == HandoverState.READ


def test_what_was_accepted_is_not_changed_behind_the_receiver(app: Flask) -> None:
    episode_id = handed.sent()
    distrikt = as_(app, "distrikt")
    distrikt.presses(distrikt.sees(at(episode_id)), data_accept="")
    afdeling = as_(app, "afdeling")
    assert fills(afdeling, episode_id, "", {**FORM, "R.medicine": "Ændret"}, new=True).answer.status_code == 303
    handover = handed.handover_of(episode_id)
    assert (handover.state, handover.version) == (HandoverState.SENT, 2)  # it must be accepted again
    with Session() as session:
        handed.background(session)
        versions = session.scalars(select(HandoverVersion).where(HandoverVersion.handover_id == handover.id)).all()
        assert [version.content["R.medicine"] for version in versions] == [ISBAR["R.medicine"], "Ændret"]
    distrikt.presses(distrikt.sees(at(episode_id)), data_accept="")
    handed.discharged(episode_id)
    passed = posts(afdeling, at(episode_id), **{**FORM, "R.medicine": "Igen"}, version="2", draft="3")
    assert passed.answer.status_code in {403, 409}
    assert handed.handover_of(episode_id).version == 2


def test_an_earlier_version_that_is_not_there_is_no_page(app: Flask) -> None:
    distrikt, episode_id, other = as_(app, "distrikt"), handed.sent(), handed.sent(to_hotel=True)
    theirs = handed.handover_of(other).uuid
    for query in (f"?of={theirs}&version=1", "?of=x&version=1", f"?of={handed.handover_of(episode_id).uuid}&version=2"):
        assert distrikt.sees(at(episode_id, query)).answer.status_code == 404, query


# --- on paper, and how it is read ---


def test_paper_is_logged_as_print_and_shows_no_full_number(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.sent()
    for address in (at(episode_id, "/udskriv"), f"/forloeb/{episode_id}/borgerark"):
        page = afdeling.sees(address)
        assert page.answer.status_code == 200
        assert "mainmenu" not in page.html
        assert (ISBAR["R.medicine"] in page.text) == address.endswith("udskriv")  # the sheet holds no nurse's words
    with Session() as session:
        handed.background(session)
        looks = session.scalars(select(AccessEntry).where(AccessEntry.kind == Look.PRINT).order_by(AccessEntry.id))
        assert [look.what for look in looks] == ["handover_print", "citizen_sheet"]


def test_nothing_sent_is_nothing_to_print_and_the_sheet_says_who_has_it(app: Flask) -> None:
    afdeling, episode_id = as_(app, "afdeling"), handed.admitted()
    assert afdeling.sees(at(episode_id, "/udskriv")).answer.status_code == 409
    assert "Medicinsk afsnit" in afdeling.sees(f"/forloeb/{episode_id}/borgerark").text


def test_every_field_has_a_label_and_headings_are_in_order(app: Flask) -> None:
    sent = handed.sent(to_hotel=True)
    looks = (("afdeling", at(handed.admitted())), ("tryghed", at(sent)), ("afdeling", at(sent, "?new=1")))
    for who, address in looks:
        page = as_(app, who).sees(address)
        labelled = {values["for"] for tag, values in page.tags if tag == "label"}
        for tag, values in page.tags:
            if tag in {"input", "select", "textarea"} and values.get("type") != "hidden":
                assert values["id"] in labelled, (address, values)
        assert not [name for _, values in page.tags for name in values if name == "style" or name.startswith("on")]
        ids = [values["id"] for _, values in page.tags if "id" in values]
        assert len(ids) == len(set(ids))
        levels = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}]
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels[levels.index(1) :])), levels


@pytest.mark.parametrize(
    ("who", "rest"),
    [
        ("distrikt", ""),
        ("tryghed", ""),
        ("afdeling", ""),
        ("afdeling", "?new=1"),
        ("afdeling", "/udskriv"),
        ("afdeling", "sheet"),
    ],
)
def test_a_page_is_few_statements(app: Flask, who: str, rest: str) -> None:
    reader, episode_id = as_(app, who), handed.sent(to_hotel=who == "tryghed")
    address = f"/forloeb/{episode_id}/borgerark" if rest == "sheet" else at(episode_id, rest)
    reader.sees(address)
    with listening() as asked:
        assert reader.sees(address).answer.status_code == 200
    assert len(asked) < 15, asked


def test_names_and_texts_stand_there_as_they_were_typed(app: Flask) -> None:
    text = "<b>Ny</b> 'medicin' & \"piller\" 👵\r\nto linjer"
    episode_id = handed.admitted()
    sends(as_(app, "afdeling"), episode_id, **{"R.medicine": text})
    page = as_(app, "distrikt").sees(at(episode_id))
    assert "<b>Ny</b>" not in page.html
    assert "<b>Ny</b> 'medicin' & \"piller\" 👵\nto linjer" in unescape(page.html)
    assert handed.NAME in page.text


def test_every_field_of_the_engine_is_in_the_form_and_has_a_word(app: Flask) -> None:
    page = as_(app, "afdeling").sees(at(handed.admitted()))
    named = {values.get("name") for tag, values in page.tags if tag in {"textarea", "input"}}
    assert set(isbar.FIELDS) <= named


def test_no_words_are_left_in_the_other_language(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    afdeling, tryghed, unsent = as_(app, "afdeling"), as_(app, "tryghed"), handed.admitted()
    fills(afdeling, unsent, "/kladde", {"S.reason": ISBAR["S.reason"]})
    first, second = handed.sent(to_hotel=True), handed.sent(to_hotel=True)
    monkeypatch.setattr(language, "texts", lambda _: Marked())
    monkeypatch.setattr("workflow.sentences.word", lambda *_: "")
    monkeypatch.setattr("workflow.errors.sentence", lambda *_, **__: "")
    pages = [afdeling.sees(at(unsent)), sends(afdeling, unsent, WITHOUT_MEDICINE), tryghed.sees(at(first))]
    pages += [tryghed.presses(pages[-1], data_accept=""), tryghed.sees(at(second)), afdeling.sees(at(first, "?new=1"))]
    form = next(form for form in pages[-2].forms if form.fields.get("form") == "reject")
    tryghed.client.post(form.action, data=form.fields | {"reason": ISBAR["S.reason"]})
    old = f"?of={handed.handover_of(second).uuid}&version=1"
    pages += [afdeling.sees(at(second)), afdeling.sees(at(second, old)), afdeling.sees(at(second, "/udskriv"))]
    pages += [afdeling.sees(f"/forloeb/{first}/borgerark")]
    assert [page.answer.status_code for page in pages] == [200, 422, *[200] * 8]
    typed = {word for text in (handed.NAME, *ISBAR.values()) for word in re.findall(r"\w+", text)}
    left = {word for page in pages for word in untranslated(page)} - names(pages[0]) - typed - {"CPR", *"ISBAR"}
    assert left == set()
