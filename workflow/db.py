"""The database: one base class, one session factory, bound once at start-up."""

import enum
import math
import time
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    ForeignKey,
    Identity,
    MetaData,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, mapped_column, sessionmaker
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.pool import ConnectionPoolEntry

# Roles that a process of ours takes on by name. Without one, row-level security shows it what the actor may see.
SWEEPS = "overgang_sweeps"
MESSAGES = "overgang_messages"

Session = sessionmaker()
IDLE_SECONDS = 1.0
# A page that cannot be answered gives its thread to the next and says so (503): a locked table stops no others.
PAGES = {"options": "-c lock_timeout=5s -c statement_timeout=20s"}

RowNumber = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
PublicId = Annotated[UUID, mapped_column(unique=True, server_default=text("uuidv7()"))]

# Texts that people write: `workflow.texts` cleans them and holds them to their bound wherever a row is given one.
LONGEST_LINE, LONGEST_NOTE = 200, 10_000  # characters
Line = Annotated[str, mapped_column(Text, info={"most": LONGEST_LINE})]
Note = Annotated[str, mapped_column(Text, info={"most": LONGEST_NOTE})]


def reference(table: str) -> Any:
    """A column type for a foreign key to the row number of `table`."""
    return mapped_column(BigInteger, ForeignKey(f"{table}.id"))


def connect(url: str, *, role: str | None = None, pool_size: int = 8) -> Engine:
    """Bind the session factory to the database at `url`; returns the engine. Lost connections are replaced.

    `role` is what its connections take on: SWEEPS for background work, nothing for what people ask for.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # the connection that has just been used has its statements prepared
        hide_parameters=True,  # an error's text goes to logs, and a parameter may be a CPR number
        pool_timeout=10,
        connect_args={"connect_timeout": 5, "application_name": "overgang", **_options(url, role)},
    )
    _ping_after_idling(engine)
    Session.configure(bind=engine)
    return engine


def _options(url: str, role: str | None) -> dict[str, str]:
    """The role, or the patience of pages; an address that has options of its own keeps them."""
    return as_role(role) or ({} if "options" in make_url(url).query else PAGES)


def as_role(role: str | None) -> dict[str, str]:
    """What to tell the driver so that a connection takes on `role` from its beginning."""
    return {"options": f"-c role={role}"} if role is not None else {}


def count_everything(session: OrmSession) -> None:
    """For the rest of this transaction, count over everybody's rows: the figures of operation, in which no row leaves.

    The one place where a door that people use takes on a role of the background.
    """
    session.execute(text(f"set local role {SWEEPS}"))


def act_in_background(session: OrmSession) -> None:
    """For the rest of this transaction, do what follows from a change of the register: it reaches every episode.

    Whoever lets somebody go, or closes a unit, sees no citizen, and nothing of this leaves.
    """
    session.execute(text(f"set local role {SWEEPS}"))


def receive_messages(session: OrmSession) -> None:
    """For the rest of this transaction, be who receives hospitals' messages: a program asks, not a person."""
    session.execute(text(f"set local role {MESSAGES}"))


def _ping_after_idling(engine: Engine) -> None:
    """Ask a connection that has lain idle whether it still works. (Asking each time costs a fifth of a transition.)"""

    @event.listens_for(engine, "checkin")
    def note(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object) -> None:
        if time.monotonic() - record.info.get("idle_since", math.inf) > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg.OperationalError as error:
                raise DisconnectionError from error


class Base(DeclarativeBase):
    """Every table."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Text,
        dict[str, Any]: JSONB,
        enum.Enum: Enum(enum.Enum, native_enum=False, length=None, values_callable=lambda e: [m.value for m in e]),
    }


def plain(entity: type[Base]) -> Table:
    """The table of an entity, for inserts that nobody reads back: they need no unit of work."""
    return cast(Table, entity.__table__)


def among(column: Any, given: str = "numbers") -> ColumnElement[bool]:
    """The rows whose number is in the list that the statement is executed with as `given`.

    The statement is the same however long the list: written once, it is compiled and prepared once.
    """
    return cast("ColumnElement[bool]", column == any_(bindparam(given, type_=ARRAY(BigInteger))))


def driver(session: OrmSession) -> psycopg.Connection[Any]:
    """The driver's connection of this session's transaction, for the few statements that every transition sends.

    What the session still holds back is written first. Errors are the driver's own.
    """
    session.flush()
    return cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
