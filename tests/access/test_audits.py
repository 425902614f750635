"""What the log is read for: the citizen's extract, the employee's looks, what looks wrong, the weekly sample."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import Acting
from tests.world import World
from workflow.actor import SYSTEM, Actor
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.seeing import access_log, audits
from workflow.seeing.access_log import Visit
from workflow.seeing.audits import Span
from workflow.staff import people
from workflow.tables import LookToConfirm
from workflow.vocabulary import Language, Look, Role

MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = Span(since=MONDAY - DAY, until=MONDAY + 7 * DAY)


def looked(
    session: Session, by: Actor, at: datetime, *citizens: int, kind: Look = Look.READ, related: bool = True
) -> None:
    visit = Visit(what="episode", at=at, purpose="=1+1")
    access_log.write(session, kind, visit, by=by, citizens=citizens, related=related)


def rules(session: Session, acting: Acting, actor: Actor, span: Span = WEEK) -> list[tuple[str, str, int]]:
    audits.find(session, span)
    audits.find(session, span)
    with acting(actor) as seen:
        return [(look.why, entry.person, look.citizens) for look, entry in audits.to_confirm(session, seen)]


def test_a_manager_reads_the_looks_of_their_own_unit_by_citizen_and_by_employee(
    session: Session, world: World, acting: Acting
) -> None:
    looked(session, world.ward_nurse, MONDAY, 7, 8)
    looked(session, world.ward_nurse, MONDAY + DAY, 9)
    looked(session, world.nurse, MONDAY, 7)
    with acting(world.ward_manager) as seen:
        assert [entry.person for entry in audits.of_citizen(session, seen, 7, WEEK)] == ["Anders Demo"]
        mine = audits.of_person(session, seen, world.ward_nurse.person_id or 0, WEEK)
        assert [entry.citizens for entry in mine] == [[9], [7, 8]]
        assert audits.of_person(session, seen, world.nurse.person_id or 0, WEEK) == []
        older = audits.of_person(session, seen, world.ward_nurse.person_id or 0, WEEK, before_id=mine[0].id)
        assert [entry.citizens for entry in older] == [[7, 8]]
    with acting(world.ward_nurse) as seen:
        assert audits.of_citizen(session, seen, 7, WEEK) == []


def test_an_administrator_reads_the_looks_of_their_house_and_sees_no_patient(
    session: Session, world: World, acting: Acting
) -> None:
    administrator = replace(world.ward_manager, roles=frozenset({Role.ADMINISTRATOR}))
    looked(session, world.ward_nurse, MONDAY, 7)
    looked(session, world.coordinator, MONDAY, 7)
    looked(session, world.nurse, MONDAY, 7)
    with acting(administrator) as seen:
        assert len(audits.of_citizen(session, seen, 7, WEEK)) == 2
        assert seen.units == set()


def test_the_extract_is_for_the_citizen_and_harmless_in_a_spreadsheet(
    session: Session, world: World, acting: Acting
) -> None:
    looked(session, world.ward_nurse, MONDAY, 7)
    with acting(world.ward_manager) as seen:
        danish = audits.extract(session, seen, 7, WEEK, language=Language.DANISH)
        english = audits.extract(session, seen, 7, WEEK, language=Language.ENGLISH)
    assert danish.splitlines() == [
        "tidspunkt;hvem;enhed;hvordan;formål",
        "09.03.2026 09:00:00;Anders Demo;M3;læst;'=1+1",
    ]
    assert english.splitlines()[0] == "when;who;unit;how;purpose"


def test_a_look_without_a_relation_is_a_hit(session: Session, world: World, acting: Acting) -> None:
    looked(session, world.ward_nurse, MONDAY, 7)
    looked(session, world.ward_nurse, MONDAY, 7, related=False)
    assert rules(session, acting, world.ward_manager) == [("no_relation", "Anders Demo", 1)]


def test_a_citizen_with_the_surname_of_who_looked_is_a_hit(session: Session, world: World, acting: Acting) -> None:
    nurse = replace(world.ward_nurse, name="Anders Rosenløv")
    relative = worlds.citizen(session, world, name="Agnes rosenløv")
    looked(session, nurse, MONDAY, relative.id)
    looked(session, nurse, MONDAY, relative.id, kind=Look.LIST)
    assert rules(session, acting, world.ward_manager) == [("same_surname", "Anders Rosenløv", 1)]


def test_a_surname_that_many_bear_says_nothing(session: Session, world: World, acting: Acting) -> None:
    same = [worlds.citizen(session, world, name="Bo Jensen") for _ in range(audits.COMMON_NAME)]
    looked(session, replace(world.ward_nurse, name="Anders Jensen"), MONDAY, same[0].id)
    assert rules(session, acting, world.ward_manager) == []


def test_far_more_in_a_day_than_is_usual_for_that_person_is_a_hit(
    session: Session, world: World, acting: Acting
) -> None:
    for day in range(1, 8):
        looked(session, world.ward_nurse, MONDAY - day * DAY, *range(100, 110))
    today = Span(since=MONDAY, until=MONDAY + DAY)
    looked(session, world.ward_nurse, MONDAY, *range(200, 239))
    assert rules(session, acting, world.ward_manager, today) == []
    looked(session, world.ward_nurse, MONDAY + timedelta(hours=1), 239)
    assert rules(session, acting, world.ward_manager, today) == [("unusual_volume", "Anders Demo", 40)]


def test_a_list_that_names_many_is_not_unusual(session: Session, world: World, acting: Acting) -> None:
    looked(session, world.ward_nurse, MONDAY, *range(100, 200), kind=Look.LIST)
    assert rules(session, acting, world.ward_manager) == []


# --- the sample ---


def test_a_few_looks_of_each_unit_are_drawn_once_a_week(session: Session, world: World) -> None:
    for n in range(9):
        looked(session, world.ward_nurse, MONDAY + n * timedelta(hours=1), n + 1)
    looked(session, world.nurse, MONDAY, 7)
    looked(session, world.nurse, MONDAY + 7 * DAY, 7)
    looked(session, world.nurse, MONDAY, 7, kind=Look.LIST)
    next_week = MONDAY + 8 * DAY
    assert audits.draw_sample(session, at=next_week) == audits.SAMPLE + 1
    assert audits.draw_sample(session, at=next_week + DAY) == 0
    drawn = session.scalars(select(LookToConfirm.unit_id)).all()
    assert sorted(drawn) == sorted([world.ward.id] * audits.SAMPLE + [world.district.id])


def test_a_system_is_not_drawn(session: Session, world: World) -> None:
    system = people.add(session, "eoj", "EOJ Demo", by=SYSTEM, is_system=True)
    looked(session, replace(world.ward_nurse, person_id=system.id), MONDAY, 7)
    assert audits.draw_sample(session, at=MONDAY + 8 * DAY) == 0


def test_a_manager_confirms_what_was_drawn_and_never_their_own(session: Session, world: World, acting: Acting) -> None:
    looked(session, world.ward_nurse, MONDAY, 7)
    looked(session, world.ward_manager, MONDAY, 7)
    at = MONDAY + 8 * DAY
    audits.draw_sample(session, at=at)
    with acting(world.municipal_manager) as seen:
        assert audits.to_confirm(session, seen) == []
    with acting(world.ward_manager) as seen:
        drawn = {entry.person: one.uuid for one, entry in audits.to_confirm(session, seen)}
        with pytest.raises(NotAllowed):
            audits.confirm(session, drawn["Lene Demo"], seen, in_order=True, note="", at=at)
        with pytest.raises(Invalid):
            audits.confirm(session, drawn["Anders Demo"], seen, in_order=False, note="", at=at)
        audits.confirm(session, drawn["Anders Demo"], seen, in_order=True, note="", at=at)
        with pytest.raises(NotPossible):
            audits.confirm(session, drawn["Anders Demo"], seen, in_order=True, note="", at=at)
        assert [entry.person for _, entry in audits.to_confirm(session, seen)] == ["Lene Demo"]
    with acting(world.municipal_manager) as seen, pytest.raises(NotFound):
        audits.confirm(session, drawn["Lene Demo"], seen, in_order=True, note="", at=at)
