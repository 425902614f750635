"""The pages of an installation that stands for many tests: its database is laid anew for each, its code is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from flask import Flask
from sqlalchemy import Engine

from tests.conftest import Servers
from web.app import create_app
from workflow import agreements, db, keys
from workflow.settings import Settings


@dataclass(frozen=True)
class Standing:
    """`database` is a copy of `template`, to which `engine` and `app` lead."""

    servers: Servers
    template: str
    database: str
    settings: Settings
    engine: Engine
    app: Flask

    @contextmanager
    def anew(self) -> Iterator[Settings]:
        """As if nobody had asked it anything yet; the session factory is bound to it meanwhile."""
        with redis.Redis.from_url(self.servers.valkey.url()) as broker:
            broker.flushall()
        self.engine.dispose()
        self.servers.drop(self.database)
        self.servers.copy(self.database, of=self.template)
        keys.use(self.settings)
        agreements.forget()
        db.Session.configure(bind=self.engine)
        yield self.settings
        db.Session.configure(bind=None)


@contextmanager
def standing(servers: Servers, template: str) -> Iterator[Standing]:
    """One on a copy of `template`, for the tests of one process."""
    database = servers.copy(of=template)
    settings = Settings.from_environment(servers.environment(database))
    keys.use(settings)
    engine = db.connect(settings.database_url)
    yield Standing(servers, template, database, settings, engine, create_app(settings))
    engine.dispose()
    servers.drop(database)
