"""Messages received end to end, beside parsing with the FHIR library and writing the same rows by plain psycopg."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import text

from bench import engine
from bench.crew import Hands, crew
from bench.figure import Figure
from bench.plain import Job, PlainLoop, Written, job, rows_of, written
from bench.server import Database, Server, say
from bench.size import Size
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.hospital import HEART, OURS, HospitalStay, as_bytes
from tests.world import World
from workflow import db
from workflow.medcom import addresses, receiving
from workflow.medcom.wire import Format

ADMITTED_AT = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)
DISCHARGED_AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
HEARD_AT = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)

_OWN_ROWS = """
with message as (
    insert into messages (sender, number, kind, code, received_at, received_from, fate, answer, problems, citizen_id,
                          raw, facts, episode_id, entry_number)
    values (%s, %s, 'hospital-notification-message', 'SLHJ', %s, 'bench', 'loaded', 'ok', '[]', null, %s, %s, %s, 2)
    returning id
)
insert into transmissions (message_id, sender, bundle_id, received_at, raw_hash)
select id, %s, %s, %s, %s from message
"""
_MANY = text("""
with made as (
    insert into messages (sender, number, received_at, received_from, fate, answer, problems)
    select 'somebody else', gen_random_uuid()::text, :at, 'bench', 'unknown_citizen', 'ok', '[]'
    from generate_series(1, :many)
    returning id
)
insert into transmissions (message_id, sender, bundle_id, received_at, raw_hash)
select id, 'somebody else', gen_random_uuid()::text, :at, '\\x00' from made
""")


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Discharges told by messages, a second, in JSON and in XML; and one message when many are stored."""
    for form in Format:
        with server.database(f"messages_{form}") as database:
            world = engine.build_world(database)
            count = (size.rounds + 1) * size.discharges + 1
            told = admit(database, world, count, form, size)
            with server.database(f"messages_{form}_plain", of=database.name) as copy:
                yield _received(database, copy, told, size, form)
    with server.database("messages_stored") as database:
        yield _among_many(database, size)


def admit(database: Database, world: World, count: int, form: Format, size: Size) -> list[bytes]:
    """Let messages admit so many citizens; returns the message that discharges each."""
    say(f"admitting {count} citizens by messages")
    stays = [HospitalStay(cpr=f"{1 + n % 28:02d}13{n // 10_000:02d}{n % 10_000:04d}") for n in range(count)]
    starts = [as_bytes(stay.tell("STIN", ADMITTED_AT)) for stay in stays]
    with engine.connected(database), db.Session.begin() as session:
        session.add(world.municipality)
        addresses.register(session, session.merge(world.district), OURS.sor or "", at=SET_UP)
        addresses.register(session, session.merge(world.ward), HEART.sor or "", at=SET_UP)
        for stay in stays:
            serve(session, world, stay.cpr)
    with crew(size.processes, _receiving_hands, database) as hands:
        hands.seconds("receive", starts)
    return [as_bytes(stay.tell("SLHJ", DISCHARGED_AT), form) for stay in stays]


def _received(database: Database, copy: Database, told: list[bytes], size: Size, form: Format) -> Figure:
    example, jobs = _example(database, told)
    speeds: dict[str, list[float]] = {"ours": [], "plain": []}
    work = list(zip(told[1:], jobs, strict=True))
    with (
        crew(size.processes, _receiving_hands, database) as ours,
        crew(size.processes, _plain_hands, copy, example, form) as plain,
    ):
        for turn in range(size.rounds + 1):
            some = slice(turn * size.discharges, (turn + 1) * size.discharges)
            seconds = {
                "ours": ours.seconds("receive", told[1:][some]), "plain": plain.seconds("write", work[some])
            }  # fmt: skip
            if turn or not size.rounds > 1:  # the first round opens connections and prepares statements
                for side, took in seconds.items():
                    speeds[side].append(size.discharges / took)
    return Figure(
        bench=f"medcom_receive_{form}", ours=median(speeds["ours"]), ceiling=median(speeds["plain"]),
        unit="messages/s", better="higher",
    )  # fmt: skip


def _example(database: Database, told: list[bytes]) -> tuple[list[Written], list[Job]]:
    """What one discharge by message writes about its episode, and what that means for each of the others."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        order = connection.execute(
            "select e.id from episodes e join messages m on m.episode_id = e.id order by m.citizen_id"
        )
        numbers = [row[0] for row in order]
        before = rows_of(connection, numbers[0])
        with engine.connected(database, pool_size=1):
            _receive(told[0])
        example = [row for row in written(before, rows_of(connection, numbers[0])) if row.table != "messages"]
        say(f"a discharge by message writes {len(example)} rows, its own, and that of its transmission")
        return example, [job(before, rows_of(connection, number)) for number in numbers[1:]]


def _receive(raw: bytes) -> None:
    with db.Session.begin() as session:
        receipt = receiving.receive(session, raw, received_from="bench", at=HEARD_AT)
    assert receipt.answer is not None
    assert receipt.answer.code == "ok"
    assert not receipt.again
    receipt.acknowledgement()


def _receiving_hands(database: Database) -> Hands:
    engine.open_ring()
    db.connect(database.url, pool_size=4)
    return {"receive": _receive}


class PlainReceiver(PlainLoop):
    """Parses with the FHIR library, and writes what a message leads to, in one transaction."""

    def receive(self, form: Format, work: tuple[bytes, Job]) -> None:
        raw, here = work
        parsed: Any = Bundle.model_validate_json(raw) if form == Format.JSON else Bundle.model_validate_xml(raw)
        number = str(uuid4())
        facts = json.dumps({"id": parsed.id, "raw": raw.decode()[:1_500]})
        connection = self.connection()
        with connection.transaction():
            values = (HEART.sor, number, HEARD_AT, raw, facts, here.episode, HEART.sor, number, HEARD_AT, b"hash")
            connection.execute(_OWN_ROWS, values)
            self.write(connection, here)


def _plain_hands(database: Database, example: list[Written], form: Format) -> Hands:
    return {"write": partial(PlainReceiver(database.url, example).receive, form)}


def _among_many(database: Database, size: Size) -> Figure:
    """The seconds that one discharge takes when many messages are stored, beside those when few are."""
    world = engine.build_world(database)
    told = admit(database, world, 2 * size.samples + 2, Format.JSON, size)
    with engine.connected(database, pool_size=2):
        few = _each_takes(told[: size.samples + 1])
        say(f"storing {size.many} messages")
        with db.Session.begin() as session:
            session.execute(_MANY, {"at": HEARD_AT, "many": size.many})
        with db.Session.begin() as session:
            session.execute(text("select count(*) from messages"))
        many = _each_takes(told[size.samples + 1 :])
    return Figure(
        bench="medcom_receive_among_many", ours=many * 1000, ceiling=few * 1000, unit="ms a message", better="lower"
    )


def _each_takes(told: list[bytes]) -> float:
    seconds = []
    for raw in told:
        began = perf_counter()
        _receive(raw)
        seconds.append(perf_counter() - began)
    return median(seconds[1:])
