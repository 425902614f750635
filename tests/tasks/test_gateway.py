"""The gateway's folders and endpoint: every file counts once, wherever a run breaks off."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tasks import gateway
from tests import world as worlds
from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.examples import KNOWN
from tests.medcom.hospital import HEART, OURS, HospitalStay, as_bytes
from tests.medcom.test_stays import h
from workflow import clock
from workflow.actor import Actor
from workflow.db import Session
from workflow.medcom import acknowledgement, addresses, envelope, intake, letters, receiving, wire
from workflow.medcom.folder import left_lying
from workflow.medcom.wire import Format
from workflow.settings import Settings
from workflow.tables import Episode, Message, OutboundMessage, Task, Unit
from workflow.vocabulary import Role, Sending

STEPS = ("os.rename", "receive", "put", "unlink")


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """An installation with folders, that knows Elmer."""
    with Session.begin() as session:
        world = worlds.build(session)
        addresses.register(session, world.district, OURS.sor or "", gln=OURS.gln, at=SET_UP)
        addresses.register(session, world.ward, HEART.sor or "", gln=HEART.gln, at=SET_UP)
        serve(session, world, KNOWN)
    (tmp_path / "in").mkdir()
    return replace(database.settings, medcom_in=str(tmp_path / "in"), medcom_out=str(tmp_path / "out"))


def leave(settings: Settings, name: str, raw: bytes) -> Path:
    """Put a file there, as a gateway does, some time ago."""
    path = Path(settings.medcom_in or "") / name
    path.write_bytes(raw)
    ago = clock.real_now().timestamp() - 60
    os.utime(path, (ago, ago))
    return path


def names(folder: str | None) -> list[str]:
    return sorted(str(p.relative_to(folder or "")) for p in Path(folder or "").rglob("*") if p.is_file())


def answers(settings: Settings) -> list[str]:
    found = sorted(Path(settings.medcom_out or "").glob("*.ack.*"))
    return [acknowledgement.read(wire.read(file.read_bytes())).code for file in found]


def counts() -> tuple[int, ...]:
    with Session.begin() as session:
        return tuple(session.scalar(select(func.count()).select_from(t)) or 0 for t in (Message, Episode))


def test_files_are_taken_answered_and_gone(settings: Settings) -> None:
    stay = HospitalStay()
    leave(settings, "1.json", as_bytes(stay.tell("STIN", h(1))))
    leave(settings, "2.xml", as_bytes(stay.tell("SLHJ", h(5)), Format.XML))
    leave(settings, "3.json", examples.raw("hn/derived/PX5_1_STIN.json"))
    leave(settings, "4.hl7", as_bytes(HospitalStay().tell("STIN", h(1)), Format.XML))
    leave(settings, "5", examples.raw("hn/derived/PX5_1_STIN.json"))
    leave(settings, "notes.txt", b"not a message")
    assert gateway.take_files(settings) == 6  # what they hold decides, not how they end
    assert names(settings.medcom_in) == ["unreadable/notes.txt"]
    assert answers(settings)[:3] == ["ok", "ok", "fatal-error"]
    assert len(answers(settings)) == 5
    assert gateway.take_files(settings) == 0
    with Session.begin() as session:
        assert session.scalars(select(Episode.state)).all() == ["discharged"]


def test_what_cannot_be_read_is_laid_aside_for_a_person(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    leave(settings, "1.xml", b"<Bundle>" + KNOWN.encode())
    assert gateway.take_files(settings) == 1
    assert names(settings.medcom_in) == ["unreadable/1.xml"]
    assert KNOWN not in caplog.text


def test_a_file_that_is_still_being_written_is_left_alone(settings: Settings) -> None:
    path = leave(settings, "1.json", as_bytes(HospitalStay().tell("STIN", h(1))))
    os.utime(path)
    assert gateway.take_files(settings) == 0
    leave(settings, ".2.json", b"{")
    assert gateway.take_files(settings) == 0
    assert names(settings.medcom_in) == [".2.json", "1.json"]


def test_a_file_that_ends_its_reader_twice_is_laid_aside_and_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leave(settings, "0.json", b"{}")
    leave(settings, "1.json", as_bytes(HospitalStay().tell("STIN", h(1))))
    real = intake.take_in

    def dies(begin: Any, raw: bytes, **named: Any) -> Any:
        if raw == b"{}":
            raise Killed
        return real(begin, raw, **named)

    monkeypatch.setattr(intake, "take_in", dies)
    for _ in range(gateway.KILLS):
        with pytest.raises(Killed):
            gateway.take_files(settings)
    assert gateway.take_files(settings) == 2
    assert names(settings.medcom_in) == ["unreadable/0.json"]
    assert "0.json" in caplog.text
    (lying,) = left_lying(settings.medcom_in, real_at=clock.real_now())
    assert (lying.name, lying.unreadable) == ("0.json", True)


def test_a_file_that_nobody_foresaw_holds_up_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(settings, "0.json", b"{}")
    leave(settings, "1.json", as_bytes(HospitalStay().tell("STIN", h(1))))
    real = intake.take_in

    def fails(begin: Any, raw: bytes, **named: Any) -> Any:
        if raw == b"{}":
            raise RecursionError
        return real(begin, raw, **named)

    monkeypatch.setattr(intake, "take_in", fails)
    assert [gateway.take_files(settings) for _ in range(3)] == [1, 0, 1]
    assert names(settings.medcom_in) == ["unreadable/0.json"]


def test_what_is_not_taken_within_minutes_is_named_and_no_number_with_it(settings: Settings) -> None:
    path = leave(settings, f"{KNOWN}.json", b"{")
    os.utime(path, (1, 1))
    (lying,) = left_lying(settings.medcom_in, real_at=clock.real_now())
    assert not lying.unreadable
    assert KNOWN not in lying.name


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_a_file_counts_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    leave(settings, "1.json", as_bytes(HospitalStay().tell("STIN", h(1), flag=True)))
    owner, name = {
        "os.rename": (os, "rename"), "receive": (intake, "take_in"), "put": (gateway, "put"),
        "unlink": (Path, "unlink"),
    }[step]  # fmt: skip
    real = getattr(owner, name)

    def dies(*args: object, **named: object) -> None:
        if after:
            real(*args, **named)
        raise Killed

    with monkeypatch.context() as mortal:
        mortal.setattr(owner, name, dies)
        with pytest.raises(Killed):
            gateway.take_files(settings)
    gateway.take_files(settings)
    assert names(settings.medcom_in) == []
    assert answers(settings) == ["ok"]
    assert counts() == (1, 1)
    with Session.begin() as session:
        assert session.scalar(select(func.count()).select_from(Task).where(Task.kind == "admission_report")) == 1


def test_a_second_file_of_a_name_waits_for_the_first(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stay = HospitalStay()
    leave(settings, "1.json", as_bytes(stay.tell("STIN", h(1))))
    with monkeypatch.context() as away:
        away.setattr(receiving, "receive", lambda *_, **__: 1 / 0)
        away.setattr(receiving, "keep_for_later", lambda *_, **__: 1 / 0)
        assert gateway.take_files(settings) == 0
        leave(settings, "1.json", as_bytes(stay.tell("SLHJ", h(5))))
        assert gateway.take_files(settings) == 0
    assert names(settings.medcom_in) == ["1.json", "taken/1.json"]
    assert gateway.take_files(settings) == 2
    assert counts() == (2, 1)
    assert answers(settings) == ["ok", "ok"]


def test_what_had_to_wait_is_loaded_and_answered_ok(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    raws = [as_bytes(HospitalStay(cpr=cpr).tell("STIN", h(1))) for cpr in (KNOWN, "0113990001")]
    for n, raw in enumerate(raws):
        leave(settings, f"{n}.json", raw)
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "receive", lambda *_, **__: 1 / 0)
        assert gateway.take_files(settings) == 2
        assert answers(settings) == ["transient-error"] * 2
        assert gateway.load_waiting(settings) == 0
    with Session.begin() as session:  # one of them can never be read again, and does not stand in the other's way
        first = session.scalars(select(Message).order_by(Message.id)).first()
        session.execute(update(Message).where(Message.id == (first and first.id)).values(raw=b"x"))
    assert gateway.load_waiting(settings) == 1
    assert gateway.send(settings) == 1
    late = [n for n in names(settings.medcom_out) if ".ack." not in n]
    assert len(late) == 1
    assert acknowledgement.read(wire.read((Path(settings.medcom_out or "") / late[0]).read_bytes())).code == "ok"


def test_a_receiver_of_type_c_leaves_no_answers(settings: Settings) -> None:
    leave(settings, "1.json", as_bytes(HospitalStay().tell("STIN", h(1))))
    assert gateway.take_files(replace(settings, medcom_type="C")) == 1
    assert names(settings.medcom_out) == []


@contextmanager
def endpoint(received: list[tuple[dict[str, str], bytes]]) -> Iterator[str]:
    """A hospital's endpoint, which acknowledges at once; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((dict(self.headers.items()), raw))
            answer = acknowledged(raw)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *said: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def acknowledged(raw: bytes) -> bytes:
    """The ok of whoever got this message."""
    outside = envelope.read(wire.read(raw))
    answer = acknowledgement.Answer(acknowledgement.Code.OK)
    return wire.write(acknowledgement.write(outside, None, answer, at=h(7)), Format.XML)


