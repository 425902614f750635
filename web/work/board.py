"""The board (Overgange): what needs somebody of my units, most urgent first; refreshed cheaply, acted on at once."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import groupby
from uuid import UUID

from flask import Flask, get_template_attribute, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import func, select

from web.ground import confirmation, headers, identity, language, looks, rules
from web.ground.formats import number, urgency
from web.ground.language import gettext, local_address
from web.ground.looks import Desk
from web.ground.menu import PATIENTS
from workflow import amendments, calendar, episodes
from workflow.errors import Invalid, NotFound
from workflow.handing import handovers
from workflow.lists.board import filters as filtering
from workflow.lists.board import picking, views
from workflow.lists.board.filters import Cursor, Filters, Show, Turn, counts_for
from workflow.lists.board.picking import MOST, PAGE, Picked
from workflow.lists.board.rows import Row, rows, with_send_by
from workflow.pathways import newest
from workflow.seeing import sight
from workflow.showing.way import Standing, Step
from workflow.tables import Unit
from workflow.vocabulary import Language, Look

for_patients = rules.only(*PATIENTS)
TURNS = (Turn.OURS, Turn.OTHERS)  # those that are counted
SHORT = {  # a row has less room
    state: f"short:{state}" for state in ("acute", "admitted_at_home", "ready_for_discharge", "at_tryghedshotel")
}


def labels() -> dict[Show, str]:
    """What each count is called."""
    return {
        Show.OVERDUE: gettext("overdue"),
        Show.SOON: gettext("end within 4 hours"),
        Show.LEAVING: gettext("leave today or tomorrow"),
        Show.ARRIVING: gettext("are expected here"),
        Show.AWAITING: gettext("await acceptance"),
        Show.CALLS: gettext("calls to make"),
        Show.DONE: gettext("done today"),
    }


def turns() -> dict[Turn, str]:
    """What each turn is called, in the order of the tabs."""
    return {Turn.OURS: gettext("Needs us"), Turn.OTHERS: gettext("Waiting for others"), Turn.ALL: gettext("All")}


def counted(count: int) -> str:
    """A count as it is shown: `100+` where it was counted no further."""
    return f"{number(MOST)}+" if count >= MOST else number(count)


def _fingerprint(desk: Desk, filters: Filters, shown: Sequence[Picked], counts: Mapping[Filters, int]) -> str:
    """What is on the page, in short: the same as long as nothing on it changes but the minutes.

    A row changes with its episode's history, its place in the order, and the urgency of its time. In a demonstration
    the clock stands still, and when it is moved, everything changes.
    """
    rows = [(one.number, one.changes, urgency(one.at, desk.at)) for one in shown]
    clock = desk.at.isoformat() if identity.settings().demo else ""
    said = repr((desk.by.unit_id, sorted(desk.seen.units), filters.query, rows, list(counts.values()), clock))
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def _units(desk: Desk) -> list[Unit]:
    """Those whose episodes this person sees, in the order of their names."""
    query = select(Unit).where(Unit.id.in_(desk.seen.units)).order_by(func.lower(Unit.name))
    return list(desk.session.scalars(query))


def _board(desk: Desk) -> ResponseReturnValue:
    filters, after = Filters.read(request.query_string.decode()), Cursor.read(request.args.get("after", ""))
    units = _units(desk)
    chosen = [unit.id for unit in units if filters.unit in ("", str(unit.uuid))]
    shows = counts_for(next(iter(desk.by.roles)))
    parts = [*(Filters(show=show) for show in shows), *(Filters(turn=turn) for turn in TURNS)]
    counts = dict(zip(parts, picking.count(desk.session, chosen, parts, at=desk.at), strict=True))
    picked = picking.pick(desk.session, chosen, filters, after=after, at=desk.at)
    print_ = _fingerprint(desk, filters, picked, counts)
    if headers.refreshes_itself() and request.if_none_match.contains(print_):
        return "", 304
    shown = rows(desk.session, desk.seen, picked[:PAGE], at=desk.at)
    if filters.show == Show.LEAVING:
        shown = with_send_by(desk.session, shown, at=desk.at)
    sight.record(desk.session, desk.seen, [row.episode for row in shown], visit=desk.visit, kind=Look.LIST)
    last = picked[PAGE - 1] if len(picked) > PAGE else None
    answer = make_response(
        render_template(
            "board.html", layout="fragment.html" if headers.refreshes_itself() else "base.html",
            at=desk.at, looked_at=desk.visit.at, fingerprint=print_, filters=filters, after=after,
            following=Cursor(last.at, last.number) if last else None, rows=shown, units=units,
            counts=[(show, labels()[show], counts[Filters(show=show)]) for show in shows],
            turns=[(filters.of(turn), label, counts.get(Filters(turn=turn))) for turn, label in turns().items()],
            counted=counted, grouped=partial(_grouped, filters, desk.at), heading=labels(),
            address=_address, kept=views.kept(desk.session, desk.by), pathways=_pathways(), states=filtering.states(),
        )
    )  # fmt: skip
    answer.set_etag(print_)
    return answer


def _grouped(filters: Filters, at: datetime, shown: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows under headings: those who leave or arrive by day, anything else under none."""
    if filters.show not in {Show.LEAVING, Show.ARRIVING}:
        return [("", list(shown))]
    today = calendar.local(at).date()

    def heading(row: Row) -> str:
        leaves_at = row.episode.expected_discharge_at
        days = (calendar.local(leaves_at).date() - today).days if leaves_at is not None else 0
        if row.episode.state == "discharged" or leaves_at is None:
            return gettext("Expected, without a time") if leaves_at is None else gettext("On the way")
        return gettext("Before today") if days < 0 else gettext("Today") if days == 0 else gettext("Tomorrow")

    return [(said, list(rows)) for said, rows in groupby(shown, key=heading)]


