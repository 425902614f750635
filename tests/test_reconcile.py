"""What must be nought is counted when it is not: each is broken by hand, with the rights of the tables' owner."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Servers
from tests.test_delivery import MAIL
from tests.world import ISBAR
from workflow import amendments, deadlines, episodes, keys, misses, operations, reconcile
from workflow.actor import SYSTEM
from workflow.figures import Backlog, Sweep
from workflow.handing import handovers
from workflow.reconcile import Fault, Reconciliation
from workflow.settings import Settings, sqlalchemy_url
from workflow.tables import Episode
from workflow.telling import routing
from workflow.vocabulary import MissCode, Verdict

MORNING = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
NOW = MORNING + timedelta(hours=31)  # 25 h after the discharge: nobody has called
REAL = datetime(2031, 5, 6, 3, 0, tzinfo=UTC)

END = "update deadlines set ended_at = :now, ended = 'withdrawn', next_at = null where ended_at is null"
BREAKS = {
    Fault.EPISODE_WITHOUT_OWNER: (
        "alter table episodes drop constraint ck_episodes_open_has_owner",
        "update episodes set owner_unit_id = null",
    ),
    Fault.EPISODE_OF_CLOSED_UNIT: (
        "update units set closed_on = '2026-01-01', closed_by = 'Demo', closed_at = '2026-01-01' "
        "where id = (select min(responsible_unit_id) from episodes)",
    ),
    Fault.EPISODE_WITHOUT_RESPONSIBLE: (
        "alter table episodes drop constraint ck_episodes_open_has_responsible",
        "update episodes set responsible_unit_id = null",
    ),
    Fault.EPISODE_WITHOUT_NEXT_STEP: (f"{END} and task_id is null and handover_id is null",),
    Fault.EPISODE_THAT_NOBODY_CAN_MOVE: ("update people set active = false",),
    Fault.EPISODE_WITHOUT_AGREEMENT: (
        "alter table agreements disable trigger user",
        "update agreements set valid_from = :now + interval '1 day'",
    ),
    Fault.TASK_WITHOUT_DEADLINE: (f"{END} and task_id is not null",),
    Fault.HANDOVER_WITHOUT_DEADLINE: (f"{END} and handover_id is not null",),
    Fault.DEADLINE_OF_CLOSED_EPISODE: (
        "update episodes set closed_at = :now, owner_unit_id = null, responsible_unit_id = null",
    ),
    Fault.DEADLINE_OF_CLOSED_TASK: ("update tasks set state = 'withdrawn'",),
    Fault.DEADLINE_OF_CLOSED_HANDOVER: ("update handovers set state = 'withdrawn'",),
    Fault.DUE_NOT_RAISED: ("update deadlines set next_at = :now - interval '61 seconds' where ended_at is null",),
    Fault.RAISED_NOT_TOLD: ("delete from deliveries", "delete from inbox", "delete from outbox"),
    Fault.ROUTED_NOT_LISTED: ("delete from inbox",),
    Fault.PASSED_NOT_MISSED: (
        "alter table misses disable trigger user",
        "alter table miss_verdicts disable trigger user",
        "delete from miss_verdicts",
        "delete from misses",
    ),
    Fault.NOT_ROUTED: (
        "delete from deliveries",
        "delete from inbox",
        "update outbox set routed_at = null, written_at = :now - interval '6 minutes'",
    ),
    Fault.NOT_SENT: ("update deliveries set next_try_at = :real - interval '6 minutes'",),
}


@pytest.fixture(scope="module")
def owner(servers: Servers) -> Iterator[Engine]:
    """A database of this module's own, as the owner of its tables."""
    name = servers.copy()
    keys.use(Settings.from_environment(servers.environment(name)))
    engine = create_engine(sqlalchemy_url(servers.postgres.url("owner", name)))
    yield engine
    engine.dispose()
    servers.drop(name)


@pytest.fixture
def session(owner: Engine) -> Iterator[Session]:
    """An episode whose handover nobody answers and whose call nobody made; all of it raised, told and routed."""
    with owner.connect() as connection, connection.begin() as everything:
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            _forget_a_call(opened)
            opened.flush()
            yield opened
        everything.rollback()


def _forget_a_call(session: Session) -> None:
    world = worlds.build(session)
    episode = worlds.admit(session, world, MORNING)
    way = {"facility": world.facility, "by": world.coordinator}
    amendments.reroute(session, episode.uuid, "tryghedshotel", at=MORNING, **way)  # type: ignore[arg-type]
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=MORNING + timedelta(hours=4))
    discharged_at = MORNING + timedelta(hours=6)
    episodes.record_event(session, episode.uuid, "patient_discharged", by=world.coordinator, at=discharged_at)
    session.flush()
    while deadlines.raise_due(session, at=NOW):
        pass
    routing.route(session, at=NOW, real_at=REAL, channels=(MAIL,))


def look(session: Session, *, at: datetime = NOW, real_at: datetime = REAL) -> Reconciliation:
    return reconcile.look(session, at=at, real_at=real_at)


def found(session: Session) -> set[Fault]:
    return {fault for fault, count in look(session).faults.items() if count}


def do(session: Session, statement: str) -> None:
    session.execute(text(statement), {"now": NOW, "real": REAL} if ":" in statement else {})


def test_nothing_has_been_forgotten(session: Session) -> None:
    seen = look(session)
    assert seen.faults == dict.fromkeys(Fault, 0)
    assert seen.nought


