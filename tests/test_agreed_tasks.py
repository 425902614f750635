"""What is agreed in a call is owed: by one unit, by a time, in the history, until what the call was about is gone."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import steps
from tests.steps import ADMITTED, DISCHARGED, call_of, entries, hours, live, raise_all
from tests.world import World
from workflow import amendments, episodes, misses, tasks
from workflow.agreed import Agreed
from workflow.errors import Invalid, NotPossible
from workflow.tables import Deadline, Episode, Handover, HistoryEntry, Notice, Reminder, Task
from workflow.vocabulary import Outcome, Party, TaskState, Verdict

CALLED = DISCHARGED + hours(3)
DUE = DISCHARGED + hours(8)
MEDICINE = Agreed(text="Medicinlisten sendes igen", owner=Party.WARD, due_at=DUE)
PRESSURE = Agreed(text="Blodtryk måles", owner=Party.RECEIVER, due_at=DUE + hours(2))


@pytest.fixture
def called(session: Session, world: World, discharged: Episode) -> Episode:
    """The nurse of the house has spoken with the ward, and they have agreed on two things."""
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="Anders Demo",
        by=world.facility_nurse, at=CALLED, agreed=(MEDICINE, PRESSURE),
    )  # fmt: skip
    return discharged


def agreed(session: Session, episode: Episode) -> list[Task]:
    session.flush()
    return list(
        session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == "agreed").order_by(Task.id))
    )


def test_each_thing_is_a_task_of_its_unit_with_one_deadline(session: Session, world: World, called: Episode) -> None:
    medicine, pressure = agreed(session, called)
    assert (medicine.text, medicine.unit_id, medicine.due_at) == (MEDICINE.text, world.ward.id, DUE)
    assert (pressure.unit_id, pressure.counterpart_unit_id) == (world.facility.id, world.ward.id)
    assert [d.task_id for d in live(session, called) if d.task_id] == [medicine.id, pressure.id]
    told = session.scalars(select(Notice.unit_id).where(Notice.topic == "agreed")).all()
    assert told == [world.ward.id]  # who agreed to it on the spot needs no notice
    said = session.scalars(select(HistoryEntry.facts).order_by(HistoryEntry.id.desc())).first()
    assert said is not None
    assert [one["text"] for one in said["agreed"]] == [MEDICINE.text, PRESSURE.text]


def test_it_is_done_by_a_record_and_late_stays_late(session: Session, world: World, called: Episode) -> None:
    medicine, pressure = agreed(session, called)
    tasks.complete(session, pressure.uuid, by=world.facility_nurse, at=DUE, record="Journal")
    raise_all(session, DUE)
    tasks.complete(session, medicine.uuid, by=world.ward_nurse, at=DUE + hours(1), record="Sendt")
    missed = {j.miss.task_id: j.verdict for j in misses.of_episode(session, called)}
    assert missed[medicine.id] == Verdict.STANDS
    assert pressure.id not in missed


def test_what_happens_next_leaves_it_as_it_is(session: Session, world: World, called: Episode) -> None:
    handover = session.scalars(select(Handover)).one()
    steps.receive(session, handover.uuid, by=world.facility_nurse, at=CALLED)
    assert [task.occurrence for task in agreed(session, called)] == [1, 2]
    assert entries(session, called)[-3:] == ["attempt", "handover_read", "handover_accepted"]
    assert [task.state for task in agreed(session, called)] == [TaskState.OPEN, TaskState.OPEN]


def test_death_and_a_resumed_stay_withdraw_it(session: Session, world: World, called: Episode) -> None:
    episodes.record_event(session, called.uuid, "stay_resumed", by=world.ward_nurse, at=CALLED + hours(1))
    assert {task.state for task in agreed(session, called)} == {TaskState.WITHDRAWN}
    amendments.cancel_event(
        session, called.uuid, called.history_number, by=world.ward_nurse, at=CALLED + hours(2), reason="Forkert borger"
    )
    assert {task.state for task in agreed(session, called)} == {TaskState.OPEN}
    episodes.record_event(session, called.uuid, "patient_died", by=world.facility_nurse, at=CALLED + hours(3))
    assert {task.state for task in agreed(session, called)} == {TaskState.WITHDRAWN}
    assert live(session, called) == []
    assert raise_all(session, DUE + timedelta(days=2)) == 0


def test_a_discharge_that_never_happened_withdraws_it(session: Session, world: World, called: Episode) -> None:
    raise_all(session, DUE)
    number = call_of(session, called).anchor_number
    amendments.cancel_event(
        session, called.uuid, number, by=world.coordinator, at=DUE + hours(1), reason="Blev liggende"
    )
    assert {task.state for task in agreed(session, called)} == {TaskState.WITHDRAWN}
    verdicts = {j.miss.task_id: j.verdict for j in misses.of_episode(session, called)}
    assert verdicts[agreed(session, called)[0].id] == Verdict.EXCLUDED


def test_it_follows_the_citizen_to_another_receiver(session: Session, world: World, called: Episode) -> None:
    amendments.reroute(session, called.uuid, "home", by=world.facility_nurse, at=CALLED + hours(1))
    medicine, pressure = agreed(session, called)
    assert (medicine.unit_id, pressure.unit_id) == (world.ward.id, world.district.id)


def test_the_episode_does_not_close_over_it(session: Session, world: World, called: Episode) -> None:
    amendments.reroute(session, called.uuid, "home", by=world.facility_nurse, at=CALLED + hours(1))
    episodes.record_event(session, called.uuid, "patient_arrived_home", by=world.nurse, at=CALLED + hours(2))
    with pytest.raises(NotPossible, match="åbne opgaver"):
        episodes.record_event(session, called.uuid, "episode_closed", by=world.nurse, at=CALLED + hours(3))


@pytest.mark.parametrize(
    ("outcome", "one"),
    [
        (Outcome.NO_ANSWER, MEDICINE),
        (Outcome.COMPLETED, Agreed(text=" ", owner=Party.WARD, due_at=DUE)),
        (Outcome.COMPLETED, Agreed(text="Sårpleje", owner=Party.WARD, due_at=ADMITTED)),
        (Outcome.COMPLETED, Agreed(text="Sårpleje", owner=Party.PRACTICE, due_at=DUE)),
    ],
)
def test_it_needs_a_conversation_a_text_a_time_to_come_and_somebody(
    session: Session, world: World, discharged: Episode, outcome: Outcome, one: Agreed
) -> None:
    call = call_of(session, discharged)
    with pytest.raises((Invalid, NotPossible)):
        tasks.record_attempt(
            session, call.uuid, outcome, spoken_with="Anders Demo", by=world.facility_nurse, at=CALLED, agreed=(one,)
        )
    assert call_of(session, discharged).attempts == 0


def test_what_was_due_at_once_is_said_once_whoever_the_other_side_becomes(
    session: Session, world: World, discharged: Episode
) -> None:
    at_once = Agreed(text="Medicinlisten sendes igen", owner=Party.WARD, due_at=CALLED)
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="Anders Demo",
        by=world.facility_nurse, at=CALLED, made_at=CALLED - hours(1), agreed=(at_once,),
        note="Skrevet senere",
    )  # fmt: skip
    raise_all(session, CALLED)
    amendments.reroute(session, discharged.uuid, "home", by=world.facility_nurse, at=CALLED + hours(1))
    raise_all(session, CALLED + hours(2))
    (task,) = agreed(session, discharged)
    assert (task.unit_id, task.counterpart_unit_id) == (world.ward.id, world.district.id)
    raised = select(Reminder.raised_at).join(Deadline, Deadline.id == Reminder.deadline_id)
    assert session.scalars(raised.where(Deadline.task_id == task.id)).all() == [CALLED]
