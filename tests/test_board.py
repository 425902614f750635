"""The board: one row an episode, the most urgent first, whatever there is; and what each needs next."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, call_of, entries, hours
from tests.world import ISBAR, World
from workflow import amendments, episodes, places, tasks
from workflow.actor import Actor
from workflow.errors import Invalid, NotFound, NotPossible
from workflow.handing import handovers
from workflow.lists.board import picking, views
from workflow.lists.board.filters import Cursor, Filters, Show, Turn, counts_for
from workflow.lists.board.picking import PAGE, Picked
from workflow.lists.board.rows import Chased, Do, Row, rows
from workflow.seeing import sight
from workflow.seeing.sight import Sight
from workflow.showing import duties, story
from workflow.showing.way import Standing
from workflow.tables import Episode, Handover
from workflow.vocabulary import Outcome, PlaceKind, Role

EVERYTHING = Filters(turn=Turn.ALL)


def seen_by(session: Session, actor: Actor, at: datetime) -> Sight:
    session.flush()
    return sight.open(session, actor, at=at)


def picked(
    session: Session, actor: Actor, at: datetime, filters: Filters | None = None, after: Cursor | None = None
) -> list[Picked]:
    seen = seen_by(session, actor, at)
    return picking.pick(session, sorted(seen.units), filters or EVERYTHING, after=after, at=at)


def board(session: Session, actor: Actor, at: datetime, show: Show = Show.ALL) -> list[Row]:
    """What this person sees."""
    seen = seen_by(session, actor, at)
    filters = EVERYTHING if show == Show.ALL else Filters(show=show)
    found = picking.pick(session, sorted(seen.units), filters, after=None, at=at)
    return rows(session, seen, found, at=at)


def counts(session: Session, actor: Actor, at: datetime) -> dict[Show, int]:
    seen = seen_by(session, actor, at)
    shows = tuple(Show)[1:]
    counted = picking.count(session, sorted(seen.units), [Filters(show=show) for show in shows], at=at)
    return dict(zip(shows, counted, strict=True))


# --- which rows, in which order ---


def test_an_episode_stands_once_at_its_most_urgent_deadline(
    session: Session, world: World, discharged: Episode
) -> None:
    at = DISCHARGED + hours(1)
    (row,) = board(session, world.facility_nurse, at)
    assert (row.episode.id, row.what, row.at) == (discharged.id, "board:handover_answer", ADMITTED + hours(8))


def test_rows_come_by_time_and_each_once_over_every_page(session: Session, world: World) -> None:
    for number in range(PAGE + 7):
        worlds.admit(session, world, ADMITTED + timedelta(minutes=number % 5))  # many at one moment
    at = ADMITTED + hours(1)
    first = picked(session, world.ward_nurse, at)
    assert len(first) == PAGE + 1
    last = first[PAGE - 1]
    second = picked(session, world.ward_nurse, at, after=Cursor(last.at, last.number))
    everything = [*first[:PAGE], *second]
    assert len({one.episode_id for one in everything}) == len(everything) == PAGE + 7
    assert [(one.at, one.number) for one in everything] == sorted((one.at, one.number) for one in everything)


def test_both_sides_see_it_and_nobody_else(session: Session, world: World, discharged: Episode) -> None:
    at = DISCHARGED + hours(1)
    for actor in (world.facility_nurse, world.ward_nurse, world.coordinator, world.ward_manager):
        assert [row.episode.id for row in board(session, actor, at)] == [discharged.id], actor.name
    assert board(session, world.stranger, at) == []


def test_what_is_over_is_gone(session: Session, world: World, discharged: Episode) -> None:
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.ward_nurse, at=DISCHARGED + hours(1))
    assert board(session, world.facility_nurse, DISCHARGED + hours(2)) == []


def test_filters_narrow_to_a_pathway_or_a_state(session: Session, world: World, discharged: Episode) -> None:
    worlds.admit(session, world, ADMITTED)
    at = DISCHARGED + hours(1)
    for filters, expected in (
        (EVERYTHING, 2), (Filters(turn=Turn.ALL, pathway="tryghedshotel"), 1), (Filters(state="admitted"), 1),
        (Filters(pathway="tryghedshotel", state="admitted"), 0),
    ):  # fmt: skip
        assert len(picked(session, world.ward_nurse, at, filters)) == expected, filters


# --- counts ---


def test_a_count_is_as_long_as_its_list(session: Session, world: World, discharged: Episode) -> None:
    other = worlds.admit(session, world, ADMITTED)
    amendments.expect_discharge(session, other.uuid, DISCHARGED + hours(3), by=world.ward_nurse, at=DISCHARGED)
    for actor in (world.facility_nurse, world.ward_nurse, world.coordinator):
        for at in (DISCHARGED + hours(1), DISCHARGED + hours(3), DISCHARGED + hours(30)):
            counted = counts(session, actor, at)
            assert counted == {show: len(board(session, actor, at, show)) for show in counted}, (actor.name, at)
    counted = counts(session, world.ward_nurse, DISCHARGED + hours(1))
    assert (counted[Show.AWAITING], counted[Show.CALLS], counted[Show.LEAVING], counted[Show.DONE]) == (1, 1, 1, 0)
    assert counts(session, world.facility_nurse, DISCHARGED + hours(1))[Show.ARRIVING] == 1


def test_counting_stops_at_its_bound(session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        worlds.admit(session, world, ADMITTED)
    monkeypatch.setattr(picking, "MOST", 3)
    assert counts(session, world.ward_nurse, ADMITTED + hours(25))[Show.OVERDUE] == 3


def test_done_today_is_what_my_unit_did_newest_first_and_gone_at_midnight(
    session: Session, world: World, sent: Handover, discharged: Episode
) -> None:
    accepted, called = DISCHARGED + hours(1), DISCHARGED + hours(3)
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=accepted)
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, by=world.facility_nurse, at=called,
        spoken_with="Anders Demo",
    )  # fmt: skip
    done = board(session, world.facility_nurse, called + hours(1), Show.DONE)
    assert [(row.what, row.at, row.done_by, row.next) for row in done] == [
        ("follow_up_call", called, "Tove Demo", None), ("handover_accepted", accepted, "Tove Demo", None),
    ]  # fmt: skip
    assert board(session, world.ward_nurse, called + hours(1), Show.DONE) == []
    assert board(session, world.facility_nurse, called + hours(24), Show.DONE) == []


def test_each_role_has_the_counts_of_its_work() -> None:
    assert Show.LEAVING in counts_for(Role.DISCHARGE_COORDINATOR)
    assert Show.ARRIVING in counts_for(Role.FACILITY_NURSE)
    assert {Show.LEAVING, Show.ARRIVING}.isdisjoint(counts_for(Role.MUNICIPAL_NURSE))


# --- the next step ---


def step(session: Session, actor: Actor, at: datetime) -> tuple[Do, str]:
    (row,) = board(session, actor, at)
    assert row.next is not None
    return row.next.do, row.next.unit.name if row.next.unit else ""


def test_the_next_step_is_for_who_owes_it_and_the_others_wait(
    session: Session, world: World, sent: Handover, discharged: Episode
) -> None:
    at = DISCHARGED + hours(1)
    assert step(session, world.facility_nurse, at) == (Do.ACCEPT, "")
    assert step(session, world.ward_nurse, at) == (Do.WAIT, "Tryghedshotellet")
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=at)
    assert step(session, world.facility_nurse, at) == (Do.ARRIVE, "")
    episodes.record_arrival(session, discharged.uuid, by=world.facility_nurse, at=at)
    assert step(session, world.facility_nurse, at) == (Do.CALL, "M3")
    assert step(session, world.ward_nurse, at) == (Do.WAIT, "Tryghedshotellet")
    call = call_of(session, discharged)
    tasks.record_attempt(
        session, call.uuid, Outcome.COMPLETED, by=world.facility_nurse, at=at, spoken_with="Anders Demo"
    )
    assert step(session, world.facility_nurse, at) == (Do.REVIEW, "")


def test_a_ward_reviews_and_sends_and_a_coordinator_does_it_for_the_ward(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    at = ADMITTED + hours(2)
    for actor in (world.ward_nurse, world.coordinator):
        assert step(session, actor, at) == (Do.REVIEW, "")
    episodes.record_event(session, to_tryghedshotel.uuid, "declared_ready", by=world.ward_nurse, at=at)
    assert step(session, world.ward_nurse, at) == (Do.MOVE_ON, "")
    episodes.record_event(
        session, to_tryghedshotel.uuid, "patient_discharged", by=world.ward_nurse, at=at, reason="Akut pladsmangel"
    )
    assert step(session, world.ward_nurse, at) == (Do.SEND, "")
    assert step(session, world.facility_nurse, at) == (Do.WAIT, "M3")


def test_what_is_missing_before_a_discharge_is_named(session: Session, world: World) -> None:
    episode = worlds.admit(session, world, ADMITTED, needs=("municipal_services",))
    at = ADMITTED + hours(26)
    amendments.expect_discharge(session, episode.uuid, at + hours(3), by=world.ward_nurse, at=at)
    (row,) = board(session, world.ward_nurse, at, Show.LEAVING)
    assert row.missing == ("board:handover", "care_plan")
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=at)
    (row,) = board(session, world.ward_nurse, at, Show.LEAVING)
    assert row.missing == ("care_plan",)


def test_the_way_is_drawn_with_what_was_missed(session: Session, world: World, discharged: Episode) -> None:
    (row,) = board(session, world.facility_nurse, DISCHARGED + hours(25))
    assert [(one.key, one.standing) for one in row.steps] == [
        ("begin", Standing.DONE), ("discharged", Standing.NOW), ("received", Standing.MISSED),
        ("at_tryghedshotel", Standing.NEXT), ("call", Standing.MISSED),
    ]  # fmt: skip


# --- an arrival ---


def test_an_arrival_takes_the_place_that_was_kept(
    session: Session, world: World, sent: Handover, discharged: Episode
) -> None:
    at = DISCHARGED + hours(1)
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.facility_nurse, at=at)
    episodes.record_arrival(session, discharged.uuid, by=world.facility_nurse, at=at)
    assert discharged.state == "at_tryghedshotel"
    assert world.places[0] not in places.free_places(session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, at=at)
    with pytest.raises(NotPossible):
        episodes.record_arrival(session, discharged.uuid, by=world.facility_nurse, at=at)


# --- what it costs ---


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """What is sent meanwhile."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)


