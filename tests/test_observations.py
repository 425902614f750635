"""What nurses observe: written down as it was, asked of the other side, answered once, carried on."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.steps import ADMITTED, DISCHARGED, hours, live
from tests.world import World
from workflow import amendments, episodes, history, observations, tasks
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.handing import carrying
from workflow.lists import worklist
from workflow.lists.board import picking
from workflow.lists.board.filters import Filters
from workflow.lists.board.rows import Do, rows
from workflow.lists.worklist import Which
from workflow.seeing import objections, sight
from workflow.showing import duties, story
from workflow.tables import Episode, HistoryEntry, Notice, Task
from workflow.vocabulary import Concerns, EntryKind, Observed, TaskState

NOW = DISCHARGED + hours(6)


def entries(session: Session, episode: Episode) -> list[HistoryEntry]:
    """The observations and answers, in order."""
    kinds = (EntryKind.OBSERVED, EntryKind.ANSWERED)
    rows = select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.kind.in_(kinds))
    return list(session.scalars(rows.order_by(HistoryEntry.number)))


def told(session: Session, topic: str) -> list[int]:
    return list(session.scalars(select(Notice.unit_id).where(Notice.topic == topic)))


def asks_the_ward(session: Session, world: World, episode: Episode) -> int:
    """The facility's nurse asks about the medicine; the number of the entry."""
    observations.record(
        session, episode.uuid, Observed.MEDICINE, "Mangler Marevan", by=world.facility_nurse, at=NOW, asks=world.ward
    )
    return entries(session, episode)[-1].number


def test_it_is_written_down_with_when_it_was_and_changes_nothing_else(
    session: Session, world: World, discharged: Episode
) -> None:
    state, earlier = discharged.state, NOW - hours(2)
    observations.record(
        session, discharged.uuid, Observed.TOBS, " ", by=world.facility_nurse, at=NOW, observed_at=earlier, score=3
    )
    observations.record(session, discharged.uuid, Observed.WORRY, " Spiser ikke ", by=world.nurse, at=NOW)
    tobs, worry = entries(session, discharged)
    assert (tobs.effective_at, tobs.recorded_at, tobs.actor) == (earlier, NOW, "Tove Demo")
    assert tobs.facts == {"what": "tobs", "score": 3, "text": ""}
    assert (worry.effective_at, worry.facts) == (NOW, {"what": "worry", "text": "Spiser ikke"})
    assert (discharged.state, told(session, "question")) == (state, [])
    assert [one for one in history.verify(session) if isinstance(one, history.Broken)] == []


@pytest.mark.parametrize(
    ("what", "score", "text", "at", "code"),
    [
        (Observed.TOBS, None, "x", NOW, "not_a_score"),
        (Observed.TOBS, -1, "x", NOW, "not_a_score"),
        (Observed.TOBS, 16, "x", NOW, "not_a_score"),
        (Observed.WORRY, 3, "x", NOW, "not_a_score"),
        (Observed.WORRY, None, " ", NOW, "text_needed"),
        (Observed.WORRY, None, "Se 0113400007", NOW, "no_cpr_here"),
        (Observed.WORRY, None, "Se 011340 0007", NOW, "no_cpr_here"),
        (Observed.WORRY, None, "x", NOW + timedelta(minutes=1), "in_the_future"),
        (Observed.WORRY, None, "x", ADMITTED - timedelta(minutes=1), "before_what_came_before"),
    ],
)
def test_what_cannot_be_is_refused(
    session: Session, world: World, discharged: Episode, what: Observed, score: int | None, text: str, at: datetime,
    code: str,
) -> None:  # fmt: skip
    with pytest.raises(Invalid) as refused:
        observations.record(
            session, discharged.uuid, what, text, by=world.facility_nurse, at=NOW, observed_at=at, score=score
        )
    assert refused.value.code == code
    assert entries(session, discharged) == []


def test_who_takes_no_part_writes_nothing(session: Session, world: World, discharged: Episode) -> None:
    amendments.reroute(session, discharged.uuid, "home", by=world.coordinator, at=NOW)
    for by, error in ((world.stranger, NotFound), (world.facility_nurse, NotAllowed)):
        with pytest.raises(error):
            observations.record(session, discharged.uuid, Observed.WORRY, "x", by=by, at=NOW)
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.nurse, at=NOW)
    with pytest.raises(NotPossible, match="afsluttet"):
        observations.record(session, discharged.uuid, Observed.WORRY, "x", by=world.nurse, at=NOW)


