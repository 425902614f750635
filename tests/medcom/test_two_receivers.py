"""Several receivers at once, killed and begun again: after it, every message has counted exactly once."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text

from tests import world as worlds
from tests.conftest import Database, Servers
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.hospital import ELDERLY, HEART, OURS, HospitalStay, as_bytes
from tests.medcom.test_stays import h
from tests.ops.verbs import begin
from tests.properties.promises import check_chains
from workflow import clock, db
from workflow.db import Session
from workflow.medcom import addresses, intake, stored
from workflow.medcom.receipt import Receipt
from workflow.medcom.triggers import FITS
from workflow.tables import Citizen, Episode, HistoryEntry, Message, Task, Transmission
from workflow.vocabulary import Fate

PATIENCE = 1_800  # seconds; no test measures time
CODES = ("STIN", "STOR", "SLOR", "SLHJ", "RE_SLHJ")


def set_up(citizens: int) -> list[str]:
    """A municipality that serves so many citizens; returns their numbers."""
    numbers = [f"{1 + n % 28:02d}13{30 + n // 1000 % 60:02d}{n % 10_000:04d}" for n in range(citizens)]
    with Session.begin() as session:
        world = worlds.build(session)
        addresses.register(session, world.district, OURS.sor or "", at=SET_UP)
        addresses.register(session, world.ward, HEART.sor or "", at=SET_UP)
        addresses.register(session, world.other_ward, ELDERLY.sor or "", at=SET_UP)
        for number in numbers:
            serve(session, world, number)
    return numbers


def stories(numbers: list[str]) -> list[bytes]:
    """A stay of each citizen, message by message."""
    told = []
    for number in numbers:
        stay = HospitalStay(cpr=number)
        told += [as_bytes(stay.tell(code, h(n), flag=code == "STIN")) for n, code in enumerate(CODES, start=8)]
    return told


@contextmanager
def transaction() -> Iterator[tuple[object, datetime]]:
    with Session.begin() as session:
        yield session, h(50)


def each_counted_once(messages: int, citizens: int) -> None:
    """No message is missing or doubled, and every episode is where its messages say."""
    with Session.begin() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == messages
        assert session.scalar(select(func.count()).select_from(Transmission)) == messages
        assert set(session.scalars(select(Message.fate))) <= {Fate.LOADED, Fate.HISTORY}
        assert session.scalar(select(func.count()).select_from(Episode)) == citizens
        for citizen in session.scalars(select(Citizen)):
            (episode,) = session.scalars(select(Episode).where(Episode.citizen_id == citizen.id)).all()
            assert episode.state in FITS[stored.journey_of(session, citizen).state]
            calls = session.scalars(select(Task.due_at).where(Task.kind == "follow_up_call", Task.state == "open"))
            assert set(calls) == {h(12) + timedelta(hours=24)}
        reports = select(func.count()).select_from(Task).where(Task.kind == "admission_report")
        assert session.scalar(reports) == citizens
        check_chains(session)


def test_two_receivers_of_the_same_messages_in_any_order(database: Database) -> None:
    numbers = set_up(4)
    messages = stories(numbers)
    receipts: list[Receipt] = []

    def receiver(seed: int) -> None:
        mine = list(messages)
        random.Random(seed).shuffle(mine)
        for raw in mine:
            receipts.append(intake.take_in(transaction, raw, received_from=str(seed), real_at=h(50)))  # type: ignore[arg-type]

    threads = [threading.Thread(target=receiver, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert {receipt.answer and receipt.answer.code.value for receipt in receipts} == {"ok"}
    assert sum(not receipt.again for receipt in receipts) == len(messages)
    each_counted_once(len(messages), len(numbers))


def test_a_nurse_and_a_receiver_do_not_lock_each_other_out(database: Database) -> None:
    (number,) = set_up(1)
    stay = HospitalStay(cpr=number)
    intake.take_in(transaction, as_bytes(stay.tell("STIN", h(8))), received_from="a", real_at=h(50))  # type: ignore[arg-type]
    over = as_bytes(stay.tell("SLHJ", h(12)))
    with Session.begin() as nurse:
        nurse.execute(text("select from episodes for no key update"))
        done: list[Receipt] = []
        receiver = threading.Thread(
            target=lambda: done.append(
                intake.take_in(transaction, over, received_from="a", real_at=h(50))  # type: ignore[arg-type]
            )
        )
        receiver.start()
        receiver.join(0.5)
        assert not done
    receiver.join(PATIENCE)
    assert done[0].answer is not None
    assert done[0].answer.code == "ok"


@pytest.fixture
def how_many(request: pytest.FixtureRequest) -> int:
    """Citizens with five messages each."""
    return 1_000 if request.config.getoption("--soak") else 24


def start_import(folder: Path, database: Database) -> ForkServerProcess:
    said = [Path(os.devnull)] * 3
    return begin("medcom", "import", folder, environ=database.environment, said=said)


def until_received(database: Database, number: int, process: ForkServerProcess) -> None:
    gives_up_at = time.monotonic() + PATIENCE
    with psycopg.connect(database.url, options=f"-c role={db.SWEEPS}", autocommit=True) as looking:
        while looking.execute("select count(*) >= %s from messages", [number]).fetchone() != (True,):
            assert time.monotonic() < gives_up_at
            assert process.is_alive()
            time.sleep(0.02)


@pytest.mark.xdist_group("crash")
def test_an_import_that_is_killed_and_begun_again_counts_every_message_once(
    database: Database, servers: Servers, tmp_path: Path, how_many: int
) -> None:
    numbers = set_up(how_many)
    messages = stories(numbers)
    with Session.begin() as session:
        clock.start_demo(session, h(50))
    for n, raw in enumerate(messages):
        (tmp_path / f"{n:05d}.json").write_bytes(raw)
    for share in (0.2, 0.5, 0.8):
        process = start_import(tmp_path, database)
        until_received(database, int(share * len(messages)), process)
        if share == 0.5:  # the server is taken away under it, and given back
            servers.postgres.stop()
            servers.postgres.start(print)
        else:
            process.kill()
        process.join(PATIENCE)
    last = start_import(tmp_path, database)
    last.join(PATIENCE)
    assert last.exitcode == 0
    database.engine.dispose()
    each_counted_once(len(messages), len(numbers))
    with Session.begin() as session:
        entries = select(func.count()).select_from(HistoryEntry).group_by(HistoryEntry.episode_id)
        assert len(set(session.scalars(entries))) == 1  # every citizen's story is as long as the others'
