"""The Flask application, put together."""

from datetime import timedelta

from flask import Flask

from web import assets, demo, errors, fhir, forgery, formats, headers, health, language, metrics, status
from workflow.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The pages of one installation. Connects to nothing: `workflow.db.connect` is the caller's."""
    app = errors.Pages(__name__, static_folder=None)
    app.config.update(
        OVERGANG=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=headers.behind_tls(settings),
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1_000_000,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (headers, metrics, errors, language, forgery, formats, assets, health, status, fhir):
        part.register(app)
    if settings.demo:
        demo.register(app)
    return app
