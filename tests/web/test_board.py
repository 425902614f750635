"""The board in the browser: what is shown, pressed and refreshed, and what it writes down."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from ops.demo import cluster
from tests.statements import listening
from tests.web.citizens import MASKED, NAME, discharged_to_the_hotel
from tests.web.reader import Page, Reader
from tests.web.routes import enter
from workflow import clock
from workflow.db import SWEEPS, Session
from workflow.handing import handovers
from workflow.lists.board.picking import PAGE
from workflow.tables import AccessEntry, Episode, Handover, SignIn
from workflow.vocabulary import HandoverState, Look, Role

POLL = {"HX-Request": "true", "X-Poll": "1"}


def enters(somebody: Reader, who: str) -> Page:
    somebody.signs_in(who)
    return somebody.sees("/overgange")


def state_of(episode: Episode) -> tuple[str, HandoverState]:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        query = select(Episode.state, Handover.state).join(Handover, Handover.episode_id == Episode.id)
        state, handover = session.execute(query.where(Episode.id == episode.id)).one()
        return state, handover


def looks(kind: Look) -> int:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        return session.scalar(select(func.count()).where(AccessEntry.kind == kind)) or 0


def etag(somebody: Reader, address: str = "/overgange") -> str:
    return somebody.client.get(address, headers=POLL).headers["ETag"]


def polled(somebody: Reader, known: str, address: str = "/overgange") -> int:
    return somebody.client.get(address, headers={**POLL, "If-None-Match": known}).status_code


def test_a_row_says_who_from_where_and_what_next(somebody: Reader, arriving: Episode) -> None:
    page = enters(somebody, "tryghed")
    assert "Tryghedshotellet" in page.text
    for said in (NAME, MASKED, "Medicinsk afsnit", "Plads 1", "Svar på overlevering", "Læs og modtag"):
        assert said in page.text, said
    assert "0119400001" not in page.html
    assert "011940-0001" not in page.html
    assert page.first("a", href=f"/forloeb/{arriving.uuid}")


def test_the_other_side_waits_with_a_number_to_phone(somebody: Reader, arriving: Episode) -> None:
    enters(somebody, "afdeling")
    assert "Venter på Tryghedshotellet" not in somebody.sees("/overgange").text
    page = somebody.sees("/overgange?turn=others")
    assert "Venter på Tryghedshotellet" in page.text
    assert any(values.get("href", "").startswith("tel:+4500") for _, values in page.tags)


def read(somebody: Reader, episode: Episode) -> Page:
    """Somebody of the house reads the handover; then they see the board."""
    enters(somebody, "tryghed")
    somebody.sees(f"/forloeb/{episode.uuid}/overlevering")
    return somebody.sees("/overgange")


def test_what_nobody_has_read_is_accepted_by_no_press_on_the_board(somebody: Reader, arriving: Episode) -> None:
    page = enters(somebody, "tryghed")
    assert page.first("a", data_do="read")["href"] == f"/forloeb/{arriving.uuid}/overlevering"
    assert not [form for form in page.forms if form.action.endswith("/modtag")]
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        number = session.scalar(select(Handover.uuid).where(Handover.episode_id == arriving.id))
    fields = {**page.forms[0].fields, "version": "1"}
    answer = somebody.client.post(f"/overgange/overlevering/{number}/modtag", data=fields)
    assert (answer.status_code, state_of(arriving)[1]) == (409, HandoverState.SENT)


def test_accept_and_arrive_are_one_press_each(somebody: Reader, arriving: Episode) -> None:
    page = somebody.presses(read(somebody, arriving), data_do="accept")
    assert state_of(arriving) == ("discharged", HandoverState.ACCEPTED)
    page = somebody.presses(page, data_do="arrive")
    assert state_of(arriving) == ("at_tryghedshotel", HandoverState.ACCEPTED)
    assert "Ring til Medicinsk afsnit" in page.text


def test_a_press_goes_back_to_what_was_shown(somebody: Reader, arriving: Episode) -> None:
    read(somebody, arriving)
    page = somebody.sees("/overgange?show=awaiting")
    form = next(form for form in page.forms if form.action.endswith("/modtag"))
    answer = somebody.client.post(form.action, data=form.fields)
    assert (answer.status_code, answer.location) == (303, "/overgange?show=awaiting")


def test_a_colleague_was_first_is_said_kindly_on_the_board(app: Flask, somebody: Reader, arriving: Episode) -> None:
    page, other = read(somebody, arriving), Reader(app.test_client())
    enter(other.client, "bo")
    other.presses(other.sees("/overgange"), data_do="accept")
    refused = somebody.presses(page, data_do="accept")
    assert refused.answer.status_code == 409
    assert "Overleveringen er ikke modtaget" in refused.text
    assert "Bo Demo" in refused.text
    assert "Bekræft ankomst" in refused.text


def test_who_is_not_the_receiver_accepts_nothing_by_a_forged_form(somebody: Reader, arriving: Episode) -> None:
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        number = session.scalar(select(Handover.uuid).where(Handover.episode_id == arriving.id))
    for who, status in (("afdeling", 403), ("nabokommune", 404)):
        page = enters(somebody, who)
        mark = {"form_mark": page.forms[0].fields["form_mark"], "version": "1"}
        answers = [
            somebody.client.post(f"/overgange/overlevering/{number}/modtag", data=mark),
            somebody.client.post(f"/overgange/forloeb/{arriving.uuid}/ankomst", data=mark),
            somebody.client.post(f"/overgange/forloeb/{arriving.uuid}/tilsyn", data=mark),
        ]
        assert {answer.status_code for answer in answers} == {status}, who
    assert state_of(arriving) == ("discharged", HandoverState.SENT)


# --- counts and filters ---


def test_counts_filter_and_a_second_press_shows_everything(somebody: Reader, arriving: Episode) -> None:
    page = enters(somebody, "tryghed")
    link = page.first("a", data_show="awaiting")
    assert link["href"] == "/overgange?show=awaiting"
    page = somebody.sees(link["href"])
    assert NAME in page.text
    link = page.first("a", data_show="awaiting")
    assert (link["href"], link["aria-current"]) == ("/overgange", "true")
    assert "Der er intet at vise her lige nu" in somebody.sees("/overgange?show=overdue").text


def test_an_empty_board_says_what_to_do(somebody: Reader) -> None:
    assert "Find en borger øverst på siden" in enters(somebody, "nabokommune").text


def test_a_view_is_kept_opened_and_removed(somebody: Reader, arriving: Episode) -> None:
    enters(somebody, "tryghed")
    page = somebody.sees("/overgange?show=awaiting")
    page = somebody.sends(page, "/overgange/visninger", name="Venter på mig")
    assert page.first("a", href="/overgange?show=awaiting", aria_current="page")
    assert "Venter på mig" in page.text
    page = somebody.presses(page, aria_label="Fjern visningen Venter på mig")
    assert "Venter på mig" not in page.text


def test_the_next_page_goes_on_where_this_one_ends(somebody: Reader) -> None:
    for number in range(1, PAGE + 3):
        discharged_to_the_hotel(number)
    first = enters(somebody, "tryghed")
    second = somebody.sees(first.first("a", id="next-page")["href"])
    shown = [
        [v["data-episode"] for tag, v in page.tags if tag == "tr" and "data-episode" in v] for page in (first, second)
    ]
    assert (len(shown[0]), len(shown[1])) == (PAGE, 2)
    assert set(shown[0]).isdisjoint(shown[1])
    assert not any(values.get("id") == "next-page" for _, values in second.tags)


# --- refreshing ---


def test_a_poll_without_news_has_no_body_writes_no_look_and_keeps_no_sign_in_alive(
    somebody: Reader, arriving: Episode
) -> None:
    enters(somebody, "tryghed")
    known, before = etag(somebody), looks(Look.LIST)
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '10 minutes'"))
        used = session.scalar(select(func.max(SignIn.used_at)))
    answer = somebody.client.get("/overgange", headers={**POLL, "If-None-Match": known})
    assert (answer.status_code, answer.data, looks(Look.LIST)) == (304, b"", before)
    with Session.begin() as session:
        assert session.scalar(select(func.max(SignIn.used_at))) == used


def test_a_poll_with_news_is_the_list_alone_and_is_written_down(somebody: Reader, arriving: Episode) -> None:
    enters(somebody, "tryghed")
    known, before = etag(somebody), looks(Look.LIST)
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        there = cluster.read(session)
        number = session.scalars(select(Handover.uuid).where(Handover.episode_id == arriving.id)).one()
        bo = there.at_work(there.units[cluster.HOTEL], Role.FACILITY_NURSE)[1]
        handovers.read(session, number, by=bo, at=clock.now(session))
    answer = somebody.client.get("/overgange", headers={**POLL, "If-None-Match": known})
    assert (answer.status_code, looks(Look.LIST)) == (200, before + 1)
    assert answer.text.lstrip().startswith('<div id="board"')


def test_news_of_others_is_no_news(somebody: Reader, arriving: Episode) -> None:
    enters(somebody, "nabokommune")
    known = etag(somebody)
    discharged_to_the_hotel(2)
    assert polled(somebody, known) == 304


def test_time_alone_is_news_when_it_becomes_urgent(somebody: Reader, arriving: Episode) -> None:
    enters(somebody, "tryghed")
    known = etag(somebody)
    with Session.begin() as session:
        clock.advance(session, timedelta(hours=4))
    assert polled(somebody, known) == 200


def test_an_ended_sign_in_takes_the_page_around_the_list_too(somebody: Reader) -> None:
    answer = somebody.client.get("/overgange", headers=POLL)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


# --- home, and what a page costs ---


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ("koordinator", "/overgange"),
        ("leder.hospital", "/overblik"),
        ("admin", "/admin/people"),
        ("drift", "/status"),
    ],
)
def test_the_front_page_is_where_ones_work_is(somebody: Reader, who: str, where: str) -> None:
    somebody.signs_in(who)
    assert somebody.client.get("/").location == where


def test_a_page_sends_fifteen_statements_at_most_however_much_it_lists(somebody: Reader) -> None:
    enters(somebody, "tryghed")
    cost: list[int] = []
    for numbers in (range(1, 11), range(11, 61)):
        for number in numbers:
            discharged_to_the_hotel(number)
        with listening() as sent:
            assert somebody.client.get("/overgange").status_code == 200
        cost.append(len(sent))
    assert cost[0] == cost[1] < 15, cost


def test_the_board_of_the_english_reader_is_english(somebody: Reader, arriving: Episode) -> None:
    somebody.client.set_cookie("overgang_language", "en")
    page = enters(somebody, "tryghed")
    assert "Read and accept" in page.text
    assert "Modtag" not in page.text
