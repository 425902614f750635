"""Whose database this is, and that an installation without a demonstration has agreements to owe by."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Database, Servers
from tests.ops.installations import OWN_SECRETS
from tests.ops.verbs import overgang
from tests.world import World
from workflow import agreements, clock, installation, keys, moving, rotation
from workflow.actor import SYSTEM
from workflow.errors import NotPossible
from workflow.installation import NotOurs, Wrong
from workflow.pathways import PATHWAYS, newest
from workflow.settings import MissingSettings, Settings
from workflow.tables import Agreement, Installation, Task

NOON = datetime.fromisoformat("2026-03-12T12:00+01:00")


@pytest.fixture
def real_work(servers: Servers) -> Iterator[dict[str, str]]:
    """A database that nothing has been migrated into, and the settings of an installation with its own secrets."""
    name = servers.copy(of="template0")
    yield {**servers.environment(name), **OWN_SECRETS}
    servers.drop(name)


@pytest.fixture
def third_pathway(monkeypatch: pytest.MonkeyPatch) -> str:
    """A pathway that came with a newer version of the program."""
    monkeypatch.setitem(PATHWAYS, ("third", 1), replace(newest("home"), key="third"))
    return "third"


def agreed(environ: dict[str, str]) -> list[tuple[str, int]]:
    with psycopg.connect(environ["DATABASE_OWNER_URL"]) as owner:
        return owner.execute(
            "select pathway_key, count(*) from agreements a join agreement_rules r on r.agreement_id = a.id"
            " group by a.id order by pathway_key"
        ).fetchall()


def test_migrating_agrees_on_every_pathway_once(real_work: dict[str, str]) -> None:
    assert overgang("migrate", environ=real_work).returncode == 0
    first = agreed(real_work)
    assert [key for key, _ in first] == ["home", "tryghedshotel"]
    assert all(rules > 5 for _, rules in first)
    assert overgang("migrate", environ=real_work).returncode == 0
    assert agreed(real_work) == first


def test_a_pathway_that_is_added_later_gets_its_own_beside_what_is_there(
    session: Session, world: World, third_pathway: str
) -> None:
    before = set(session.scalars(select(Agreement.id)))
    (added,) = agreements.seed(session, by=SYSTEM, at=NOON)
    assert (added.pathway_key, added.region_id, added.municipality_id) == (third_pathway, None, None)
    assert set(session.scalars(select(Agreement.id))) == before | {added.id}
    assert agreements.seed(session, by=SYSTEM, at=NOON) == []


def test_what_one_region_has_agreed_is_not_an_agreement_for_everybody(
    session: Session, world: World, third_pathway: str
) -> None:
    rules = newest(third_pathway).rules()
    agreements.add(
        session, "Kun her", rules, by=SYSTEM, at=NOON, valid_from=NOON, region_id=world.region.id,
        pathway_key=third_pathway,
    )  # fmt: skip
    assert [pathway.key for pathway in agreements.without(session, at=NOON)] == [third_pathway]
    assert len(agreements.seed(session, by=SYSTEM, at=NOON)) == 1
    assert agreements.without(session, at=NOON) == []


def test_no_episode_is_opened_where_nothing_is_agreed(session: Session, world: World) -> None:
    session.execute(text("set local role overgang_sweeps"))
    later = session.scalars(select(Agreement.valid_from)).all()
    assert later
    before_all = min(later) - timedelta(days=1)
    with pytest.raises(NotPossible) as refused:
        worlds.admit(session, world, before_all)
    assert refused.value.code == "nothing_agreed"


def test_an_installation_that_ran_without_agreements_owes_from_its_upgrade_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(database.engine) as session, session.begin():
        world = worlds.build(session)
        episode_id = worlds.admit(session, world, NOON - timedelta(hours=2), needs=("municipal_services",)).id
        owed = session.scalars(select(Task.rule).where(Task.episode_id == episode_id)).all()
        assert owed
    with psycopg.connect(database.owner_url) as owner:  # as it was left by the version that agreed on nothing
        for table in ("agreement_moves", "agreement_rules", "agreements"):
            owner.execute(f"alter table {table} disable trigger user")
            owner.execute(f"delete from {table}")
        owner.execute("delete from deadlines where task_id is not null")
        owner.execute("delete from tasks")
    with Session(database.engine) as session, session.begin():
        installation.establish(session, demo=False, at=NOON)
        while moving.go_on(session, at=NOON):
            pass
        assert session.scalars(select(Task.rule).where(Task.episode_id == episode_id)).all() == owed


def test_the_demonstrations_database_is_refused_in_production(database: Database) -> None:
    said = overgang("reconcile", environ={**database.environment, **OWN_SECRETS})
    assert said.returncode == 3
    assert "holds a demonstration" in said.stderr


def test_migrating_refuses_the_demonstrations_database_before_it_touches_it(database: Database) -> None:
    said = overgang("migrate", environ={**database.environment, **OWN_SECRETS})
    assert said.returncode == 3
    assert "holds a demonstration" in said.stderr
    assert "whose clock stands still" in said.stderr


def test_real_work_is_refused_in_a_demonstration(real_work: dict[str, str]) -> None:
    assert overgang("migrate", environ=real_work).returncode == 0
    said = overgang("doctor", environ={**real_work, "OVERGANG_DEMO": "1"})
    assert "holds real work" in said.stdout
    said = overgang("demo", "load", environ={**real_work, "OVERGANG_DEMO": "1"})
    assert said.returncode == 3
    assert "holds real work" in said.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OVERGANG_HASH_KEY", "C" * 43 + "=", "OVERGANG_HASH_KEY is not the one"),
        ("OVERGANG_KEYS", "test:" + "D" * 43 + "=", "OVERGANG_KEYS does not hold the key"),
    ],
)
@pytest.mark.parametrize("verb", [("reconcile",), ("keys", "rotate"), ("migrate",)])
def test_other_keys_are_refused_in_a_sentence(
    real_work: dict[str, str], name: str, value: str, says: str, verb: tuple[str, ...]
) -> None:
    assert overgang("migrate", environ=real_work).returncode == 0
    said = overgang(*verb, environ={**real_work, name: value})
    assert said.returncode == 3
    assert says in said.stderr
    assert "Traceback" not in said.stderr


def test_a_database_from_before_the_marks_is_judged_by_its_first_citizen(database: Database) -> None:
    with Session(database.engine) as session, session.begin():
        worlds.citizen(session, worlds.build(session))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("delete from installation")
    with Session(database.engine) as session:
        assert installation.wrong(session, demo=False) == (Wrong.UNMARKED,)
        keys.use(replace_keys(hash_key="C" * 43 + "="))
        assert installation.wrong(session, demo=False) == (Wrong.UNMARKED, Wrong.HASH_KEY)
        keys.use(replace_keys(keys="demo:" + "C" * 43 + "="))
        assert installation.wrong(session, demo=False) == (Wrong.UNMARKED, Wrong.KEYS)
        keys.use(database.settings)
        clock.start_demo(session)
        assert installation.wrong(session, demo=False) == (Wrong.UNMARKED, Wrong.DEMONSTRATION)


def replace_keys(**changed: str) -> Settings:
    """The settings of the demonstration with other keys."""
    found = Settings.from_environment({"DATABASE_URL": "x", "REDIS_URL": "x", "OVERGANG_DEMO": "1"})
    return replace(found, **changed)  # type: ignore[arg-type]


def test_the_mark_is_read_after_a_rotation_with_the_new_key_alone(session: Session) -> None:
    try:
        keys.use(replace_keys(keys=f"new:{'E' * 43}=,{replace_keys().keys}"))
        while rotation.rotate(session):
            pass
        keys.use(replace_keys(keys=f"new:{'E' * 43}="))
        session.expire_all()
        assert installation.wrong(session, demo=True) == ()
    finally:
        keys.use(replace_keys())


def test_a_name_that_two_keys_share_is_refused() -> None:
    with pytest.raises(MissingSettings, match="names two keys alike"):
        keys.KeyRing.from_settings(replace_keys(keys=f"a:{'E' * 43}=,a:{'F' * 43}="))


def test_a_process_does_not_start_on_a_strange_database(database: Database) -> None:
    with pytest.raises(SystemExit, match="holds a demonstration"):
        installation.require_at_start(replace(database.settings, demo=False))
    with pytest.raises(NotOurs), Session(database.engine) as session:
        installation.require(session, replace(database.settings, demo=False))
    installation.require_at_start(database.settings)


def test_one_mark_and_no_second(session: Session) -> None:
    assert session.get_one(Installation, True).demo is True
    installation.establish(session, demo=False, at=NOON)
    assert session.get_one(Installation, True).demo is True
