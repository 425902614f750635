"""Acting as a person through the application's own role, as the web does."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.seeing import sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight

LOOKED_AT = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)
VISIT = Visit(what="episode", at=LOOKED_AT, address="192.0.2.7", request_id="r1")

Acting = Callable[..., AbstractContextManager[Sight]]


@pytest.fixture
def acting(session: Session) -> Acting:
    """`with acting(actor) as seen:` what is done inside is done by the role that people have, with what they see."""

    @contextmanager
    def as_person(actor: Actor, at: datetime = LOOKED_AT) -> Iterator[Sight]:
        session.flush()
        session.expunge_all()
        session.execute(text("set local role overgang_app"))
        yield sight.open(session, actor, at=at)
        session.flush()
        session.expunge_all()
        nothing = ["units", "opened", "audits", "person", "municipality", "typed"]
        session.execute(text("select " + ", ".join(f"set_config('overgang.{name}', '', true)" for name in nothing)))
        session.execute(text("set local role overgang_sweeps"))

    return as_person
