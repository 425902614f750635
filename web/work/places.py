"""The places of Tryghedshotellet and its like: who lies where, who waits, what is free, and what is closed."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import formats, looks, rules
from web.ground.language import local_address
from web.ground.looks import Desk
from web.ground.menu import PATIENTS
from workflow import places
from workflow.errors import Invalid, Missing
from workflow.lists import capacity
from workflow.lists.capacity import Use
from workflow.seeing import sight
from workflow.tables import Unit
from workflow.vocabulary import Look, PlaceKind, Role, UnitKind

for_patients = rules.only(*PATIENTS)


def _number(name: str) -> UUID | None:
    """A public number in the address of the page; None where there is none."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def typed(name: str) -> UUID | None:
    """The same in a form."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        return None


def _shown(desk: Desk) -> Unit | None:
    """The house that was asked for, else the one that the asker works in."""
    if (asked := _number("hus")) is not None:
        return capacity.house(desk.session, asked)
    own = desk.session.get(Unit, desk.by.unit_id)
    return own if own is not None and own.kind == UnitKind.FACILITY else None


def house(desk: Desk) -> tuple[Unit, PlaceKind]:
    """Which kind of places where. Raises Missing, NotFound."""
    asked = typed("house")
    try:
        kind = PlaceKind(request.form.get("kind", ""))
    except ValueError:
        asked = None
    if asked is None:
        raise Missing("which_place", ("place",))
    return capacity.house(desk.session, asked), kind


def back() -> ResponseReturnValue:
    """To where the form was: the places, an episode, a list."""
    return redirect(local_address(request.form.get("back") or url_for("places_page")), code=303)


def register(app: Flask) -> None:
    """The page `/pladser`, and what is done with a place that nobody has."""

    @app.get("/pladser")
    @for_patients
    def places_page() -> ResponseReturnValue:
        with looks.looking("places") as desk:
            unit, chosen = _shown(desk), _number("forloeb")
            choosing = None
            if chosen is not None:
                choosing = sight.require(desk.session, desk.seen, chosen, visit=desk.visit)
            floor = capacity.floor(desk.session, desk.seen, unit, at=desk.at) if unit is not None else None
            if floor is not None:
                sight.record(desk.session, desk.seen, floor.episodes, visit=desk.visit, kind=Look.LIST)
            return render_template(
                "places.html", at=desk.at, floor=floor, choosing=choosing, uses=Use,
                houses=capacity.houses(desk.session, desk.seen, at=desk.at),
                own=unit is not None and unit.id == desk.by.unit_id, manages=Role.MANAGER in desk.by.roles,
            )  # fmt: skip

    @app.post("/forloeb/<uuid:episode_id>/plads/hjem")
    @for_patients
    def expect_departure(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            leaves_on = formats.day_from_input(request.form.get("leaves_on", ""))
            places.expect_departure(desk.session, episode_id, leaves_on, by=desk.by, at=desk.at)
        return back()

    @app.post("/pladser/<uuid:place_id>/luk")
    @for_patients
    def close_place(place_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            given = request.form.get("until", "")
            until = formats.from_input(given) if given else None
            reason = request.form.get("reason", "")
            places.close(desk.session, place_id, by=desk.by, at=desk.at, reason=reason, until=until)
        return back()

    @app.post("/pladser/<uuid:place_id>/aabn")
    @for_patients
    def reopen_place(place_id: UUID) -> ResponseReturnValue:
        with looks.looking("places") as desk:
            places.reopen(desk.session, place_id, by=desk.by, at=desk.at)
        return back()

    @app.post("/pladser/antal")
    @rules.only(Role.MANAGER)
    def furnish_places() -> ResponseReturnValue:
        with looks.looking("places") as desk:
            unit, kind = house(desk)
            count = request.form.get("count", "").strip()
            if not count.isdecimal() or len(count) > 4:
                raise Invalid("not_so_many_places", most=places.MOST_PLACES)
            places.furnish(desk.session, unit.id, kind, int(count), by=desk.by)
        return back()
