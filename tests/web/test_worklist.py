"""The tasks of a unit: what is most urgent first, taken, handed on, given back, and never gone while it is late."""

import pytest
from flask import Flask
from sqlalchemy import select

from ops.demo.cluster import HOTEL
from tests.statements import listening
from tests.web.guests import Guest, admitted, behind_the_pages, discharged, later
from tests.web.reader import Page, Reader
from tests.web.routes import enter
from tests.web.test_every_route import PEOPLE
from workflow.staff import people
from workflow.tables import AccessEntry, Episode, InboxItem, Notice, Task, Unit
from workflow.vocabulary import Audience, Look, NoticeKind


@pytest.fixture
def guest(app: Flask) -> Guest:
    return discharged(hours=2)


@pytest.fixture
def tryghed(somebody: Reader, guest: Guest) -> Reader:
    somebody.signs_in("tryghed")
    return somebody


def other(app: Flask, username: str) -> Reader:
    reader = Reader(app.test_client())
    enter(reader.client, username, PEOPLE.get(username))
    return reader


def row(page: Page, guest: Guest) -> str:
    """The row of that citizen's call, as it stands in the page."""
    start = page.html.index(f'data-task="{guest.call}"')
    return page.html[start : page.html.index("</tr>", start)]


def looks(kind: Look) -> list[str]:
    with behind_the_pages() as session:
        return list(session.scalars(select(AccessEntry.what).where(AccessEntry.kind == kind).order_by(AccessEntry.id)))