def test_a_page_costs_as_many_statements_with_three_hundred_episodes_as_with_ten(
    session: Session, world: World
) -> None:
    at = ADMITTED + hours(1)
    cost = []
    for more in (10, 290):
        for _ in range(more):
            worlds.admit(session, world, ADMITTED)
        seen = seen_by(session, world.ward_nurse, at)
        found = picking.pick(session, sorted(seen.units), Filters(), after=None, at=at)
        session.expire_all()
        with statements(session) as sent:
            drawn = rows(session, seen, found[:PAGE], at=at)
            assert [row.citizen.name for row in drawn] == ["Agnes Demo"] * min(more, PAGE)
        cost.append(len(sent))
    assert cost[0] == cost[1] <= 4


# --- views ---


def test_a_view_is_kept_changed_and_removed_by_its_person(session: Session, world: World) -> None:
    kept = views.keep(session, "  Mine   opkald ", Filters(show=Show.CALLS), by=world.nurse)
    assert [(one.name, one.query) for one in views.kept(session, world.nurse)] == [("Mine opkald", "show=calls")]
    views.keep(session, "Mine opkald", Filters(state="admitted"), by=world.nurse)
    assert [one.query for one in views.kept(session, world.nurse)] == ["state=admitted"]
    assert views.kept(session, world.second_nurse) == []
    with pytest.raises(NotFound):
        views.remove(session, kept.uuid, by=world.second_nurse, at=ADMITTED)
    views.remove(session, kept.uuid, by=world.nurse, at=ADMITTED)
    assert views.kept(session, world.nurse) == []


