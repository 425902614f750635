"""Roles need a second person; there is always an administrator; who leaves is out at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.conftest import Database
from tests.people.conftest import IDLE, NOW, Staff, hire, signed_in
from workflow import db
from workflow.actor import SYSTEM, Actor
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.staff import people, roles, sign_ins
from workflow.tables import Person, PersonRole
from workflow.vocabulary import Role, RoleState, SignInEnd


def role_of(session: Session, actor: Actor) -> PersonRole:
    return session.scalars(select(PersonRole).where(PersonRole.person_id == actor.person_id)).one()


def proposed(session: Session, staff: Staff, to: Actor, *, by: Actor) -> PersonRole:
    person = staff.person(session, to)
    return roles.grant(session, person, staff.world.other_ward, Role.WARD_NURSE, by=by, at=NOW)


def test_nobody_gives_themselves_a_role(session: Session, staff: Staff) -> None:
    own = proposed(session, staff, staff.first, by=staff.first)
    assert own.state == RoleState.PROPOSED
    assert own not in sign_ins.roles_of(session, own.person_id)
    with pytest.raises(NotAllowed, match="En anden skal godkende"):
        roles.approve(session, own.uuid, by=staff.first, at=NOW)
    roles.approve(session, own.uuid, by=staff.second, at=NOW)
    assert own in sign_ins.roles_of(session, own.person_id)


def test_nor_through_somebody_they_made_up(session: Session, staff: Staff) -> None:
    made_up = people.add(session, "opdigtet", "Opdigtet Demo", by=staff.first)
    role = roles.grant(session, made_up, staff.world.ward, Role.WARD_NURSE, by=staff.first, at=NOW)
    assert role.state == RoleState.PROPOSED
    assert not roles.may_approve(session, role, by=staff.first)


def test_the_manager_of_the_unit_may_agree_and_another_may_not(session: Session, staff: Staff) -> None:
    person = people.add(session, "ny", "Ny Demo", by=staff.first)
    role = roles.grant(session, person, staff.world.ward, Role.WARD_NURSE, by=staff.first, at=NOW)
    assert not roles.may_approve(session, role, by=staff.world.municipal_manager)
    assert not roles.may_approve(session, role, by=staff.nurse)
    approved = roles.approve(session, role.uuid, by=staff.manager, at=NOW)
    assert (approved.state, approved.approved_by) == (RoleState.IN_FORCE, staff.manager.name)


def test_postgresql_itself_wants_the_second_person(session: Session, staff: Staff) -> None:
    role = proposed(session, staff, staff.first, by=staff.first)
    session.flush()
    with pytest.raises(IntegrityError, match="a_second_person_agreed"):
        session.execute(text("update person_roles set state = 'in_force' where id = :id"), {"id": role.id})


def test_a_role_is_given_once_and_again_after_it_was_taken(session: Session, staff: Staff) -> None:
    role = proposed(session, staff, staff.nurse, by=staff.first)
    with pytest.raises(NotPossible):
        proposed(session, staff, staff.nurse, by=staff.second)
    roles.end(session, role.uuid, by=staff.second, at=NOW)
    assert proposed(session, staff, staff.nurse, by=staff.second).id != role.id


def test_only_an_administrator_of_that_organisation_gives_roles(session: Session, staff: Staff) -> None:
    with pytest.raises(NotAllowed):
        proposed(session, staff, staff.nurse, by=staff.manager)
    local = Actor(
        name="Lokal", person_id=staff.second.person_id, organisation_id=staff.world.municipality.id,
        unit_id=staff.world.district.id, roles=frozenset({Role.ADMINISTRATOR}),
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="en anden organisation"):
        proposed(session, staff, staff.nurse, by=local)
    person = staff.person(session, staff.world.stranger)
    roles.grant(session, person, staff.world.district, Role.MUNICIPAL_NURSE, by=local, at=NOW)
    with pytest.raises(NotAllowed):
        people.deactivate(session, staff.person(session, staff.nurse), by=local, at=NOW)


def test_the_operator_of_the_machine_makes_the_first_administrator_alone(session: Session, staff: Staff) -> None:
    person = people.add(session, "ny", "Ny Demo", by=SYSTEM)
    made = roles.grant(session, person, staff.office, Role.ADMINISTRATOR, by=SYSTEM, at=NOW)
    assert made.state == RoleState.IN_FORCE


def test_the_last_administrator_stays(session: Session, staff: Staff) -> None:
    roles.end(session, role_of(session, staff.first).uuid, by=staff.second, at=NOW)
    with pytest.raises(NotPossible, match="sidste administrator"):
        roles.end(session, role_of(session, staff.second).uuid, by=staff.second, at=NOW)
    with pytest.raises(NotPossible, match="sidste administrator"):
        people.deactivate(session, staff.person(session, staff.second), by=SYSTEM, at=NOW)


def test_who_was_deactivated_does_not_count_as_one(session: Session, staff: Staff) -> None:
    people.deactivate(session, staff.person(session, staff.first), by=staff.second, at=NOW)
    with pytest.raises(NotPossible, match="sidste administrator"):
        roles.end(session, role_of(session, staff.second).uuid, by=staff.second, at=NOW)


@pytest.mark.parametrize("ways", ["both lose it", "both leave", "one of each"])
def test_of_two_administrators_who_leave_at_once_one_stays(database: Database, ways: str) -> None:
    with db.Session.begin() as session:
        staff = hire(session)
        found = [(role_of(session, one).uuid, one.person_id) for one in (staff.first, staff.second)]
    together = Barrier(2)

    def lose(role: UUID, person: int | None) -> None:
        with db.Session.begin() as session:
            together.wait()
            roles.end(session, role, by=SYSTEM, at=NOW)
            session.execute(text("select pg_sleep(0.2)"))

    def leave(role: UUID, person: int | None) -> None:
        with db.Session.begin() as session:
            together.wait()
            people.deactivate(session, session.get_one(Person, person), by=SYSTEM, at=NOW)
            session.execute(text("select pg_sleep(0.2)"))

    acts: tuple[Callable[[UUID, int | None], None], ...] = {
        "both lose it": (lose, lose), "both leave": (leave, leave), "one of each": (lose, leave),
    }[ways]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(act, *one) for act, one in zip(acts, found, strict=True)]
        failed = [str(each.exception()) for each in done if each.exception()]
    assert failed == ["Det er den sidste administrator; giv først en anden rollen."]


def test_who_is_deactivated_is_out_at_once_everywhere(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    tokens = [signed_in(session, nurse) for _ in range(2)]
    other = signed_in(session, staff.person(session, staff.manager))
    people.deactivate(session, nurse, by=staff.first, at=NOW)
    assert [sign_ins.living(session, token, at=NOW, idle=IDLE) for token in tokens] == [None, None]
    assert sign_ins.living(session, other, at=NOW, idle=IDLE) is not None
    ended = sign_ins.whose(session, tokens[0])
    assert ended is not None
    assert ended.ended_because == SignInEnd.DEACTIVATED


def test_even_a_sign_in_that_nobody_ended_does_not_outlive_its_person(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    token = signed_in(session, nurse)
    session.flush()
    session.execute(text("update people set active = false where id = :id"), {"id": nurse.id})
    session.expire_all()
    assert sign_ins.living(session, token, at=NOW, idle=IDLE) is None


@pytest.mark.parametrize("typed", ["x", "Med Mellemrum", "0107401234", "010740-1234", "<b>", "a" * 65])
def test_a_username_is_plain_and_no_number_of_a_citizen(session: Session, typed: str) -> None:
    with pytest.raises(Invalid):
        people.add(session, typed, "Ny Demo", by=SYSTEM)


def test_a_username_is_somebodys_whatever_its_case(session: Session, staff: Staff) -> None:
    with pytest.raises(NotPossible, match="taget"):
        people.add(session, "ASTA", "Anden Demo", by=SYSTEM)
