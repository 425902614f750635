"""Rows as plain values: read by the driver, changed in memory, and written by what differs. No unit of work watches."""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from psycopg import Connection
from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from workflow import db
from workflow.db import Base, plain

Row = TypeVar("Row", bound=Base)
Driver = Connection[Any]
_GIVEN_BY_POSTGRES = ("id", "uuid")


class Sheet:
    """Some rows that are changed together. Whoever fills it has locked them."""

    def __init__(self) -> None:
        self._known: list[tuple[Base, dict[str, Any]]] = []  # each row, with the values that PostgreSQL has
        self._fresh: list[Base] = []

    def read(self, driver: Driver, entity: type[Row], which: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a table that the rest of the statement asks for (`where ... order by ... for ...`)."""
        names, enums = _columns(entity)
        found: list[Row] = []
        for values_read in driver.execute(_select(entity) + which, values):
            known = dict(zip(names, values_read, strict=True))
            for name, enum in enums:
                if known[name] is not None:
                    known[name] = enum(known[name])
            row = entity()
            row.__dict__.update(known)  # as loading does it: setting each attribute would tell nobody, slowly
            found.append(row)
            self._known.append((row, known))
        return found

    def add(self, row: Base) -> None:
        """Write a new row with the others."""
        self._fresh.append(row)

    def write(self, session: Session, *, but: type[Base] | None = None) -> None:
        """Write what differs, changes before new rows: what ends makes room for what begins. New rows get numbers.

        The newest first: where something is taken back, the newer row ends and the older one is in force again. The
        rows of one table may be left to be written later, with what differs in them then.
        """
        driver = db.driver(session)
        for row, known in reversed(self._known):
            if but is None or not isinstance(row, but):
                _write_change(session, driver, row, known)
        for entity, rows in groupby(sorted(self._fresh, key=_depth), type):
            self._insert(driver, entity, list(rows))
        self._fresh.clear()

    def write_changes(self, session: Session, entity: type[Base]) -> None:
        """Write what differs in the rows of one table that were there before."""
        driver = db.driver(session)
        for row, known in reversed(self._known):
            if isinstance(row, entity):
                _write_change(session, driver, row, known)

    def _insert(self, driver: Driver, entity: type[Base], rows: list[Base]) -> None:
        for row in rows:
            for relation, column in _references(entity):
                if (referred := row.__dict__.get(relation)) is not None:
                    setattr(row, column, referred.id)
        values = [row.__dict__.get(name) for row in rows for name in _inserted(entity)]
        numbered = driver.execute(_insert(entity, len(rows)), values)
        for row, given in zip(rows, numbered, strict=True):
            row.__dict__.update(zip(_given(entity), given, strict=True))
            self._known.append((row, {name: row.__dict__.get(name) for name in _columns(entity)[0]}))


def attached(session: Session, row: Row) -> Row:
    """A written row as the session knows it, for whoever reads on from there. The row itself must not be used again."""
    make_transient_to_detached(row)
    return session.merge(row, load=False)


def _write_change(session: Session, driver: Driver, row: Base, known: dict[str, Any]) -> None:
    now = row.__dict__
    changed = {name: now.get(name) for name in known if now.get(name) != known[name]}
    if changed:
        driver.execute(_update(type(row), tuple(changed)), {**changed, "id": known["id"]})
        known.update(changed)
        _forget(session, row)


def _forget(session: Session, row: Base) -> None:
    """What the session holds of this row is old: it is read anew when somebody looks."""
    if len(session.identity_map):
        held = session.identity_map.get(identity_key(instance=row))
        if held is not None:
            session.expire(held)


def _depth(row: Base) -> int:
    """What is referred to is written before what refers to it."""
    return _order()[row.__tablename__]


@cache
def _order() -> dict[str, int]:
    return {table.name: number for number, table in enumerate(Base.metadata.sorted_tables)}


@cache
def _columns(entity: type[Base]) -> tuple[tuple[str, ...], tuple[tuple[str, type[Enum]], ...]]:
    columns = plain(entity).columns
    enums = [(column.name, getattr(column.type, "enum_class", None)) for column in columns]
    return tuple(column.name for column in columns), tuple((name, enum) for name, enum in enums if enum)


@cache
def _references(entity: type[Base]) -> tuple[tuple[str, str], ...]:
    relations = inspect(entity).relationships
    return tuple((r.key, column.name) for r in relations for column in r.local_columns)


@cache
def _given(entity: type[Base]) -> tuple[str, ...]:
    return tuple(name for name in _columns(entity)[0] if name in _GIVEN_BY_POSTGRES)


@cache
def _select(entity: type[Base]) -> str:
    columns = ", ".join(f'"{name}"' for name in _columns(entity)[0])
    return f"select {columns} from {entity.__tablename__} "


@cache
def _inserted(entity: type[Base]) -> tuple[str, ...]:
    return tuple(name for name in _columns(entity)[0] if name not in _GIVEN_BY_POSTGRES)


@cache
def _insert(entity: type[Base], count: int) -> str:
    columns = ", ".join(f'"{name}"' for name in _inserted(entity))
    values = ", ".join(["(" + ", ".join(["%s"] * len(_inserted(entity))) + ")"] * count)
    return f"insert into {entity.__tablename__} ({columns}) values {values} returning {', '.join(_given(entity))}"


@cache
def _update(entity: type[Base], names: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}" = %({name})s' for name in names)
    return f"update {entity.__tablename__} set {changes} where id = %(id)s"