def _address(filters: Filters, after: Cursor | None = None) -> str:
    """Where the board shows this."""
    query = "&".join(filter(None, [filters.query, f"after={after}" if after else ""]))
    return url_for("board_page") + (f"?{query}" if query else "")


def _pathways() -> list[tuple[str, str]]:
    return [(key, newest(key).title[language.current()]) for key in filtering.pathways()]


@lru_cache(maxsize=1000)
def drawn(_language: Language, steps: tuple[tuple[str, Standing], ...]) -> Markup:
    """A way, small, in a language: there are few, and each stands in many rows."""
    draw: Callable[..., Markup] = get_template_attribute("way.html", "small_way")
    return draw(steps, SHORT)


def _small_way(steps: Sequence[Step]) -> Markup:
    return drawn(language.current(), tuple((step.word, step.standing) for step in steps))


def _back() -> ResponseReturnValue:
    return redirect(local_address(request.form.get("back", "")), code=303)


def _version() -> int:
    try:
        return int(request.form.get("version", ""))
    except ValueError:
        raise Invalid("no_such_version") from None


def _unit_chased(desk: Desk) -> int:
    """Raises NotFound."""
    try:
        found = desk.session.scalar(select(Unit.id).where(Unit.uuid == UUID(request.form.get("unit", ""))))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("no_such_unit")
    return found


def register(app: Flask) -> None:
    """The pages below `/overgange`."""
    app.add_template_filter(_small_way, "small_way")

    @app.get("/overgange")
    @for_patients
    def board_page() -> ResponseReturnValue:
        with looks.looking("board") as desk:
            return _board(desk)

    @app.post("/overgange/overlevering/<uuid:handover_id>/modtag")
    @for_patients
    def accept_on_board(handover_id: UUID) -> ResponseReturnValue:
        with looks.looking("board") as desk:
            accepted = handovers.accept(desk.session, handover_id, by=desk.by, at=desk.at, version=_version())
            confirmation.of(accepted.episode)
        return _back()

    @app.post("/overgange/forloeb/<uuid:episode_id>/ankomst")
    @for_patients
    def arrive_on_board(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("board") as desk:
            arrived = episodes.record_arrival(desk.session, episode_id, by=desk.by, at=desk.at)
            confirmation.of_event(arrived)
        return _back()

    @app.post("/overgange/forloeb/<uuid:episode_id>/tilsyn")
    @for_patients
    def review_on_board(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("board") as desk:
            amendments.review(desk.session, episode_id, by=desk.by, at=desk.at)
        return _back()

    @app.post("/overgange/forloeb/<uuid:episode_id>/rykket")
    @for_patients
    def chase_on_board(episode_id: UUID) -> ResponseReturnValue:
        with looks.looking("board") as desk:
            amendments.chase(desk.session, episode_id, _unit_chased(desk), by=desk.by, at=desk.at)
        return _back()

    @app.post("/overgange/visninger")
    @for_patients
    def keep_view() -> ResponseReturnValue:
        with looks.looking("board") as desk:
            filters = Filters.read(request.form.get("query", ""))
            views.keep(desk.session, request.form.get("name", ""), filters, by=desk.by)
        return redirect(_address(filters), code=303)

    @app.post("/overgange/visninger/<uuid:view_id>/fjern")
    @for_patients
    def remove_view(view_id: UUID) -> ResponseReturnValue:
        with looks.looking("board") as desk:
            views.remove(desk.session, view_id, by=desk.by, at=desk.at)
        return _back()
