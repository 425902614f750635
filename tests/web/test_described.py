"""A client made from the description of the endpoint meets the running application: no fault, no hang, no surprise."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from sqlalchemy import func, select
from werkzeug.serving import make_server

from tests.conftest import Database
from tests.medcom.test_fuzz import mutated
from tests.web.test_fhir import ADDRESS
from web.app import create_app
from workflow.db import Session
from workflow.medcom import wire
from workflow.tables import Message
from workflow.vocabulary import Fate

SUITE = settings(
    derandomize=True, deadline=None, database=None, max_examples=25, suppress_health_check=list(HealthCheck)
)
SOAK = settings(SUITE, derandomize=False, print_blob=True, max_examples=3_000)
SECONDS = 10.0  # for one answer, on a machine that is busy with others
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


@schemathesis.serializer("application/fhir+xml")
def as_xml(_: schemathesis.SerializationContext, value: object) -> bytes:
    """What is generated, in FHIR's other form; where it has none, as it is."""
    try:
        return wire.write(value, wire.Format.XML)  # type: ignore[arg-type]
    except (TypeError, ValueError, KeyError, AttributeError):
        return str(value).encode(errors="replace")


@pytest.fixture
def running(key: str, database: Database) -> Iterator[str]:
    """The application behind a real socket; its address."""
    server = make_server("127.0.0.1", 0, create_app(database.settings), threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture
def how_many(request: pytest.FixtureRequest) -> settings:
    """How many requests of each kind."""
    return SOAK if request.config.getoption("--soak") else SUITE


def test_whatever_the_description_allows_or_forbids_is_answered_as_it_says(
    running: str, key: str, how_many: settings
) -> None:
    described = schemathesis.openapi.from_path("docs/openapi-fhir.yaml")
    operation = described[ADDRESS]["POST"]
    as_described, otherwise = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @how_many
    @given(st.one_of(as_described, otherwise), st.booleans())
    def ask(case: Case[Any], known: bool) -> None:
        headers = {"Authorization": f"Bearer {key}"} if known else {"Authorization": "Bearer nobody"}
        before, began = kept(), time.monotonic()
        answer = case.call_and_validate(base_url=running, headers=headers, checks=CHECKS)
        assert time.monotonic() - began < SECONDS
        assert kept() - before in ({0, 1} if answer.status_code in {200, 202} else {0})

    ask()


def test_real_messages_with_something_wrong_are_answered_through_the_socket(
    running: str, key: str, how_many: settings
) -> None:
    operation = schemathesis.openapi.from_path("docs/openapi-fhir.yaml")[ADDRESS]["POST"]

    @how_many
    @given(mutated())
    def ask(raw: bytes) -> None:
        media_type = wire.format_of(raw).media_type
        case = operation.Case(body=raw, media_type=media_type)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": media_type}
        began = time.monotonic()
        answer = case.call(base_url=running, headers=headers)
        assert time.monotonic() - began < SECONDS
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code in {200, 202, 400}

    ask()
    with Session.begin() as session:
        assert not session.scalars(select(Message.id).where(Message.fate == Fate.WAITING)).all()


def kept() -> int:
    with Session.begin() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0
