"""Two municipalities, a hospital and Tryghedshotellet, each with a system that has a token; and how it asks."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session as OpenSession
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from tests import world as worlds
from tests.api import contract
from tests.conftest import Servers
from tests.standing import Standing, standing
from tests.steps import ADMITTED
from tests.world import World
from workflow import clock, db, keys
from workflow.actor import SYSTEM
from workflow.db import SWEEPS
from workflow.settings import Settings
from workflow.staff import people, roles, tokens
from workflow.tables import Unit
from workflow.vocabulary import Role, Scope

NUMBER, NAME = "0119400007", "Agnes Prøve Demo"
LIFE = timedelta(days=90)
ALL = frozenset(tokens.FOR_SYSTEMS) - {Scope.CPR_READ}


@dataclass(frozen=True)
class Town:
    """A database to copy: the world as it was built, and the secret of each system, by its username."""

    database: str
    world: World
    secrets: dict[str, str]


@dataclass(frozen=True)
class Told:
    """What a program was answered."""

    answer: TestResponse

    @property
    def status_code(self) -> int:
        return self.answer.status_code

    @property
    def json(self) -> Any:
        return json.loads(self.answer.data)

    @property
    def text(self) -> str:
        return self.answer.text

    @property
    def headers(self) -> Headers:
        return self.answer.headers


@dataclass
class Program:
    """A system that asks, with its token. Every answer is held against what the interface says of itself."""

    client: FlaskClient
    secret: str

    def get(self, path: str, **headers: str) -> Told:
        """Ask for something; `path` is below /api/v1, or whole."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: object | None = None, **headers: str) -> Told:
        """Say something, in JSON."""
        return self._ask("POST", path, json.dumps({} if body is None else body), headers)

    def _ask(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> Told:
        sent = {"Authorization": f"Bearer {self.secret}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        whole = path if path.startswith("/api") else f"/api/v1{path}"
        kind = "application/json" if data is not None else None
        answer = self.client.open(whole, method=method, data=data, headers=sent, content_type=kind)
        contract.hold(self.client.application, answer)
        return Told(answer)


@pytest.fixture(scope="session")
def town(servers: Servers) -> Iterator[Town]:
    """The world, committed once, with its systems."""
    name = servers.copy()
    settings = Settings.from_environment(servers.environment(name))
    keys.use(settings)
    engine = create_engine(settings.database_url, connect_args=db.as_role(SWEEPS))
    with OpenSession(engine, expire_on_commit=False) as session, session.begin():
        clock.start_demo(session, ADMITTED)
        world = worlds.build(session)
        secrets = {
            "ward": token(session, "ward", world.ward, Role.WARD_NURSE),
            "coordination": token(
                session, "coordination", _unit(session, world.coordinator.unit_id), Role.DISCHARGE_COORDINATOR
            ),
            "hotel": token(session, "hotel", world.facility, Role.FACILITY_NURSE),
            "hotel-manager": token(session, "hotel-manager", world.facility, Role.MANAGER),
            "district": token(session, "district", world.district, Role.MUNICIPAL_NURSE),
            "second": token(session, "second", world.district, Role.MUNICIPAL_NURSE),
            "neighbour": token(session, "neighbour", world.other_district, Role.MUNICIPAL_NURSE),
        }
    engine.dispose()
    yield Town(name, world, secrets)
    servers.drop(name)


def _unit(session: OpenSession, unit_id: int | None) -> Unit:
    return session.get_one(Unit, unit_id)


def token(
    session: OpenSession, username: str, unit: Unit, role: Role, scopes: frozenset[Scope] = ALL,
) -> str:  # fmt: skip
    """A system of this name in this role, made by the installation, and a token for it."""
    person = people.add(session, username, f"{username.title()} Demo", by=SYSTEM, is_system=True)
    held = roles.grant(session, person, unit, role, by=SYSTEM, at=clock.real_now())
    return tokens.give(session, held, scopes, by=SYSTEM, at=clock.real_now(), life=LIFE)


@pytest.fixture(scope="session")
def interface(servers: Servers, town: Town) -> Iterator[Standing]:
    """An installation with that town."""
    with standing(servers, town.database) as found:
        yield found


@pytest.fixture
def app(interface: Standing) -> Iterator[Flask]:
    with interface.anew():
        yield interface.app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who holds nothing yet."""
    return app.test_client()


@pytest.fixture
def world(town: Town) -> World:
    """Its units and places, to read numbers from."""
    return town.world


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Programs:
    """Every system, by its username."""

    def __init__(self, app: Flask, secrets: dict[str, str]) -> None:
        self.app, self.secrets = app, secrets

    def __getitem__(self, name: str) -> Program:
        return Program(self.app.test_client(), self.secrets[name])

    def reaching(self, name: str, unit: Unit, role: Role, *scopes: Scope) -> Program:
        """One that has these scopes only."""
        with background() as session:
            return Program(self.app.test_client(), token(session, name, unit, role, frozenset(scopes)))


@pytest.fixture
def programs(app: Flask, town: Town) -> Programs:
    return Programs(app, town.secrets)


@contextmanager
def background() -> Iterator[OpenSession]:
    """A transaction that sees every row."""
    with db.Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        yield session


def advance(by: timedelta) -> None:
    """Let time pass."""
    with db.Session.begin() as session:
        clock.advance(session, by)
