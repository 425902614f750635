"""What the tests in a browser stand on: one browser a test process, and pages with people and citizens in them."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session as OpenSession
from werkzeug.serving import make_server

from ops.demo import cluster, loading, year
from tests.browser import chromium
from tests.browser.pages import LOOKERS, numbers_of
from tests.browser.stack import Stack
from tests.browser.words import Scene, scene
from tests.conftest import Servers
from tests.web import town as towns
from tests.web.conftest import beat
from web.app import create_app
from workflow import clock, db, keys
from workflow.settings import Settings


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, where there is one."""
    if chromium.where() is None:
        pytest.skip("there is no Chromium here (apt-get install chromium)")
    with chromium.started() as started:
        yield started


@dataclass(frozen=True)
class Town:
    """The cluster with some citizens on their way, served to a browser at `home`."""

    app: Flask
    home: str
    engine: Engine
    numbers: dict[str, dict[str, UUID]]  # by username, what they may see of each kind that an address can hold


@pytest.fixture(scope="session")
def town_for_everybody(servers: Servers) -> Iterator[Town]:
    """One for every test that only looks."""
    name = servers.copy()
    settings = Settings.from_environment(servers.environment(name))
    engine = towns.build(settings, year.here()[::3])
    app, numbers = create_app(settings), {username: numbers_of(username) for username in LOOKERS}
    with served(app) as home:
        yield Town(app, home, engine, numbers)
    engine.dispose()
    servers.drop(name)


@pytest.fixture
def town(town_for_everybody: Town) -> Iterator[Town]:
    """The same, this process connected to it."""
    db.Session.configure(bind=town_for_everybody.engine)
    keys.use(town_for_everybody.app.config["OVERGANG"])
    beat(clock.real_now())
    yield town_for_everybody
    db.Session.configure(bind=None)


@pytest.fixture(scope="package")
def stack(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web, worker and beat, on the cluster with its newcomers: nobody is on their way yet."""
    template = servers.copy()
    settings = Settings.from_environment(servers.environment(template))
    keys.use(settings)
    engine = create_engine(settings.database_url, connect_args=db.as_role(db.SWEEPS))
    with OpenSession(engine) as session, session.begin():
        clock.start_demo(session)
        cluster.build(session)
        loading.register_newcomers(session)
    engine.dispose()
    running = Stack(servers, template, tmp_path_factory.mktemp("said"))
    yield running
    running.close()


@pytest.fixture(params=[chromium.DESK, pytest.param(chromium.PHONE, marks=pytest.mark.long)])
def play(stack: Stack, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A scene to play the test's acceptance script in, at a desk and on a telephone."""
    engine = stack.begin()
    script = request.node.name.split("_")[1].upper()
    try:
        with scene(script, stack, browser, width=request.param) as played:
            yield played
    finally:
        db.Session.configure(bind=None)
        engine.dispose()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Let browsers reach it; yields the address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
