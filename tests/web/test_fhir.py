"""The endpoint for message gateways: who may deliver, what they are answered, and what is refused."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from ruamel.yaml import YAML
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import SET_UP
from tests.medcom.examples import KNOWN, OTHER
from tests.medcom.hospital import HospitalStay, as_bytes
from tests.medcom.test_stays import h
from web.app import create_app
from web.fhir import TAKEN
from workflow import db
from workflow.db import Session
from workflow.medcom import acknowledgement, following, receiving, senders, wire
from workflow.medcom.wire import Format
from workflow.tables import Episode, Message
from workflow.vocabulary import Fate

ADDRESS = "/fhir/$process-message"


@pytest.fixture
def gateway(key: str, database: Database) -> FlaskClient:
    """That gateway."""
    client = create_app(database.settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def post(client: FlaskClient, raw: bytes, form: Format = Format.JSON) -> TestResponse:
    return client.post(ADDRESS, data=raw, content_type=form.media_type)


def stin(form: Format = Format.JSON) -> bytes:
    return as_bytes(HospitalStay().tell("STIN", h(8)), form)


@pytest.mark.parametrize("form", Format)
def test_the_acknowledgement_is_the_answer_in_the_form_of_the_question(gateway: FlaskClient, form: Format) -> None:
    answer = post(gateway, stin(form), form)
    assert (answer.status_code, answer.mimetype) == (200, form.media_type)
    assert acknowledgement.read(wire.read(answer.data)).code == "ok"
    with Session.begin() as session:
        assert session.scalars(select(Episode.state)).all() == ["admitted"]
        assert session.scalars(select(Message.received_from)).all() == ["Gateway Demo"]


def test_messages_are_received_by_a_process_that_sees_nothing_by_itself(gateway: FlaskClient, key: str) -> None:
    """As the pages are started: without a role, until the door takes on the one that receives."""
    everything = db.Session.kw["bind"]
    as_people = create_engine(everything.url)
    db.Session.configure(bind=as_people)
    try:
        answer = post(gateway, stin())
        with Session.begin() as session:
            assert not session.scalars(select(Message)).all()
            assert not session.scalars(select(Episode)).all()
    finally:
        db.Session.configure(bind=everything)
        as_people.dispose()
    assert acknowledgement.read(wire.read(answer.data)).code == "ok"
    with Session.begin() as session:
        assert session.scalars(select(Episode.state)).all() == ["admitted"]


def test_a_message_with_a_fault_is_answered_with_what_and_where(gateway: FlaskClient) -> None:
    answer = post(gateway, examples.raw("hn/receive/TEK_FCC_1_TEK_FCC.json"))
    read = acknowledgement.read(wire.read(answer.data))
    assert (answer.status_code, read.code) == (200, "fatal-error")
    assert "eventCoding" in read.said[0]


def test_an_acknowledgement_is_not_acknowledged(gateway: FlaskClient) -> None:
    for file in ("ack/IG_ok.json", "ack/IG_fatal.xml", "ack/IG_transient.json"):
        answer = post(gateway, examples.raw(file), Format(file[-4:].strip(".")))
        assert (answer.status_code, answer.data) == (202, b"")


def test_a_receiver_of_type_c_acknowledges_nothing(key: str, database: Database) -> None:
    client = create_app(replace(database.settings, medcom_type="C")).test_client()
    answer = client.post(
        ADDRESS, data=stin(), content_type="application/fhir+json", headers={"Authorization": f"Bearer {key}"}
    )
    assert (answer.status_code, answer.data) == (202, b"")


def outcome(answer: TestResponse) -> str:
    read = json.loads(answer.data)
    assert read["resourceType"] == "OperationOutcome"
    return str(read["issue"][0]["details"]["text"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}])
def test_nobody_delivers_without_a_credential(own_client: FlaskClient, key: str, headers: dict[str, str]) -> None:
    answer = own_client.post(ADDRESS, data=stin(), content_type="application/fhir+json", headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    assert outcome(answer)
    with Session.begin() as session:
        assert session.scalars(select(Message)).all() == []


def test_a_key_that_was_taken_back_opens_nothing(gateway: FlaskClient) -> None:
    with Session.begin() as session:
        assert senders.revoke(session, "Gateway Demo", at=h(1)) == 1
    assert post(gateway, stin()).status_code == 401


def test_a_certificate_counts_only_where_a_proxy_is_said_to_check_it(key: str, database: Database) -> None:
    with Session.begin() as session:
        senders.trust_certificate(session, "VANS Demo", "CN=vans", at=SET_UP)
    headers = {"X-Client-Certificate": "CN=vans"}
    for header, status in ((None, 401), ("X-Client-Certificate", 200)):
        client = create_app(replace(database.settings, medcom_certificate_header=header)).test_client()
        answer = client.post(ADDRESS, data=stin(), content_type="application/fhir+json", headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize("raw", [b"", b"{", b"<Bundle/>", b'{"resourceType":"Bundle"}', b"\xff"])
def test_what_cannot_be_read_is_no_fault_of_ours(gateway: FlaskClient, raw: bytes) -> None:
    answer = post(gateway, raw)
    assert answer.status_code == 400
    assert outcome(answer).startswith("Unreadable")


def test_what_programs_do_wrong_is_told_to_programs(gateway: FlaskClient) -> None:
    assert outcome(gateway.get(ADDRESS))
    assert gateway.get(ADDRESS).status_code == 405
    assert gateway.get("/fhir/Patient").status_code == 404
    assert outcome(gateway.get("/fhir/Patient"))
    assert gateway.post(ADDRESS, data=stin(), content_type="text/plain").status_code == 415
    xml = gateway.get("/fhir/Patient", headers={"Accept": "application/fhir+xml"})
    assert b"<OperationOutcome" in xml.data


def test_what_is_too_large_is_refused_before_it_is_read(gateway: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 1_000)
    assert post(gateway, b"x" * 1_001).status_code == 413
    assert outcome(post(gateway, b"x" * 1_001))


def test_a_message_larger_than_a_page_may_send_is_taken(gateway: FlaskClient) -> None:
    large = stin().replace(b'"Elmer"', b'"' + b"E" * 1_500_000 + b'"')
    assert post(gateway, large).status_code == 200


def test_a_fault_of_ours_is_answered_transient_and_loaded_later(
    gateway: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    raw = stin()
    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(following, "follow", lambda *_, **__: 1 / 0)
        read = acknowledgement.read(wire.read(post(gateway, raw).data))
        assert read.code == "transient-error"
    assert "ZeroDivisionError" in caplog.text
    assert KNOWN not in caplog.text
    with Session.begin() as session:
        (kept,) = session.scalars(select(Message)).all()
        assert (kept.fate, kept.raw is not None) == (Fate.WAITING, True)
        assert session.scalars(select(Episode)).all() == []
    assert acknowledgement.read(wire.read(post(gateway, raw).data)).code == "ok"


@pytest.mark.parametrize("error", [OperationalError("select", {}, Exception("away")), psycopg.OperationalError()])
def test_a_database_that_is_away_is_answered_transient(
    gateway: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def away(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(receiving, "receive", away)
    monkeypatch.setattr(receiving, "keep_for_later", away)
    assert acknowledgement.read(wire.read(post(gateway, stin()).data)).code == "transient-error"
    assert "the database does not answer" in caplog.text


def test_of_an_unknown_citizen_no_byte_is_kept(gateway: FlaskClient) -> None:
    post(gateway, as_bytes(HospitalStay(cpr=OTHER).tell("STIN", h(8))))
    with Session.begin() as session:
        rows = session.execute(text("select * from messages m join transmissions t on t.message_id = m.id")).all()
        assert OTHER not in str(rows)
        assert "Elmer" not in str(rows)
        assert [row.raw for row in rows] == [None]


def test_the_endpoint_gives_no_cookie_and_reads_none(gateway: FlaskClient) -> None:
    assert "Set-Cookie" not in post(gateway, stin()).headers
    assert db.Session.kw["bind"] is not None


def test_the_description_of_the_endpoint_names_what_it_answers(gateway: FlaskClient, key: str) -> None:
    described = YAML(typ="safe").load(Path("docs/openapi-fhir.yaml").read_text(encoding="utf-8"))
    ((address, operations),) = described["paths"].items()
    assert (address, list(operations)) == (ADDRESS, ["post"])
    bodies = operations["post"]["requestBody"]["content"]
    assert set(bodies) <= TAKEN
    answers = set(operations["post"]["responses"])
    seen = {str(post(gateway, raw).status_code) for raw in (stin(), b"{", examples.raw("ack/IG_ok.json"))}
    seen.add(str(gateway.post(ADDRESS, data=b"", content_type="text/plain").status_code))
    seen.add(str(gateway.post(ADDRESS, json={}, headers={"Authorization": ""}).status_code))
    assert seen == {"200", "202", "400", "401", "415"}
    assert seen <= answers
