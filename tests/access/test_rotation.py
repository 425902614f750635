"""Keys are rotated while the system is in use, and what an older key wrote is found and counted."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.test_messages import LETTER, receive
from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import SET_UP
from tests.medcom.hospital import OURS
from tests.world import World
from workflow import citizens, db, keys, rotation
from workflow.keys import KeyRing
from workflow.medcom import addresses, conversation, stored
from workflow.tables import Citizen, Message, Thread

NEW = AESGCM(b"n" * 32)


@pytest.fixture
def rotated_ring(monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    """A new key stands first; the demo's is still there."""
    old = keys.ring()
    ring = KeyRing({"2027": NEW, **old.encryption}, old.hashing)
    monkeypatch.setattr(keys, "_ring", ring)
    return ring


def test_a_batch_at_a_time_until_the_old_key_may_go(
    session: Session, world: World, rotated_ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(keys, "_ring", KeyRing({"demo": rotated_ring.encryption["demo"]}, rotated_ring.hashing))
        people = [worlds.citizen(session, world) for _ in range(5)]
        numbers = [citizen.cpr.value for citizen in people]
    assert rotation.left(session) == 6  # and what tells whose database it is
    assert [rotation.rotate(session, batch=2), rotation.left(session)] == [2, 4]
    registered_meanwhile = worlds.citizen(session, world)
    assert [rotation.rotate(session, batch=2) for _ in range(3)] == [2, 1, 1]
    assert [rotation.rotate(session, batch=2), rotation.left(session)] == [0, 0]
    monkeypatch.setattr(keys, "_ring", KeyRing({"2027": NEW}, rotated_ring.hashing))
    session.expire_all()
    assert [citizen.cpr.value for citizen in people] == numbers
    assert citizens.find(session, people[0].cpr) is people[0]
    assert registered_meanwhile.cpr.value


def test_who_works_on_a_citizen_is_not_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.Session.begin() as session:
        world = worlds.build(session)
        held = worlds.citizen(session, world).id
        worlds.citizen(session, world)
    ring = keys.ring()
    monkeypatch.setattr(keys, "_ring", KeyRing({"2027": NEW, **ring.encryption}, ring.hashing))
    with db.Session.begin() as nurse, db.Session.begin() as sweep:
        nurse.execute(text("update citizens set phone = '1' where id = :id"), {"id": held})
        sweep.execute(text("set local lock_timeout = '1s'"))
        assert rotation.rotate(sweep) == 1
    with db.Session.begin() as session:
        assert [rotation.left(session), rotation.rotate(session), rotation.left(session)] == [2, 1, 1]


def test_what_hospitals_wrote_is_written_anew_too(
    session: Session, world: World, rotated_ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = examples.raw(LETTER)
    with monkeypatch.context() as before:
        before.setattr(keys, "_ring", KeyRing({"demo": rotated_ring.encryption["demo"]}, rotated_ring.hashing))
        addresses.register(session, world.district, OURS.sor or "", at=SET_UP)
        receive(session, raw)
        thread = session.scalars(select(Thread)).one()
        said = conversation.segments(session, thread)
    while rotation.rotate(session):
        pass
    assert rotation.left(session) == 0
    session.flush()
    session.expire_all()
    monkeypatch.setattr(keys, "_ring", KeyRing({"2027": NEW}, rotated_ring.hashing))
    assert conversation.segments(session, thread) == said
    assert stored.raw_of(session.scalars(select(Message)).one()) == raw


def test_every_encrypted_column_is_known(database: Database) -> None:
    """A new one must be added to what is rotated."""
    with db.Session() as session:
        columns = session.execute(
            text(
                "select table_name || '.' || column_name from information_schema.columns"
                " where table_schema = 'public' and data_type = 'bytea' and column_name !~ 'hash|fingerprint'"
            )
        )
        hashed = {"access_log.criterion", "answers.asked", "external_identities.subject", "sign_in_failures.subject"}
        assert {name for (name,) in columns} - hashed == {
            f"{c.class_.__tablename__}.{c.key}" for c in rotation.ENCRYPTED
        }
        assert session.scalars(select(Citizen)).all() == []
