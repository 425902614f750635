"""The seals: no change of what only grows escapes, also not one that leaves every chain whole."""

import pytest
from sqlalchemy import create_engine, text

from tests import world as worlds
from tests.conftest import Database
from tests.steps import ADMITTED, hours
from workflow import clock, db, episodes, history, seals
from workflow.seals import BrokenSeal, VerifiedSeals


def run() -> int:
    """One run of the sweep: seal what is ripe, mark what is next."""
    with db.Session.begin() as session:
        sealed = seals.seal(session, at=clock.real_now(), batch=3)
    with db.Session.begin() as session:
        seals.mark(session)
    return sealed


def verdict(kept: str | None = None) -> list[BrokenSeal | VerifiedSeals]:
    with db.Session() as session:
        return list(seals.verify(session, kept=kept))


def newest() -> str:
    last = verdict()[-1]
    assert isinstance(last, VerifiedSeals)
    return last.newest


def tamper(database: Database, statement: str) -> None:
    """Do as the owner could, with the triggers and foreign keys out of the way."""
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        for table in (*seals.TABLES, "record_seals"):
            connection.execute(text(f"alter table {table} disable trigger user"))
        for one in statement.split(";"):
            connection.execute(text(one))
    engine.dispose()


@pytest.fixture
def sealed(database: Database) -> Database:
    """An episode with a history, a miss with a verdict and what was sent of a handover, all sealed."""
    with db.Session.begin() as session:
        world = worlds.build(session)
        episode = worlds.admit(session, world, ADMITTED)
        for n, trigger in enumerate(("leave_started", "leave_ended"), start=1):
            episodes.record_event(session, episode.uuid, trigger, by=world.ward_nurse, at=ADMITTED + hours(n))
        session.execute(
            text(
                "insert into misses (episode_id, code, due_at, recorded_at, owing_unit_id, reminders, attempts) "
                "values (:episode, 'M1', :at, :at, :unit, 0, 0)"
            ),
            {"episode": episode.id, "at": ADMITTED, "unit": world.ward.id},
        )
        session.execute(
            text(
                "insert into miss_verdicts (miss_id, number, verdict, reason, given_at, given_by) "
                "select id, 1, 'stands', 'Demo', :at, 'Demo' from misses"
            ),
            {"at": ADMITTED},
        )
        session.execute(
            text(
                "with h as (insert into handovers (episode_id, trigger, from_unit_id, to_unit_id, state, opened_number,"
                " version) values (:episode, 'patient_discharged', :ward, :district, 'sent', 1, 1) returning id) "
                "insert into handover_versions (handover_id, version, content, changed, signed_by, missing, sent_at,"
                " sent_by, asked_for) select id, 1, '{}', '{}', '{}', '{}', :at, 'Demo', '{}' from h"
            ),
            {"episode": episode.id, "ward": world.ward.id, "district": world.district.id, "at": ADMITTED},
        )
    run()
    while run():
        pass
    return database


def test_untouched_they_hold_and_what_comes_later_is_sealed_in_its_turn(sealed: Database) -> None:
    (found,) = verdict()
    assert isinstance(found, VerifiedSeals)
    assert found.rows >= 6
    with db.Session.begin() as session:
        session.execute(text("update handover_versions set read_at = now(), read_by = 'Demo'"))
    assert verdict() == [found]


@pytest.mark.parametrize(
    ("table", "statement", "how"),
    [
        ("misses", "update misses set due_at = due_at + interval '3 days'", "changed"),
        ("misses", "delete from miss_verdicts; delete from misses", "deleted"),
        ("miss_verdicts", "update miss_verdicts set verdict = 'excused'", "changed"),
        ("handover_versions", "update handover_versions set content = '{\"medicine\": \"none\"}'", "changed"),
        ("record_seals", "update record_seals set row_hashes = sha256(row_hashes) where id = 1", "seal"),
        ("record_seals", "delete from record_seals where id = 1", "seal"),
    ],
)
def test_a_change_is_found_and_the_table_named(sealed: Database, table: str, statement: str, how: str) -> None:
    tamper(sealed, statement)
    found = [one for one in verdict() if isinstance(one, BrokenSeal)]
    assert how in {one.how for one in found}
    assert table == "record_seals" or table in {one.table for one in found}


def test_a_history_whose_end_and_head_were_set_back_is_found(sealed: Database) -> None:
    tamper(
        sealed,
        "delete from history where number > 1; update episodes set history_number = 1,"
        " history_hash = (select hash from history where episode_id = episodes.id)",
    )
    with db.Session() as session:
        assert list(history.verify(session)) == [1]  # the chain itself is whole
    assert verdict()[0] == BrokenSeal("history", 2, "deleted")


def test_cutting_off_seals_and_all_is_seen_by_who_kept_the_newest(sealed: Database) -> None:
    kept = newest()
    assert len(verdict(kept)) == 1
    tamper(sealed, "delete from record_seals where id = (select max(id) from record_seals)")
    assert len(verdict()) == 1
    assert verdict(kept)[0] == BrokenSeal("record_seals", int(kept.partition(":")[0]), "cut off")
