"""People leave: nobody reads that a task is taken care of by somebody who is gone."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.steps import DISCHARGED, call_of, hours, raise_all
from tests.world import World
from workflow import history, leaving, tasks
from workflow.actor import SYSTEM
from workflow.seeing import reviews, sight
from workflow.staff import people, roles
from workflow.tables import Episode, HistoryEntry, Miss, Person, PersonRole, Task
from workflow.vocabulary import EntryKind, MissCode, RoleState

NOW = DISCHARGED + hours(3)


@pytest.fixture
def claimed(session: Session, world: World, discharged: Episode) -> Task:
    return tasks.claim(session, call_of(session, discharged).uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))


def person(session: Session, number: int | None) -> Person:
    assert number is not None
    return session.get_one(Person, number)


def test_what_a_person_had_taken_goes_back_when_they_leave(
    session: Session, world: World, discharged: Episode, claimed: Task
) -> None:
    assert leaving.give_back(session, at=NOW) == 0
    people.deactivate(session, person(session, world.facility_nurse.person_id), by=SYSTEM, at=NOW)
    assert leaving.give_back(session, at=NOW) == 1
    session.refresh(claimed)
    assert (claimed.claimed_by_id, claimed.claimed_at) == (None, None)
    told = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == EntryKind.TASK_HANDED_ON)).one()
    assert (told.facts["left"], told.facts["to"]) == ("Tove Demo", None)
    assert leaving.give_back(session, at=NOW) == 0
    assert [broken for broken in history.verify(session) if not isinstance(broken, int)] == []
    tasks.claim(session, claimed.uuid, by=world.second_facility_nurse, at=NOW)


def test_it_goes_back_when_their_role_in_the_unit_ends(session: Session, world: World, claimed: Task) -> None:
    held = session.scalars(select(PersonRole).where(PersonRole.person_id == world.facility_nurse.person_id)).one()
    roles.end(session, held.uuid, by=SYSTEM, at=NOW)
    assert leaving.give_back(session, at=NOW) == 1
    session.refresh(claimed)
    assert claimed.claimed_by_id is None


def test_what_is_done_or_taken_over_meanwhile_stays(session: Session, world: World, claimed: Task) -> None:
    gone = person(session, world.facility_nurse.person_id)
    people.deactivate(session, gone, by=SYSTEM, at=NOW)
    tasks.claim(session, claimed.uuid, by=world.second_facility_nurse, at=NOW, take_over=True)
    assert leaving.give_back(session, at=NOW) == 0
    assert not tasks.give_back(session, claimed.uuid, gone.id, gone.name, at=NOW)
    session.refresh(claimed)
    assert claimed.claimed_by_id == world.second_facility_nurse.person_id


def test_a_review_waits_for_nobody_who_has_left(session: Session, world: World, discharged: Episode) -> None:
    raise_all(session, DISCHARGED + hours(26))
    miss = session.scalars(select(Miss).where(Miss.code == MissCode.CALL_NOT_MADE)).one()
    seen = sight.open(session, world.ward_manager, at=NOW)
    manager = person(session, world.facility_manager.person_id)
    reviews.write(
        session, seen, miss.uuid, after=0, assigned_to=manager.uuid, cause=None, learning="Vi ser på det", closed=False,
        at=NOW,
    )  # fmt: skip
    assert leaving.give_back(session, at=NOW) == 0
    people.deactivate(session, manager, by=SYSTEM, at=NOW)
    assert leaving.give_back(session, at=NOW) == 1
    standing = reviews.current(reviews.of_miss(session, miss))
    assert (standing.assigned_to_id, standing.learning, standing.closed) == (None, "Vi ser på det", False)
    assert leaving.give_back(session, at=NOW) == 0


def test_a_coordinator_keeps_what_is_theirs_for_the_wards_of_the_hospital(
    session: Session, world: World, claimed: Task
) -> None:
    claimed.unit_id, claimed.claimed_by_id = world.ward.id, world.coordinator.person_id
    session.flush()
    assert leaving.give_back(session, at=NOW) == 0
    session.scalars(select(PersonRole).where(PersonRole.person_id == world.coordinator.person_id)).one().state = (
        RoleState.ENDED
    )
    session.flush()
    assert leaving.give_back(session, at=NOW) == 1
