"""The Flask application, put together."""

from flask import Flask

from web import api, assets, calendars, fhir, guides, helping
from web.administration import agreements, closing, granting, staff, systems, texts, unit_file, units
from web.entrance import account, demo, late, signin, staying
from web.episodes import call, corrections, correspondence, episode, happenings, merging, new_episode, observing, plans
from web.ground import (
    again,
    confirmation,
    errors,
    forgery,
    formats,
    headers,
    identity,
    language,
    looks,
    menu,
    proxies,
    throttling,
    typed,
)
from web.handovers import handover, handover_print
from web.oversight import cluster, emergency, missed, missed_files, overview, revision
from web.running import health, metrics, reminders, status
from web.work import board, inbox, places, placing, search, task, worklist  # fmt: skip
from workflow.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The pages of one installation. Connects to nothing: `workflow.db.connect` is the caller's."""
    app = errors.Pages(__name__, static_folder=None)
    app.config.update(
        OVERGANG=settings,
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-overgang-state" if headers.behind_tls(settings) else "overgang_state",
        SESSION_COOKIE_SECURE=headers.behind_tls(settings),
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1_000_000,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    parts = (
        headers, metrics, errors, language, throttling, forgery, identity, formats, assets, account, again,
        agreements, api, board, calendars, call, closing, cluster, confirmation, corrections, correspondence, emergency,
        episode, fhir, granting, guides, handover, handover_print, happenings, health, helping, inbox, late, looks,
        menu, merging, missed, missed_files, new_episode, observing, overview, places, placing, plans, reminders,
        revision, search, signin, staff, status, staying, systems, task, texts, typed, unit_file, units,
        worklist,
    )  # fmt: skip
    for part in parts:
        part.register(app)
    if settings.demo:
        demo.register(app)
    app.wsgi_app = proxies.behind(app.wsgi_app, settings.trusted_proxies)  # type: ignore[assignment, method-assign]
    return app
