"""Is this process alive, and can the installation do its work: what load balancers and monitoring ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from migrations import numbers
from web.ground import rules
from web.running.probe import Answer, Probe
from workflow import clock, figures, installation
from workflow.db import Session, count_everything
from workflow.figures import Figures
from workflow.installation import InstallationState
from workflow.medcom.folder import LeftLying, left_lying
from workflow.settings import Settings

BEAT = "beat"
BEAT_LATE = timedelta(seconds=60)  # it beats every few seconds; a restart takes less than this
DATABASE_PATIENCE, BROKER_PATIENCE = 2.0, 1.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Insight:
    """What the database told. No figures while its tables are not those that this program was written for."""

    revision: str | None
    figures: Figures | None
    installation: InstallationState | None


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How the installation was at one look. Instants are real time."""

    looked_at: datetime
    head: str
    database: Answer[Insight]
    broker: Answer[bool]
    left_lying: list[LeftLying] | None = None  # in the folder of the message gateway, where there is one

    @property
    def schema_at_head(self) -> bool | None:
        """None while the database does not say."""
        return self.database.value.revision == self.head if self.database.value else None

    @property
    def figures(self) -> Figures | None:
        return self.database.value.figures if self.database.value else None

    @property
    def beat_at(self) -> datetime | None:
        """When the clock of the background work last gave a sign of life, if ever."""
        return self.figures.heartbeats.get(BEAT) if self.figures else None

    @property
    def beat_silent(self) -> timedelta | None:
        """How long ago that was."""
        return max(self.looked_at - self.beat_at, timedelta()) if self.beat_at else None

    @property
    def beat_lives(self) -> bool | None:
        """None while the database does not say."""
        if self.figures is None:
            return None
        return self.beat_silent is not None and self.beat_silent < BEAT_LATE

    @property
    def installation(self) -> InstallationState | None:
        return self.database.value.installation if self.database.value else None

    @property
    def ready(self) -> bool:
        lives = self.broker.came and self.schema_at_head is True and self.beat_lives is True
        ours = self.installation
        return lives and ours is not None and not ours.wrong and not ours.without_agreement and ours.clock_runs_true


class Health:
    """The two servers that this process depends on, and how to ask after them."""

    def __init__(self, settings: Settings) -> None:
        self.redis_url, self.demo = settings.redis_url, settings.demo
        self.folder = settings.medcom_in
        self.head = numbers.newest()
        self.database = Probe(
            self.ask_database, patience=DATABASE_PATIENCE, faults=(InterfaceError, OperationalError, TimeoutError)
        )
        self.broker = Probe(self.ask_broker, patience=BROKER_PATIENCE, faults=(RedisError,))

    def ask_database(self) -> Insight:
        with Session() as session:
            revision = numbers.current(session.connection())
            if revision != self.head:
                return Insight(revision=revision, figures=None, installation=None)
            count_everything(session)
            at, real_at = clock.now(session), clock.real_now()
            return Insight(
                revision=revision,
                figures=figures.read(session, at=at, real_at=real_at),
                installation=installation.look(session, demo=self.demo, at=at, real_at=real_at),
            )

    def ask_broker(self) -> bool:
        once = Retry(NoBackoff(), 0)
        with Redis.from_url(
            self.redis_url, socket_connect_timeout=BROKER_PATIENCE, socket_timeout=BROKER_PATIENCE, retry=once
        ) as server:
            return bool(server.ping())

    def look(self) -> Condition:
        """Ask both at once; takes at most as long as the more patient of the two."""
        self.broker.begin()
        database = self.database.ask()
        at = clock.real_now()
        lying = None if self.folder is None else left_lying(self.folder, real_at=at)
        return Condition(
            looked_at=at, head=self.head, database=database, broker=self.broker.ask(), left_lying=lying
        )  # fmt: skip


def look() -> Condition:
    """How the installation is now."""
    return cast(Health, current_app.extensions["overgang_health"]).look()


def register(app: Flask) -> None:
    """`/healthz` touches nothing but this process; `/readyz` says of each part whether it can do its work."""
    app.extensions["overgang_health"] = Health(app.config["OVERGANG"])

    @app.get("/healthz")
    @rules.public
    def healthz() -> ResponseReturnValue:
        return {"alive": True}

    @app.get("/readyz")
    @rules.public
    def readyz() -> ResponseReturnValue:
        now = look()
        revision = now.database.value.revision if now.database.value else None
        silent, ours = now.beat_silent, now.installation
        parts = {
            "database": {"ok": now.database.came},
            "broker": {"ok": now.broker.came},
            "schema": {"ok": now.schema_at_head, "revision": revision, "head": now.head},
            "beat": {
                "ok": now.beat_lives,
                "seconds_since": round(silent.total_seconds(), 1) if silent is not None else None,
            },
            "installation": {"ok": ours and not ours.wrong, "wrong": ours.wrong if ours else ()},
            "clock": {"ok": ours and ours.clock_runs_true},
            "agreements": {
                "ok": ours and not ours.without_agreement,
                "missing": ours.without_agreement if ours else (),
            },
        }
        return {"ready": now.ready, "parts": parts}, 200 if now.ready else 503
