"""What must be impossible for a coordinator, a municipal nurse and a nurse of Tryghedshotellet (domain/users.md 4.1,
4.2, 4.4), each tried by a request that no page sends: it is refused, and nothing is written.
"""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from ops.demo import cluster
from tests.web import handed
from tests.web.guests import WARD, behind_the_pages, discharged, later
from tests.web.guests import admitted as on_the_way
from tests.web.reader import Page, Reader
from tests.web.routes import MARK, enter, marked, state
from tests.world import ISBAR
from web.ground.formats import for_input
from workflow import citizens, clock, episodes
from workflow.actor import SYSTEM
from workflow.cpr import Cpr
from workflow.db import Session
from workflow.seeing import objections
from workflow.tables import Citizen, Episode, HandoverVersion, Organisation, Place, Task, Unit
from workflow.vocabulary import OrganisationKind, Role, UnitKind

FORM = {**ISBAR, "signed": "nursing", "version": "0", "draft": "0"}
SPOKEN = {"outcome": "completed", "spoken_with": "Pia Demo", "condition": "same", "doctor": "no"}
HOME_NOW = {"trigger": "patient_discharged", "destination": "home", "reason": "Haster"}

pytestmark = pytest.mark.usefixtures("app")


def forges(app: Flask, who: str, address: str, *, keeps: str = "", **typed: str) -> int:
    """Somebody who is signed in sends what no page of theirs sends; the status, of an answer that wrote nothing.

    `keeps` is a table to which a refusal may add what was typed.
    """
    client = app.test_client()
    enter(client, who)
    mark, before = marked(client), state()
    status = client.post(address, data={MARK: mark, **typed}).status_code
    after = state()
    assert {**after, keeps: before.get(keeps)} == {**before, keeps: before.get(keeps)}
    return status


def episode(of: UUID, rest: str) -> str:
    return f"/forloeb/{of}/{rest}"


def shown(**after: float) -> str:
    """A time beside now, as a field of a form holds it."""
    return for_input(handed.now() + timedelta(**after))


# --- a discharge coordinator ---


def test_a_discharge_without_a_destination(app: Flask) -> None:
    agnes = handed.admitted()
    assert forges(app, "koordinator", episode(agnes, "haendelse"), trigger="patient_discharged", reason="Haster") == 409


def test_a_discharge_in_the_future(app: Flask) -> None:
    agnes = handed.admitted()
    assert forges(app, "koordinator", episode(agnes, "haendelse"), **HOME_NOW, effective_at=shown(hours=2)) == 422


def test_a_discharge_before_the_admission(app: Flask) -> None:
    agnes = handed.admitted()
    assert forges(app, "koordinator", episode(agnes, "haendelse"), **HOME_NOW, effective_at=shown(hours=-9)) == 422


def test_sending_to_a_municipality_where_the_citizen_does_not_live(app: Flask) -> None:
    agnes = handed.admitted()
    with behind_the_pages() as session:
        elsewhere = session.scalars(select(Organisation).where(Organisation.name == "Norddjurs Kommune")).one()
        theirs = select(Episode.citizen_id).where(Episode.uuid == agnes).scalar_subquery()
        session.execute(update(Citizen).where(Citizen.id == theirs).values(municipality_id=elsewhere.id))
    assert forges(app, "koordinator", episode(agnes, "overlevering"), keeps="handover_drafts", **FORM) == 422


def test_sending_without_what_must_be_said(app: Flask) -> None:
    agnes = handed.admitted()
    lacking, address = {**FORM, "R.medicine": " "}, episode(agnes, "overlevering")
    assert forges(app, "koordinator", address, keeps="handover_drafts", **lacking) == 422