def test_a_question_to_the_ward_follows_the_citizen_to_another(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    at = ADMITTED + hours(2)
    observations.record(
        session, to_tryghedshotel.uuid, Observed.MEDICINE, "Mangler Marevan", by=world.facility_nurse, at=at,
        asks=world.ward,
    )  # fmt: skip
    amendments.transfer(session, to_tryghedshotel.uuid, world.other_ward, by=world.ward_nurse, at=at)
    there = replace(world.ward_nurse, unit_id=world.other_ward.id)
    asked = entries(session, to_tryghedshotel)[-1]
    assert observations.may_answer(there, to_tryghedshotel, asked)
    assert not observations.may_answer(world.ward_nurse, to_tryghedshotel, asked)
    observations.answer(session, to_tryghedshotel.uuid, asked.number, "Pauseret", by=there, at=at)
    assert told(session, "question_answered") == [world.facility.id]


def test_a_question_tells_who_is_asked_and_its_answer_who_asked(
    session: Session, world: World, discharged: Episode
) -> None:
    number = asks_the_ward(session, world, discharged)
    assert told(session, "question") == [world.ward.id]
    for by, error in ((world.nurse, NotAllowed), (world.facility_nurse, NotAllowed), (world.stranger, NotFound)):
        with pytest.raises(error):
            observations.answer(session, discharged.uuid, number, "Ja", by=by, at=NOW)
    with pytest.raises(Invalid):
        observations.answer(session, discharged.uuid, number, " ", by=world.ward_nurse, at=NOW)
    with pytest.raises(NotFound):
        observations.answer(session, discharged.uuid, 1, "Ja", by=world.ward_nurse, at=NOW)
    observations.answer(session, discharged.uuid, number, "Pauseret til mandag", by=world.ward_nurse, at=NOW)
    assert told(session, "question_answered") == [world.facility.id]
    answer = entries(session, discharged)[-1]
    assert (answer.kind, answer.about, answer.facts) == (EntryKind.ANSWERED, number, {"text": "Pauseret til mandag"})
    with pytest.raises(NotPossible, match="allerede besvaret af Anders Demo"):
        observations.answer(session, discharged.uuid, number, "Nej", by=world.coordinator, at=NOW)


def test_a_button_that_is_pressed_twice_writes_and_tells_once(
    session: Session, world: World, discharged: Episode
) -> None:
    number = asks_the_ward(session, world, discharged)
    assert asks_the_ward(session, world, discharged) == number
    for _ in range(2):
        observations.answer(session, discharged.uuid, number, "Ja", by=world.ward_nurse, at=NOW)
    assert (told(session, "question"), told(session, "question_answered")) == ([world.ward.id], [world.facility.id])
    for later in (NOW, NOW + timedelta(seconds=59), NOW + hours(4)):
        observations.record(session, discharged.uuid, Observed.TOBS, "", by=world.facility_nurse, at=later, score=0)
    observations.record(
        session, discharged.uuid, Observed.TOBS, "", by=world.second_facility_nurse, at=NOW + hours(4), score=0
    )
    assert [one.effective_at for one in entries(session, discharged)][2:] == [NOW, NOW + hours(4), NOW + hours(4)]


def test_who_was_asked_is_named_also_when_they_take_no_part_any_more(
    session: Session, world: World, admitted: Episode
) -> None:
    facility = world.facility
    amendments.reroute(session, admitted.uuid, "tryghedshotel", facility=facility, by=world.coordinator, at=ADMITTED)
    observations.record(
        session, admitted.uuid, Observed.AIDS, "Har I en seng?", by=world.ward_nurse, at=ADMITTED, asks=facility
    )
    owed = duties.owed(story.read(session, admitted, at=ADMITTED), world.facility_nurse, at=ADMITTED)
    assert [duty.kind for duty in owed] == ["answer"]
    amendments.reroute(session, admitted.uuid, "home", by=world.coordinator, at=ADMITTED)
    told = story.read(session, admitted, at=ADMITTED)
    assert facility.id in told.units
    assert [duty.kind for duty in duties.owed(told, world.facility_nurse, at=ADMITTED)] == []


def test_only_another_unit_of_the_episode_is_asked(session: Session, world: World, discharged: Episode) -> None:
    for asked in (world.facility, world.other_ward, world.practice):
        with pytest.raises(NotPossible, match="kan ikke spørges"):
            observations.record(
                session, discharged.uuid, Observed.AIDS, "Rollator?", by=world.facility_nurse, at=NOW, asks=asked
            )
    assert observations.askable(discharged, world.coordinator) == [world.facility.id, world.district.id]
    with pytest.raises(Invalid):
        observations.record(
            session, discharged.uuid, Observed.TOBS, "", by=world.facility_nurse, at=NOW, score=4, asks=world.ward
        )
    assert entries(session, discharged) == []


def test_nobody_is_asked_or_answered_while_the_citizen_objects(
    session: Session, world: World, discharged: Episode
) -> None:
    number = asks_the_ward(session, world, discharged)
    objections.register(session, discharged.citizen_id, "Intet", by=world.nurse, at=NOW)
    with pytest.raises(NotPossible, match="frabedt"):
        asks_the_ward(session, world, discharged)
    with pytest.raises(NotPossible, match="frabedt"):
        observations.answer(session, discharged.uuid, number, "Ja", by=world.ward_nurse, at=NOW)
    observations.record(session, discharged.uuid, Observed.WORRY, "Urolig", by=world.facility_nurse, at=NOW)
    assert [one.facts["text"] for one in entries(session, discharged)] == ["Mangler Marevan", "Urolig"]


def test_the_newest_tobs_is_the_one_observed_last_and_of_two_at_one_time_the_one_written_last(
    session: Session, world: World, discharged: Episode
) -> None:
    def scores(score: int, before: float) -> None:
        observations.record(
            session, discharged.uuid, Observed.TOBS, "", by=world.facility_nurse, at=NOW, score=score,
            observed_at=NOW - hours(before),
        )  # fmt: skip

    assert carrying.newest_tobs(session, discharged) is None
    for score, before, newest in ((3, 1, 3), (5, 2, 3), (4, 1, 4)):
        scores(score, before)
        found = carrying.newest_tobs(session, discharged)
        assert found is not None
        assert (found.score, found.observed_at) == (newest, NOW - hours(1))
        shown = story.read(session, discharged, at=NOW).tobs
        assert shown is not None
        assert shown.entry.facts["score"] == newest


def test_the_line_of_a_score_replaces_an_older_one_and_nothing_else() -> None:
    assert carrying.with_tobs("", "TOBS 2") == "TOBS 2"
    assert carrying.with_tobs("BT 130/80\nTOBS 5 (i går)\nsat. 96", "TOBS 2") == "TOBS 2\nBT 130/80\nsat. 96"


# --- a question is owed ---


def test_a_question_is_owed_within_the_agreed_time_and_done_with_its_answer(
    session: Session, world: World, discharged: Episode
) -> None:
    number = asks_the_ward(session, world, discharged)
    (task,) = [one for one in session.scalars(select(Task)) if one.kind == "answer_question"]
    (deadline,) = [one for one in live(session, discharged) if one.concerns == Concerns.QUESTION]
    assert (task.unit_id, task.counterpart_unit_id, task.due_at) == (world.ward.id, world.facility.id, NOW + hours(4))
    assert (deadline.due_at, deadline.unit_id, deadline.miss) == (NOW + hours(4), world.ward.id, None)
    with pytest.raises(NotPossible):
        tasks.complete(session, task.uuid, by=world.ward_nurse, at=NOW, record="x")
    seen = sight.open(session, world.ward_nurse, at=NOW)
    (row,) = worklist.page(session, seen, Which.OPEN, at=NOW).rows
    assert row.task.id == task.id
    picked = picking.pick(session, sorted(seen.units), Filters(), after=None, at=NOW)
    drawn = {row.what: row.next for row in rows(session, seen, picked, at=NOW)}
    assert drawn["answer_question"] is not None
    assert drawn["answer_question"].do == Do.ANSWER
    owed = duties.owed(story.read(session, discharged, at=NOW), world.ward_nurse, at=NOW)
    assert [(one.kind, one.due_at) for one in owed if one.kind == "answer"] == [("answer", NOW + hours(4))]
    observations.answer(session, discharged.uuid, number, "Sendt til FMK", by=world.ward_nurse, at=NOW + hours(1))
    session.refresh(task)
    assert (task.state, task.done_at, task.done_by_name) == (TaskState.DONE, NOW + hours(1), world.ward_nurse.name)
    assert [one for one in live(session, discharged) if one.concerns == Concerns.QUESTION] == []


def test_a_question_ends_with_the_episode_and_follows_the_citizen(
    session: Session, world: World, admitted: Episode
) -> None:
    observations.record(
        session, admitted.uuid, Observed.AIDS, "Er der en seng?", by=world.nurse, at=ADMITTED, asks=world.ward
    )
    amendments.transfer(session, admitted.uuid, world.other_ward, by=world.ward_nurse, at=ADMITTED + hours(1))
    (task,) = [one for one in session.scalars(select(Task)) if one.kind == "answer_question"]
    assert task.unit_id == world.other_ward.id
    episodes.record_event(session, admitted.uuid, "patient_died", by=world.coordinator, at=ADMITTED + hours(2))
    session.refresh(task)
    assert task.state == TaskState.WITHDRAWN
