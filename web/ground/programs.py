"""Which program asks: known by the token that it shows, never by a cookie."""

from flask import abort, g, request

from workflow import clock
from workflow.db import Session
from workflow.errors import NotAllowed
from workflow.staff import tokens
from workflow.staff.tokens import Bearer
from workflow.vocabulary import Scope


def bearer() -> Bearer | None:
    """Who holds the token that the request shows. Asks the database once a request."""
    if "bearer" not in g:  # what the database does not say just now is not remembered
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        g.bearer = _holder(secret.strip()) if scheme.lower() == "bearer" else None
    found: Bearer | None = g.bearer
    return found


def require(scope: Scope) -> None:
    """Refuse with 401 who shows no living token. Raises NotAllowed for one that does not reach this far."""
    found = bearer()
    if found is None:
        abort(401)
    if scope not in found.scopes:
        raise NotAllowed("token_lacks_scope", scope=scope.value)


def let_in(secret: str, scope: Scope) -> Bearer:
    """The same for a secret that stands in the address; without a word about what is there, 404."""
    g.bearer = _holder(secret)
    if g.bearer is None or scope not in g.bearer.scopes:
        abort(404)
    found: Bearer = g.bearer
    return found


def asking() -> Bearer | None:
    """The program that was let in to this request; None where a person asks."""
    found: Bearer | None = g.get("bearer")
    return found


def _holder(secret: str) -> Bearer | None:
    with Session.begin() as session:
        return tokens.bearer(session, secret, at=clock.real_now())
