"""Who asks too often waits, a person or an address, also while Redis is away or hangs."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask

from tests.web.reader import Page, Reader
from web.app import create_app
from web.ground import throttling
from workflow.settings import Settings


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that a test can reach them."""
    monkeypatch.setattr(throttling, "A_PERSON", "5/minute")
    monkeypatch.setattr(throttling, "AN_ADDRESS", "8/minute")
    monkeypatch.setattr(throttling, "SIGN_INS", "3/minute")


def statuses(reader: Reader, address: str, times: int) -> list[int]:
    return [reader.client.get(address).status_code for _ in range(times)]


@pytest.mark.usefixtures("strict")
def test_an_address_waits_and_monitoring_does_not(app: Flask) -> None:
    reader = Reader(app.test_client())
    assert statuses(reader, "/sign-in", 9) == [200] * 8 + [429]
    assert statuses(reader, "/healthz", 20) == [200] * 20
    elsewhere = app.test_client().get("/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 200


@pytest.mark.usefixtures("strict")
def test_a_person_waits_wherever_they_sit_and_others_do_not(app: Flask) -> None:
    first, second, other = (Reader(app.test_client()) for _ in range(3))
    for reader, username in ((first, "distrikt"), (second, "distrikt"), (other, "afdeling")):
        form = Page(reader.client.get("/sign-in", environ_base={"REMOTE_ADDR": f"10.0.0.{len(username)}"})).forms[0]
        reader.client.post("/demo/sign-in", data=form.fields | {"user": username})
    assert statuses(first, "/account", 3) == [200] * 3
    assert statuses(second, "/account", 3) == [200, 200, 429]
    refused = second.client.get("/account")
    assert "Vent et minut" in refused.text
    assert statuses(other, "/account", 1) == [200]


@pytest.mark.usefixtures("strict")
def test_one_limit_holds_over_all_processes(peopled: Settings) -> None:
    answers = [create_app(peopled).test_client().get("/sign-in").status_code for _ in range(9)]
    assert answers[-1] == 429


@pytest.mark.usefixtures("strict")
def test_without_redis_each_process_counts_for_itself_and_nobody_waits_for_it(
    peopled: Settings, dead_port: int
) -> None:
    reader = Reader(create_app(replace(peopled, redis_url=f"redis://127.0.0.1:{dead_port}/0")).test_client())
    began = time.monotonic()
    assert statuses(reader, "/sign-in", 9) == [200] * 8 + [429]
    assert time.monotonic() - began < 3


@pytest.mark.usefixtures("strict")
def test_signing_in_is_counted_by_itself(app: Flask) -> None:
    client = app.test_client()
    form = next(form for form in Page(client.get("/sign-in")).forms if form.action == "/sign-in")
    sent = form.fields | {"username": "ingen", "password": "forkert"}
    assert [client.post("/sign-in", data=sent).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert client.get("/sign-in").status_code == 200


def test_a_broker_that_goes_silent_refuses_nobody_of_those_who_ask_at_that_moment(
    running: Settings, silent_port: int
) -> None:
    app = create_app(replace(running, redis_url=f"redis://127.0.0.1:{silent_port}/0"))
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda _: app.test_client().get("/sign-in").status_code, range(4)))
    assert answers == [200] * 4
