"""Nobody may ask so often that others wait: counted a person, token or address, in Redis, and here while it is away.

Guessing passwords is counted elsewhere and for longer, in PostgreSQL (`workflow.staff.throttle`).
"""

from typing import Any

import psycopg
from flask import Flask, current_app, request
from flask_limiter import Limiter
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import SQLAlchemyError

from web.ground import identity, programs, rules
from web.ground.rules import Who
from workflow.settings import Settings

# A program is counted by its token, and as often as a person; a hospital shares one address.
A_PERSON, AN_ADDRESS, SIGN_INS = "600/minute", "3000/minute", "120/minute"
PATIENCE = 0.25  # seconds that a page waits for Redis, before it counts for itself


def who() -> str:
    """Whose requests are counted together. Public pages ask no database; while it is away, addresses are counted."""
    try:
        return _whose()
    except (SQLAlchemyError, psycopg.Error):  # the page itself asks again, and says so
        return f"address:{identity.address()}"


def _whose() -> str:
    rule = rules.of(current_app, request.endpoint) if request.endpoint else None
    if rule is not None and rule.who == Who.PROGRAM and (bearer := programs.bearer()) is not None:
        return f"token:{bearer.token_id}"
    found = identity.signed_in() if rule is not None and Who.PUBLIC < rule.who < Who.PROGRAM else None
    return f"person:{found.person_id}" if found else f"address:{identity.address()}"


def most() -> str:
    """How often, for who asks now."""
    if request.endpoint in SIGNING_IN and request.method == "POST":
        return SIGN_INS
    return AN_ADDRESS if who().startswith("address:") else A_PERSON


SIGNING_IN = {"sign_in", "give_code"}
MONITORING = {"healthz", "readyz", "metrics", "assets"}


def register(app: Flask) -> None:
    """Refuse what comes too often with 429."""
    settings: Settings = app.config["OVERGANG"]
    quickly: dict[str, Any] = {
        "socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0),
    }  # fmt: skip
    limiter = Limiter(
        who,
        app=app,
        application_limits=[most],
        storage_uri=settings.redis_url,
        storage_options=quickly,
        in_memory_fallback_enabled=True,
        swallow_errors=True,  # of those who asked at the same moment, one begins the fallback, the others are let in
        key_prefix="overgang",
    )  # fmt: skip

    @limiter.request_filter
    def monitoring() -> bool:
        return request.endpoint in MONITORING