def test_a_view_needs_a_name_and_something_to_keep_and_holds_no_number(session: Session, world: World) -> None:
    with pytest.raises(Invalid):
        views.keep(session, " ", Filters(show=Show.CALLS), by=world.nurse)
    with pytest.raises(NotPossible):
        views.keep(session, "Alt", Filters(), by=world.nurse)
    assert views.keep(session, "0113400001", Filters(show=Show.CALLS), by=world.nurse).name == "011340-****"


def test_what_stands_in_an_address_is_read_back_and_nonsense_is_left_out() -> None:
    filters = Filters(show=Show.LEAVING, turn=Turn.OTHERS, pathway="home", state="admitted")
    assert Filters.read(filters.query) == filters
    assert Filters.read("show=everything&pathway=x&state=closed&cpr=1") == Filters()
    assert Cursor.read(str(Cursor(ADMITTED, 7))) == Cursor(ADMITTED, 7)
    assert [Cursor.read(wrong) for wrong in ("", "x_1", "2026-03-12_1", "2026-03-12T07:00:00.000000Z_x")] == [None] * 4


# --- one rule for how late an episode is ---


def test_an_expected_discharge_that_nobody_has_accepted_is_the_rows_deadline(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    leaves = ADMITTED + hours(4)
    amendments.expect_discharge(session, to_tryghedshotel.uuid, leaves, by=world.coordinator, at=ADMITTED + hours(2))
    at = ADMITTED + hours(5)
    for actor in (world.ward_nurse, world.coordinator):
        (row,) = board(session, actor, at)
        assert (row.at, row.what, row.next and row.next.do) == (leaves, "board:handover_sending", Do.SEND)
        assert counts(session, actor, at)[Show.OVERDUE] == 1
    (row,) = board(session, world.facility_nurse, at)
    assert (row.at, row.next and row.next.do) == (leaves, Do.WAIT)


def test_sent_the_ward_has_the_limit_until_it_is_accepted_and_the_receiver_its_own_time(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    episode, leaves = to_tryghedshotel, ADMITTED + hours(4)
    amendments.expect_discharge(session, episode.uuid, leaves, by=world.coordinator, at=ADMITTED + hours(2))
    handover = handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(3))
    (row,) = board(session, world.ward_nurse, ADMITTED + hours(5))
    assert (row.at, row.what, row.next and row.next.do) == (leaves, "board:handover_answer", Do.WAIT)
    (row,) = board(session, world.facility_nurse, ADMITTED + hours(5))
    assert row.at == ADMITTED + hours(7)
    handovers.read(session, handover.uuid, by=world.facility_nurse, at=ADMITTED + hours(5))
    steps.receive(session, handover.uuid, by=world.facility_nurse, at=ADMITTED + hours(5))
    (row,) = board(session, world.ward_nurse, ADMITTED + hours(5))
    assert row.at == ADMITTED + hours(24)


def test_the_board_and_the_page_of_an_episode_agree_on_how_late_it_is(session: Session, world: World) -> None:
    """Many episodes, at many times: SQL and Python give one answer."""
    at = ADMITTED + hours(6)
    for number in range(24):
        episode = worlds.admit(session, world, ADMITTED, needs=("municipal_services",) if number % 5 == 0 else ())
        if number % 2:
            amendments.reroute(
                session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=ADMITTED
            )
        if number % 3:
            leaves = ADMITTED + hours(number)
            amendments.expect_discharge(session, episode.uuid, leaves, by=world.coordinator, at=ADMITTED)
        if number % 4 == 0:
            sent = handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(1))
            receiver = world.facility_nurse if number % 2 else world.nurse
            if number % 8 == 0:
                handovers.read(session, sent.uuid, by=receiver, at=ADMITTED + hours(2))
                steps.receive(session, sent.uuid, by=receiver, at=ADMITTED + hours(2))
    for actor in (world.ward_nurse, world.coordinator, world.facility_nurse, world.nurse):
        seen = seen_by(session, actor, at)
        page, found = picked(session, actor, at), []
        while len(page) > PAGE:
            found += page[:PAGE]
            page = picked(session, actor, at, after=Cursor(found[-1].at, found[-1].number))
        found += page
        assert found
        for one in found:
            told = story.read(session, session.get_one(Episode, one.episode_id), at=at)
            urgent = told.most_urgent(seen.units)
            assert urgent is not None
            assert (one.number, one.at) == (urgent.id, urgent.due_at)
            owed = [duty.due_at for duty in duties.owed(told, actor, at=at) if duty.due_at is not None]
            assert not owed or min(owed) >= one.at
            if actor.unit_id == urgent.unit_id:
                assert min(owed) == one.at


