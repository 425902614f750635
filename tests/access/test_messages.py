"""Who sees what hospitals have sent, and what is written to them: by the application's own role."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.access.conftest import Acting
from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.examples import KNOWN
from tests.medcom.hospital import ELDERLY, HEART, OURS, HospitalStay, as_bytes
from tests.medcom.test_stays import h
from tests.world import World
from workflow import db
from workflow.errors import NotFound
from workflow.medcom import addresses, conversation, letters, receiving
from workflow.tables import Citizen, Episode, Message, OutboundMessage, Task, Thread

LETTER = "cc/derived/CC-D1_1_new.json"
TABLES = ("messages", "threads", "segments")


def receive(session: Session, *raws: bytes) -> None:
    session.flush()
    db.receive_messages(session)
    for raw in raws:
        receiving.receive(session, raw, received_from="test", at=h(9))
    session.flush()
    session.execute(text(f"set local role {db.SWEEPS}"))


def found(session: Session) -> dict[str, int]:
    return {table: session.scalar(text(f"select count(*) from {table}")) or 0 for table in TABLES}


@pytest.fixture
def addressed(session: Session, world: World) -> None:
    """The district and the ward have addresses on the wire."""
    addresses.register(session, world.district, OURS.sor or "", gln=OURS.gln, at=SET_UP)
    addresses.register(session, world.ward, HEART.sor or "", gln=HEART.gln, at=SET_UP)


@pytest.fixture
def told(session: Session, world: World, addressed: None) -> None:
    """Messages told of Elmer's stay, and a letter about him came."""
    serve(session, world, KNOWN)
    stay = HospitalStay()
    receive(session, *(as_bytes(stay.tell(code, h(at))) for code, at in (("STIN", 1), ("SLHJ", 5))))
    receive(session, examples.raw(LETTER))


def test_messages_and_letters_are_there_for_who_sees_the_citizen(
    session: Session, world: World, told: None, acting: Acting
) -> None:
    for actor, sees in ((world.nurse, 1), (world.ward_nurse, 1), (world.stranger, 0)):
        with acting(actor):
            assert found(session) == {"messages": 3 * sees, "threads": sees, "segments": sees}, actor.name


def test_a_typed_number_opens_no_letter(session: Session, world: World, told: None, acting: Acting) -> None:
    cpr = session.scalars(select(Citizen)).one().cpr
    with acting(world.stranger):
        session.execute(text("select set_config('overgang.typed', :hash, true)"), {"hash": cpr.fingerprint().hex()})
        assert len(session.scalars(select(Citizen)).all()) == 1
        assert set(found(session).values()) == {0}


def test_people_write_to_the_ward_and_answer_it(session: Session, world: World, told: None, acting: Acting) -> None:
    with acting(world.nurse):
        call = session.scalars(select(Task).where(Task.kind == "follow_up_call")).one()
        letters.begin(session, call, "Hvem ringer vi til?", by=world.nurse, at=h(10), real_at=h(10), topic="Opfølgning")
        came = session.scalars(select(Thread).where(Thread.read_at.is_(None))).one()
        letters.reply(session, came.uuid, "Tak.", by=world.nurse, at=h(11), real_at=h(11))
        assert len(session.scalars(select(OutboundMessage)).all()) == 2
    with acting(world.stranger):
        assert session.scalars(select(OutboundMessage)).all() == []
        with pytest.raises(NotFound):
            conversation.mark_read(session, came.uuid, by=world.stranger, at=h(12))


def test_whom_a_letter_is_addressed_to_sees_of_whom_it_is_though_there_is_no_episode(
    session: Session, world: World, addressed: None, acting: Acting
) -> None:
    receive(session, examples.raw(LETTER))
    with acting(world.nurse):
        assert session.scalars(select(Episode)).all() == []
        thread = session.scalars(select(Thread)).one()
        assert thread.citizen.name
        letters.reply(session, thread.uuid, "Tak.", by=world.nurse, at=h(11), real_at=h(11))
    for actor in (world.stranger, world.ward_nurse):
        with acting(actor):
            assert session.scalars(select(Citizen)).all() == []


def test_a_ward_that_the_citizen_was_moved_from_has_taken_part(
    session: Session, world: World, addressed: None, acting: Acting
) -> None:
    serve(session, world, KNOWN)
    addresses.register(session, world.other_ward, ELDERLY.sor or "", at=SET_UP)
    receive(session, as_bytes(HospitalStay().tell("STIN", h(1))))
    receive(session, as_bytes(HospitalStay(sender=ELDERLY).tell("STIN", h(4))))
    episode = session.scalars(select(Episode)).one()
    assert (episode.ward_id, episode.responsible_unit_id) == (world.other_ward.id, world.other_ward.id)
    with acting(world.ward_nurse):
        assert len(session.scalars(select(Episode)).all()) == 1


@pytest.mark.parametrize("statement", ["select raw from messages", "select body from outbound_messages"])
def test_people_do_not_read_what_went_over_the_wire(session: Session, statement: str) -> None:
    session.execute(text("set local role overgang_app"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(text(statement))


def test_people_change_no_message_and_see_no_credential(
    session: Session, world: World, told: None, acting: Acting
) -> None:
    session.execute(text("insert into sender_keys (name, certificate, made_at) values ('x', 'CN=x', now())"))
    with acting(world.nurse):
        assert session.scalar(text("select count(*) from sender_keys")) == 0
        assert session.scalar(text("select count(*) from transmissions")) == 0
        assert session.execute(text("update messages set fate = fate returning id")).all() == []
        assert session.execute(text("update segments set size = 0 returning id")).all() == []
        assert len(session.scalars(select(Message)).all()) == 3


@pytest.mark.parametrize("role", ["overgang_app", db.SWEEPS, db.MESSAGES])
@pytest.mark.parametrize(
    "change", ["update transmissions set sender = ''", "delete from messages", "update segments set thread_id = 1"]
)
def test_no_role_changes_what_was_received(database: Database, role: str, change: str) -> None:
    with database.engine.connect() as connection:
        connection.execute(text(f"set role {role}"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(change))
