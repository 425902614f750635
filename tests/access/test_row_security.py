"""The second lock: what the application's own role finds by SQL that forgot every filter."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.access.conftest import Acting
from tests.conftest import Database
from tests.steps import ADMITTED, DISCHARGED, call_of, hours
from tests.world import ISBAR, World
from workflow import amendments, citizens, db, episodes, places, tasks
from workflow.cpr import Cpr
from workflow.handing import handovers
from workflow.seeing import sight
from workflow.tables import Episode
from workflow.vocabulary import Outcome, PlaceKind, Role

OF_PATIENTS = (
    "episodes", "citizens", "history", "handovers", "handover_versions", "tasks", "deadlines", "reminders", "misses",
    "outbox", "municipal_services", "place_stays", "objections", "access_log", "break_glass", "deliveries",
    "contact_attempts", "place_requests", "inbox", "access_seals", "merges", "looks_to_confirm", "miss_verdicts",
    "miss_reviews", "messages", "transmissions", "threads", "segments", "outbound_messages", "answers",
    "handover_drafts",
)  # fmt: skip


def found(session: Session, table: str) -> int:
    return session.scalar(text(f"select count(*) from {table}")) or 0


def test_every_table_with_a_citizen_in_it_has_the_lock(session: Session) -> None:
    """Whoever adds a table that leads to a citizen or an episode must say who sees it."""
    leads_there = text("""
        with recursive leads (id) as (
            select 'citizens'::regclass::oid union select 'access_log'::regclass::oid
            union
            select f.conrelid from pg_constraint f join leads on f.confrelid = leads.id where f.contype = 'f'
        )
        select c.relname, c.relrowsecurity from leads join pg_class c on c.oid = leads.id
    """)
    locked = {name: has for name, has in session.execute(leads_there)}
    assert {"episodes", "history", "handover_versions", "inbox"} <= set(locked)
    assert [name for name, has in locked.items() if not has] == []


@pytest.mark.parametrize("table", OF_PATIENTS)
def test_with_nothing_set_nothing_is_found(session: Session, discharged: Episode, table: str) -> None:
    session.flush()
    session.execute(text("set local role overgang_app"))
    session.execute(text("select set_config('overgang.typed', '', true)"))
    assert found(session, table) == 0


def test_another_municipality_finds_nothing_and_the_own_units_find_their_rows(
    session: Session, world: World, discharged: Episode, acting: Acting
) -> None:
    tables = ("episodes", "citizens", "history", "handovers", "handover_versions", "tasks", "deadlines", "outbox")
    for actor, sees in (
        (world.stranger, False), (world.ward_nurse, True), (world.coordinator, True), (world.facility_nurse, True),
        (world.nurse, True), (world.ward_manager, True),
    ):  # fmt: skip
        with acting(actor):
            assert {table for table in tables if found(session, table)} == (set(tables) if sees else set()), actor.name


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OPERATOR])
def test_administrators_and_operators_see_no_patients(
    session: Session, world: World, discharged: Episode, acting: Acting, role: Role
) -> None:
    with acting(replace(world.ward_nurse, roles=frozenset({role}))):
        assert [found(session, table) for table in ("episodes", "citizens", "history", "municipal_services")] == [0] * 4


@pytest.mark.parametrize("table", ["history", "misses", "miss_verdicts", "miss_reviews", "access_log", "access_seals"])
@pytest.mark.parametrize("role", ["overgang_app", db.SWEEPS, db.MESSAGES])
@pytest.mark.parametrize("change", ["update {} set id = default", "delete from {}", "truncate {}"])
def test_no_role_changes_what_only_grows(database: Database, role: str, table: str, change: str) -> None:
    with database.engine.connect() as connection:
        connection.execute(text(f"set role {role}"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(change.format(table)))


def test_what_a_handover_said_is_not_changed_either(database: Database) -> None:
    with database.engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("update handover_versions set content = '{}'"))


def test_nobody_writes_into_an_episode_they_do_not_see(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    number, citizen = admitted.id, admitted.citizen_id
    with acting(world.stranger):
        for statement in (
            f"insert into outbox (episode_id, kind, topic, unit_id, audience, written_at)"
            f" values ({number}, 'notice', 'task', {world.stranger.unit_id}, 'unit', now())",
            f"insert into objections (citizen_id, what, registered_at, registered_by)"
            f" values ({citizen}, 'x', now(), 'x')",
        ):
            with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
                session.execute(text(statement))
        moved = session.execute(text("update episodes set related = related returning id")).all()
        assert moved == []


def test_who_cannot_see_an_episode_cannot_give_themselves_one(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    with acting(world.stranger):
        taken = text(f"update episodes set related = array[{world.stranger.unit_id}::bigint] returning id")
        assert session.execute(taken).all() == []


def test_the_roles_are_taken_on_by_name_and_never_had(database: Database) -> None:
    with database.engine.connect() as connection:
        inherits = text("select pg_has_role('overgang_app', :role, 'usage'), pg_has_role('overgang_app', :role, 'set')")
        for role in (db.SWEEPS, db.MESSAGES):
            assert connection.execute(inherits, {"role": role}).one() == (False, True)


def test_a_full_number_opens_the_citizen_and_no_episode(
    session: Session, world: World, admitted: Episode, acting: Acting
) -> None:
    cpr = admitted.citizen.cpr
    with acting(world.stranger):
        assert found(session, "citizens") == 0
        known = citizens.find(session, cpr)
        assert known is not None
        assert known.name == "Agnes Demo"
        assert [found(session, table) for table in ("citizens", "episodes", "history")] == [1, 0, 0]
        assert citizens.find(session, Cpr("0113409999")) is None
        assert found(session, "citizens") == 0


def test_a_taken_place_is_taken_also_for_who_may_not_see_by_whom(
    session: Session, world: World, to_tryghedshotel: Episode, acting: Acting
) -> None:
    places.reserve(session, world.places[0].uuid, to_tryghedshotel.uuid, by=world.coordinator, at=ADMITTED + hours(1))
    with acting(world.stranger):
        assert found(session, "place_stays") == 0
        free = places.free_places(session, world.facility.id, PlaceKind.TRYGHEDSHOTEL, at=ADMITTED + hours(2))
        assert [place.name for place in free] == ["2", "3"]


def test_a_whole_episode_is_walked_by_people_through_the_applications_role(
    session: Session, world: World, acting: Acting
) -> None:
    """Admission, another way, handover, discharge, acceptance, arrival, call, correction: each as who does it."""
    cpr, ids = Cpr("0113407777"), {}
    ward, facility, district = world.ward.id, world.facility.id, world.district.id

    with acting(world.ward_nurse, ADMITTED):
        citizen = citizens.register(session, cpr, "Agnes Demo", municipality_id=world.municipality.id)
        opened = episodes.open_episode(
            session, citizen, "home", "admission", by=world.ward_nurse, at=ADMITTED,
            ward=session.get_one(type(world.ward), ward), district=session.get_one(type(world.ward), district),
        )  # fmt: skip
        ids["episode"] = opened.uuid
    episode = ids["episode"]
    at = ADMITTED + hours(1)
    with acting(world.coordinator, at):
        to = session.get_one(type(world.ward), facility)
        amendments.reroute(session, episode, "tryghedshotel", facility=to, by=world.coordinator, at=at)
        places.reserve(session, world.places[0].uuid, episode, by=world.coordinator, at=at)
    with acting(world.ward_nurse, DISCHARGED):
        sent = handovers.send(session, episode, ISBAR, by=world.ward_nurse, at=DISCHARGED).uuid
        episodes.record_event(session, episode, "patient_discharged", by=world.coordinator, at=DISCHARGED)
    at = DISCHARGED + hours(1)
    with acting(world.facility_nurse, at):
        handovers.read(session, sent, by=world.facility_nurse, at=at)
        steps.receive(session, sent, by=world.facility_nurse, at=at)
        places.arrive(session, episode, by=world.facility_nurse, at=at)
        episodes.record_event(session, episode, "patient_arrived", by=world.facility_nurse, at=at)
        call = call_of(session, session.query(Episode).filter_by(uuid=episode).one())
        tasks.claim(session, call.uuid, by=world.facility_nurse, at=at)
        tasks.record_attempt(
            session, call.uuid, Outcome.COMPLETED, spoken_with="Anders Demo", by=world.facility_nurse, at=at
        )
        ids["call"] = call.uuid
    at = DISCHARGED + hours(2)
    with acting(world.ward_nurse, at):
        tasks.confirm(session, ids["call"], by=world.ward_nurse, at=at)
        discharge = session.query(Episode).filter_by(uuid=episode).one()
        entry = session.scalar(
            text("select number from history where episode_id = :id and trigger = 'patient_discharged'"),
            {"id": discharge.id},
        )
        assert entry is not None
        earlier = DISCHARGED + hours(0.5)
        amendments.correct_time(session, episode, entry, earlier, by=world.coordinator, at=at, reason="For tidligt")
    kinds = session.scalars(text("select kind from history order by number")).all()
    assert kinds == [
        "opened", "rerouted", "place", "handover_sent", "event", "handover_read", "handover_accepted", "place", "event",
        "task_claimed", "attempt", "task_confirmed", "corrected",
    ]  # fmt: skip


def test_opened_in_one_transaction_nothing_is_left_for_the_next(database: Database) -> None:
    with db.Session.begin() as session:
        world = worlds.build(session)
        worlds.admit(session, world, ADMITTED)
    with db.Session() as session:
        with session.begin():
            session.execute(text("set local role overgang_app"))
            sight.open(session, world.ward_nurse, at=ADMITTED)
            assert found(session, "episodes") == 1
        with session.begin():
            session.execute(text("set local role overgang_app"))
            assert found(session, "episodes") == 0


@pytest.mark.parametrize("table", ["tasks", "deadlines", "handovers", "misses"])
def test_a_page_of_a_list_never_reads_every_episode(session: Session, world: World, acting: Acting, table: str) -> None:
    """However many the planner thinks there are: here looking one up is made dearer than reading them all."""
    with acting(world.nurse):
        session.execute(text("set local enable_indexscan = off; set local enable_bitmapscan = off"))
        plan = "\n".join(session.scalars(text(f"explain (costs off) select id from {table}")))
        session.execute(text("set local enable_indexscan = on; set local enable_bitmapscan = on"))
    assert "EXISTS(SubPlan" in plan
    assert "hashed" not in plan


def test_the_web_connects_without_a_role_of_the_background(database: Database) -> None:
    engine = db.connect(database.settings.database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("select current_user")) == "overgang_app"
    engine.dispose()
