"""The history is only added to, and `verify` finds any change."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Database
from tests.steps import ADMITTED, hours
from workflow import db, episodes, history
from workflow.history import Broken


def broken(session: Session) -> list[Broken]:
    return [found for found in history.verify(session) if isinstance(found, Broken)]


@pytest.fixture
def told(database: Database) -> Database:
    """Three episodes with four entries each."""
    with db.Session.begin() as session:
        world = worlds.build(session)
        for _ in range(3):
            episode = worlds.admit(session, world, ADMITTED)
            for n, trigger in enumerate(("leave_started", "leave_ended", "declared_ready"), start=1):
                at = ADMITTED + hours(n)
                episodes.record_event(session, episode.uuid, trigger, by=world.ward_nurse, at=at, reason="Tak, Åse 🌼")
    return database


def tamper(database: Database, *statements: str) -> None:
    """Do as the owner of the database could, with the triggers out of the way."""
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(text("alter table history disable trigger only_added_to"))
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("alter table history enable trigger only_added_to"))
    engine.dispose()


def test_untouched_it_verifies_and_says_how_much_was_read(told: Database) -> None:
    with db.Session() as session:
        assert list(history.verify(session, batch=2)) == [12]


SECOND = "(select id from episodes order by id offset 1 limit 1)"


@pytest.mark.parametrize(
    ("statement", "number", "how"),
    [
        (f"update history set actor = 'Nobody Demo' where episode_id = {SECOND} and number = 2", 2, "changed"),
        (f"update history set effective_at = now() where episode_id = {SECOND} and number = 3", 3, "changed"),
        (f"update history set facts = '{{\"x\": 1}}' where episode_id = {SECOND} and number = 1", 1, "changed"),
        (f"update history set reason = null where episode_id = {SECOND} and number = 4", 4, "changed"),
        (f"delete from history where episode_id = {SECOND} and number = 2", 2, "missing"),
        (f"delete from history where episode_id = {SECOND} and number = 4", 4, "cut off"),
        (f"update episodes set history_number = 3 where id = {SECOND}", 4, "cut off"),
        (f"update history set hash = sha256(hash) where episode_id = {SECOND} and number = 1", 1, "changed"),
    ],
)  # fmt: skip
def test_any_change_is_found_and_the_first_broken_entry_named(
    told: Database, statement: str, number: int, how: str
) -> None:
    tamper(told, statement)
    with db.Session() as session:
        (found,) = broken(session)
    assert (found.number, found.how) == (number, how)


def test_two_entries_that_change_places_are_found(told: Database) -> None:
    swap = f"update history set number = number + %d where episode_id = {SECOND} and number = %d"
    tamper(told, swap % (10, 2), swap % (-1, 3), swap % (-9, 12))
    with db.Session() as session:
        assert [found.number for found in broken(session)] == [2]


@pytest.mark.parametrize("table", ["history", "misses", "miss_verdicts", "reminders", "contact_attempts", "agreements"])
@pytest.mark.parametrize("change", ["update {} set id = default", "delete from {}"])
def test_the_applications_role_may_only_add(told: Database, table: str, change: str) -> None:
    with told.engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(change.format(table)))
