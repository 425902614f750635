"""Nobody makes a browser send a form that its reader did not see: every change carries a mark that only our pages hold.

The mark is a keyed hash of a random cookie (signed double submit). Forms send it as a field, htmx as a header.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest

from web.ground import headers
from workflow.settings import Settings

FIELD, HEADER = "form_mark", "X-Form-Mark"
HARMLESS = {"GET", "HEAD", "OPTIONS"}


View = TypeVar("View", bound=Callable[..., Any])


def own_credential(view: View) -> View:
    """Say of a view that programs call it with a credential of their own: it needs no mark, and looks at no cookie."""
    view.own_credential = True  # type: ignore[attr-defined]
    return view


class Unmarked(BadRequest):
    """A change that did not come from one of our own pages, or from one that was open before its cookie went."""


def register(app: Flask) -> None:
    """Refuse every unmarked change, and let templates ask `form_mark()` for the mark."""
    settings: Settings = app.config["OVERGANG"]
    secure = headers.behind_tls(settings)
    cookie = "__Host-overgang-form" if secure else "overgang_form"

    def mark(nonce: str) -> str:
        return hmac.digest(settings.secret_key.encode(), b"form\0" + nonce.encode(), hashlib.sha256).hex()

    @app.template_global()
    def form_mark() -> str:
        if "form_nonce" not in g:
            g.form_nonce = request.cookies.get(cookie) or secrets.token_urlsafe(24)
            g.form_mark = mark(g.form_nonce)
        marked: str = g.form_mark
        return marked

    @app.before_request
    def refuse_unmarked() -> None:
        if request.method in HARMLESS or request.routing_exception:
            return
        if getattr(current_app.view_functions.get(request.endpoint or ""), "own_credential", False):
            return
        nonce = request.cookies.get(cookie, "")
        given = request.headers.get(HEADER) or request.form.get(FIELD, "")
        if not nonce or not hmac.compare_digest(mark(nonce).encode(), given.encode()):
            raise Unmarked

    @app.after_request
    def remember(answer: Response) -> Response:
        if "form_nonce" in g and g.form_nonce != request.cookies.get(cookie):
            answer.set_cookie(cookie, g.form_nonce, secure=secure, httponly=True, samesite="Lax", path="/")
        return answer
