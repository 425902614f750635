"""The page of an episode: who has the responsibility, what to do next, what has happened; on screen and on paper."""

import json
from uuid import UUID

from flask import Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from web.episodes import episode_form
from web.ground import looks, menu, rules
from web.ground.looks import Desk
from workflow import choosing, keys
from workflow.errors import Missing
from workflow.handing import handover_view
from workflow.medcom import shown
from workflow.seeing import access, sight
from workflow.seeing.access_log import Visit
from workflow.showing import duties, phones, story
from workflow.tables import Episode
from workflow.vocabulary import LegalBasis, Look, Observed, Party

for_patients = rules.only(*menu.PATIENTS)
_PURPOSE = "purpose"  # in the cookie, encrypted: of one episode at a time, and of who wrote it


def register(app: Flask) -> None:
    """The page `/forloeb/<episode>`, its print, and the number and purpose that it asks for."""

    @app.get("/forloeb/<uuid:episode_id>")
    @for_patients
    def episode_page(episode_id: UUID) -> ResponseReturnValue:
        return _page(episode_id, Look.READ, "episode.html")

    @app.get("/forloeb/<uuid:episode_id>/udskrift")
    @for_patients
    def print_episode(episode_id: UUID) -> ResponseReturnValue:
        return _page(episode_id, Look.PRINT, "episode_print.html")

    @app.post("/forloeb/<uuid:episode_id>/cpr")
    @for_patients
    def show_cpr(episode_id: UUID) -> ResponseReturnValue:
        """Answered at once, without a redirect: the number must not stand in an address."""
        return _page(episode_id, Look.CPR_SHOWN, "episode.html")

    @app.post("/forloeb/<uuid:episode_id>/formaal")
    @for_patients
    def give_purpose(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("episode_purpose") as desk:
            purpose = request.form.get("purpose", "").strip()
            if not purpose:
                raise Missing("purpose_needed", ("purpose",))
            told = json.dumps([str(episode_id), desk.by.person_id, purpose[:200]])
            session[_PURPOSE] = keys.ring().encrypt(told)
        return redirect(url_for("episode_page", episode_id=episode_id), code=303)


def purpose_of(episode_id: UUID, person_id: int | None) -> str | None:
    """What this person has said that they open this episode for."""
    try:
        episode, person, purpose = json.loads(keys.ring().decrypt(session[_PURPOSE]))
    except (KeyError, TypeError, ValueError):  # none, or from before a change of keys
        return None
    return str(purpose) if (episode, person) == (str(episode_id), person_id) else None


def require(desk: Desk, episode_id: UUID, kind: Look = Look.READ) -> Episode:
    """The episode, with the look and its purpose written down. Raises as `sight.require`."""
    visit = desk.visit
    told = Visit(
        what=visit.what, at=visit.at, purpose=purpose_of(episode_id, desk.by.person_id), address=visit.address,
        request_id=visit.request_id,
    )  # fmt: skip
    return sight.require(desk.session, desk.seen, episode_id, visit=told, kind=kind)


def ask_purpose(desk: Desk, episode_id: UUID) -> ResponseReturnValue:
    """The page that stands before an episode on a sensitive pathway."""
    return render_template("episode_purpose.html", at=desk.at, episode_id=episode_id)


def _page(episode_id: UUID, kind: Look, template: str) -> ResponseReturnValue:
    with looks.looking("episode") as desk:
        try:
            episode = require(desk, episode_id, kind)
        except Missing:
            return ask_purpose(desk, episode_id)
        looks.opened(desk, episode)
        if request.method == "POST":  # the forms on the page come back to it, not to what showed the number
            g.here = url_for("episode_page", episode_id=episode_id)
        told = story.read(desk.session, episode, at=desk.at)
        in_ward = told.in_state_of(Party.WARD)
        sends = in_ward and access.is_party(desk.by, episode)
        owed = duties.owed(told, desk.by, at=desk.at)
        offered = None
        if any(duty.kind == "accept" for duty in owed):
            offered = handover_view.view(desk.session, episode, by=desk.by, at=desk.at)
        come_back = any(one.transition.trigger == "patient_readmitted" for one in told.possible(desk.by, at=desk.at))
        back_to = choosing.to_open_with(desk.by, Party.WARD, told.home)
        return render_template(
            template, at=desk.at, by=desk.by, story=told, episode=episode, bases=LegalBasis, final=episode_form.FINAL,
            observed=Observed,
            in_ward=in_ward, duties=owed, offered=offered, numbers=phones.numbers,
            facilities=told.facilities if sends else [], wards=told.wards if in_ward else [],
            wards_back=[ward for ward in told.wards if back_to.holds(ward)] if come_back else [],
            advis=shown.of_citizen(desk.session, desk.seen, episode.citizen_id),
            cpr=episode.citizen.cpr.value if kind == Look.CPR_SHOWN else None,
            party=access.is_party(desk.by, episode),
            acts_for_ward=access.acts_for(desk.by, episode.ward_id, episode),
            moves=in_ward and access.cares_for(desk.by, Party.WARD, episode),
        )  # fmt: skip
