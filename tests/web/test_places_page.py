"""The places of a house: who lies where, who comes, who waits; and that nobody is put where somebody is."""

from flask import Flask
from sqlalchemy import select

from ops.demo import cluster
from ops.demo.cluster import HOTEL
from tests.statements import listening
from tests.web.guests import Guest, admitted, behind_the_pages, discharged, later
from tests.web.reader import Page, Reader
from tests.web.routes import enter
from workflow.staff import sign_ins
from workflow.tables import Episode, Place, PlaceStay, Unit
from workflow.vocabulary import Role, StayState


def at_desk(app: Flask, username: str, unit: str | None = None, role: Role | None = None) -> Reader:
    """Signed in; in a unit of theirs that is named."""
    reader = Reader(app.test_client())
    enter(reader.client, username, role)
    if unit is not None:
        page = reader.sees("/choose")
        with behind_the_pages() as session:
            wanted = session.scalars(select(Unit).where(Unit.name == unit)).one()
            person = next(a for a in cluster.read(session).at_work(wanted, Role.MANAGER))
            assert person.person_id is not None
            held = next(r.uuid for r in sign_ins.roles_of(session, person.person_id) if r.unit_id == wanted.id)
        form = next(form for form in page.forms if form.action.startswith("/choose"))
        reader.client.post(form.action, data=form.fields | {"role": str(held)})
    return reader


def use(page: Page, place: str) -> str:
    return page.first("li", data_place=place)["data-use"]


def headline(page: Page) -> str:
    return next(text for text in page.texts if "optaget" in text and "reserveret" in text)


def place_of(unit: str, name: str) -> Place:
    with behind_the_pages() as session:
        session.expire_on_commit = False
        return session.scalars(
            select(Place).join(Unit, Unit.id == Place.unit_id).where(Unit.name == unit, Place.name == name)
        ).one()


def state(guest: Guest) -> str:
    with behind_the_pages() as session:
        return session.scalars(select(Episode.state).where(Episode.uuid == guest.episode)).one()


def test_an_arrival_is_one_click(app: Flask) -> None:
    guest = discharged(hours=1)
    house = at_desk(app, "tryghed")
    page = house.sees("/pladser")
    assert headline(page).startswith("0 af 20 optaget · 1 reserveret · 19 ledige")
    assert use(page, "1") == "reserved"
    assert guest.name in page.text
    assert guest.number not in page.html
    page = house.sends(page, f"/forloeb/{guest.episode}/plads/ankomst")
    assert headline(page).startswith("1 af 20 optaget · 0 reserveret")
    assert (use(page, "1"), state(guest)) == ("taken", "at_tryghedshotel")
    gone = house.client.post(f"/forloeb/{guest.episode}/plads/frigiv", data=page.forms[-1].fields)
    assert gone.status_code == 409
    assert "afrejsen" in gone.text


def test_nobody_arrives_before_the_discharge(app: Flask) -> None:
    guest = admitted(place=True)
    house = at_desk(app, "tryghed")
    page = house.sees("/pladser")
    arrival = f"/forloeb/{guest.episode}/plads/ankomst"
    assert arrival not in page.html
    assert house.client.post(arrival, data=page.forms[-1].fields).status_code == 409
    assert state(guest) == "admitted"


def test_a_place_is_closed_with_a_reason_and_opened_moved_to_and_never_shared(app: Flask) -> None:
    guest, second = discharged(hours=1), discharged("Bent Demo", hours=1)
    house = at_desk(app, "tryghed")
    page = house.sees("/pladser")
    third, fourth = place_of(HOTEL, "3"), place_of(HOTEL, "4")
    close = f"/pladser/{third.uuid}/luk"
    refused = house.sends(page, close, reason=" ")
    assert (refused.answer.status_code, "begrundelse" in refused.text) == (422, True)
    refused = house.sends(page, close, reason="Isolation", until="2026-03-01T08:00")
    assert refused.first("input", id=f"close-{third.id}-until")["aria-invalid"] == "true"
    page = house.sends(page, close, reason="Isolation")
    assert use(page, "3") == "closed"
    assert "Isolation" in page.text
    move = f"/forloeb/{guest.episode}/plads/flyt"
    assert house.sends(page, move, place=str(third.uuid)).answer.status_code == 409
    assert house.sends(page, move, place=str(place_of(HOTEL, "2").uuid)).answer.status_code == 409
    assert house.sends(page, move, place="nonsense").answer.status_code == 422
    page = house.sends(page, move, place=str(fourth.uuid))
    assert (use(page, "1"), use(page, "4")) == ("free", "reserved")
    page = house.sends(page, f"/pladser/{third.uuid}/aabn")
    assert use(page, "3") == "free"
    occupied = house.client.post(f"/pladser/{fourth.uuid}/luk", data=page.forms[-1].fields | {"reason": "Rengøring"})
    assert occupied.status_code == 409
    page = house.sends(page, f"/forloeb/{second.episode}/plads/frigiv")
    assert use(page, "2") == "free"
    elsewhere = at_desk(app, "sanne")
    assert (
        elsewhere.client.post(close, data=elsewhere.sees("/pladser").forms[-1].fields | {"reason": "x"}).status_code
        == 403
    )


