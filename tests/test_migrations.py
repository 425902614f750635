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
