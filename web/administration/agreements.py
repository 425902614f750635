"""Samarbejdsaftaler: what has been agreed, and new versions of it, shown for what they change before they are saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session as OpenSession

from web.administration import agreement_form
from web.administration.agreement_form import Typed
from web.ground import formats, identity, language, rules
from workflow import agreeing, agreements, clock, db
from workflow.agreeing import Change, Reach
from workflow.calendar import at_clock, local, public_holidays
from workflow.db import Session
from workflow.errors import Invalid
from workflow.pathways import PATHWAYS, newest
from workflow.rule import Rule
from workflow.staff import staffing
from workflow.tables import Organisation
from workflow.vocabulary import Audience, Role

administrators = rules.only(Role.ADMINISTRATOR)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """For whom, and which rules of what holds there now."""

    place: Organisation | None
    pathway_key: str | None
    in_force: dict[str, Rule]
    chosen: list[Rule]


def register(app: Flask) -> None:
    """The pages below `/admin/aftaler`."""
    _register_reading(app)
    _register_writing(app)
    for say in (
        agreement_form.name_of, agreement_form.time_of, agreement_form.ladder_of, agreement_form.required_by,
        agreement_form.hours_of,
    ):  # fmt: skip
        app.add_template_filter(say, f"rule_{say.__name__}")


def _register_reading(app: Flask) -> None:
    @app.get("/admin/aftaler")
    @administrators
    def agreements_page() -> ResponseReturnValue:
        with Session() as session:
            at = clock.now(session)
            year = local(at).year
            return render_template(
                "agreements/list.html", at=at, found=agreeing.every(session), pathways=_pathways(),
                places=agreeing.places(session, by=identity.current_actor()),
                holidays=[(y, public_holidays(y, language.current())) for y in (year, year + 1)],
            )  # fmt: skip

    @app.get("/admin/aftaler/<uuid:agreement_id>")
    @administrators
    def agreement_page(agreement_id: UUID) -> ResponseReturnValue:
        with Session() as session:
            found = agreeing.fetch(session, agreement_id)
            rules_of = [
                (row.key, None if row.withdrawn else agreements.read_rule(row.terms)) for row in found.row.rules
            ]
            return render_template(
                "agreements/agreement.html", at=clock.now(session), found=found, rules=rules_of, pathways=_pathways(),
                known=agreements.first_rules(),
            )  # fmt: skip


def _register_writing(app: Flask) -> None:
    @app.get("/admin/aftaler/ny")
    @administrators
    def new_agreement_page() -> ResponseReturnValue:
        with Session() as session:
            at = clock.now(session)
            return _form(_asked(session, at), at, changed=())

    @app.post("/admin/aftaler/ny/vis")
    @administrators
    def preview_agreement() -> ResponseReturnValue:
        """Answered at once, without a redirect: nothing has happened, and what was typed is still in the form."""
        with Session.begin() as session:
            at = clock.now(session)
            asked = _asked(session, at)
            changed = _changes(asked)
            if not changed:
                raise Invalid("nothing_changes")
            scope = agreeing.scope_of(asked.place, asked.pathway_key)
            g.here = url_for(
                "new_agreement_page", place=request.form.get("place") or None, pathway=asked.pathway_key,
                rule=[rule.key for rule in asked.chosen],
            )  # fmt: skip
            db.count_everything(session)
            reach = agreeing.reach(session, scope, changed, at=_valid_from() or at)
            return _form(asked, at, changed=changed, reach=reach)

    @app.post("/admin/aftaler/ny")
    @administrators
    def save_agreement() -> ResponseReturnValue:
        form = request.form
        with Session.begin() as session:
            at = clock.now(session)
            asked = _asked(session, at)
            made = agreeing.revise(
                session, asked.place, asked.pathway_key, _changes(asked), title=form.get("title", ""),
                by=identity.current_actor(), at=at, valid_from=_valid_from(),
                moves_open_deadlines=form.get("moves") == "1", note=form.get("note", ""),
            )  # fmt: skip
            agreement_id = made.uuid
        return redirect(url_for("agreement_page", agreement_id=agreement_id), code=303)


def _form(asked: Asked, at: datetime, *, changed: Sequence[Change], reach: Reach | None = None) -> str:
    """The rules to choose from, or the form for those that were chosen, with what it would change."""
    after = {change.key: change.after for change in changed}
    shown = [(rule, after.get(rule.key, rule)) for rule in asked.chosen]
    return render_template(
        "agreements/new.html", at=at, asked=asked, shown=shown, changed=changed, reach=reach, form=agreement_form,
        audiences=Audience, pathways=_pathways(), typed=request.form,
    )  # fmt: skip


def _asked(session: OpenSession, at: datetime) -> Asked:
    """Of the address, or of the form. Raises NotFound, NotAllowed, Invalid."""
    place = _place(session)
    agreeing.require_agreeing(session, place, by=identity.current_actor())
    pathway_key = request.values.get("pathway") or None
    if pathway_key is not None and pathway_key not in _pathways():
        raise Invalid("no_such_pathway")
    in_force = agreements.in_force(session, agreeing.scope_of(place, pathway_key), at=at)
    wanted = request.values.getlist("rule")
    chosen = [rule for key, rule in in_force.items() if key in wanted]
    return Asked(place=place, pathway_key=pathway_key, in_force=in_force, chosen=chosen)


def _place(session: OpenSession) -> Organisation | None:
    asked = request.values.get("place", "")
    return staffing.organisation(session, request.values.get("place", UUID(int=0), type=UUID)) if asked else None


def _changes(asked: Asked) -> list[Change]:
    typed: Typed = request.form.to_dict(flat=False)
    read = {rule.key: agreement_form.read(rule, typed) for rule in asked.chosen}
    kept = [rule for rule in read.values() if rule is not None]
    return agreeing.changes(asked.in_force, kept, [key for key, rule in read.items() if rule is None])


def _valid_from() -> datetime | None:
    """The beginning of the day that was typed; None: from now. Raises Invalid."""
    typed = request.form.get("valid_from", "").strip()
    if not typed:
        return None
    return at_clock(formats.day_from_input(typed), datetime.min.time())


def _pathways() -> dict[str, str]:
    """What each pathway is called, by key."""
    return {key: newest(key).title[language.current()] for key in sorted({key for key, _ in PATHWAYS})}
