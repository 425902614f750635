"""What a process sends to the database, whoever sends it: the mapper, or the engine by the driver itself."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from workflow import db


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every statement of this process, in order. Whether a connection still lives is not asked meanwhile."""
    engine: Engine = db.Session.kw["bind"]
    heard: list[str] = []

    class Heard(psycopg.Cursor[Any]):
        """A cursor that is listened to."""

        def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
            heard.append(query.decode() if isinstance(query, bytes) else str(query))
            return super().execute(query, params, **how)

        def executemany(self, query: Any, params_seq: Any, **how: Any) -> None:
            heard.append(str(query))
            super().executemany(query, params_seq, **how)

    def listen(connection: Any, _: object) -> None:
        connection.cursor_factory = Heard

    seconds, db.IDLE_SECONDS = db.IDLE_SECONDS, math.inf
    engine.dispose()
    event.listen(engine, "connect", listen)
    try:
        yield heard
    finally:
        event.remove(engine, "connect", listen)
        engine.dispose()
        db.IDLE_SECONDS = seconds