def test_sending_twice(app: Flask) -> None:
    agnes, client = handed.admitted(), app.test_client()
    enter(client, "koordinator")
    twice = [client.post(episode(agnes, "overlevering"), data={MARK: marked(client), **FORM}) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [303, 303]
    with behind_the_pages() as session:
        assert len(session.scalars(select(HandoverVersion)).all()) == 1


def test_changing_what_somebody_has_accepted(app: Flask) -> None:
    agnes = handed.sent()
    distrikt = Reader(app.test_client())
    enter(distrikt.client, "distrikt")
    distrikt.presses(distrikt.sees(episode(agnes, "overlevering")), data_accept="")
    changed = {**FORM, "R.medicine": "Ændret"}
    assert forges(app, "koordinator", episode(agnes, "overlevering"), **changed) == 409
    assert forges(app, "distrikt", episode(agnes, "overlevering"), **{**changed, "version": "1"}) == 403


def test_two_admissions_of_one_citizen(app: Flask) -> None:
    agnes = on_the_way()
    with behind_the_pages() as session:
        ward = session.scalars(select(Unit.uuid).where(Unit.name == WARD)).one()
    begun = {"cpr": agnes.number, "way": "home:admission", "ward": str(ward), "effective_at": shown()}
    assert forges(app, "afdeling", "/forloeb", **begun) == 409


def test_sending_what_the_citizen_does_not_want_passed_on(app: Flask) -> None:
    agnes = handed.admitted()
    with behind_the_pages() as session:
        theirs = session.scalars(select(Episode.citizen_id).where(Episode.uuid == agnes)).one()
        objections.register(session, theirs, "Intet", by=handed.ward_nurse(session), at=clock.now(session))
    assert forges(app, "koordinator", episode(agnes, "overlevering"), **FORM) == 409


def test_seeing_the_patients_of_another_hospital(app: Flask) -> None:
    with behind_the_pages() as session:
        hospital = Organisation(name="Aarhus Universitetshospital (demo)", kind=OrganisationKind.HOSPITAL)
        session.add(hospital)
        session.flush()
        ward = Unit(organisation_id=hospital.id, name="Øre-næse-hals", kind=UnitKind.WARD)
        session.add(ward)
        session.flush()
        home = session.scalars(select(Organisation.id).where(Organisation.name == "Randers Kommune")).one()
        bent = citizens.register(session, Cpr.parse("0113409999"), "Bent Demo", municipality_id=home)
        there = episodes.open_episode(
            session, bent, "home", "admission", by=SYSTEM, at=clock.now(session), ward=ward
        ).uuid
    koordinator = Reader(app.test_client())
    enter(koordinator.client, "koordinator")
    for page in ("", "overlevering", "borgerark", "udskrift", "korrespondance"):
        seen = koordinator.sees(episode(there, page).rstrip("/"))
        assert (seen.answer.status_code, "Bent" in seen.html) == (404, False), page
    assert forges(app, "koordinator", episode(there, "haendelse"), **HOME_NOW) == 404
    assert forges(app, "koordinator", episode(there, "cpr")) == 404


# --- a municipal nurse ---


@pytest.mark.parametrize(("who", "status"), [("nabokommune", 404), ("tryghed", 404), ("afdeling", 403)])
def test_accepting_for_a_unit_that_is_not_theirs(app: Flask, who: str, status: int) -> None:
    waiting = handed.handover_of(handed.sent())
    assert forges(app, who, f"/overlevering/{waiting.uuid}/modtag", version="1") == status
    assert forges(app, who, f"/overgange/overlevering/{waiting.uuid}/modtag", version="1") == status


def test_a_call_without_an_outcome(app: Flask) -> None:
    call = discharged().call
    assert forges(app, "tryghed", f"/opgaver/{call}/opkald", **{**SPOKEN, "outcome": ""}) == 422


def test_a_call_that_is_ticked_off_without_calling(app: Flask) -> None:
    call = discharged().call
    done = {"record": "Ringet", "effective_at": shown()}
    assert forges(app, "tryghed", f"/opgaver/{call}/udfoert", **done) == 409


def test_a_task_of_somebody_who_is_dead(app: Flask) -> None:
    agnes = discharged()
    with behind_the_pages() as session:
        nurse = cluster.read(session).named(cluster.HOTEL, Role.FACILITY_NURSE)
        episodes.record_event(session, agnes.episode, "patient_died", by=nurse, at=clock.now(session))
    assert forges(app, "tryghed", f"/opgaver/{agnes.call}/opkald", **SPOKEN) == 409


def test_losing_what_was_typed_when_the_sign_in_ends(app: Flask) -> None:
    agnes, koordinator = handed.admitted(), Reader(app.test_client())
    enter(koordinator.client, "koordinator")
    page = koordinator.sees(episode(agnes, "overlevering"))
    form = next(form for form in page.forms if form.action == episode(agnes, "overlevering"))
    handed.let_sign_ins_end()
    typed = form.fields | FORM | {"R.medicine": "Husk insulin"}
    late = Page(koordinator.client.post(form.action, data=typed))
    assert late.answer.status_code == 401
    again = koordinator.presses(late, data_demo_user="koordinator")
    koordinator.presses(again, data_send_again="")
    assert "Husk insulin" in koordinator.sees(episode(agnes, "overlevering")).text


def test_a_call_in_the_future(app: Flask) -> None:
    call = discharged().call
    assert forges(app, "tryghed", f"/opgaver/{call}/opkald", **SPOKEN, effective_at=shown(hours=1)) == 422


def test_a_task_that_no_unit_owns(app: Flask) -> None:
    call = discharged().call
    with behind_the_pages() as session, pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Task).where(Task.uuid == call).values(unit_id=None))
    assert forges(app, "tryghed", f"/opgaver/{call}/videre", to=str(call)) == 404


