"""The ceiling of a transition: the rows that the engine wrote for one episode, written for another by plain psycopg."""

import threading
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from workflow.db import Base

Rows = dict[str, dict[int, dict[str, Any]]]  # by table and row number
ABOUT_EPISODES = [table for table in Base.metadata.sorted_tables if table.name == "episodes" or "episode_id" in table.c]
_OWN = {"id", "uuid"}  # PostgreSQL gives each row its own
_LOCK = "select uuid, state, history_number, history_hash from episodes where id = %s for no key update"


@dataclass(frozen=True)
class Written:
    """A row that the engine wrote, with the columns that it gave; `fresh`: it was not there before."""

    table: str
    number: int
    columns: dict[str, Any]
    fresh: bool


@dataclass(frozen=True)
class Job:
    """One episode to write for, and the number that each row of the example (by table) has there."""

    episode: int
    stands_for: dict[tuple[str, int], int]


def rows_of(connection: psycopg.Connection[Any], episode: int) -> Rows:
    """Every row of the tables that tell of episodes, where it tells of this one."""
    found: Rows = {}
    for table in ABOUT_EPISODES:
        key = "id" if table.name == "episodes" else "episode_id"
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(
                SQL("select * from {} where {} = %s").format(Identifier(table.name), Identifier(key)), [episode]
            )
            found[table.name] = {row["id"]: row for row in cursor}
    return found


def written(before: Rows, after: Rows) -> list[Written]:
    """What differs, in an order in which it can be written: what is referred to first."""
    return [
        Written(table.name, number, _given(row, old), fresh=old is None)
        for table in ABOUT_EPISODES
        for number, row in sorted(after[table.name].items())
        if row != (old := before[table.name].get(number))
    ]


def _given(row: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    if old is None:
        return {name: value for name, value in row.items() if name not in _OWN and value is not None}
    return {name: value for name, value in row.items() if value != old[name]}


def job(example: Rows, rows: Rows) -> Job:
    """Match the rows of an episode with those of the example, which has gone the same way: the first with the first."""
    (episode,) = rows["episodes"]
    return Job(
        episode,
        {
            (table, old): new
            for table in example
            for old, new in zip(sorted(example[table]), sorted(rows[table]), strict=True)
        },
    )


class PlainLoop:
    """Writes the rows of the example for other episodes: ordinary prepared statements, one a row, one transaction."""

    def __init__(self, url: str, example: list[Written]) -> None:
        self._url, self._here = url, threading.local()
        referred_to = {table for row in example for _, table in _values(row) if table}
        self._writes = [
            (_statement(row), _values(row), row if row.fresh and row.table in referred_to else None) for row in example
        ]

    def __call__(self, job: Job) -> None:
        """Lock the episode, write what the engine would, commit."""
        connection = self.connection()
        with connection.transaction():
            self.write(connection, job)

    def write(self, connection: psycopg.Connection[Any], job: Job) -> None:
        """The rows of one job, in the transaction that is open."""
        stands_for = dict(job.stands_for)
        connection.execute(_LOCK, [job.episode]).fetchone()
        for statement, values, made in self._writes:
            here = [stands_for[table, value] if table else value for value, table in values]
            cursor = connection.execute(statement, here)
            if made is not None:
                ((stands_for[made.table, made.number],),) = cursor.fetchall()

    def connection(self) -> psycopg.Connection[Any]:
        if not hasattr(self._here, "connection"):
            self._here.connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=0)
        connection: psycopg.Connection[Any] = self._here.connection
        return connection


def _statement(row: Written) -> bytes:
    table, names = Identifier(row.table), [Identifier(name) for name in row.columns]
    if row.fresh:
        columns, values = SQL(", ").join(names), SQL(", ").join([Placeholder()] * len(names))
        return SQL("insert into {} ({}) values ({}) returning id").format(table, columns, values).as_bytes()
    changes = SQL(", ").join([SQL("{} = {}").format(name, Placeholder()) for name in names])
    return SQL("update {} set {} where id = {}").format(table, changes, Placeholder()).as_bytes()


def _values(row: Written) -> list[tuple[Any, str | None]]:
    """The parameters of the statement; for one that is a row's number, the table of that row."""
    columns = Base.metadata.tables[row.table].c
    values: list[tuple[Any, str | None]] = []
    for name, value in row.columns.items():
        targets = [key.column.table for key in columns[name].foreign_keys]
        about = next((table.name for table in targets if table in ABOUT_EPISODES), None)
        values.append((Jsonb(value) if isinstance(value, dict) else value, about))
    return values if row.fresh else [*values, (row.number, row.table)]
