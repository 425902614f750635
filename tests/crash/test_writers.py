"""Whoever writes is killed in the middle: what was half written is not there, and can be written again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine, select
from sqlalchemy.orm import Session

from tests.crash import turnstile, writer
from tests.crash.conftest import LIVE, Ground
from tests.crash.installation import PATIENCE, Installation, kill
from tests.ops.verbs import BEGUN
from tests.properties.promises import check_chains, digest
from workflow import db
from workflow.settings import sqlalchemy_url
from workflow.tables import Episode

pytestmark = pytest.mark.xdist_group("crash")

STANDS_AT_A_LOCK = """
select client_port from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
"""


# ---- web ----


def the_one_that_answers(installation: Installation, port: int) -> None:
    child = installation.web.child_at(port)
    assert child is not None
    kill([child])


def all_of_web(installation: Installation, port: int) -> None:
    installation.web.kill()


@pytest.mark.parametrize("killed", [the_one_that_answers, all_of_web])
def test_web_is_killed_in_the_middle_of_a_request(
    installation: Installation, killed: Callable[[Installation, int], None]
) -> None:
    installation.until(installation.web_answers, "web answers")
    before = installation.now()
    answers: list[bool] = []
    reader = threading.Thread(target=lambda: answers.append(installation.press_advance(60)))
    admin = installation.servers.postgres.url("admin", LIVE)
    with psycopg.connect(admin) as somebody_else, psycopg.connect(admin, autocommit=True) as looking:
        somebody_else.execute("select from demo_clock for update")
        reader.start()

        def stands() -> list[tuple[int]]:
            return looking.execute(STANDS_AT_A_LOCK).fetchall()

        installation.until(stands, "the request is in the middle of its transaction")
        killed(installation, stands()[0][0])
        reader.join(PATIENCE)
    assert answers == [False]
    assert installation.now() == before
    installation.until(lambda: installation.press_advance(60), "web is back, and the button works")
    assert installation.now() == before + timedelta(hours=1)
    installation.prove()


# ---- a process that records an event ----

OWN = "quiet"  # a database where nothing else happens


@pytest.fixture
def quiet(ground: Ground) -> Engine:
    """Everybody, discharged, and no sweep; with gates in the tables that an event writes to, one after the other."""
    ground.lay(OWN)
    turnstile.put(ground.servers.postgres.url("owner", OWN), deadlines=1, history=1, outbox=1)
    url = sqlalchemy_url(ground.servers.postgres.url("app", OWN))
    return create_engine(url, poolclass=NullPool, connect_args=db.as_role(db.SWEEPS))


@contextmanager
def writing(ground: Ground, episode: UUID) -> Iterator[ForkServerProcess]:
    """A process that records that the citizen is back in the ward, as part of the same stay."""
    process = BEGUN.Process(target=writer.record, args=(ground.servers.environment(OWN), episode, "stay_resumed"))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def ended(process: ForkServerProcess) -> int | None:
    """How it has ended."""
    process.join(PATIENCE)
    return process.exitcode


@pytest.mark.parametrize("table", ["deadlines", "history", "outbox"])
def test_a_writer_is_killed_in_the_middle_of_an_event(
    ground: Ground, running: Installation, quiet: Engine, table: str
) -> None:
    with Session(quiet) as session:
        episode, before = session.scalars(select(Episode.uuid).limit(1)).one(), digest(session)
    with turnstile.closed(ground.servers.postgres.url("admin", OWN), table) as gate, writing(ground, episode):
        running.until_somebody_waits(gate)
    running.until(lambda: nobody_works(ground), "the server has noticed")
    with Session(quiet) as session:
        assert digest(session) == before
    _records_it_anew(ground, quiet, episode)


def test_postgres_is_killed_in_the_middle_of_an_event(ground: Ground, running: Installation, quiet: Engine) -> None:
    with Session(quiet) as session:
        episode, before = session.scalars(select(Episode.uuid).limit(1)).one(), digest(session)
    admin = ground.servers.postgres.url("admin", OWN)
    with turnstile.closed(admin, "outbox") as gate, writing(ground, episode) as process:
        running.until_somebody_waits(gate)
        running.kill_postgres()
        assert ended(process) not in {None, 0}, "it does not believe that it has written"
    ground.servers.postgres.start(print)
    with Session(quiet) as session:
        assert digest(session) == before
    _records_it_anew(ground, quiet, episode)


def nobody_works(ground: Ground) -> bool:
    with psycopg.connect(ground.servers.postgres.url("admin", "postgres")) as admin:
        working = "select from pg_stat_activity where datname = %s and usename = 'overgang_app' and state <> 'idle'"
        return admin.execute(working, [OWN]).rowcount == 0


def _records_it_anew(ground: Ground, quiet: Engine, episode: UUID) -> None:
    with writing(ground, episode) as process:
        assert ended(process) == 0
    with Session(quiet) as session:
        assert session.scalars(select(Episode.state).where(Episode.uuid == episode)).one() == "admitted"
        check_chains(session)