def test_a_row_says_by_when_who_where_and_whom_to_ring(tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees("/opgaver")
    shown = row(page, guest)
    for said in (
        "I god tid",
        "22 t 00 min",
        "Agnes Demo",
        "012140-****",
        "Opfølgende opkald",
        "Udskrevet",
        'href="tel:+45',
    ):
        assert said in shown, said
    assert guest.number not in page.html
    assert looks(Look.LIST) == ["board", "tasks"]  # the first page after the sign-in, and this one


def test_who_comes_second_is_told_and_may_take_it_over(app: Flask, tryghed: Reader, guest: Guest) -> None:
    claim = f"/opgaver/{guest.call}/tag"
    assert "Du har taget opgaven" in row(tryghed.sends(tryghed.sees("/opgaver"), claim, over="0"), guest)
    bo = other(app, "bo")
    page = bo.sees("/opgaver")
    assert "Taget af Tove Demo" in row(page, guest)
    assert bo.sends(page, claim, over="0").answer.status_code == 409
    assert "Du har taget opgaven" in row(bo.sends(page, claim, over="1"), guest)
    assert "Taget af Bo Demo" in row(tryghed.sees("/opgaver"), guest)
    assert str(guest.call) not in tryghed.sees("/opgaver?vis=mine").html
    assert str(guest.call) in bo.sees("/opgaver?vis=mine").html


def test_a_shift_gives_back_what_it_has_with_a_note_for_the_next(app: Flask, tryghed: Reader, guest: Guest) -> None:
    tryghed.sends(tryghed.sees("/opgaver"), f"/opgaver/{guest.call}/tag", over="0")
    page = tryghed.sees("/opgaver/vagtskifte")
    assert guest.name in page.text
    tryghed.sends(page, "/opgaver/vagtskifte", note="Ring efter kl. 16")
    assert "Ring efter kl. 16" in row(other(app, "bo").sees("/opgaver"), guest)
    assert "Taget af" not in row(tryghed.sees("/opgaver"), guest)
    assert "der er intet at give tilbage" in tryghed.sees("/opgaver/vagtskifte").text


@pytest.mark.parametrize("how", [{"data_deactivate": ""}, {"data_end_role": "facility_nurse"}])
def test_what_somebody_had_who_stops_is_the_units_at_once(
    app: Flask, tryghed: Reader, guest: Guest, how: dict[str, str]
) -> None:
    tryghed.sends(tryghed.sees("/opgaver"), f"/opgaver/{guest.call}/tag", over="0")
    with behind_the_pages() as session:
        tove = people.named(session, "tryghed").uuid
    admin = other(app, "admin")
    assert admin.presses(admin.sees(f"/admin/people/{tove}"), **how).answer.status_code == 200
    bo = other(app, "bo")
    shown = row(bo.sees("/opgaver"), guest)
    assert "Taget af" not in shown
    assert "tilbage til enheden: Tove Demo er stoppet" in shown
    assert "tilbage til enheden: Tove Demo er stoppet" in bo.sees(f"/forloeb/{guest.episode}").text
    assert "Du har taget opgaven" in row(bo.sends(bo.sees("/opgaver"), f"/opgaver/{guest.call}/tag", over="0"), guest)


def test_it_is_handed_on_to_a_colleague_and_to_nobody_else(app: Flask, tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees(f"/opgaver/{guest.call}")
    hand = f"/opgaver/{guest.call}/videre"
    with behind_the_pages() as session:
        bo = str(people.named(session, "bo").uuid)
    refused = tryghed.sends(page, hand, to=str(guest.episode), note="")
    assert refused.answer.status_code == 404
    tryghed.sends(page, hand, to=bo, note="Du kender hende")
    shown = row(tryghed.sees("/opgaver"), guest)
    assert "Du kender hende" in shown
    assert "Taget af Bo Demo" in shown
    assert other(app, "afdeling").sends(page, hand, to=bo, note="").answer.status_code in {400, 403}


def test_a_late_task_is_red_in_words_and_stays_on_top(app: Flask, tryghed: Reader, guest: Guest) -> None:
    discharged("Bent Demo")
    later(hours=22)
    page = tryghed.sees("/opgaver")
    shown = row(page, guest)
    assert "Misset" in shown
    assert "#error" in shown
    assert page.html.index(str(guest.call)) == min(page.html.index(t) for t in tasks_of(page))
    english = other(app, "bo")
    english.client.set_cookie("overgang_language", "en")
    assert "<span>Missed</span>" in row(english.sees("/opgaver"), guest)
    later(hours=24 * 30)
    assert "Misset" in row(tryghed.sees("/opgaver?vis=late"), guest)


def tasks_of(page: Page) -> list[str]:
    return [values["data-task"] for _, values in page.tags if "data-task" in values]


def test_counts_filter(app: Flask, tryghed: Reader, guest: Guest) -> None:
    soon = discharged("Bent Demo", hours=21)
    page = tryghed.sees("/opgaver")
    numbers = {v["data-which"]: v["href"] for tag, v in page.tags if tag == "a" and "data-which" in v}
    assert tasks_of(tryghed.sees(numbers["soon"])) == [str(soon.call)]
    assert tasks_of(tryghed.sees(numbers["open"])) == [str(soon.call), str(guest.call)]
    assert tasks_of(tryghed.sees(numbers["late"])) == []
    assert "Intet er overskredet" in tryghed.sees(numbers["late"]).text
    assert tasks_of(tryghed.sees("/opgaver?vis=nonsense&efter=nonsense")) == [str(soon.call), str(guest.call)]


def test_the_ward_sees_the_calls_it_waits_for(app: Flask, guest: Guest) -> None:
    ward = other(app, "afdeling")
    assert str(guest.call) not in ward.sees("/opgaver").html
    assert tasks_of(ward.sees("/opgaver?vis=expected")) == [str(guest.call)]
    coordinator = other(app, "koordinator")
    assert tasks_of(coordinator.sees("/opgaver?vis=expected")) == [str(guest.call)]


@pytest.mark.parametrize("who", ["nabokommune", "leder.syddjurs"])
def test_others_find_nothing(app: Flask, guest: Guest, who: str) -> None:
    stranger = other(app, who)
    for address in ("/opgaver", "/opgaver?vis=expected", "/opgaver/udskriv", "/opgaver?vis=done"):
        assert guest.name not in stranger.sees(address).html
    for address in (f"/opgaver/{guest.call}", f"/opgaver/{guest.call}/opkald"):
        assert stranger.sees(address).answer.status_code == 404


def test_the_list_on_paper_has_numbers_and_room_and_is_written_down(tryghed: Reader, guest: Guest) -> None:
    page = tryghed.sees("/opgaver/udskriv")
    for said in (guest.name, "012140-****", "+45 00 00", "dag", "nat", "Udført kl., af hvem, notat"):
        assert said in page.text, said
    assert guest.number not in page.html
    assert looks(Look.PRINT) == ["tasks"]


def test_a_page_is_turned_and_costs_the_same(tryghed: Reader, guest: Guest) -> None:
    tryghed.sees("/opgaver")
    with listening() as few:
        tryghed.sees("/opgaver")
    for number in range(27):
        discharged(f"Borger {number} Demo", place=False, hours=number / 10)
    with listening() as many:
        page = tryghed.sees("/opgaver")
    assert len(many) == len(few) < 15, many
    first = tasks_of(page)
    following = next(values["href"] for tag, values in page.tags if values.get("rel") == "next")
    second = tasks_of(tryghed.sees(following))
    assert (len(first), len(second)) == (25, 3)
    assert not set(first) & set(second)


def test_a_task_that_is_no_call_is_done_with_a_record_and_not_in_the_future(app: Flask, somebody: Reader) -> None:
    guest = discharged()
    somebody.signs_in("tryghed")
    arrival = f"/forloeb/{guest.episode}/plads/ankomst"
    somebody.sends(somebody.sees("/pladser"), arrival)
    with behind_the_pages() as session:
        review = session.scalars(select(Task.uuid).where(Task.kind == "review_of_stay")).one()
    address = f"/opgaver/{review}/udfoert"
    page = somebody.sees(f"/opgaver/{review}")
    ahead = later(hours=0).replace(year=2030).strftime("%Y-%m-%dT%H:%M")
    for typed in (
        {"record": " "},
        {"record": "Set", "effective_at": ahead},
        {"record": "Set", "effective_at": "i går"},
    ):
        refused = somebody.sends(page, address, **typed)
        assert refused.answer.status_code == 422
        assert "Det er ikke gemt" in refused.text
    somebody.sends(page, address, record="Journalen")
    assert "Gennemført til tiden" in somebody.sees(f"/opgaver/{review}").text
    assert str(review) in somebody.sees("/opgaver?vis=done").html
    again = somebody.sends(page, address, record="Journalen")
    assert again.answer.status_code == 409


def test_the_inbox_is_read_one_by_one_or_all_at_once(app: Flask, tryghed: Reader, guest: Guest) -> None:
    bo = other(app, "bo")
    with behind_the_pages() as session:
        hotel = session.scalars(select(Unit).where(Unit.name == HOTEL)).one()
        episode = session.scalars(select(Episode).where(Episode.uuid == guest.episode)).one()
        at = episode.opened_at
        for _ in range(3):
            notice = Notice(
                episode_id=episode.id, kind=NoticeKind.REMINDER, topic="follow_up_call", unit_id=hotel.id,
                audience=Audience.UNIT, written_at=at, routed_at=at,
            )  # fmt: skip
            session.add(notice)
            session.flush()
            session.add(InboxItem(notice_id=notice.id, unit_id=hotel.id, received_at=at))
    page = tryghed.sees("/indbakke")
    assert (page.html.count("data-group"), page.html.count("data-item")) == (1, 3)
    assert guest.number not in page.html
    button = page.first("button", name="read")
    tryghed.sends(page, "/indbakke", read=button["value"].split(",")[0])
    assert bo.sees("/indbakke").html.count("data-item") == 2
    stranger = other(app, "nabokommune")
    assert "data-item" not in stranger.sees("/indbakke").html
    mark = next(form for form in stranger.sees("/noed-adgang").forms if form.action == "/noed-adgang").fields
    shown = [v["value"] for tag, v in bo.sees("/indbakke").tags if tag == "input" and v.get("name") == "shown"]
    stranger.client.post("/indbakke", data={"form_mark": mark["form_mark"], "read": shown})
    assert bo.sees("/indbakke").html.count("data-item") == 2
    bo.client.post("/indbakke", data={**bo.sees("/indbakke").forms[-1].fields, "all": "1", "shown": shown})
    assert "Alt er læst" in tryghed.sees("/indbakke").text


def test_who_is_only_admitted_owes_nobody_a_call(app: Flask, somebody: Reader) -> None:
    admitted()
    somebody.signs_in("tryghed")
    assert "Der er ingen åbne opgaver" in somebody.sees("/opgaver").text
