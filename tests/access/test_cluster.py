"""The cluster in numbers: a plain recount says the same, small numbers of others are hidden, nobody else is told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import Acting
from tests.steps import ADMITTED, DISCHARGED, call_of, hours, raise_all
from tests.world import ISBAR, World
from workflow import amendments, citizens, cluster, episodes, misses, tasks
from workflow.actor import Actor
from workflow.cluster import FEW, OrganisationFigures, UnitFigures
from workflow.cpr import Cpr
from workflow.errors import NotAllowed
from workflow.handing import handovers
from workflow.share import Share
from workflow.tables import Episode, Handover, Task, Unit
from workflow.vocabulary import HandoverState, MissCode, Outcome, Role, TaskState, Verdict

DUE = DISCHARGED + hours(24)
NOW = DUE + hours(6)
MONTH, YEAR = timedelta(days=30), timedelta(days=365)


def to_the_hotel(session: Session, world: World) -> Episode:
    """Sent to Tryghedshotellet, and nobody has answered."""
    episode = worlds.admit(session, world, ADMITTED)
    at = ADMITTED + hours(1)
    amendments.reroute(session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=at)
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(4))
    return episode


def discharge(session: Session, world: World, episode: Episode, *, at: datetime = DISCHARGED) -> Task:
    episodes.record_event(
        session, episode.uuid, "patient_discharged", by=world.coordinator, at=at, effective_at=DISCHARGED,
        reason="Skrevet senere",
    )
    return call_of(session, episode)


def call(session: Session, world: World, task: Task, *, at: datetime, made_at: datetime | None = None) -> None:
    tasks.record_attempt(
        session, task.uuid, Outcome.COMPLETED, spoken_with="Anders Demo", by=world.facility_nurse, at=at,
        made_at=made_at, note="Skrevet senere",
    )  # fmt: skip


@pytest.fixture
def lived(session: Session, world: World) -> World:
    """Five discharged and forgotten; one called in time, one late, one told late and confirmed, one heard late.

    Two more lie in the ward while the handover waits for an answer; one has nothing but an admission.
    """
    for _ in range(FEW):
        discharge(session, world, to_the_hotel(session, world))
    in_time, late, told_late = (discharge(session, world, to_the_hotel(session, world)) for _ in range(3))
    call(session, world, in_time, at=DISCHARGED + hours(3))
    raise_all(session, DUE)
    call(session, world, late, at=DUE + hours(1))
    call(session, world, told_late, at=DUE + hours(1), made_at=DUE - hours(2))
    tasks.confirm(session, told_late.uuid, by=world.ward_nurse, at=DUE + hours(3))
    discharge(session, world, to_the_hotel(session, world), at=DUE + hours(2))
    for _ in range(2):
        to_the_hotel(session, world)
    worlds.admit(session, world, ADMITTED)
    raise_all(session, NOW)
    return world


def manages_nearby(world: World) -> Actor:
    """A manager in the other municipality."""
    return replace(world.stranger, roles=frozenset({Role.MANAGER}))


def read(session: Session, acting: Acting, manager: Actor, at: datetime = NOW) -> list[OrganisationFigures]:
    """What a manager is shown, through the role that people have."""
    with acting(manager, at):
        return cluster.read(session, by=manager, at=at)


def recount(session: Session, unit: Unit, at: datetime) -> UnitFigures:
    """The same by going through every row, one by one."""
    every = list(session.scalars(select(Episode)))
    owed = [task for task in session.scalars(select(Task)) if task.unit_id == unit.id]
    calls = [
        task
        for task in owed
        if task.kind == "follow_up_call"
        and at - MONTH < task.due_at <= at
        and not (task.state == TaskState.DONE and task.last_outcome == Outcome.NOT_RELEVANT)
    ]
    standing = [
        judged.miss.code
        for episode in every
        for judged in misses.of_episode(session, episode)
        if judged.verdict == Verdict.STANDS
        and judged.miss.owing_unit_id == unit.id
        and at - MONTH < judged.miss.due_at <= at
    ]
    waiting = {HandoverState.SENT, HandoverState.READ}
    return UnitFigures(
        unit_id=unit.uuid,
        name=unit.name,
        owned=sum(episode.owner_unit_id == unit.id for episode in every),
        unanswered=sum(h.to_unit_id == unit.id and h.state in waiting for h in session.scalars(select(Handover))),
        late=sum(task.state == TaskState.OPEN and task.due_at <= at for task in owed),
        calls_in_time=sum(task.done_at is not None and task.done_at <= task.due_at for task in calls),
        calls_missed=sum(_missed(task) for task in calls),
        misses={code: standing.count(code) for code in MissCode},
    )


def _missed(task: Task) -> bool:
    if task.heard_late or task.state == TaskState.WITHDRAWN:
        return False
    return task.done_at is None or task.done_at > task.due_at


def hidden(figures: UnitFigures) -> UnitFigures:
    """As another organisation sees it."""

    def few(number: int | None) -> int | None:
        return None if number in range(1, FEW) else number

    return replace(
        figures, owned=few(figures.owned), unanswered=few(figures.unanswered), late=few(figures.late),
        calls_in_time=few(figures.calls_in_time), calls_missed=few(figures.calls_missed),
        misses={code: few(number) for code, number in figures.misses.items()},
    )  # fmt: skip


def units_of(session: Session, name: str) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.organisation.has(name=name)).order_by(Unit.name)))


@pytest.mark.parametrize("at", [NOW, NOW + MONTH])
def test_the_numbers_are_those_of_a_recount_and_small_ones_of_others_are_hidden(
    session: Session, lived: World, acting: Acting, at: datetime
) -> None:
    for manager, own, other in (
        (lived.municipal_manager, "Demo Kommune", "Hospital Demo"),
        (lived.ward_manager, "Hospital Demo", "Demo Kommune"),
    ):  # fmt: skip
        mine, theirs = read(session, acting, manager, at)
        assert (mine.name, mine.own, theirs.name, theirs.own) == (own, True, other, False)
        assert list(mine.units) == [recount(session, unit, at) for unit in units_of(session, own)]
        assert list(theirs.units) == [hidden(recount(session, unit, at)) for unit in units_of(session, other)]


def test_what_the_small_world_says(session: Session, lived: World, acting: Acting) -> None:
    ours, hospital = read(session, acting, lived.facility_manager)
    hotel = next(unit for unit in ours.units if unit.name == "Tryghedshotellet")
    assert (hotel.unanswered, hotel.calls_in_time, hotel.calls_missed, hotel.misses[MissCode.CALL_NOT_MADE]) == (
        11,
        2,
        6,
        6,
    )
    ward = next(unit for unit in hospital.units if unit.name == "M3")
    assert ward.owned is None  # three: theirs to know
    _, theirs = read(session, acting, lived.ward_manager)
    seen = next(unit for unit in theirs.units if unit.name == "Tryghedshotellet")
    assert (seen.unanswered, seen.calls_in_time, seen.calls_missed) == (11, None, 6)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([5, 7], 12), ([5, 0], 5), ([0, 0], 0), ([1, 1], None), ([7, 3], None),  # one is hidden: it would be told
        ([7, 1, 1], None), ([7, 4, 4], None),  # both at the least, both at the most: told too
        ([7, 1, 2], 10), ([2, 3], 5), ([1, 2], None),
    ],
)  # fmt: skip
def test_a_sum_of_others_tells_no_small_number(numbers: list[int], shown: int | None) -> None:
    assert cluster._shown(numbers, False) == shown
    assert cluster._shown(numbers, True) == sum(numbers)


def test_together_an_organisation_of_ones_own_is_the_sum_of_its_units(
    session: Session, lived: World, acting: Acting
) -> None:
    ours, _ = read(session, acting, lived.facility_manager)
    assert ours.together.unanswered == sum(unit.unanswered or 0 for unit in ours.units)
    assert ours.together.calls == Share(2, 8)


def test_late_is_late_by_the_clock_though_no_sweep_ran(session: Session, lived: World, acting: Acting) -> None:
    before, after = (
        next(u for u in read(session, acting, lived.facility_manager, at)[0].units if u.name == "Tryghedshotellet").late
        for at in (ADMITTED, NOW)
    )
    assert before == 0
    assert after is not None
    assert after >= FEW + 1


def test_who_shares_no_citizen_is_not_there(session: Session, lived: World, acting: Acting) -> None:
    assert [o.name for o in read(session, acting, lived.ward_manager)] == ["Hospital Demo", "Demo Kommune"]
    assert [o.name for o in read(session, acting, manages_nearby(lived))] == ["Nabo Demo Kommune"]


def test_one_shared_citizen_of_the_last_year_makes_a_cluster(session: Session, lived: World, acting: Acting) -> None:
    nearby = lived.other_district.organisation_id
    citizen = citizens.register(session, Cpr("0119409999"), "Bent Demo", municipality_id=nearby)
    episodes.open_episode(session, citizen, "home", "admission", by=lived.ward_nurse, at=ADMITTED, ward=lived.ward)
    names = {o.name for o in read(session, acting, lived.ward_manager)}
    assert names == {"Hospital Demo", "Demo Kommune", "Nabo Demo Kommune"}
    assert [o.name for o in read(session, acting, lived.municipal_manager)] == ["Demo Kommune", "Hospital Demo"]
    assert [o.name for o in read(session, acting, manages_nearby(lived))] == ["Nabo Demo Kommune", "Hospital Demo"]
    later = ADMITTED + YEAR + timedelta(days=1)
    assert [o.name for o in read(session, acting, lived.ward_manager, later)] == ["Hospital Demo"]


def test_the_door_is_shut_to_who_does_not_manage_there(session: Session, lived: World, acting: Acting) -> None:
    with pytest.raises(NotAllowed, match="leder"):
        cluster.read(session, by=lived.ward_nurse, at=NOW)
    asked = text("select count(*) from cluster_figures(:organisation, :at)")
    of_the_hospital = {"organisation": lived.hospital.id, "at": NOW}
    for actor, told in ((lived.ward_manager, 5), (lived.ward_nurse, 0), (lived.municipal_manager, 0)):
        with acting(actor, NOW):
            assert session.scalar(asked, of_the_hospital) == told, actor.name
