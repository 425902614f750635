"""Overblik: how it goes for a manager's units, in six figures that lead to their lists."""

from datetime import timedelta
from typing import Any

from flask import Flask, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from web.ground import looks, rules
from web.ground.looks import Desk
from web.oversight import missed_list
from workflow.calendar import local
from workflow.lists import missed, overview
from workflow.lists.board import picking
from workflow.lists.board.filters import Filters
from workflow.lists.board.filters import Show as Rows
from workflow.lists.missed import Show, Wanted
from workflow.seeing import access_log
from workflow.tables import Unit
from workflow.vocabulary import Look, Role


def register(app: Flask) -> None:
    """The page `/overblik`."""

    @app.get("/overblik")
    @rules.only(Role.MANAGER)
    def overview_page() -> ResponseReturnValue:
        with looks.looking("overview") as desk:
            managed = _units(desk)
            asked = request.args.get("unit", "")
            chosen = [unit for unit in managed if asked in ("", str(unit.uuid))]
            figures = overview.read(
                desk.session, [unit.id for unit in chosen], own=desk.by.organisation_id, at=desk.at
            )
            (late,) = picking.count(desk.session, [u.id for u in chosen], [Filters(show=Rows.OVERDUE)], at=desk.at)
            access_log.write(desk.session, Look.LIST, desk.visit, by=desk.by)
            return render_template(
                "overview.html", at=desk.at, units=managed, chosen=asked if chosen else "", figures=figures, late=late,
                most=picking.MOST, missed=_missed(desk, asked),
                period={"from": local(desk.at - overview.PERIOD).date(), "until": local(desk.at).date()},
            )  # fmt: skip


def _units(desk: Desk) -> list[Unit]:
    query = select(Unit).where(Unit.id.in_(desk.seen.units)).order_by(func.lower(Unit.name))
    return list(desk.session.scalars(query))


def _missed(desk: Desk, unit: str) -> dict[str, Any]:
    """What was missed yesterday and today, and what is new to the reader: as the lists that they lead to count it."""
    today, new_since = local(desk.at).date(), missed_list.last_visit(desk)
    until = missed_list.midnight(today + timedelta(days=1))

    def count(days: int, show: Show) -> int:
        since = missed_list.midnight(today - timedelta(days=days - 1))
        wanted = Wanted(since=since, until=until, new_since=new_since)
        of_units = missed.count(desk.session, desk.seen, wanted)
        return sum(one.shown[show] for one in of_units if unit in ("", str(one.unit_id)))

    lately: dict[str, Any] = {"from": today - timedelta(days=1), "until": today}
    return {
        "lately": count(2, Show.ALL), "new": count(missed_list.USUAL, Show.NEW) if new_since else None,
        "all_of_them": url_for("missed_page", show="all", unit=unit or None, **lately),
        "new_ones": url_for("missed_page", show="new", unit=unit or None),
    }  # fmt: skip