@pytest.fixture
def letter(settings: Settings) -> str:
    """Something that we have to send; returns its number."""
    gatewayed = HospitalStay()
    for n, (code, at) in enumerate((("STIN", h(1)), ("SLHJ", h(5)))):
        leave(settings, f"{n}.json", as_bytes(gatewayed.tell(code, at)))
    gateway.take_files(settings)
    with Session.begin() as session:
        call = session.scalars(select(Task).where(Task.kind == "follow_up_call")).one()
        municipality_id = session.get_one(Unit, call.unit_id).organisation_id
        nurse = frozenset({Role.MUNICIPAL_NURSE})
        by = Actor(name="Maja Demo", unit_id=call.unit_id, organisation_id=municipality_id, roles=nurse)
        thread = letters.begin(session, call, "Hej", by=by, at=h(6), real_at=clock.real_now())
        return thread.last_number


def state() -> tuple[Sending, int]:
    with Session.begin() as session:
        row = session.scalars(select(OutboundMessage)).one()
        return row.state, row.transmissions


def test_a_message_of_ours_leaves_by_the_folder_and_its_answer_comes_by_the_other(
    settings: Settings, letter: str
) -> None:
    assert gateway.send(settings) == 1
    assert state() == (Sending.AWAITING, 1)
    leave(settings, "answer.xml", acknowledged((Path(settings.medcom_out or "") / f"{letter}.xml").read_bytes()))
    assert gateway.take_files(settings) == 1
    assert state() == (Sending.ACKNOWLEDGED, 1)
    assert gateway.send(settings) == 0


def test_a_message_of_ours_leaves_by_post_and_is_tried_again_when_nobody_listens(
    settings: Settings, letter: str
) -> None:
    received: list[tuple[dict[str, str], bytes]] = []
    with endpoint(received) as url:
        by_post = replace(settings, medcom_endpoint=url, medcom_token="secret")
        assert gateway.send(replace(by_post, medcom_endpoint="http://127.0.0.1:9/")) == 0
        assert state() == (Sending.QUEUED, 0)
        with Session.begin() as session:
            session.execute(update(OutboundMessage).values(next_at=clock.real_now() - timedelta(seconds=1)))
        assert gateway.send(by_post) == 1
    ((headers, raw),) = received
    assert (headers["Authorization"], headers["Content-Type"][:20]) == ("Bearer secret", "application/fhir+xml")
    assert envelope.read(wire.read(raw)).header_id == letter
    assert state() == (Sending.ACKNOWLEDGED, 1)  # the endpoint's answer was the acknowledgement


def test_without_a_gateway_nothing_is_done(database: Database) -> None:
    settings = database.settings
    assert gateway.take_files(settings) == gateway.load_waiting(settings) == gateway.send(settings) == 0
