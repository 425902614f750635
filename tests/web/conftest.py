"""What the tests of the pages stand on: a browser without script, and servers that refuse or hang."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster
from tests import world as worlds
from tests.conftest import Database, Servers
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.examples import KNOWN
from tests.medcom.hospital import HEART, OURS
from tests.standing import Standing, standing
from tests.web.citizens import discharged_to_the_hotel
from tests.web.reader import Reader
from web.app import create_app
from workflow import agreements, clock, db, keys, operations
from workflow.db import Session
from workflow.medcom import addresses, senders
from workflow.settings import Settings
from workflow.tables import Episode, Heartbeat


@pytest.fixture(scope="session")
def installation(servers: Servers) -> Iterator[Settings]:
    """One installation for every test that only looks."""
    name = servers.copy()
    worlds.agree(servers.postgres.url("owner", name))
    yield Settings.from_environment(servers.environment(name))
    servers.drop(name)


@pytest.fixture
def running(installation: Settings) -> Iterator[Settings]:
    """The same, connected, its background work just having given a sign of life."""
    keys.use(installation)
    agreements.forget()
    engine = db.connect(installation.database_url)
    beat(clock.real_now())
    yield installation
    db.Session.configure(bind=None)
    engine.dispose()


@pytest.fixture
def client(running: Settings) -> FlaskClient:
    """A browser there."""
    return create_app(running).test_client()


@pytest.fixture
def own_client(database: Database) -> FlaskClient:
    """A browser on an installation that this test may change."""
    keys.use(database.settings)
    beat(clock.real_now())
    worlds.agree(database.owner_url)
    return create_app(database.settings).test_client()


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """Somebody at that browser, with script switched off."""
    return Reader(client)


@pytest.fixture(scope="session")
def cluster_template(servers: Servers) -> Iterator[str]:
    """A database with the people of the demonstration, to copy."""
    name = servers.copy()
    settings = Settings.from_environment(servers.environment(name))
    keys.use(settings)
    engine = create_engine(settings.database_url)
    with OpenSession(engine) as session, session.begin():
        clock.start_demo(session)
        cluster.build(session)
    engine.dispose()
    yield name
    servers.drop(name)


@pytest.fixture(scope="session")
def pages(servers: Servers, cluster_template: str) -> Iterator[Standing]:
    """The pages of an installation with those people."""
    with standing(servers, cluster_template) as found:
        yield found


@pytest.fixture
def peopled(pages: Standing) -> Iterator[Settings]:
    """That installation, which this test may change; nobody has asked it anything yet."""
    with pages.anew() as settings:
        beat(clock.real_now())
        yield settings


@pytest.fixture
def app(peopled: Settings, pages: Standing) -> Flask:
    """The pages there; whoever adds a route to them makes pages of their own."""
    return pages.app


@pytest.fixture
def somebody(app: Flask) -> Reader:
    """Somebody at a browser there, not signed in."""
    return Reader(app.test_client())


@pytest.fixture
def arriving(app: Flask) -> Episode:
    """A citizen on the way to Tryghedshotellet: a place kept, the handover sent, not answered."""
    return discharged_to_the_hotel()


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody picks up and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture(params=["refused", "silent"])
def dead_port(request: pytest.FixtureRequest) -> int:
    """Both ways of being out of reach."""
    port: int = request.getfixturevalue("closed_port" if request.param == "refused" else "silent_port")
    return port


@pytest.fixture
def without_database(installation: Settings, dead_port: int) -> Iterator[FlaskClient]:
    """A browser on an installation whose database is away."""
    engine = db.connect(f"postgresql+psycopg://somebody@127.0.0.1:{dead_port}/overgang")
    yield create_app(installation).test_client()
    db.Session.configure(bind=None)
    engine.dispose()


@pytest.fixture
def without_broker(running: Settings, dead_port: int) -> FlaskClient:
    """A browser on an installation whose broker is away."""
    return create_app(replace(running, redis_url=f"redis://127.0.0.1:{dead_port}/0")).test_client()


@pytest.fixture
def production(running: Settings) -> Settings:
    """The same installation for real citizens, behind TLS."""
    return replace(running, demo=False, base_url="https://overgang.example")


def beat(at: datetime) -> None:
    """Let the background work have given its last sign of life then."""
    with Session.begin() as session:
        session.merge(Heartbeat(part="beat", at=at))


def counted(faults: int = 0) -> None:
    """Let what must be nought just have been counted."""
    swept("reconcile", faults)


def swept(sweep: str, done: int) -> None:
    """Let a sweep just have run."""
    with Session.begin() as session:
        operations.record_run(session, sweep, started_at=clock.real_now(), seconds=0.01, done=done)


def at_migration(database: Database, revision: str) -> None:
    """Let the tables be those of another migration."""
    engine = create_engine(database.settings.owner_url)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = :revision"), {"revision": revision})
    engine.dispose()


@pytest.fixture
def key(database: Database) -> str:
    """A hospital's gateway may deliver; Elmer is known."""
    with Session.begin() as session:
        world = worlds.build(session)
        addresses.register(session, world.district, OURS.sor or "", gln=OURS.gln, at=SET_UP)
        addresses.register(session, world.ward, HEART.sor or "", gln=HEART.gln, at=SET_UP)
        serve(session, world, KNOWN)
        return senders.make_key(session, "Gateway Demo", at=SET_UP)
