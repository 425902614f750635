"""The engine as a door would set it up, on a database of the bench."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import sessionmaker

from bench.server import Database
from tests import world as worlds
from tests.world import World
from workflow import db, keys
from workflow.settings import Settings


def open_ring() -> None:
    """The demo's keys: what is measured here is invented."""
    keys.use(
        Settings.from_environment(
            {"OVERGANG_DEMO": "1", "DATABASE_URL": "postgresql://", "REDIS_URL": "redis://127.0.0.1"}
        )
    )


@contextmanager
def connected(database: Database, *, pool_size: int = 8) -> Iterator[None]:
    """`workflow.db.Session` is bound to `database`."""
    open_ring()
    engine = db.connect(database.url, pool_size=pool_size)
    try:
        yield
    finally:
        db.Session.configure(bind=None)
        engine.dispose()


def build_world(database: Database) -> World:
    """A hospital, two municipalities, Tryghedshotellet and who works there, committed; usable without a session."""
    with connected(database), sessionmaker(db.Session.kw["bind"], expire_on_commit=False).begin() as session:
        return worlds.build(session)