def test_a_late_task_leaving_the_list(app: Flask) -> None:
    call = discharged().call
    later(days=3)
    assert forges(app, "tryghed", f"/opgaver/{call}/ikke-relevant") in {403, 409}
    tryghed = Reader(app.test_client())
    enter(tryghed.client, "tryghed")
    assert str(call) in tryghed.sees("/opgaver").html


# --- a nurse of Tryghedshotellet ---


def test_two_people_in_one_place(app: Flask) -> None:
    discharged()
    bent = on_the_way("Bent Demo")
    with behind_the_pages() as session:
        first = cluster.read(session).places[cluster.HOTEL][0].uuid
    assert forges(app, "tryghed", episode(bent.episode, "plads"), place=str(first)) == 409


@pytest.mark.parametrize(
    "address", ["/forloeb/{}/ankomst", "/forloeb/{}/plads/ankomst", "/overgange/forloeb/{}/ankomst"]
)
def test_an_arrival_before_the_discharge(app: Flask, address: str) -> None:
    agnes = on_the_way(place=True)
    assert forges(app, "tryghed", address.format(agnes.episode)) == 409


def test_an_arrival_that_is_said_to_be_before_the_discharge(app: Flask) -> None:
    agnes = discharged(hours=1)
    before = {"trigger": "patient_arrived", "effective_at": shown(hours=-2), "reason": "Sent skrevet"}
    assert forges(app, "tryghed", episode(agnes.episode, "haendelse"), **before) == 422


def test_a_departure_that_nobody_takes_over(app: Flask) -> None:
    agnes = discharged(hours=1)
    with behind_the_pages() as session:
        nurse = cluster.read(session).named(cluster.HOTEL, Role.FACILITY_NURSE)
        episodes.record_arrival(session, agnes.episode, by=nurse, at=clock.now(session))
    assert forges(app, "tryghed", episode(agnes.episode, "haendelse"), trigger="departed_home") == 422
    assert forges(app, "tryghed", episode(agnes.episode, "plads/frigiv")) == 409


def test_a_call_with_nobody_named(app: Flask) -> None:
    call = discharged().call
    assert forges(app, "tryghed", f"/opgaver/{call}/opkald", **{**SPOKEN, "spoken_with": " "}) == 422


def test_a_place_that_is_taken_away_while_somebody_has_it(app: Flask) -> None:
    discharged()
    with behind_the_pages() as session:
        first = cluster.read(session).places[cluster.HOTEL][0]
        number, place = first.id, first.uuid
    assert forges(app, "tryghed", f"/pladser/{place}/luk", reason="Rengøring") == 409
    with Session() as session, pytest.raises((IntegrityError, ProgrammingError)):
        session.execute(text("delete from places where id = :id"), {"id": number})
    with behind_the_pages() as session:
        assert session.get(Place, number) is not None
