"""The deadlines of a unit in somebody's own calendar: an address that they make for themselves, without names."""

from uuid import UUID, uuid5

from flask import Flask, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from web import icalendar
from web.ground import identity, language, looks, programs, rules
from web.ground.language import gettext
from workflow import clock, sentences
from workflow.db import Session
from workflow.lists import listing
from workflow.seeing import access_log
from workflow.sentences import WORDS
from workflow.staff import tokens
from workflow.tables import Deadline, Episode, Person
from workflow.telling import delivery
from workflow.vocabulary import Concerns, Look, Role, Scope

for_patients = rules.only(*(set(Role) - {Role.ADMINISTRATOR, Role.OPERATOR}))
MOST = 300  # deadlines: more than a calendar can show


def register(app: Flask) -> None:
    """`/account/calendar`, and the calendars themselves."""

    @app.get("/account/calendar")
    @rules.acting
    def calendars_page() -> ResponseReturnValue:
        return _page()

    @app.post("/account/calendar")
    @for_patients
    def make_calendar() -> ResponseReturnValue:
        """Answered at once, without a redirect: the address is shown once, and kept nowhere."""
        with Session.begin() as session:
            secret = tokens.give_calendar(session, by=identity.current_actor(), at=clock.real_now())
        return _page(identity.settings().base_url + url_for("calendar", secret=secret))

    @app.post("/account/calendar/<uuid:token_id>/revoke")
    @rules.acting
    def revoke_calendar(token_id: UUID) -> ResponseReturnValue:
        with Session.begin() as session:
            tokens.revoke(session, token_id, by=identity.current_actor(), at=clock.real_now())
        return redirect(url_for("calendars_page"), code=303)

    @app.get("/kalender/<secret>.ics")
    @rules.public
    def calendar(secret: str) -> ResponseReturnValue:
        holder = programs.let_in(secret, Scope.CALENDAR)
        with looks.looking("calendar") as desk:
            unit = listing.unit_of(desk.session, desk.seen, None)
            owed = listing.deadlines(desk.session, desk.seen, unit, after=None, most=MOST)
            access_log.write(
                desk.session, Look.LIST, desk.visit, by=desk.by, episodes=[episode.id for _, episode in owed]
            )
            events = [_event(deadline, episode) for deadline, episode in owed]
            written = icalendar.write(gettext("Deadlines") + f": {holder.unit}", events, at=desk.at)
        return Response(written, content_type=f"{icalendar.MEDIA_TYPE}; charset=utf-8")


def _page(address: str | None = None) -> str:
    at, found = clock.real_now(), identity.somebody()
    with Session() as session:
        held = tokens.of_person(session, session.get_one(Person, found.person_id), at=at)
        living = [token for token in held if token.revoked_at is None and token.expires_at > at]
        return render_template("calendars.html", held=living, address=address, may=found.actor.sees_patients)


def _event(deadline: Deadline, episode: Episode) -> icalendar.Event:
    owed = deadline.task or deadline.handover
    of_episode = episode.uuid if deadline.concerns == Concerns.STATE else uuid5(episode.uuid, deadline.concerns)
    return icalendar.Event(
        uid=owed.uuid if owed is not None else of_episode, at=deadline.due_at, summary=_what(deadline),
        url=delivery.link(identity.settings().base_url, episode.uuid),
    )  # fmt: skip


def _what(deadline: Deadline) -> str:
    """What is owed, in a few words about nobody."""
    kind = deadline.task.kind if deadline.task is not None else deadline.concerns
    said = sentences.word(kind if kind in WORDS else Concerns.TASK, language.current())
    return said[:1].upper() + said[1:]
