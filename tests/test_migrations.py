"""The migrations and the models tell the same story, forwards and backwards."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from migrations import numbers
from migrations.grants import FILLED_IN_LATER, ONLY_ADDED_TO, ONLY_READ
from ops import schema
from tests.conftest import Database
from workflow.db import Base


def test_there_is_one_head_and_the_numbers_are_in_order() -> None:
    script = ScriptDirectory.from_config(schema.configuration())
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    assert revisions == [f"{n:04d}" for n in range(1, len(revisions) + 1)]
    assert script.get_heads() == revisions[-1:] == [numbers.newest()]


def test_the_migrated_schema_is_what_the_models_say(database: Database) -> None:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_down_and_up_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    engine = create_engine(database.owner_url)
    command.downgrade(schema.configuration(), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    command.upgrade(schema.configuration(), "head")
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_the_applications_role_is_not_the_owner_and_deletes_nothing(database: Database) -> None:
    with database.engine.connect() as connection:
        rights = connection.execute(
            text(
                "select table_name, array_agg(lower(privilege_type) order by privilege_type) from "
                "information_schema.role_table_grants where grantee = current_user group by table_name"
            )
        )
        for table, may in rights:
            expected = ["select"] if table in ONLY_READ else ["insert", "select"]
            changes = table not in {*ONLY_ADDED_TO, *ONLY_READ, *FILLED_IN_LATER}
            assert may == ([*expected, "update"] if changes else expected), table


def test_what_runs_as_the_owner_looks_for_nothing_in_temporary_tables_and_is_for_nobody_by_default(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = text("""
        select p.oid::regprocedure::text, array_to_string(proconfig, ';'),
               exists (select from aclexplode(proacl) a where a.grantee = 0) or proacl is null
        from pg_proc p where prosecdef and pronamespace = 'public'::regnamespace
    """)
    may_make = text("select has_database_privilege(current_user, current_database(), 'temporary')")
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    command.upgrade(schema.configuration(), "head")  # rights of the database itself are not copied with it
    with database.engine.connect() as connection:
        found = {name: (path, public) for name, path, public in connection.execute(functions)}
        may = connection.scalar(may_make)
    assert len(found) > 5
    for name, (path, public) in found.items():
        assert "search_path=pg_catalog, public, pg_temp" in path, name
        assert not public, name
    assert may is False


def test_the_sweeps_do_not_become_the_owner_by_tables_of_their_own(database: Database) -> None:
    engine = create_engine(database.owner_url)
    with engine.begin() as owner:  # as on a database where temporary tables are still allowed
        owner.execute(text("grant temporary on database " + database.name + " to overgang_app, overgang_sweeps"))
    engine.dispose()
    with database.engine.connect() as connection:
        connection.execute(text("set local role overgang_sweeps"))
        connection.execute(text("create temporary table pg_class (relname text, relnamespace oid, relkind text)"))
        connection.execute(text("insert into pg_temp.pg_class values ('of_2000_01', 1, 'r')"))
        connection.execute(text("create temporary table pg_namespace (oid oid, nspname text)"))
        connection.execute(text("insert into pg_temp.pg_namespace values (1, 'access_log_months')"))
        # With theirs in the path, it would try to drop a month that is not there.
        connection.scalar(text("select keep_access_log('5 years')"))
