"""The connections of a process."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.conftest import Database, Servers
from workflow import db


def test_connections_that_were_cut_while_idle_are_replaced(database: Database, servers: Servers) -> None:
    db.IDLE_SECONDS = 0.0
    try:
        with db.Session() as session:
            session.execute(text("select 1"))
        with psycopg.connect(servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
            cut = admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database.name,)
            )
            assert cut.rowcount == 1
        with db.Session() as session:
            assert session.scalar(text("select 1")) == 1
    finally:
        db.IDLE_SECONDS = 1.0


def test_an_error_of_the_database_does_not_repeat_what_was_sent(database: Database) -> None:
    with db.Session() as session, pytest.raises(ProgrammingError, match="parameters hidden") as refused:
        session.execute(text("select :number from nowhere"), {"number": "311340-0001"})
    assert "311340" not in str(refused.value)


def test_a_page_waits_for_a_lock_and_a_statement_so_long_and_no_longer(database: Database) -> None:
    engine = db.connect(database.url)
    with engine.connect() as page:
        assert page.scalar(text("show lock_timeout")) == "5s"
        assert page.scalar(text("show statement_timeout")) == "20s"
    engine.dispose()
