"""What only a demo has: its clock, a hospital that tells something, and a card for each of its people to sign in as."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import Session as OpenSession

from web.entrance.signin import onward
from web.ground import confirmation, identity, rules
from web.ground.language import gettext, local_address
from workflow import clock
from workflow.db import Session, receive_messages
from workflow.medcom import receiving, rehearsal
from workflow.staff import people, staffing
from workflow.tables import Citizen, Episode, HistoryEntry, Message, PersonRole
from workflow.vocabulary import SignInBy

STEPS = {"15", "60", "1440"}  # minutes, as the buttons send them


@dataclass(frozen=True)
class Card:
    """Somebody to sign in as: what they do, and what their part in the story is."""

    username: str
    name: str
    roles: list[PersonRole]
    line: str


def lines() -> dict[str, str]:
    """The people of the demo who stand on the sign-in page (domain/users.md 4.8), and what each is there for."""
    return {
        "koordinator": gettext("Follows every discharge of the hospital from admission to the receiver's yes."),
        "afdeling": gettext("Hands citizens over from the medical ward."),
        "distrikt": gettext("Receives citizens at home, and calls the ward within 24 hours."),
        "tryghed": gettext("Receives citizens at Tryghedshotellet, and calls the ward within 24 hours."),
        "leder.kommune": gettext("Sees what was missed in the municipality, and why."),
        "leder.hospital": gettext("Sees what was missed at the hospital, and why."),
        "admin": gettext("Adds units and people, and gives roles that a second person approves."),
        "drift": gettext("Watches the system itself; sees no citizens."),
        "nabokommune": gettext("A nurse of another municipality: sees nothing of the others' citizens."),
        "vikar": gettext("Works in several places, and chooses in which to act."),
    }


def cards() -> list[Card]:
    """Those who are there, in that order."""
    with Session() as session:
        found = staffing.named(session, list(lines()))
        return [
            Card(username, found[username][0].person.name, found[username], line)
            for username, line in lines().items()
            if username in found
        ]


def newcomer() -> Citizen | None:
    """The citizen with whom a newcomer begins: nobody has an episode of theirs yet."""
    with Session() as session:
        receive_messages(session)
        return rehearsal.newcomer(session)


def _say_what_came(session: OpenSession) -> None:
    """The confirmation names what the newest message has led to, and for whom."""
    newest = select(Message.citizen_id).where(Message.citizen_id.is_not(None)).order_by(Message.id.desc()).limit(1)
    theirs = select(Episode).where(Episode.citizen_id == newest.scalar_subquery()).order_by(Episode.id.desc())
    episode = session.scalars(theirs.limit(1)).first()
    if episode is not None:
        happened = select(HistoryEntry.trigger).where(
            HistoryEntry.episode_id == episode.id, HistoryEntry.trigger.is_not(None)
        )
        trigger = session.scalar(happened.order_by(HistoryEntry.number.desc()).limit(1))
        confirmation.of(episode, what=trigger or "")


def shown_time() -> datetime | None:
    """What the bar shows on a page that does not tell the time itself; None before anybody is signed in."""
    if g.get("signed_in") is None:
        return None
    try:
        with Session() as session:
            return clock.now(session)
    except (OperationalError, TimeoutError):  # the page that says so must be written all the same
        return None


def register(app: Flask) -> None:
    """Move the clock on, let a message come, and sign in by a button. The bar itself is in the base template."""
    app.add_template_global(cards, "demo_cards")
    app.add_template_global(newcomer, "demo_newcomer")
    app.add_template_global(shown_time, "demo_time")

    @app.post("/demo/clock")
    @rules.public
    def advance_clock() -> ResponseReturnValue:
        minutes = request.form.get("minutes", "")
        if minutes not in STEPS:
            abort(400)
        with Session.begin() as session:
            clock.advance(session, timedelta(minutes=int(minutes)))
        return redirect(local_address(request.form.get("back", "/")), code=303)

    @app.post("/demo/sign-in")
    @rules.public
    def sign_in_as() -> ResponseReturnValue:
        username = request.form.get("user", "")
        if username not in lines():
            abort(400)
        with Session() as session:
            person = people.named(session, username)
            session.expunge(person)
        identity.let_in(person, SignInBy.DEMO)
        return onward()

    @app.post("/demo/message")
    @rules.public
    def send_message() -> ResponseReturnValue:
        identity.signed_in()
        with Session.begin() as session:
            receive_messages(session)
            at = clock.now(session)
            told = rehearsal.next_message(session, at=at)
            if told is not None:
                receiving.receive(session, told, received_from="demo", at=at)
                _say_what_came(session)
        return redirect(local_address(request.form.get("back", "/")), code=303)