def test_a_coordinator_sees_what_is_free_and_reserves_in_one_click(app: Flask) -> None:
    discharged("Skjult Demo")
    guest = admitted("Agnes Demo", to_hotel=False)
    coordinator = at_desk(app, "koordinator")
    page = coordinator.sees(f"/pladser?forloeb={guest.episode}")
    assert page.first("tr", data_house=HOTEL)["data-free"] == "19"
    page = coordinator.sends(page, f"/forloeb/{guest.episode}/plads")  # the first house in the list
    with behind_the_pages() as session:
        kept = session.execute(
            select(Unit.name, PlaceStay.state).join(Place, Place.unit_id == Unit.id).join(PlaceStay)
            .join(Episode, Episode.id == PlaceStay.episode_id).where(Episode.uuid == guest.episode)
        ).one()  # fmt: skip
    assert kept.state == StayState.RESERVED
    neighbour = at_desk(app, "nabokommune")
    with behind_the_pages() as session:
        hotel = session.scalars(select(Unit.uuid).where(Unit.name == HOTEL)).one()
    page = neighbour.sees(f"/pladser?hus={hotel}")
    assert "Skjult Demo" not in page.html
    assert use(page, "1") == "other"
    assert neighbour.sees(f"/pladser?forloeb={guest.episode}").answer.status_code == 404


def test_the_one_too_many_waits_or_a_manager_makes_room_with_a_reason(app: Flask) -> None:
    unit = "Korttidspladserne Syddjurs"
    manager = at_desk(app, "leder.syddjurs", unit, Role.MANAGER)
    page = manager.sees("/pladser")
    assert "Pladser: Korttidspladserne Syddjurs" in page.text
    for count, status in (("3", 409), ("0", 422), ("many", 422), ("5", 200)):
        answer = manager.sends(page, "/pladser/antal", kind="short_stay", count=count)
        assert answer.answer.status_code == status, count
    house, kind = next(f for f in page.forms if f.action == "/pladser/antal").fields["house"], "short_stay"
    coordinator = at_desk(app, "koordinator")
    for number in range(5):
        guest = admitted(f"Borger {number} Demo", to_hotel=False)
        page = coordinator.sees(f"/pladser?forloeb={guest.episode}")
        fields = {"house": house, "kind": kind}
        assert coordinator.sends(page, f"/forloeb/{guest.episode}/plads", **fields).answer.status_code == 200
    last = admitted("Sidste Demo", to_hotel=False)
    page = coordinator.sees(f"/pladser?forloeb={last.episode}")
    assert page.first("tr", data_house=unit)["data-free"] == "0"
    refused = coordinator.sends(page, f"/forloeb/{last.episode}/plads", house=house, kind=kind)
    assert refused.answer.status_code == 409
    assert "0 ledige - sæt på venteliste" in refused.text
    waits = next(form for form in page.forms if form.action.endswith("/plads/venteliste"))
    assert waits.fields | {"house": house, "kind": kind} == waits.fields  # the button says where, and for what
    coordinator.sends(page, waits.action)
    later(hours=2)
    page = manager.sees("/pladser")
    assert "1 borger venter" in headline(page)
    extra = f"/forloeb/{last.episode}/plads/ekstra"
    assert coordinator.client.post(extra, data=coordinator.sees("/pladser").forms[-1].fields).status_code == 403
    assert manager.sends(page, extra, reason=" ").answer.status_code == 422
    page = manager.sends(page, extra, reason="Snestorm")
    assert "Ekstra 1" in page.html
    assert "Sidste Demo" in page.text


def test_a_house_is_read_in_few_statements_however_full(app: Flask) -> None:
    house = at_desk(app, "tryghed")
    for number in range(12):
        discharged(f"Borger {number} Demo", hours=1)
    house.sees("/pladser")
    with listening() as sent:
        page = house.sees("/pladser")
    assert page.html.count("data-awaited") == 12
    assert len(sent) < 15, sent
