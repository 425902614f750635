"""The call from nurse to nurse within 24 hours of the discharge: owed, reminded of, missed, done late, still late."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, call_of, hours, live, raise_all
from tests.world import ISBAR, World
from workflow import amendments, deadlines, episodes, misses, tasks, timeline
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, NotPossible
from workflow.handing import handovers
from workflow.tables import ContactAttempt, Deadline, Episode, Handover, Notice, Person, Reminder, Task
from workflow.vocabulary import Claim, Concerns, Ended, MissCode, Outcome, TaskState, Verdict

DUE = DISCHARGED + hours(24)


def completed(session: Session, world: World, task: Task, at: datetime, made_at: datetime | None = None) -> Task:
    return tasks.record_attempt(
        session,
        task.uuid,
        Outcome.COMPLETED,
        spoken_with="Anders Demo",
        by=world.facility_nurse,
        at=at,
        made_at=made_at,
        note="Skrevet senere" if made_at is not None else None,
    )


def call_notices(session: Session) -> list[tuple[str, int, str]]:
    rows = session.execute(
        select(Notice.kind, Notice.unit_id, Notice.audience)
        .join(Reminder, Reminder.id == Notice.reminder_id)
        .join(Deadline, Deadline.id == Reminder.deadline_id)
        .where(Deadline.task_id.is_not(None))
        .order_by(Notice.id)
    )
    return [(row.kind, row.unit_id, row.audience) for row in rows]


def test_it_is_owed_by_the_receiver_from_the_discharge_on_accepted_or_not(
    session: Session, world: World, discharged: Episode
) -> None:
    call = call_of(session, discharged)
    assert (call.unit_id, call.counterpart_unit_id, call.due_at) == (world.facility.id, world.ward.id, DUE)


def test_it_is_24_elapsed_hours_also_the_nights_the_clock_changes(session: Session, world: World) -> None:
    for discharge in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        episode = worlds.admit(session, world, discharge - hours(3))
        episodes.record_event(
            session, episode.uuid, "patient_discharged", by=world.ward_nurse, at=discharge, reason="x"
        )
        assert call_of(session, episode).due_at - discharge == timedelta(hours=24)


def test_the_ladder_reminds_at_18_and_22_hours_and_misses_at_24(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(0.1))
    raise_all(session, DISCHARGED + hours(18) - timedelta(seconds=1))
    assert call_notices(session) == []
    raise_all(session, DISCHARGED + hours(18))
    assert call_notices(session) == [("reminder", world.facility.id, "claimant")]
    raise_all(session, DISCHARGED + hours(22))
    assert call_notices(session)[1:] == [("reminder", world.facility.id, "unit")]
    raise_all(session, DUE)
    assert call_notices(session)[2:] == [
        ("miss", world.facility.id, "managers"),
        ("miss", world.ward.id, "managers"),
    ]
    (missed,) = misses.of_episode(session, discharged)
    assert (missed.miss.code, missed.miss.due_at, missed.miss.owing_unit_id, missed.miss.reminders) == (
        "M5", DUE, world.facility.id, 3,
    )  # fmt: skip
    assert (
        raise_all(session, DUE + timedelta(days=3)) == 1
    )  # the state tells its managers; the call's ladder is at its end
    assert len(call_notices(session)) == 4


def test_the_claimant_is_reminded_in_person(session: Session, world: World, discharged: Episode) -> None:
    tasks.claim(session, call_of(session, discharged).uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    raise_all(session, DISCHARGED + hours(18))
    persons = session.scalars(select(Notice.person_id).where(Notice.audience == "claimant")).all()
    assert persons == [world.facility_nurse.person_id]


def test_reminders_late_after_downtime_are_raised_once_each(session: Session, discharged: Episode) -> None:
    raise_all(session, DUE + hours(5))
    call = call_of(session, discharged)
    rungs = session.scalars(select(Reminder.rung).join(Deadline).where(Deadline.task_id == call.id)).all()
    assert sorted(rungs) == [0, 1, 2]


def test_only_a_completed_contact_that_names_the_person_completes_it(
    session: Session, world: World, discharged: Episode
) -> None:
    call = call_of(session, discharged)
    with pytest.raises(Invalid, match="navn"):
        tasks.record_attempt(session, call.uuid, Outcome.COMPLETED, by=world.facility_nurse, at=DISCHARGED + hours(1))
    with pytest.raises(NotPossible):
        tasks.complete(session, call.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1), record="ringet")
    for outcome in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER, Outcome.DECLINED):
        tasks.record_attempt(session, call.uuid, outcome, by=world.facility_nurse, at=DISCHARGED + hours(1))
        assert call.state == TaskState.OPEN
    completed(session, world, call, DISCHARGED + hours(2))
    assert (call.state, call.attempts, call.spoken_with) == (TaskState.DONE, 5, "Anders Demo")
    assert misses.of_episode(session, discharged) == []
    assert [d.concerns for d in live(session, discharged)] == [Concerns.HANDOVER_ANSWER, Concerns.STATE]


def test_a_call_after_24_hours_is_done_and_still_late(session: Session, world: World, discharged: Episode) -> None:
    raise_all(session, DUE)
    call = completed(session, world, call_of(session, discharged), DUE + hours(2))
    assert (call.state, call.done_at) == (TaskState.DONE, DUE + hours(2))
    codes = {judged.miss.code: judged.verdict for judged in misses.of_episode(session, discharged)}
    assert codes[MissCode.CALL_NOT_MADE] == Verdict.STANDS


def test_a_late_call_is_a_miss_also_when_no_sweep_ran(session: Session, world: World, discharged: Episode) -> None:
    completed(session, world, call_of(session, discharged), DUE + hours(2))
    assert "M5" in {judged.miss.code for judged in misses.of_episode(session, discharged)}
    ended = session.scalars(select(Deadline.ended).where(Deadline.task_id.is_not(None))).all()
    assert ended == [Ended.MET_LATE]


@pytest.mark.parametrize("swept", [True, False])
def test_a_call_in_time_that_is_told_after_the_limit_counts_when_the_other_side_says_so(
    session: Session, world: World, discharged: Episode, swept: bool
) -> None:
    if swept:
        raise_all(session, DUE)
    call = completed(session, world, call_of(session, discharged), DUE + hours(1), made_at=DUE - hours(1))
    assert verdict_of(session, discharged) == Verdict.STANDS
    assert (call.claim, call.done_at, call.said_done_at) == (Claim.WAITING, DUE + hours(1), DUE - hours(1))
    for own in (world.facility_nurse, world.second_facility_nurse):
        with pytest.raises(NotAllowed):
            tasks.confirm(session, call.uuid, by=own, at=DUE + hours(2))
    call = tasks.confirm(session, call.uuid, by=world.ward_nurse, at=DUE + hours(2))
    assert (call.claim, call.done_at) == (Claim.CONFIRMED, DUE - hours(1))
    assert verdict_of(session, discharged) == Verdict.EXCUSED
    again = tasks.confirm(session, call.uuid, by=world.coordinator, at=DUE + hours(3))
    assert again.claim_answered_by == world.ward_nurse.name


def test_a_manager_of_either_side_answers_a_claim_and_a_refused_one_stays_late(
    session: Session, world: World, discharged: Episode
) -> None:
    call = completed(session, world, call_of(session, discharged), DUE + hours(1), made_at=DUE - hours(1))
    with pytest.raises(Invalid):
        tasks.refuse(session, call.uuid, by=world.facility_manager, at=DUE + hours(2), reason=" ")
    call = tasks.refuse(session, call.uuid, by=world.facility_manager, at=DUE + hours(2), reason="Intet opkald")
    assert (call.claim, call.done_at) == (Claim.REFUSED, DUE + hours(1))
    with pytest.raises(NotPossible):
        tasks.confirm(session, call.uuid, by=world.ward_nurse, at=DUE + hours(3))
    assert verdict_of(session, discharged) == Verdict.STANDS


def test_the_other_side_tells_of_a_call_in_time_and_it_counts_at_once(
    session: Session, world: World, discharged: Episode
) -> None:
    raise_all(session, DUE)
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="Tove Demo", by=world.ward_nurse,
        at=DUE + hours(1), made_at=DUE - hours(1), note="Vi blev ringet op",
    )  # fmt: skip
    assert verdict_of(session, discharged) == Verdict.EXCUSED


def test_no_call_is_made_before_the_discharge_that_it_answers(
    session: Session, world: World, discharged: Episode
) -> None:
    for before in (hours(0.1), hours(365 * 24)):
        with pytest.raises(Invalid):
            completed(session, world, call_of(session, discharged), DUE - hours(1), made_at=DISCHARGED - before)
    assert call_of(session, discharged).state == TaskState.OPEN


def test_what_is_told_a_quarter_of_an_hour_later_says_why(session: Session, world: World, discharged: Episode) -> None:
    call, at = call_of(session, discharged), DUE - hours(1)
    with pytest.raises(Missing) as asked:
        tasks.record_attempt(
            session, call.uuid, Outcome.COMPLETED, spoken_with="Anders Demo", by=world.facility_nurse, at=at,
            made_at=at - hours(0.26),
        )  # fmt: skip
    assert asked.value.items == ("reason",)
    tasks.record_attempt(
        session, call.uuid, Outcome.COMPLETED, spoken_with="Anders Demo", by=world.facility_nurse, at=at,
        made_at=at - hours(0.25),
    )  # fmt: skip


def test_a_unit_does_not_excuse_its_own_miss_by_another_time_of_discharge(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    """Sent an hour after the discharge; then the ward says that the discharge was two hours later."""
    discharged = episodes.record_event(
        session, to_tryghedshotel.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="Travlt"
    )
    number = discharged.history_number
    handovers.send(session, discharged.uuid, ISBAR, by=world.ward_nurse, at=DISCHARGED + hours(1))
    by, at = world.coordinator, DISCHARGED + hours(3)
    amendments.correct_time(session, discharged.uuid, number, DISCHARGED + hours(2), by=by, at=at, reason="Kørt senere")
    (missed,) = misses.of_episode(session, discharged)
    assert (missed.miss.code, missed.verdict, missed.claimed) == (MissCode.NOT_SENT, Verdict.STANDS, True)
    tasks.record_attempt(  # what others do meanwhile does not excuse it either
        session, call_of(session, discharged).uuid, Outcome.BUSY, by=world.facility_nurse, at=at + hours(1)
    )
    (missed,) = misses.of_episode(session, discharged)
    assert missed.verdict == Verdict.STANDS
    misses.judge(
        session, missed, Verdict.EXCUSED, "Kørt senere", by=world.facility_manager, at=at + hours(2), by_hand=True
    )
    (missed,) = misses.of_episode(session, discharged)
    assert missed.verdict == Verdict.EXCUSED


def verdict_of(session: Session, episode: Episode) -> Verdict | None:
    """What counts of the missed call."""
    found = {judged.miss.code: judged.verdict for judged in misses.of_episode(session, episode)}
    return found.get(MissCode.CALL_NOT_MADE)


def test_never_tried_and_tried_in_vain_are_told_apart(session: Session, world: World, discharged: Episode) -> None:
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.NO_ANSWER, by=world.facility_nurse, at=DUE - hours(3)
    )
    raise_all(session, DUE)
    missed = next(j.miss for j in misses.of_episode(session, discharged) if j.miss.code == "M5")
    assert (missed.attempts, missed.last_outcome) == (1, Outcome.NO_ANSWER)


def test_two_vain_tries_tell_the_wards_manager_once(session: Session, world: World, discharged: Episode) -> None:
    call = call_of(session, discharged)
    for n in range(1, 4):
        tasks.record_attempt(session, call.uuid, Outcome.NO_ANSWER, by=world.facility_nurse, at=DISCHARGED + hours(n))
    told = session.execute(select(Notice.unit_id, Notice.audience).where(Notice.topic == "tried_in_vain")).all()
    assert [tuple(row) for row in told] == [(world.ward.id, "managers")]


def test_either_side_records_it_and_the_other_confirms_and_it_counts_once(
    session: Session, world: World, discharged: Episode
) -> None:
    call = call_of(session, discharged)
    tasks.record_attempt(
        session, call.uuid, Outcome.COMPLETED, spoken_with="Tove Demo", by=world.ward_nurse, at=DISCHARGED + hours(20)
    )
    with pytest.raises(NotPossible, match="udført"):
        completed(session, world, call, DISCHARGED + hours(21))
    with pytest.raises(NotAllowed):
        tasks.confirm(session, call.uuid, by=world.ward_nurse, at=DISCHARGED + hours(21))
    tasks.confirm(session, call.uuid, by=world.facility_nurse, at=DISCHARGED + hours(21))
    assert call.confirmed_by == "Tove Demo"
    with pytest.raises(NotFound):
        tasks.confirm(session, call.uuid, by=world.stranger, at=DISCHARGED + hours(21))


def test_the_coordinator_records_for_the_ward_and_the_ward_does_not_confirm_it(
    session: Session, world: World, discharged: Episode
) -> None:
    call, at = call_of(session, discharged), DISCHARGED + hours(20)
    tasks.record_attempt(session, call.uuid, Outcome.COMPLETED, spoken_with="Tove", by=world.coordinator, at=at)
    with pytest.raises(NotAllowed):
        tasks.confirm(session, call.uuid, by=world.ward_nurse, at=at)
    tasks.confirm(session, call.uuid, by=world.facility_nurse, at=at)
    assert call.confirmed_by == "Tove Demo"


def test_not_relevant_needs_a_second_person(session: Session, world: World, discharged: Episode) -> None:
    call = call_of(session, discharged)
    with pytest.raises(Invalid):
        tasks.record_attempt(
            session, call.uuid, Outcome.NOT_RELEVANT, by=world.facility_nurse, at=DISCHARGED + hours(1)
        )
    tasks.record_attempt(
        session, call.uuid, Outcome.NOT_RELEVANT, note="Flyttet til andet sygehus", by=world.facility_nurse,
        at=DISCHARGED + hours(1),
    )  # fmt: skip
    assert call_of(session, discharged).state == TaskState.OPEN
    with pytest.raises(NotAllowed):
        tasks.confirm_not_relevant(session, call.uuid, by=world.facility_nurse, at=DISCHARGED + hours(2))
    tasks.confirm_not_relevant(session, call.uuid, by=world.facility_manager, at=DISCHARGED + hours(2))
    assert call_of(session, discharged).state == TaskState.DONE


def test_a_discharge_first_heard_of_too_late_is_not_held_against_the_nurse(
    session: Session, world: World, sent: Handover
) -> None:
    heard = DUE + hours(6)
    episode = episodes.record_event(
        session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=heard, effective_at=DISCHARGED,
        reason="Hørt senere",
    )
    call = call_of(session, episode)
    assert (call.due_at, call.heard_late) == (DUE, True)
    raise_all(session, heard)
    raise_all(session, heard + timedelta(days=2))
    assert call_notices(session) == [("reminder", world.facility.id, "unit")]
    completed(session, world, call, heard + hours(1))
    assert "M5" not in {judged.miss.code for judged in misses.of_episode(session, episode)}


def test_a_correction_that_makes_it_timely_excuses_and_one_that_does_not_lets_it_stand(
    session: Session, world: World, discharged: Episode
) -> None:
    raise_all(session, DUE)
    number = next(n for n in range(1, 9) if _is_discharge(session, discharged, n))
    late = DUE + hours(1)
    amendments.correct_time(
        session, discharged.uuid, number, DISCHARGED + hours(3), by=world.coordinator, at=late, reason="Kl. 16, ikke 13"
    )
    call = call_of(session, discharged)
    (missed,) = [j for j in misses.of_episode(session, discharged) if j.miss.code == "M5"]
    assert (missed.verdict, call.due_at) == (Verdict.EXCUSED, DUE + hours(3))
    raise_all(session, DUE + hours(3))
    (missed,) = [j for j in misses.of_episode(session, discharged) if j.miss.code == "M5"]
    assert (missed.verdict, missed.number) == (Verdict.STANDS, 2)  # passed again, and the row is still the first one


def _is_discharge(session: Session, episode: Episode, number: int) -> bool:
    session.flush()
    event = timeline.fold(timeline.entries(session, episode)).numbered(number)
    return event is not None and event.trigger == "patient_discharged"


def test_a_miss_whose_discharge_never_happened_is_excluded(session: Session, world: World, discharged: Episode) -> None:
    raise_all(session, DUE)
    amendments.cancel_event(
        session, discharged.uuid, discharged.history_number, by=world.coordinator, at=DUE + hours(1), reason="Fejl"
    )
    verdicts = {judged.miss.code: judged.verdict for judged in misses.of_episode(session, discharged)}
    assert verdicts[MissCode.CALL_NOT_MADE] == Verdict.EXCLUDED


def test_death_before_the_limit_excludes_and_after_it_does_not(
    session: Session, world: World, discharged: Episode
) -> None:
    raise_all(session, DUE)
    episodes.record_event(
        session,
        discharged.uuid,
        "patient_died",
        by=world.facility_nurse,
        at=DUE + hours(2),
        effective_at=DUE - hours(1),
        reason="Hørt senere",
    )
    verdicts = {judged.miss.code: judged.verdict for judged in misses.of_episode(session, discharged)}
    assert verdicts[MissCode.CALL_NOT_MADE] == Verdict.EXCLUDED
    amendments.correct_time(
        session, discharged.uuid, discharged.history_number, DUE + hours(1), by=world.facility_nurse, at=DUE + hours(3),
        reason="Senere",
    )  # fmt: skip
    verdicts = {judged.miss.code: judged.verdict for judged in misses.of_episode(session, discharged)}
    assert verdicts[MissCode.CALL_NOT_MADE] == Verdict.STANDS


def test_claim_take_over_hand_on_and_shift_change(session: Session, world: World, discharged: Episode) -> None:
    call = call_of(session, discharged)
    at = DISCHARGED + hours(1)
    tasks.claim(session, call.uuid, by=world.facility_nurse, at=at)
    with pytest.raises(NotPossible, match="Tove Demo har taget"):
        tasks.claim(session, call.uuid, by=world.second_facility_nurse, at=at)
    tasks.claim(session, call.uuid, by=world.second_facility_nurse, at=at, take_over=True)
    assert call.claimed_by_id == world.second_facility_nurse.person_id
    stranger = session.get_one(Person, world.nurse.person_id)
    with pytest.raises(NotPossible):
        tasks.hand_on(session, call.uuid, to=stranger, by=world.second_facility_nurse, at=at, note="")
    tove = session.get_one(Person, world.facility_nurse.person_id)
    tasks.hand_on(session, call.uuid, to=tove, by=world.second_facility_nurse, at=at, note="Ring efter kl. 16")
    assert tasks.change_shift(session, by=world.facility_nurse, at=at, note="Ikke ringet endnu") == 1
    assert call.claimed_by_id is None
    with pytest.raises(NotAllowed):
        tasks.claim(session, call.uuid, by=world.nurse, at=at)


def test_calling_later_needs_a_time(session: Session, world: World, discharged: Episode) -> None:
    call = call_of(session, discharged)
    with pytest.raises(Invalid):
        tasks.record_attempt(session, call.uuid, Outcome.CALL_LATER, by=world.facility_nurse, at=DISCHARGED + hours(1))
    with pytest.raises(Invalid, match="fremtiden"):
        completed(session, world, call, DISCHARGED + hours(1), made_at=DISCHARGED + hours(2))
    tasks.record_attempt(
        session, call.uuid, Outcome.CALL_LATER, by=world.facility_nurse, at=DISCHARGED + hours(1),
        next_try_at=DISCHARGED + hours(3),
    )  # fmt: skip
    attempt = session.scalars(select(ContactAttempt)).one()
    assert attempt.next_try_at == DISCHARGED + hours(3)


def test_on_home_the_district_owes_it(session: Session, world: World, admitted: Episode) -> None:
    handovers.send(session, admitted.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(3))
    episodes.record_event(session, admitted.uuid, "patient_discharged", by=world.ward_nurse, at=DISCHARGED)
    assert call_of(session, admitted).unit_id == world.district.id


def test_lateness_is_what_the_reminder_tells(session: Session, discharged: Episode) -> None:
    session.flush()
    assert deadlines.raise_due(session, at=DUE - hours(5)) > 0
    planned, raised = session.execute(
        select(Reminder.planned_at, Reminder.raised_at).join(Deadline).where(Deadline.task_id.is_not(None))
    ).one()
    assert raised - planned == hours(1)
