"""Runs migrations as the owner's role, with time-outs, and grants the application's role what it may do."""

from alembic import context
from sqlalchemy import NullPool, create_engine, inspect, make_url, text

from migrations.grants import BACKGROUND, definers, grants
from workflow.db import Base
from workflow.settings import Settings
from workflow.tables import Episode

assert Episode.metadata is Base.metadata  # importing the tables is what fills the metadata

# A migration that waits for a lock makes everybody behind it wait too: give up, and let it be tried again.
TIMEOUTS = ("set lock_timeout = '5s'", "set statement_timeout = '15min'")

DEFINERS = """
    select proname, p.oid::regprocedure::text from pg_proc p
    where prosecdef and pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
"""
# Nobody makes temporary tables here: in whose place a function of the owner might look.
NO_TEMPORARY = "do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$"


def run() -> None:
    """Apply what `alembic` asked for, in one transaction with the grants."""
    settings = Settings.from_environment()
    engine = create_engine(settings.owner_url, poolclass=NullPool)
    application, owner = (make_url(url).username for url in (settings.database_url, settings.owner_url))
    with engine.connect() as connection, connection.begin():
        for statement in TIMEOUTS:
            connection.execute(text(statement))
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=True)
        context.run_migrations()
        if application is not None and application != owner:
            tables = inspect(connection).get_table_names()
            functions = [(name, signature) for name, signature in connection.execute(text(DEFINERS))]
            connection.execute(text(NO_TEMPORARY))
            for role in (application, *BACKGROUND):
                for statement in (*grants(role, tables), *definers(role, functions)):
                    connection.execute(text(statement))


run()
