"""A gate in a table: while it is closed, whoever inserts there waits in the middle of its statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Identifier, Literal

GATES = 7  # the class of our advisory locks

_MAKE = """
create or replace function turnstile() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared({gates}, tg_relid::int);
    return new;
end $$
"""
_PUT = """
create or replace trigger turnstile before insert on {table}
    for each row when (new.id % {nth} = 0) execute function turnstile()
"""
_WAITING = """
select a.client_port from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = %s and not l.granted and a.datname = current_database()
"""


def put(owner_url: str, **nth: int) -> None:
    """Put a gate in these tables, open, that every nth row must pass."""
    with psycopg.connect(owner_url) as owner:
        owner.execute(SQL(_MAKE).format(gates=Literal(GATES)))
        for table, n in nth.items():
            owner.execute(SQL(_PUT).format(table=Identifier(table), nth=Literal(n)))


@dataclass(frozen=True)
class Closed:
    """A gate that nobody passes."""

    connection: psycopg.Connection[tuple[int]]

    def open(self) -> None:
        """Let everybody through, before the end."""
        self.connection.execute("select pg_advisory_unlock_all()")

    def waiting(self) -> list[int]:
        """The TCP ports of the clients that stand before it, in the middle of their statement."""
        return [port for (port,) in self.connection.execute(_WAITING, [GATES])]


@contextmanager
def closed(admin_url: str, table: str) -> Iterator[Closed]:
    """Close the gate of a table, for as long as this lasts (or the server lives)."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s, %s::regclass::oid::int)", [GATES, table])
        yield Closed(connection)
