"""A place for a citizen: kept, taken, changed, given back, waited for; from the places, an episode, or a list."""

from datetime import datetime
from uuid import UUID

from flask import Flask, request
from flask.typing import ResponseReturnValue

from web.ground import formats, looks, rules
from web.work.places import back, for_patients, house, typed
from workflow import places
from workflow.errors import Missing
from workflow.showing import destinations
from workflow.vocabulary import Role


def _arrived_at() -> datetime | None:
    given = request.form.get("effective_at", "")
    return formats.from_input(given) if given else None


def register(app: Flask) -> None:
    """What is done below `/forloeb/<episode>/plads`."""

    @app.post("/forloeb/<uuid:episode_id>/plads")
    @for_patients
    def reserve_place(episode_id: UUID) -> ResponseReturnValue:
        """A certain place, or the first free one of a house; then that is where the citizen goes."""
        with looks.looking("places") as desk:
            place = typed("place")
            if place is not None:
                places.reserve(desk.session, place, episode_id, by=desk.by, at=desk.at)
            else:
                unit, kind = house(desk)
                destinations.choose(desk.session, episode_id, unit, kind, by=desk.by, at=desk.at)
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/ankomst")
    @for_patients
    def confirm_arrival(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            destinations.arrive(
                desk.session, episode_id, by=desk.by, at=desk.at, arrived_at=_arrived_at(),
                reason=request.form.get("reason"),
            )  # fmt: skip
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/frigiv")
    @for_patients
    def leave_place(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            places.leave(desk.session, episode_id, by=desk.by, at=desk.at)
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/flyt")
    @for_patients
    def move_place(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            place = typed("place")
            if place is None:
                raise Missing("which_place", ("place",))
            places.move(desk.session, episode_id, place, by=desk.by, at=desk.at)
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/venteliste")
    @for_patients
    def wait_for_place(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            unit, kind = house(desk)
            destinations.wait(desk.session, episode_id, unit, kind, by=desk.by, at=desk.at)
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/venter-ikke")
    @for_patients
    def stop_waiting(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            places.stop_waiting(desk.session, episode_id, by=desk.by, at=desk.at)
        return back()

    @app.post("/forloeb/<uuid:episode_id>/plads/ekstra")
    @rules.only(Role.MANAGER)
    def overbook_place(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            unit, kind = house(desk)
            reason = request.form.get("reason", "")
            places.overbook(desk.session, unit.id, kind, episode_id, by=desk.by, at=desk.at, reason=reason)
        return back()
