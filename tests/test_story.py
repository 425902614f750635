"""One episode as a reader sees it: who has had the responsibility since when, what was put right, what may be done."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests import steps
from tests.steps import ADMITTED, DISCHARGED, call_of, hours
from tests.world import ISBAR, World
from workflow import amendments, deadlines, episodes, tasks
from workflow.actor import SYSTEM
from workflow.handing import handovers
from workflow.showing import duties, story
from workflow.showing.story import Story
from workflow.tables import Episode, Handover
from workflow.vocabulary import Outcome, Verdict


def told(session: Session, episode: Episode, after: float) -> Story:
    """The story so many hours after the admission."""
    session.flush()
    session.expire_all()
    return story.read(session, episode, at=ADMITTED + hours(after))


def owes(session: Session, episode: Episode, by: Any, after: float) -> list[str]:
    return [duty.kind for duty in duties.owed(told(session, episode, after), by, at=ADMITTED + hours(after))]


def test_the_responsibility_is_the_wards_until_the_receiver_accepts(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    before = told(session, discharged, 6)
    assert (before.episode.responsible_unit_id, before.responsible_since) == (world.ward.id, ADMITTED)
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(7))
    after = told(session, discharged, 8)
    assert (after.episode.responsible_unit_id, after.responsible_since) == (world.facility.id, ADMITTED + hours(7))


def test_a_corrected_time_shows_old_and_new_and_who_said_so(
    session: Session, world: World, discharged: Episode
) -> None:
    number = told(session, discharged, 6).case.timeline.last.number
    amendments.correct_time(
        session, discharged.uuid, number, DISCHARGED - hours(0.5), by=world.coordinator, at=ADMITTED + hours(6),
        reason="Gik før frokost",
    )  # fmt: skip
    line = next(line for line in told(session, discharged, 6).lines if line.entry.number == number)
    assert line.at == DISCHARGED - hours(0.5)
    assert line.entry.effective_at == DISCHARGED
    assert [(one.reason, one.actor) for one in line.corrections] == [("Gik før frokost", world.coordinator.name)]
    assert line.in_force


def test_a_cancelled_event_stays_with_its_reason(session: Session, world: World, discharged: Episode) -> None:
    number = told(session, discharged, 6).case.timeline.last.number
    at = ADMITTED + hours(6)
    amendments.cancel_event(session, discharged.uuid, number, by=world.coordinator, at=at, reason="Aflyst")
    found = told(session, discharged, 6)
    line = next(line for line in found.lines if line.entry.number == number)
    assert line.cancelled is not None
    assert (line.cancelled.reason, line.in_force) == ("Aflyst", False)
    assert not found.may_amend(world.coordinator, line)


def test_each_owes_what_is_theirs(session: Session, world: World, sent: Handover, discharged: Episode) -> None:
    assert owes(session, discharged, world.facility_nurse, 6)[0] == "accept"
    assert "arrival" in owes(session, discharged, world.facility_nurse, 6)
    assert "call" in owes(session, discharged, world.facility_nurse, 6)
    assert owes(session, discharged, world.nurse, 6) == []
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(6), reason="Medicinliste")
    assert owes(session, discharged, world.ward_nurse, 7)[0] == "send"
    assert owes(session, discharged, world.coordinator, 7)[0] == "send"
    assert "accept" not in owes(session, discharged, world.facility_nurse, 7)


def test_in_the_ward_the_next_look_and_then_the_handover(session: Session, world: World, admitted: Episode) -> None:
    assert owes(session, admitted, world.coordinator, 1) == ["review", "prepare"]
    assert owes(session, admitted, world.stranger, 1) == []


def test_what_can_be_recorded_says_what_it_asks_for(session: Session, world: World, admitted: Episode) -> None:
    found = told(session, admitted, 1)
    asked = {one.transition.trigger: one.asks for one in found.possible(world.coordinator, at=ADMITTED + hours(1))}
    assert asked["patient_discharged"] == ("handover_sent",)
    assert asked["declared_ready"] == ()
    assert "patient_arrived_home" not in asked
    theirs = {one.transition.trigger for one in found.possible(world.nurse, at=ADMITTED + hours(1))}
    assert theirs == {"patient_died", "episode_cancelled"}
    assert found.possible(world.stranger, at=ADMITTED + hours(1)) == []


def test_the_calls_attempts_its_miss_and_the_verdict(session: Session, world: World, discharged: Episode) -> None:
    call = call_of(session, discharged)
    for after, outcome in ((20, Outcome.NO_ANSWER), (22, Outcome.BUSY)):
        tasks.record_attempt(session, call.uuid, outcome, by=world.facility_nurse, at=ADMITTED + hours(after))
    session.flush()
    while deadlines.raise_due(session, at=DISCHARGED + hours(25)):
        pass
    found = told(session, discharged, 31)
    assert found.call is not None
    assert [one.outcome for one in found.attempts[found.call.id]] == [Outcome.NO_ANSWER, Outcome.BUSY]
    assert Verdict.STANDS in [judged.verdict for judged in found.misses]


def test_the_72_hours_run_from_the_effective_discharge(session: Session, world: World, sent: Handover) -> None:
    at = ADMITTED + hours(30)
    episode = episodes.record_event(
        session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=at, effective_at=at - hours(1),
        reason="Skrevet senere",
    )
    assert list(told(session, episode, 31).lines_end_at.values()) == [at - hours(1) + hours(72)]


def test_previous_and_later_episodes(session: Session, world: World, discharged: Episode) -> None:
    back = episodes.readmit(
        session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=DISCHARGED + hours(9 * 24)
    )
    assert [other.id for other in told(session, back, 300).others] == [discharged.id]
    assert back.previous_id == discharged.id
    assert [other.id for other in told(session, discharged, 300).others] == [back.id]


@pytest.mark.parametrize("times", [0, 8])
def test_however_much_it_holds_it_is_read_in_under_fifteen_statements(
    session: Session, world: World, sent: Handover, times: int
) -> None:
    for time in range(times):
        at = ADMITTED + hours(4.1 + time / 10)
        handovers.send(
            session, sent.episode.uuid, {**ISBAR, "A.function": f"Version {time}"}, by=world.ward_nurse, at=at
        )
        amendments.record_need(session, sent.episode.uuid, f"need {time}", by=SYSTEM, at=at)
    episode = sent.episode
    session.flush()
    session.expire_all()
    episode = session.get_one(Episode, episode.id)
    episode.citizen  # noqa: B018 - `sight.require` reads it with the episode
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    try:
        found = story.read(session, episode, at=ADMITTED + hours(6))
    finally:
        event.remove(bind, "before_cursor_execute", note)
    assert len(found.versions[found.case.handovers[0].id]) == times + 1
    assert len(statements) <= 13, statements
