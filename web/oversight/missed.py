"""Missede: what was missed, who reviews it, what was learned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import looks, rules
from web.ground.formats import instant, named, span, word
from web.ground.language import gettext
from web.ground.looks import Desk
from web.oversight import missed_list
from web.oversight.missed_list import Asked
from workflow.cluster import FEW
from workflow.lists import missed
from workflow.lists.missed import PAGE, Count, Missed, Show
from workflow.seeing import reviews, sight
from workflow.vocabulary import Cause, Look, MissCode, Role, Verdict

for_patients = rules.only(*(set(Role) - {Role.ADMINISTRATOR, Role.OPERATOR}))
managers = rules.only(Role.MANAGER)
LOOKED_BACK = timedelta(days=366)  # for what is open and older than the period
REPORTING_SITE = "https://dpsd.dk/"  # Dansk Patientsikkerhedsdatabase; opened by a person, never by us


@dataclass(frozen=True, kw_only=True)
class UnitLine:
    """One unit in the overview. None: some, but so few of another organisation that they could be recognised."""

    unit_id: UUID
    name: str
    organisation: str
    by_code: dict[MissCode, int | None]


def register(app: Flask) -> None:
    """The pages below `/missede`."""
    _register_list(app)
    _register_review(app)
    app.add_template_filter(how_late)


def _register_list(app: Flask) -> None:
    @app.get("/missede")
    @for_patients
    def missed_page() -> ResponseReturnValue:
        with looks.looking("missed") as desk:
            asked = missed_list.asked(desk)
            every = missed.count(desk.session, desk.seen, asked.whole)
            counts = asked.of(every)
            found = missed.page(desk.session, desk.seen, asked.wanted, after=request.args.get("after", type=UUID))
            shown = found[:PAGE]
            sight.record(desk.session, desk.seen, [row.episode for row in shown], visit=desk.visit, kind=Look.LIST)
            older = missed.older_are_open(desk.session, desk.seen, asked.wanted, back=LOOKED_BACK)
            return render_template(
                "missed/list.html", at=desk.at, asked=asked, rows=shown, more=len(found) > PAGE, older=older,
                tallies=_tallies(counts), overview=_overview(asked, counts, desk.by.organisation_id),
                by_cause=_by_cause(asked, counts), units=sorted({(one.unit, one.unit_id) for one in every}),
                shows=Show, codes=MissCode, causes=Cause, exports=Role.MANAGER in desk.by.roles,
            )  # fmt: skip

    @app.get("/missede/<uuid:miss_id>")
    @for_patients
    def miss_page(miss_id: UUID) -> ResponseReturnValue:
        with looks.looking("miss") as desk:
            miss, episode = reviews.fetch(desk.session, desk.seen, miss_id)
            sight.require(desk.session, desk.seen, episode.uuid, visit=desk.visit)
            row = missed.one(desk.session, miss)
            steps, whose = reviews.of_miss(desk.session, miss), reviews.reviewers(desk.session, episode)
            return render_template(
                "missed/miss.html", at=desk.at, kept=missed_list.kept(), row=row,
                ladder=missed.ladder(desk.session, miss),
                attempts=missed.attempts(desk.session, miss), said=missed.verdicts(desk.session, miss), steps=steps,
                review=reviews.current(steps), reviewers=whose, choices=[
                    (str(person.uuid), f"{person.name}, {unit.name}") for person, unit in whose
                ],
                cause_choices=[(cause.value, word(f"cause:{cause}")) for cause in Cause],
                verdict_choices=[(verdict.value, word(f"verdict:{verdict}")) for verdict in Verdict],
                may_review=Role.MANAGER in desk.by.roles, reporting_site=REPORTING_SITE, facts=facts(row, desk.at),
                pages=app.view_functions,
            )  # fmt: skip


def _register_review(app: Flask) -> None:
    @app.post("/missede/<uuid:miss_id>/review")
    @managers
    def review_miss(miss_id: UUID) -> ResponseReturnValue:
        form = request.form
        done = form.get("go", "")
        with looks.looking("miss_review") as desk:
            reviews.write(
                desk.session, desk.seen, miss_id, after=_after(), assigned_to=form.get("assigned_to", type=UUID),
                cause=form.get("cause", type=Cause), learning=form.get("learning", ""),
                closed=done in {"next", "close"}, at=desk.at,
            )  # fmt: skip
            following = _after_this(desk, miss_id) if done == "next" else None
        if done == "save" or following is not None:
            return _to_miss(following or miss_id)
        return redirect(url_for("missed_page", **missed_list.kept()), code=303)

    @app.post("/missede/<uuid:miss_id>/reported")
    @managers
    def report_miss(miss_id: UUID) -> ResponseReturnValue:
        with looks.looking("miss_reported") as desk:
            reported = request.form.get("reported") == "1"
            reviews.say_reported(desk.session, desk.seen, miss_id, after=_after(), reported=reported, at=desk.at)
        return _to_miss(miss_id)

    @app.post("/missede/<uuid:miss_id>/verdict")
    @managers
    def judge_miss(miss_id: UUID) -> ResponseReturnValue:
        with looks.looking("miss_verdict") as desk:
            verdict = request.form.get("verdict", Verdict.STANDS, type=Verdict)
            reviews.judge(desk.session, desk.seen, miss_id, verdict, request.form.get("reason", ""), at=desk.at)
        return _to_miss(miss_id)


def _after_this(desk: Desk, miss_id: UUID) -> UUID | None:
    """The next one of the list that led to a miss; None where it was the last."""
    rest = missed.page(desk.session, desk.seen, missed_list.asked(desk).wanted, after=miss_id)
    return next((row.miss.uuid for row in rest), None)


def _to_miss(miss_id: UUID) -> ResponseReturnValue:
    """A miss, in the list that it is looked at from."""
    return redirect(url_for("miss_page", miss_id=miss_id, **missed_list.kept()), code=303)


def _after() -> int:
    """The number of the step that the page showed last."""
    return request.form.get("after", -1, type=int)


def how_late(row: Missed) -> str:
    """`gjort 2 t for sent`, `gjort i tide`, and nothing where it was never done."""
    if row.made_good_at is None:
        return ""
    if row.made_good_at <= row.miss.due_at:
        return gettext("done in time")
    return gettext("done %(time)s late") % {"time": span(row.made_good_at - row.miss.due_at)}


def facts(row: Missed, at: datetime) -> str:
    """What can be told of a miss without telling of whom: to be copied into a report."""
    miss, responsible = row.miss, row.responsible
    nobody = gettext("nobody: the episode was over")
    lines = [
        (gettext("What"), f"{miss.code} · {word(miss.code)} ({word(row.about)})"),
        (gettext("Due"), instant(miss.due_at)),
        (gettext("Since then"), how_late(row) or gettext("not done %(at)s") % {"at": instant(at)}),
        (gettext("Owed by"), named(row.owing)),
        (
            gettext("Responsible then"),
            named(responsible) if responsible else nobody,
        ),
        (gettext("Reminders before"), str(miss.reminders)),
        (gettext("Attempts before"), str(miss.attempts)),
    ]
    return "\n".join(f"{label}: {text}" for label, text in lines)


def _tallies(counts: Iterable[Count]) -> dict[Show, int]:
    return {show: sum(one.shown[show] for one in counts) for show in Show}


def _overview(asked: Asked, counts: Iterable[Count], organisation_id: int | None) -> list[UnitLine]:
    """By unit, of the list that is shown; small numbers of other organisations are hidden."""
    of_unit: dict[UUID, list[Count]] = {}
    for one in counts:
        of_unit.setdefault(one.unit_id, []).append(one)
    lines = []
    for unit_id, those in of_unit.items():
        first, own = those[0], those[0].organisation_id == organisation_id
        found = {code: sum(one.shown[asked.wanted.show] for one in those if one.code == code) for code in MissCode}
        by_code = {code: number if own or number == 0 or number >= FEW else None for code, number in found.items()}
        if any(number != 0 for number in by_code.values()):
            lines.append(UnitLine(unit_id=unit_id, name=first.unit, organisation=first.organisation, by_code=by_code))
    return lines


def _by_cause(asked: Asked, counts: Iterable[Count]) -> dict[Cause, int]:
    found = {cause: sum(one.shown[asked.wanted.show] for one in counts if one.cause == cause) for cause in Cause}
    return {cause: number for cause, number in found.items() if number}
