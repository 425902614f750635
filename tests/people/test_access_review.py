"""Each half-year somebody else says whether a role is still needed."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.people.conftest import NOW, Staff, signed_in
from tests.world import LONG_AGO
from workflow.actor import Actor
from workflow.errors import NotAllowed, NotPossible
from workflow.staff import access_review, people, roles
from workflow.tables import PersonRole


def role_of(session: Session, actor: Actor) -> PersonRole:
    role = session.scalars(select(PersonRole).where(PersonRole.person_id == actor.person_id)).one()
    role.granted_at = LONG_AGO
    session.flush()
    return role


def names(session: Session, by: Actor) -> set[str]:
    return {one.role.person.name for one in access_review.held(session, by=by, at=NOW)}


def test_a_manager_sees_their_unit_and_an_administrator_what_lies_in_their_organisation(
    session: Session, staff: Staff
) -> None:
    world = staff.world
    assert names(session, world.ward_manager) == {world.ward_nurse.name, world.ward_manager.name}
    everybody = names(session, staff.first)
    assert {world.ward_nurse.name, world.nurse.name, world.stranger.name, staff.second.name} <= everybody
    assert names(session, staff.nurse) == set()


def test_it_is_due_after_half_a_year_and_then_not(session: Session, staff: Staff) -> None:
    role = role_of(session, staff.nurse)
    signed_in(session, role.person)

    def found() -> access_review.Held:
        return next(one for one in access_review.held(session, by=staff.manager, at=NOW) if one.role is role)

    before = found()
    assert (before.due, before.said_by, before.signed_in_at) == (True, "Overgang", NOW)
    assert access_review.held(session, by=staff.manager, at=NOW)[0].role is role  # said longest ago
    access_review.confirm(session, role.uuid, by=staff.manager, at=NOW)
    assert (found().due, found().said_by) == (False, staff.manager.name)


def test_nobody_confirms_their_own_and_no_stranger_another(session: Session, staff: Staff) -> None:
    role = role_of(session, staff.manager)
    assert [one.may for one in access_review.held(session, by=staff.manager, at=NOW) if one.role is role] == [False]
    for by in (staff.manager, staff.nurse, staff.world.municipal_manager):
        with pytest.raises(NotAllowed):
            access_review.confirm(session, role.uuid, by=by, at=NOW)
    access_review.confirm(session, role.uuid, by=staff.first, at=NOW)


def test_what_has_ended_is_not_there_to_confirm(session: Session, staff: Staff) -> None:
    role = role_of(session, staff.nurse)
    roles.end(session, role.uuid, by=staff.first, at=NOW)
    with pytest.raises(NotPossible):
        access_review.confirm(session, role.uuid, by=staff.first, at=NOW)
    left = role_of(session, staff.world.nurse)
    people.deactivate(session, left.person, by=staff.first, at=NOW)
    assert not {role.person.name, left.person.name} & names(session, staff.first)
