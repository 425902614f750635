"""The demonstration: the cluster, the year behind it, and who may not have it."""

from collections import Counter

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ops import demo
from ops.demo import cluster, invented, scripts, year
from ops.demo.lives import Life, Plan
from ops.errors import CannotDo
from tests.conftest import Database
from workflow import clock, db, history, reconcile
from workflow.settings import Settings
from workflow.tables import Citizen, Episode, Handover, Miss, Notice, Organisation, Person, PersonRole, Place, Unit
from workflow.vocabulary import HandoverState, MissCode, OrganisationKind, PlaceKind, Role

USERS = {
    "koordinator": Role.DISCHARGE_COORDINATOR,
    "afdeling": Role.WARD_NURSE,
    "distrikt": Role.MUNICIPAL_NURSE,
    "tryghed": Role.FACILITY_NURSE,
    "leder.kommune": Role.MANAGER,
    "leder.hospital": Role.MANAGER,
    "admin": Role.ADMINISTRATOR,
    "drift": Role.OPERATOR,
    "nabokommune": Role.MUNICIPAL_NURSE,
}


def in_production(database: Database) -> Settings:
    """The same database, of an installation with its own secrets."""
    own = {
        "OVERGANG_KEYS": "own:" + "QUJD" * 10 + "QUI=",
        "OVERGANG_HASH_KEY": "REVG" * 12,
        "OVERGANG_SECRET_KEY": "own",
    }
    return Settings.from_environment({**database.environment, **own, "OVERGANG_DEMO": "0"})


def test_outside_demo_mode_nothing_is_touched(database: Database) -> None:
    for verb in (demo.load, demo.load_if_empty, demo.reset, demo.walk):
        with pytest.raises(CannotDo):
            verb(in_production(database))
    with db.Session() as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 0


def test_a_database_without_a_demo_clock_is_not_a_demonstrations_and_is_never_emptied(database: Database) -> None:
    with db.Session.begin() as session:
        cluster.build(session)
    with pytest.raises(CannotDo, match="no demo clock"):
        demo.reset(database.settings)
    assert demo.load_if_empty(database.settings) is False
    with pytest.raises(CannotDo, match="holds something"):
        demo.load(database.settings)


def test_the_randers_cluster(session: Session) -> None:
    cluster.build(session)
    kinds = Counter(session.scalars(select(Organisation.kind)))
    assert kinds == {"region": 1, "hospital": 1, "municipality": 4, "practice": 1}
    codes = select(Organisation.code).where(Organisation.kind == OrganisationKind.MUNICIPALITY)
    assert set(session.scalars(codes)) == {"0730", "0706", "0707", "0710"}
    assert len(cluster.read(session).wards()) == 5
    places = Counter(session.scalars(select(Place.kind)))
    assert (places[PlaceKind.TRYGHEDSHOTEL], places[PlaceKind.ACUTE], places[PlaceKind.SHORT_STAY]) == (20, 18, 12)
    receiving = session.scalars(select(Unit.organisation_id).where(Unit.receives_for_municipality))
    assert len(set(receiving)) == 4
    nurses = session.scalars(
        select(Person)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(PersonRole.role == Role.MUNICIPAL_NURSE)
    ).all()
    assert len(nurses) == 10
    assert all(name.endswith(" Demo") for name in session.scalars(select(Person.name)))
    roles = session.execute(
        select(Person.username, PersonRole.role).join(PersonRole).where(Person.username.in_(USERS)).distinct()
    ).all()
    assert sorted(map(tuple, roles)) == sorted(USERS.items())


def test_nobody_has_the_numbers_of_the_invented() -> None:
    numbers = [invented.cpr(number).value for number in range(20_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(int(number[2:4]) > 12 for number in numbers)
    assert invented.name(0) == "Agnes Demo"
    assert len({invented.name(number) for number in range(1_000)}) == 1_000


def test_the_lives_are_the_same_every_time_and_hold_every_mishap(session: Session) -> None:
    assert year.over() == year.over()
    assert year.here() == year.here()
    assert sum(2 if "readmitted" in plan.mishaps else 1 for plan in year.over()) == 500
    plans = [*year.over(), *year.here()]
    assert len({plan.number for plan in plans}) == len(plans)
    assert {mishap for plan in plans for mishap in plan.mishaps} >= set(year.MISHAPS)
    assert {plan.way for plan in plans} == set(year.WAYS)
    cluster.build(session)
    read = cluster.read(session)
    for plan in plans:
        times = [at for at, _ in scripts.acts(Life(session, read, plan))]
        assert times == sorted(times)
        assert times[0] == plan.starts_at
        assert times[-1] <= year.NOW


@pytest.fixture
def lives(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Those of the year that are over: the first of each kind, and in `make soak` every one."""
    lives = year.over()
    if not request.config.getoption("--soak"):
        first = {(plan.way, plan.to, plan.mishaps): plan for plan in reversed(lives)}
        lives = sorted(first.values(), key=lambda plan: plan.starts_at)
    monkeypatch.setattr(year, "over", lambda: lives)
    return lives


def test_a_loading_that_broke_off_is_begun_anew_and_all_of_it_holds(database: Database, lives: list[Plan]) -> None:
    with db.Session.begin() as session:
        clock.start_demo(session, year.BEGINS)
        cluster.build(session)
    said: list[str] = []
    assert demo.load_if_empty(database.settings, say=said.append)
    assert "broke off" in said[0]
    assert not demo.load_if_empty(database.settings, say=said.append)
    with db.Session() as session:
        _every_state_is_there(session, over=sum(2 if "readmitted" in plan.mishaps else 1 for plan in lives))
        _every_kind_of_miss_is_there(session)
        at = clock.now(session)
        assert at == clock.DEMO_START
        assert reconcile.look(session, at=at, real_at=clock.real_now()).nought
        (read,) = history.verify(session)
        assert isinstance(read, int)
        assert read > 6 * len(lives)
        assert session.scalar(select(func.count()).where(Notice.routed_at.is_(None))) == 0
        assert session.scalar(text("select count(*) from deliveries")) == 0
        agnes = session.scalars(select(Citizen).where(Citizen.name == "Agnes Demo")).one()
        assert session.scalar(select(Episode.id).where(Episode.citizen_id == agnes.id)) is None


def _every_state_is_there(session: Session, *, over: int) -> None:
    by_state: Counter[str] = Counter()
    for state, open_, count in session.execute(
        select(Episode.state, Episode.closed_at.is_(None), func.count()).group_by(
            Episode.state, Episode.closed_at.is_(None)
        )
    ):
        by_state[state] += count
        by_state["open" if open_ else "over"] += count
    assert by_state["open"] == 60
    assert by_state["over"] == over
    for state in (
        "planned", "acute", "admitted", "admitted_at_home", "on_leave", "ready_for_discharge", "discharged",
        "at_tryghedshotel", "at_home", "closed", "deceased", "cancelled",
    ):  # fmt: skip
        assert by_state[state], state
    assert session.scalar(select(func.count()).where(Episode.previous_id.is_not(None)))


def _every_kind_of_miss_is_there(session: Session) -> None:
    assert set(session.scalars(select(Miss.code).distinct())) == set(MissCode)
    answers = set(session.scalars(select(Handover.state).distinct()))
    assert answers >= set(HandoverState) - {HandoverState.READ}
    assert session.scalar(select(func.count()).where(Handover.passed_at > Handover.answered_at))  # accepted before
    assert session.scalar(select(func.count()).where(Handover.passed_at == Handover.answered_at))  # and after
