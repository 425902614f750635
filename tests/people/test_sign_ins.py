"""A sign-in belongs to one browser, and lives as long as it may."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.people.conftest import IDLE, LIFE, NOW, Staff, signed_in
from workflow.actor import SYSTEM, Actor
from workflow.errors import NotAllowed, NotFound
from workflow.staff import people, roles, sign_ins
from workflow.staff.sign_ins import Lacks, SignedIn
from workflow.tables import PersonRole, SignIn
from workflow.vocabulary import Role, SignInBy, SignInEnd

MOMENT = timedelta(seconds=1)


def living(session: Session, token: str, *, after: timedelta = timedelta()) -> SignedIn | None:
    session.expire_all()
    return sign_ins.living(session, token, at=NOW + after, idle=IDLE)


def test_one_role_is_acted_in_at_once(session: Session, staff: Staff) -> None:
    found = living(session, signed_in(session, staff.person(session, staff.nurse)))
    assert found is not None
    assert found.actor == staff.nurse


def test_of_several_roles_the_person_chooses_one_and_acts_in_that_alone(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    second = roles.grant(session, nurse, staff.world.district, Role.MANAGER, by=SYSTEM, at=NOW)
    token = signed_in(session, nurse)
    found = living(session, token)
    assert found is not None
    assert found.lacks == Lacks.ROLE
    with pytest.raises(NotAllowed):
        found.actor  # noqa: B018
    sign_ins.choose(session, found.id, second.uuid)
    chosen = living(session, token)
    assert chosen is not None
    assert (chosen.actor.unit_id, chosen.actor.roles) == (staff.world.district.id, frozenset({Role.MANAGER}))


def test_nobody_acts_in_somebody_elses_role_or_in_one_that_waits(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    waits = roles.grant(session, nurse, staff.world.district, Role.MANAGER, by=staff.first, at=NOW)
    others = session.scalars(select(PersonRole).where(PersonRole.person_id == staff.manager.person_id)).one()
    found = living(session, signed_in(session, nurse))
    assert found is not None
    for role_id in (waits.uuid, others.uuid, uuid4()):
        with pytest.raises(NotFound):
            sign_ins.choose(session, found.id, role_id)


def test_a_role_that_was_taken_away_stops_at_the_next_click(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    token = signed_in(session, nurse)
    role = session.scalars(select(PersonRole).where(PersonRole.person_id == nurse.id)).one()
    roles.end(session, role.uuid, by=staff.first, at=NOW)
    found = living(session, token)
    assert found is not None
    assert (found.lacks, found.role) == (Lacks.ROLE, None)


def test_unused_for_half_an_hour_it_ends(session: Session, staff: Staff) -> None:
    token = signed_in(session, staff.person(session, staff.nurse))
    assert living(session, token, after=IDLE - MOMENT) is not None
    assert living(session, token, after=2 * IDLE - 2 * MOMENT) is not None  # it was used in between
    assert living(session, token, after=3 * IDLE) is None


def test_after_twelve_hours_it_ends_however_much_it_is_used(session: Session, staff: Staff) -> None:
    token = signed_in(session, staff.person(session, staff.nurse))
    after = timedelta()
    while after + IDLE / 2 < LIFE:
        after += IDLE / 2
        assert living(session, token, after=after) is not None
    assert living(session, token, after=LIFE) is None


def test_the_table_does_not_hold_what_opens_the_door(session: Session, staff: Staff) -> None:
    token = signed_in(session, staff.person(session, staff.nurse))
    row = session.execute(text("select row_to_json(sign_ins)::text from sign_ins")).scalar_one()
    assert token not in row
    assert living(session, row) is None


def test_signing_in_anew_ends_what_the_browser_had(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    old = signed_in(session, nurse)
    new = sign_ins.begin(session, nurse, SignInBy.DEMO, address="", at=NOW, life=LIFE, replaces=old)
    assert new != old
    assert living(session, old) is None
    assert living(session, new) is not None


def test_signing_out_everywhere_spares_nobody_but_who_is_named(session: Session, staff: Staff) -> None:
    nurse = staff.person(session, staff.nurse)
    tokens = [signed_in(session, nurse) for _ in range(3)]
    theirs = signed_in(session, staff.person(session, staff.manager))
    everywhere = SignInEnd.SIGNED_OUT_EVERYWHERE
    sign_ins.end_all(session, nurse.id, because=everywhere, at=NOW, but_token=tokens[0])
    assert [living(session, token) is not None for token in tokens] == [True, False, False]
    sign_ins.end_all(session, nurse.id, because=everywhere, at=NOW)
    assert living(session, tokens[0]) is None
    assert living(session, theirs) is not None


def test_an_administrator_ends_one_and_others_may_not(session: Session, staff: Staff) -> None:
    token = signed_in(session, staff.person(session, staff.nurse))
    row = session.scalars(select(SignIn)).one()
    assert row in sign_ins.open_ones(session, by=staff.first, at=NOW, idle=IDLE)
    with pytest.raises(NotAllowed):
        sign_ins.end_one(session, row.uuid, by=staff.manager, at=NOW)
    sign_ins.end_one(session, row.uuid, by=staff.first, at=NOW)
    assert living(session, token) is None


def test_an_administrator_sees_who_is_signed_in_at_home_and_nobody_elsewhere(session: Session, staff: Staff) -> None:
    world = staff.world
    signed_in(session, staff.person(session, staff.nurse))
    person = people.add(session, "sidsel", "Sidsel Demo", by=SYSTEM)
    roles.grant(session, person, world.district, Role.ADMINISTRATOR, by=SYSTEM, at=NOW)
    signed_in(session, person)
    theirs = Actor(
        name=person.name, person_id=person.id, unit_id=world.district.id,
        organisation_id=world.district.organisation_id, roles=frozenset({Role.ADMINISTRATOR}),
    )  # fmt: skip
    seen = [one.person.name for one in sign_ins.open_ones(session, by=theirs, at=NOW, idle=IDLE)]
    assert seen == ["Sidsel Demo"]
    at_hospital = replace(theirs, organisation_id=world.hospital.id)
    home = [one.person_id for one in sign_ins.open_ones(session, by=at_hospital, at=NOW, idle=IDLE)]
    assert home == [staff.nurse.person_id]
    above = sign_ins.open_ones(session, by=staff.first, at=NOW, idle=IDLE)
    assert {one.person_id for one in above} == {staff.nurse.person_id, person.id}  # both lie in the region
