"""What is done from the page of an episode without looking for it elsewhere: an answer, a place, a number to ring."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from tests.web import handed
from tests.web.guests import DISTRICT, behind_the_pages, discharged
from tests.web.test_episode import acting, address, seen
from workflow.tables import Episode, InboxItem, Notice, Unit
from workflow.vocabulary import Audience, HandoverState, NoticeKind


def test_the_receiver_answers_where_they_read_of_it(app: Flask) -> None:
    episode, distrikt = handed.sent(), acting(app, "distrikt")
    page = seen(distrikt, episode)
    assert page.first("section", data_next="accept")
    assert page.first("a", data_read_handover="")["href"] == address(episode, "/overlevering")
    assert not [form for form in page.forms if "/overlevering/" in form.action], "nothing is answered unread"
    distrikt.sees(address(episode, "/overlevering"))
    page = seen(distrikt, episode)
    refused = distrikt.presses(page, data_reject="")
    assert refused.answer.status_code == 422
    assert refused.first("section", data_next="accept")
    assert refused.first("a", href="#reject-reason")
    asked = next(f for f in page.forms if f.fields.get("form") == "ask")
    answer = distrikt.client.post(asked.action, data=asked.fields | {"asked_for": "R.medicine", "reason": "Hvilken?"})
    assert answer.headers["Location"] == address(episode)
    assert handed.handover_of(episode).state == HandoverState.REJECTED


def test_what_waits_in_the_inbox_stands_on_its_tab(app: Flask) -> None:
    distrikt = acting(app, "distrikt")
    assert "data-unread>" not in distrikt.sees("/overgange").html
    agnes = handed.sent()
    with behind_the_pages() as session:
        district = session.scalars(select(Unit.id).where(Unit.name == DISTRICT)).one()
        episode = session.scalars(select(Episode).where(Episode.uuid == agnes)).one()
        for _ in range(2):
            notice = Notice(
                episode_id=episode.id, kind=NoticeKind.NOTICE, topic="transferred", unit_id=district,
                audience=Audience.UNIT, written_at=episode.opened_at, routed_at=episode.opened_at,
            )  # fmt: skip
            session.add(notice)
            session.flush()
            session.add(InboxItem(notice_id=notice.id, unit_id=district, received_at=episode.opened_at))
    told = distrikt.sees("/indbakke")
    assert told.html.count("data-item") == 2
    assert told.first("tr", data_asking="answer")
    for where in (address(agnes), "/overgange", "/indbakke"):  # what is told is counted by none of them
        assert "data-unread>1<" in distrikt.sees(where).html, where
    assert "data-item" not in distrikt.sees("/indbakke").html, "the citizen has been opened"


def test_at_the_hotel_the_ward_is_phoned_for_a_readmission_and_the_past_discharge_is_no_deadline(app: Flask) -> None:
    guest, tryghed = discharged(hours=1), acting(app, "tryghed")
    assert "data-ask-readmission" not in seen(tryghed, guest.episode).html
    with behind_the_pages() as session:
        there = session.scalars(select(Episode).where(Episode.uuid == guest.episode)).one()
        there.expected_discharge_at = handed.now() - timedelta(days=1)
    page = tryghed.presses(seen(tryghed, guest.episode), data_confirm_arrival="")
    assert page.first("details", data_ask_readmission="")
    assert "Skriv overleveringen før afrejsen" in page.text
    assert "1 døgn over" not in page.text
    letter = tryghed.sees(
        page.first("a", href=address(guest.episode, "/korrespondance?kategori=acute-ambulant"))["href"]
    )
    assert 'value="acute-ambulant" selected' in letter.html


def test_a_free_place_is_found_from_the_episode_and_reserved_in_one_click(app: Flask) -> None:
    admitted, koordinator = handed.admitted(), acting(app, "koordinator")
    found = seen(koordinator, admitted).first("a", data_find_place="")
    houses = koordinator.sees(found["href"])
    form = next(f for f in houses.forms if f.action == address(admitted, "/plads"))
    answer = koordinator.client.post(form.action, data=form.fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, address(admitted))
