"""A transaction as a person: it sees what they see, its looks are written down, and so is a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial

from flask import Flask, g
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session as OpenSession

from web.ground import identity
from workflow import clock
from workflow.actor import Actor
from workflow.db import Session
from workflow.errors import NotAllowed, NotFound
from workflow.lists import inbox
from workflow.seeing import access_log, break_glass, sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.staff.sign_ins import SignedIn
from workflow.tables import Episode
from workflow.vocabulary import Look


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a view works with."""

    session: OpenSession
    seen: Sight
    visit: Visit
    at: datetime  # what pages and sweeps go by; `visit.at` is real

    @property
    def by(self) -> Actor:
        return self.seen.actor


@contextmanager
def looking(what: str, *, purpose: str | None = None, criterion: str | None = None) -> Iterator[Desk]:
    """Open the transaction of one request, for who is signed in and acts. Every page about citizens begins so.

    `what` names the page in the access log. A refusal is written down in a transaction of its own, for this one is
    rolled back; with the keyed hash of `criterion`, what was searched for. The frame of a page that is written within
    it asks in the same transaction: `g.desk`, and `g.unread()` for what waits in the inbox.
    """
    visit = Visit(what=what, at=clock.real_now(), purpose=purpose, address=identity.address(), request_id=g.request_id)
    actor = identity.current_actor()
    try:
        with Session.begin() as session:
            at = clock.now(session)
            seen = sight.open(session, actor, at=at)
            g.glass_ends_at, g.unread = seen.opened_until, cache(partial(inbox.count, session, seen))
            g.desk = Desk(session=session, seen=seen, visit=visit, at=at)
            yield g.desk
    except (NotAllowed, NotFound) as refusal:
        with Session.begin() as session:
            sight.introduce(session, actor)
            access_log.write(session, Look.REFUSED, replace(visit, purpose=refusal.code), by=actor, criterion=criterion)
        raise
    finally:
        g.pop("unread", None)
        g.pop("desk", None)


def opened(desk: Desk, episode: Episode) -> None:
    """Note that somebody reads an episode: their inbox no longer holds what it told of it."""
    waiting = inbox.opened(desk.session, desk.seen, episode, at=desk.at)
    g.unread = lambda: waiting


def _broken_glass() -> dict[str, object]:
    """What the banner on every page says: until when this person sees somebody whom they have no relation to."""
    if "glass_ends_at" not in g:
        g.glass_ends_at = _glass_ends_at()
    return {"glass_ends_at": g.glass_ends_at}


def _glass_ends_at() -> datetime | None:
    """The same on a page about no citizen, which opens no sight."""
    found: SignedIn | None = g.get("signed_in")
    if found is None or found.lacks is not None or not found.actor.sees_patients:
        return None
    try:
        with Session.begin() as session:
            sight.introduce(session, found.actor)
            opened = break_glass.current(session, found.actor, at=clock.now(session))
            return opened[0].ends_at if opened else None
    except (OperationalError, TimeoutError):  # the page that says so must be written all the same
        return None


def register(app: Flask) -> None:
    """Let every template say that the glass is broken."""
    app.context_processor(_broken_glass)