def test_an_empty_installation_has_forgotten_nothing(owner: Engine) -> None:
    with Session(owner) as session:
        assert look(session).nought


@pytest.mark.parametrize("fault", list(Fault))
def test_what_is_broken_is_counted_and_nothing_else(session: Session, fault: Fault) -> None:
    for statement in BREAKS[fault]:
        do(session, statement)
    assert found(session) == {fault}
    assert not look(session).nought


def test_an_episode_lies_with_who_can_move_it(session: Session) -> None:
    """A ward is moved by its nurses, by who coordinates, or by the hospital's messages; a manager moves nobody."""
    nobody = {Fault.EPISODE_THAT_NOBODY_CAN_MOVE}
    do(session, "update person_roles set state = 'ended' where role = 'discharge_coordinator'")
    assert found(session) == set()
    do(session, "update person_roles set role = 'manager' where role = 'ward_nurse'")
    assert found(session) == nobody
    ward = "select '1', id, true, :now from units where name = 'M3'"
    do(session, f"insert into addresses (sor, unit_id, placeholder, since) {ward}")
    assert found(session) == set()
    do(session, "update units set kind = 'administration' where kind = 'facility'")
    assert found(session) == nobody


def test_two_next_steps_are_one_too_many(session: Session) -> None:
    do(session, "drop index uq_deadlines_live_episode")
    columns = "episode_id, concerns, unit_id, opened_at, due_at, rung_at, rung_to, rung"
    do(
        session,
        f"insert into deadlines ({columns}) select {columns} from deadlines"
        " where ended_at is null and task_id is null and handover_id is null",
    )
    assert found(session) == {Fault.EPISODE_WITHOUT_NEXT_STEP}


def test_what_comes_late_is_told_before_it_is_a_fault(session: Session) -> None:
    do(session, "update deadlines set next_at = :now - interval '59 seconds' where task_id is not null")
    do(session, "update outbox set routed_at = null, written_at = :now - interval '4 minutes'")
    do(session, "update deliveries set next_try_at = :real - interval '3 minutes'")
    seen = look(session)
    assert seen.nought
    owed = _many(session, "deadlines where task_id is not null")
    assert seen.figures.unraised == Backlog(count=owed, oldest=timedelta(seconds=59))
    assert seen.figures.unrouted == Backlog(count=_many(session, "outbox"), oldest=timedelta(minutes=4))
    assert seen.figures.unsent == Backlog(count=_many(session, "deliveries"), oldest=timedelta(minutes=3))


def _many(session: Session, what: str) -> int:
    return int(session.execute(text(f"select count(*) from {what}")).scalar_one())


def test_letters_that_wait_for_the_morning_or_a_next_try_are_no_fault(session: Session) -> None:
    do(session, "update deliveries set next_try_at = :real + interval '7 hours'")
    seen = look(session)
    assert seen.nought
    assert seen.figures.unsent.oldest == timedelta()
    assert seen.figures.unsent.count > 0


def test_letters_that_were_given_up_are_counted(session: Session) -> None:
    do(session, "update deliveries set next_try_at = null, dead_at = :real")
    seen = look(session)
    assert seen.nought
    assert (seen.figures.dead, seen.figures.dead_since) == (_many(session, "deliveries"), REAL)


def test_misses_count_by_their_last_verdict(session: Session) -> None:
    assert look(session).figures.misses[MissCode.CALL_NOT_MADE] == 1
    episode = session.scalars(select(Episode)).one()
    (judged,) = [one for one in misses.of_episode(session, episode) if one.miss.code == MissCode.CALL_NOT_MADE]
    misses.judge(session, judged, Verdict.EXCUSED, "time_corrected", by=SYSTEM, at=NOW)
    session.flush()
    assert look(session).figures.misses[MissCode.CALL_NOT_MADE] == 0
    assert look(session).nought


def test_old_misses_are_history(session: Session) -> None:
    later = NOW + timedelta(days=8)
    assert look(session, at=later).figures.misses == dict.fromkeys(MissCode, 0)


def test_sweeps_and_heartbeats_are_told(session: Session) -> None:
    for done in (3, 4):
        operations.record_run(session, "raise_due", started_at=REAL, seconds=0.5, done=done)
    operations.record_heartbeat(session, ("beat", "worker"), at=REAL - timedelta(seconds=90))
    operations.record_heartbeat(session, ("beat",), at=REAL - timedelta(seconds=4))
    seen = look(session).figures
    assert seen.sweeps == (Sweep(name="raise_due", started_at=REAL, seconds=0.5, done=4, runs=2, total=7),)
    assert seen.heartbeats == {"beat": REAL - timedelta(seconds=4), "worker": REAL - timedelta(seconds=90)}
    assert seen.last_count is None


def test_it_can_be_written_down(session: Session) -> None:
    operations.record_run(session, "raise_due", started_at=REAL, seconds=0.5, done=1)
    operations.record_heartbeat(session, ("beat",), at=REAL - timedelta(seconds=4))
    plain = json.loads(json.dumps(look(session).as_json()))
    assert plain["nought"] is True
    assert set(plain["faults"]) == {fault.value for fault in Fault}
    assert plain["misses"]["M5"] == 1
    assert plain["unraised"] == {"count": 0, "oldest_seconds": 0}
    assert plain["heartbeats"] == {"beat": 4}
    assert plain["sweeps"][0]["started_at"] == "2031-05-06T03:00:00+00:00"
