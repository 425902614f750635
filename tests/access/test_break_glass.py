"""Break-glass: the full number and a reason, four hours, one person, and a review."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.access.conftest import LOOKED_AT, VISIT, Acting
from tests.world import World
from workflow import amendments, episodes
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.seeing import break_glass, sight
from workflow.seeing.access_log import Visit
from workflow.tables import AccessEntry, BreakGlass, Episode
from workflow.vocabulary import Look, Role

UNKNOWN = Cpr("0193400001")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cpr(admitted: Episode) -> Cpr:
    """The full number of the citizen in the ward."""
    return admitted.citizen.cpr


@pytest.fixture
def opened(session: Session, world: World, cpr: Cpr, acting: Acting) -> BreakGlass:
    """The stranger has broken the glass."""
    with acting(world.stranger):
        break_glass.open(session, world.stranger, cpr, "Ringet op af akutlægen", visit=VISIT, at=LOOKED_AT)
    return session.scalars(select(BreakGlass)).one()


def sees(session: Session, acting: Acting, actor: Actor, at: object = LOOKED_AT) -> int:
    with acting(actor, at):
        return session.scalar(text("select count(*) from history")) or 0


def test_it_shows_that_citizens_episodes_to_that_person_for_four_hours(
    session: Session, world: World, opened: BreakGlass, acting: Acting
) -> None:
    ends = LOOKED_AT + timedelta(hours=4)
    assert opened.ends_at == ends
    for at, shown in ((LOOKED_AT, 1), (ends - MINUTE, 1), (ends, 0), (ends + MINUTE, 0), (LOOKED_AT - MINUTE, 0)):
        assert sees(session, acting, world.stranger, at) == shown, at
    assert sees(session, acting, world.facility_nurse) == 0


def test_it_gives_sight_and_not_the_right_to_act(
    session: Session, world: World, opened: BreakGlass, admitted: Episode, acting: Acting
) -> None:
    with acting(world.stranger), pytest.raises(NotFound):
        amendments.record_need(session, admitted.uuid, "same_day_action", by=world.stranger, at=LOOKED_AT)
    with pytest.raises(NotFound):
        episodes.record_event(session, admitted.uuid, "declared_ready", by=world.stranger, at=LOOKED_AT)


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_there_is_none(session: Session, world: World, cpr: Cpr, acting: Acting, reason: str) -> None:
    with acting(world.stranger), pytest.raises(Invalid):
        break_glass.open(session, world.stranger, cpr, reason, visit=VISIT, at=LOOKED_AT)
    assert sees(session, acting, world.stranger) == 0


def test_a_number_that_nobody_has_here_is_answered_as_one_without_episodes(
    session: Session, world: World, acting: Acting
) -> None:
    with acting(world.stranger), pytest.raises(NotFound) as refusal:
        break_glass.open(session, world.stranger, UNKNOWN, "Vagt", visit=VISIT, at=LOOKED_AT)
    assert refusal.value.code == "no_such_citizen"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OPERATOR])
def test_it_is_not_for_who_sees_no_patients(
    session: Session, world: World, cpr: Cpr, acting: Acting, role: Role
) -> None:
    nobody = Actor(**{**world.stranger.__dict__, "roles": frozenset({role})})
    with acting(nobody), pytest.raises(NotAllowed):
        break_glass.open(session, nobody, cpr, "Vagt", visit=VISIT, at=LOOKED_AT)


def test_twice_at_once_is_once(session: Session, world: World, opened: BreakGlass, cpr: Cpr, acting: Acting) -> None:
    with acting(world.stranger), pytest.raises(NotPossible):
        break_glass.open(session, world.stranger, cpr, "Igen", visit=VISIT, at=LOOKED_AT + MINUTE)


def test_it_is_logged_and_so_is_every_look_through_it(
    session: Session, world: World, opened: BreakGlass, admitted: Episode, acting: Acting
) -> None:
    number = admitted.uuid
    with acting(world.stranger) as seen:
        sight.require(session, seen, number, visit=Visit(what="episode", at=LOOKED_AT))
    first, second = session.scalars(select(AccessEntry).order_by(AccessEntry.id))
    assert (first.kind, first.citizens, first.related) == (Look.BREAK_GLASS, [admitted.citizen_id], False)
    assert (second.kind, second.related) == (Look.READ, False)


def test_the_managers_of_both_units_review_it_once_and_nobody_else(
    session: Session, world: World, opened: BreakGlass, acting: Acting
) -> None:
    number, next_day = opened.uuid, LOOKED_AT + timedelta(days=1)
    assert opened.review_unit_ids == sorted([world.ward.id, world.other_district.id])
    for outsider in (world.facility_manager, world.stranger, world.ward_nurse):
        with acting(outsider, next_day) as seen:
            assert break_glass.to_review(session, seen) == []
            with pytest.raises(NotFound):
                break_glass.review(session, number, seen, in_order=True, note="", at=next_day)
    with acting(world.ward_manager, next_day) as seen:
        assert [one.uuid for one in break_glass.to_review(session, seen)] == [number]
        with pytest.raises(Invalid):
            break_glass.review(session, number, seen, in_order=False, note=" ", at=next_day)
        reviewed = break_glass.review(session, number, seen, in_order=False, note="Taler med hende", at=next_day)
        assert (reviewed.reviewed_by, reviewed.in_order) == ("Lene Demo", False)
        assert break_glass.to_review(session, seen) == []
        with pytest.raises(NotPossible):
            break_glass.review(session, number, seen, in_order=True, note="", at=next_day)


def test_nobody_reviews_their_own(session: Session, world: World, admitted: Episode, cpr: Cpr, acting: Acting) -> None:
    with acting(world.facility_manager):
        mine = break_glass.open(session, world.facility_manager, cpr, "Vagt", visit=VISIT, at=LOOKED_AT).uuid
    with acting(world.facility_manager) as seen, pytest.raises(NotAllowed):
        break_glass.review(session, mine, seen, in_order=True, note="", at=LOOKED_AT)