def test_what_needs_us_and_what_waits_for_others_stand_apart(
    session: Session, world: World, sent: Handover, discharged: Episode
) -> None:
    other, at = worlds.admit(session, world, ADMITTED), DISCHARGED + hours(1)
    expected = {
        world.ward_nurse: ([other.id], [discharged.id]),
        world.facility_nurse: ([discharged.id], []),
    }
    for actor, parts in expected.items():
        for turn, episodes_of in zip((Turn.OURS, Turn.OTHERS), parts, strict=True):
            assert [one.episode_id for one in picked(session, actor, at, Filters(turn=turn))] == episodes_of
            seen = seen_by(session, actor, at)
            assert picking.count(session, sorted(seen.units), [Filters(turn=turn)], at=at) == [len(episodes_of)]
    amendments.expect_discharge(session, other.uuid, at + hours(1), by=world.ward_nurse, at=at)
    handovers.send(session, other.uuid, ISBAR, by=world.ward_nurse, at=at)
    waiting = {one.episode_id: one.at for one in picked(session, world.ward_nurse, at, Filters(turn=Turn.OTHERS))}
    assert waiting[other.id] == at + hours(1), "the citizen leaves before the answer is due"


def test_leavers_come_in_the_order_in_which_they_leave(session: Session, world: World) -> None:
    at = ADMITTED + hours(6)  # 14:00
    leaves = [at + hours(20), at - hours(2), at + hours(2), at + hours(70)]
    for moment in leaves:
        episode = worlds.admit(session, world, ADMITTED)
        amendments.expect_discharge(session, episode.uuid, moment, by=world.coordinator, at=ADMITTED)
    shown = board(session, world.coordinator, at, Show.LEAVING)
    assert [row.at for row in shown] == sorted(leaves)[:3]
    first, second = picked(session, world.coordinator, at, Filters(show=Show.LEAVING))[:2]
    following = picked(session, world.coordinator, at, Filters(show=Show.LEAVING), Cursor(first.at, first.number))
    assert following[0] == second


