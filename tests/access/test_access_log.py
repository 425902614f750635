"""The access log: sealed without one page waiting for another, and no change of what was sealed escapes."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from tests.access.conftest import VISIT
from tests.conftest import Database
from workflow import clock, db
from workflow.actor import Actor
from workflow.seeing import access_log
from workflow.seeing.access_log import BrokenLog, Verified
from workflow.vocabulary import Look

NURSE = Actor(name="Maja Demo", unit_id=1, person_id=1)
KEEP = timedelta(days=5 * access_log.YEAR)


def look(times: int = 1) -> None:
    with db.Session.begin() as session:
        for _ in range(times):
            access_log.write(session, Look.READ, VISIT, by=NURSE, citizens=[7], episodes=[7], criterion="Æ 010190-1234")


def run() -> int:
    """One run of the sweep: seal what is ripe, mark what is next."""
    with db.Session.begin() as session:
        sealed = access_log.seal(session, at=clock.real_now())
    with db.Session.begin() as session:
        access_log.mark(session)
    return sealed


def verdict() -> list[BrokenLog | Verified]:
    with db.Session() as session:
        return list(access_log.verify(session, keep=KEEP, at=clock.real_now()))


def tamper(database: Database, *statements: str) -> None:
    """Do as the owner could, with the triggers out of the way."""
    engine = create_engine(database.owner_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        for table in ("access_log", "access_seals"):
            connection.execute(text(f"alter table {table} disable trigger only_added_to"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def sealed(database: Database) -> Database:
    """Two seals of three looks each."""
    for _ in range(2):
        look(3)
        run()
        run()
    return database


def test_what_one_run_marks_the_next_seals(database: Database) -> None:
    look(3)
    assert [run(), run(), run()] == [0, 3, 0]
    assert verdict() == [Verified(3, 1, 3)]


def test_only_a_keyed_hash_of_the_search_is_kept(database: Database) -> None:
    look()
    with db.Session() as session:
        ((criterion, row),) = session.execute(text("select criterion, l::text from access_log l"))
    assert len(criterion) == 32
    assert "1234" not in row


@pytest.mark.parametrize(
    ("statement", "number", "how"),
    [
        ("update access_log set person = 'Ingen Demo' where id = 2", 2, "changed"),
        ("update access_log set citizens = '{8}' where id = 4", 4, "changed"),
        ("update access_log set purpose = 'x' where id = 6", 6, "changed"),
        ("delete from access_log where id = 3", 3, "deleted"),
        ("delete from access_log where id = 6", 6, "deleted"),
        ("update access_seals set row_hashes = sha256(row_hashes) where id = 1", 1, "seal"),
        ("delete from access_seals where id = 1", 2, "seal"),
    ],
)
def test_any_change_is_found_and_the_first_broken_look_named(
    sealed: Database, statement: str, number: int, how: str
) -> None:
    tamper(sealed, statement)
    assert verdict()[0] == BrokenLog(number, how)


def test_a_number_between_two_sealed_looks_cannot_be_used_later(database: Database) -> None:
    look()
    with db.Session.begin() as session:
        session.execute(text("select nextval(pg_get_serial_sequence('access_log', 'id'))"))
    look()
    run()
    run()
    assert verdict() == [Verified(2, 1, 3)]
    tamper(
        database,
        "insert into access_log (id, at, kind, what, person, roles, citizens, episodes) overriding system value"
        " values (2, now(), 'read', 'x', 'Maja Demo', '', '{}', '{}')",
    )
    assert verdict()[0] == BrokenLog(2, "inserted")


def test_a_page_that_ends_late_with_a_smaller_number_does_not_escape_and_holds_up_nobody(database: Database) -> None:
    written, may_end = threading.Event(), threading.Event()

    def slow_page() -> None:
        with db.Session.begin() as session:
            access_log.write(session, Look.READ, VISIT, by=NURSE)
            written.set()
            may_end.wait(20)

    page = threading.Thread(target=slow_page)
    page.start()
    written.wait(20)
    look(2)
    assert [run(), run(), run()] == [0, 0, 0], "nothing is sealed while a smaller number may still come"
    may_end.set()
    page.join()
    assert run() == 3
    assert verdict() == [Verified(3, 1, 3)]


def test_the_transaction_has_its_number_before_the_look_has_one(database: Database) -> None:
    """What sealing relies on: defaults are worked out in the order of the columns."""
    with db.Session() as session:
        of_log = "attrelid = 'access_log'::regclass and attnum > 0"
        columns = session.scalars(text(f"select attname from pg_attribute where {of_log} order by attnum")).all()
    assert columns[:2] == ["tx", "id"]


def test_a_restored_backup_goes_on_being_sealed(sealed: Database) -> None:
    """In the new cluster transactions count from the beginning: the mark is of numbers that are still to come."""
    look()
    with db.Session.begin() as session:
        access_log.mark(session)
        session.execute(text("update access_mark set tx = tx + 1000000000"))
    assert run() == 1


# --- months ---


def test_the_months_ahead_are_there_and_the_net_is_empty(database: Database) -> None:
    look()
    with db.Session() as session:
        months = session.scalars(text("select tablename from pg_tables where schemaname = 'access_log_months'")).all()
        net = session.scalar(text("select tableoid::regclass::text from access_log where at > now()"))
    now = datetime.now(UTC)
    assert f"of_{now:%Y_%m}" in months
    assert len(months) == 4
    assert net is None


def test_a_month_goes_when_it_is_past_keeping_and_the_chain_holds(database: Database) -> None:
    tamper(
        database,
        "create table access_log_months.of_2019_01 partition of access_log"
        " for values from ('2019-01-01 00:00+00') to ('2019-02-01 00:00+00')",
    )
    with db.Session.begin() as session:
        old = access_log.Visit(what="episode", at=datetime(2019, 1, 5, tzinfo=UTC))
        access_log.write(session, Look.READ, old, by=NURSE)
    run()
    run()
    look()
    run()
    run()
    with db.Session.begin() as session:
        assert access_log.keep(session, years=30) == 0
        assert access_log.keep(session, years=5) == 1
        assert session.scalar(text("select count(*) from access_log")) == 1
    assert verdict() == [Verified(1, 2, 2)]


def test_nobody_makes_it_forget_what_is_young(database: Database) -> None:
    with db.Session() as session, pytest.raises(ProgrammingError, match="half a year"):
        session.execute(text("select keep_access_log(interval '5 months')"))
    with db.Session() as session:
        session.execute(text("set local role overgang_app"))
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text("select keep_access_log(interval '5 years')"))
