"""What happens to an episode, as people record it: events, arrivals, readmissions, transfers, and where they go."""

from uuid import UUID

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue

from web.episodes import episode_form
from web.episodes.episode import for_patients
from web.episodes.episode_form import text
from web.ground import confirmation, looks
from web.ground.looks import Desk
from workflow import amendments, episodes
from workflow.errors import Invalid, Missing, NotFound, NotPossible
from workflow.seeing import sight
from workflow.staff import staffing
from workflow.tables import Episode, Unit

HOME, HOTEL = "home", "tryghedshotel"


def register(app: Flask) -> None:
    """The forms below `/forloeb/<episode>` that say what has happened, and where the citizen goes."""

    @app.post("/forloeb/<uuid:episode_id>/haendelse")
    @for_patients
    def record_event(episode_id: UUID) -> ResponseReturnValue:
        """One event; a discharge says where to in the same breath."""
        trigger, seen = text("trigger"), episode_form.seen()
        with looks.looking("episode_event") as desk:
            if trigger in episode_form.FINAL:
                episode_form.sure()
            if trigger == "episode_cancelled" and not text("reason"):
                raise Invalid("reason_needed")
            if trigger == "patient_discharged" and _discharged_to(desk, episode_id) and seen is not None:
                seen += 1  # the way was changed just now, by this form
            recorded = episodes.record_event(
                desk.session, episode_id, trigger, by=desk.by, at=desk.at,
                effective_at=episode_form.happened_at(desk.at), reason=text("reason") or None,
                phone=episode_form.phone(), seen=seen,
            )  # fmt: skip
            confirmation.of_event(recorded, what=trigger)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/ankomst")
    @for_patients
    def record_arrival(episode_id: UUID) -> ResponseReturnValue:
        """The arrival that is awaited, now; the place that was kept is taken with it."""
        with looks.looking("episode_event") as desk:
            arrived = episodes.record_arrival(desk.session, episode_id, by=desk.by, at=desk.at)
            confirmation.of_event(arrived)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/vej")
    @for_patients
    def send_citizen_to(episode_id: UUID) -> ResponseReturnValue:
        """Where the citizen goes after the hospital; at Tryghedshotellet a free place is kept at once."""
        with looks.looking("episode_way") as desk:
            _send_to(desk, episode_id)
        return back(episode_id)

    @app.post("/forloeb/<uuid:episode_id>/genindlaeg")
    @for_patients
    def readmit(episode_id: UUID) -> ResponseReturnValue:
        """Back in hospital: the same stay within four hours, else a new episode, which the answer leads to."""
        with looks.looking("episode_event") as desk:
            ward = _unit(desk, "ward")
            goes_on = episodes.readmit(
                desk.session, episode_id, ward=ward, by=desk.by, at=desk.at,
                effective_at=episode_form.happened_at(desk.at), acute=text("acute") == "1",
                reason=text("reason") or None,
            )  # fmt: skip
            confirmation.of(goes_on)
            goes_on_id = goes_on.uuid
        return back(goes_on_id)

    @app.post("/forloeb/<uuid:episode_id>/flyt")
    @for_patients
    def transfer(episode_id: UUID) -> ResponseReturnValue:
        """Another ward of the same hospital has the citizen now."""
        with looks.looking("episode_event") as desk:
            ward = _unit(desk, "ward")
            amendments.transfer(
                desk.session, episode_id, ward, by=desk.by, at=desk.at,
                effective_at=episode_form.happened_at(desk.at), reason=text("reason") or None,
            )  # fmt: skip
        return back(episode_id)


def back(episode_id: UUID) -> ResponseReturnValue:
    """To the page of the episode, as it is now."""
    return redirect(url_for("episode_page", episode_id=episode_id), code=303)


def _episode(desk: Desk, episode_id: UUID) -> Episode:
    episode = sight.may_see(desk.session, desk.seen, episode_id)
    if episode is None:
        raise NotFound("no_such_episode")
    return episode


def _send_to(desk: Desk, episode_id: UUID) -> bool:
    """Let the citizen go where the form says; whether that is another way than before. Raises Missing, NotFound."""
    episode, chosen = _episode(desk, episode_id), text("destination")
    if not chosen:
        raise Missing("asked_for_first", ("destination",))
    facility = _unit(desk, "destination") if chosen != HOME else None
    if (HOTEL if facility else HOME, facility and facility.id) == (episode.pathway_key, episode.facility_id):
        return False
    amendments.reroute(
        desk.session, episode_id, HOTEL if facility else HOME, facility=facility, by=desk.by, at=desk.at,
        reason=text("reason") or None,
    )  # fmt: skip
    return True


def _discharged_to(desk: Desk, episode_id: UUID) -> bool:
    """As `_send_to`. Raises NotPossible where nothing is said: nobody is discharged to nowhere."""
    if not text("destination"):
        raise NotPossible("no_destination")
    return _send_to(desk, episode_id)


def _unit(desk: Desk, name: str) -> Unit:
    """The unit that a field names; whether it can be that, the engine says. Raises NotFound."""
    return staffing.unit(desk.session, request.form.get(name, UUID(int=0), type=UUID))