def test_who_arrives_is_listed_also_where_only_the_ward_owes_something(
    session: Session, world: World, sent: Handover
) -> None:
    at = ADMITTED + hours(4)
    amendments.expect_discharge(session, sent.episode.uuid, at + hours(2), by=world.coordinator, at=at)
    handovers.read(session, sent.uuid, by=world.facility_nurse, at=at)
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=at)
    (row,) = board(session, world.facility_nurse, at, Show.ARRIVING)
    assert (row.at, row.next and row.next.do) == (at + hours(2), Do.WAIT)


# --- somebody was chased ---


def test_who_chased_whom_stands_on_the_row_until_it_is_done(
    session: Session, world: World, sent: Handover, discharged: Episode
) -> None:
    at = DISCHARGED + hours(1)
    amendments.chase(session, discharged.uuid, world.facility.id, by=world.ward_nurse, at=at)
    amendments.chase(session, discharged.uuid, world.facility.id, by=world.ward_nurse, at=at)  # pressed twice
    (row,) = board(session, world.ward_nurse, at)
    assert row.chased == Chased(world.facility.id, str(sent.uuid), at, world.ward_nurse.name)
    assert entries(session, discharged).count("chased") == 1
    (row,) = board(session, world.facility_nurse, at)
    assert row.chased is None, "it is theirs to do"
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=at + hours(1))
    for row in board(session, world.ward_nurse, at + hours(1)):
        assert row.chased is None, "that is done, and now they wait for something else"


def test_nobody_is_chased_who_owes_nothing_and_nobody_chases_themselves(
    session: Session, world: World, admitted: Episode
) -> None:
    for unit in (world.facility, world.ward):
        with pytest.raises(NotPossible):
            amendments.chase(session, admitted.uuid, unit.id, by=world.ward_nurse, at=ADMITTED)
    with pytest.raises(NotFound):
        amendments.chase(session, admitted.uuid, world.ward.id, by=world.stranger, at=ADMITTED)
