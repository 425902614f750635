"""Alive, ready, and what is wrong when not."""

import threading
from datetime import timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.conftest import Database
from tests.web.conftest import at_migration, beat
from web.running.probe import Probe
from workflow import clock


def test_alive_is_said_without_asking_anybody(without_database: FlaskClient) -> None:
    answer = without_database.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"alive": True})


def test_ready_when_every_part_can_do_its_work(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["ready"] is True
    assert {part: said["ok"] for part, said in answer.json["parts"].items()} == dict.fromkeys(
        ("database", "broker", "schema", "beat", "installation", "clock", "agreements"), True
    )


def test_not_ready_without_the_database_and_says_nothing_of_what_only_that_knows(without_database: FlaskClient) -> None:
    answer = without_database.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert {part: said["ok"] for part, said in answer.json["parts"].items()} == {
        "database": False, "broker": True, "schema": None, "beat": None, "installation": None, "clock": None,
        "agreements": None,
    }  # fmt: skip


def test_not_ready_without_the_broker(without_broker: FlaskClient) -> None:
    answer = without_broker.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert {part: said["ok"] for part, said in answer.json["parts"].items()} == {
        "database": True, "broker": False, "schema": True, "beat": True, "installation": True, "clock": True,
        "agreements": True,
    }  # fmt: skip


def test_not_ready_when_the_background_work_is_silent(client: FlaskClient) -> None:
    beat(clock.real_now() - timedelta(minutes=5))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["beat"]["ok"] is False
    assert answer.json["parts"]["beat"]["seconds_since"] >= 300


def test_not_ready_with_the_tables_of_another_version(own_client: FlaskClient, database: Database) -> None:
    at_migration(database, "0000_of_yesterday")
    answer = own_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["schema"]["ok"] is False
    assert answer.json["parts"]["schema"]["revision"] == "0000_of_yesterday"


def test_not_ready_where_nothing_is_agreed_and_names_the_pathways(own_client: FlaskClient, database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("alter table agreements disable trigger user")
        owner.execute("update agreements set valid_from = now() + interval '1 day'")
    answer = own_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["agreements"] == {"ok": False, "missing": ["home", "tryghedshotel"]}
    page = own_client.get("/status").text
    assert "Ingen i kraft for Udskrivelse til eget hjem, Tryghedshotellet" in page


def test_not_ready_on_a_database_that_other_keys_have_written(own_client: FlaskClient, database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("update installation set proof_hash = 'other'")
    answer = own_client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"]["installation"] == {"ok": False, "wrong": ["hash_key"]}
    assert "hører ikke sammen" in own_client.get("/status").text


def test_a_server_that_comes_back_is_asked_anew(servers_down_then_up: Probe[str]) -> None:
    assert not servers_down_then_up.ask().came
    assert servers_down_then_up.ask().value == "back"


@pytest.fixture
def servers_down_then_up() -> Probe[str]:
    asked: list[int] = []

    def question() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise ConnectionError
        return "back"

    return Probe(question, patience=5, faults=(ConnectionError,))


def test_a_hung_server_is_asked_once_however_many_look() -> None:
    asked, goes_on = [], threading.Event()

    def question() -> str:
        asked.append(1)
        goes_on.wait()
        return "late"

    probe = Probe(question, patience=0.01, faults=())
    silent = [probe.ask() for _ in range(5)]
    assert [answer.came for answer in silent] == [False] * 5
    assert len({answer.silent_since for answer in silent}) == 1  # since the first look, not the last
    assert len(asked) == 1
    goes_on.set()
