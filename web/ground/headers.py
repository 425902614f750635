"""What every answer tells the browser: what it may load, who may frame it, what to keep, and which request this was."""

import secrets

from flask import Flask, Response, current_app, g, request

from workflow.settings import Settings

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def behind_tls(settings: Settings) -> bool:
    """Whether browsers reach this installation by https."""
    return settings.base_url.startswith("https://")


def wants_fragment() -> bool:
    """Whether htmx asks, and so wants the changed part of the page only."""
    return "HX-Request" in request.headers


def refreshes_itself() -> bool:
    """Whether the page asks on its own, and nobody has pressed anything: no sign that somebody is there."""
    return "X-Poll" in request.headers


def register(app: Flask) -> None:
    """Give each request a number of its own, and each answer its headers."""

    @app.before_request
    def number() -> None:
        g.request_id = secrets.token_hex(6)  # short: people read it out over the phone

    @app.after_request
    def add(answer: Response) -> Response:
        answer.headers.update(ALWAYS)
        answer.headers["X-Request-ID"] = g.request_id
        answer.headers.setdefault("Cache-Control", "no-store")
        if behind_tls(current_app.config["OVERGANG"]):
            answer.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return answer
