"""Finding a citizen from any page: by full CPR number, name or telephone.

What was typed stands in no address: it travels in a cookie, encrypted, so that going back to what was found works.
"""

import base64
import binascii
import json

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from web.ground import headers, identity, language, looks, rules
from web.ground.menu import CARE, PATIENTS
from workflow import clock, keys
from workflow.errors import Invalid
from workflow.lists import finding
from workflow.lists.finding import Found
from workflow.staff.sign_ins import SignedIn
from workflow.tables import Unit

LONGEST = 100  # characters
LIFE = 15 * 60  # seconds
for_patients = rules.only(*PATIENTS)


def _cookie() -> str:
    return "__Host-overgang-search" if headers.behind_tls(identity.settings()) else "overgang_search"


def _sealed(typed: str) -> str:
    carried = {"typed": typed, "whose": identity.somebody().id, "at": clock.real_now().timestamp()}
    return base64.urlsafe_b64encode(keys.ring().encrypt(json.dumps(carried))).decode()


def _typed() -> str:
    """What this sign-in searched for last; empty for anybody else's, and for what is too old."""
    try:
        carried = json.loads(keys.ring().decrypt(base64.urlsafe_b64decode(request.cookies.get(_cookie(), ""))))
    except (keys.Unreadable, binascii.Error, ValueError):
        return ""
    fresh = clock.real_now().timestamp() - carried["at"] < LIFE
    return str(carried["typed"]) if fresh and carried["whose"] == identity.somebody().id else ""


def _may_search() -> bool:
    found: SignedIn | None = g.get("signed_in")
    return found is not None and not found.lacks and found.role in PATIENTS


def register(app: Flask) -> None:
    """`/soeg`, and the field for it on every page of who may see citizens."""
    app.context_processor(lambda: {"may_search": _may_search()})

    @app.post("/soeg")
    @for_patients
    def search() -> ResponseReturnValue:
        answer = redirect(url_for("search_page"), code=303)
        secure = headers.behind_tls(identity.settings())
        typed = _sealed(request.form.get("find", "")[:LONGEST].strip())
        answer.set_cookie(_cookie(), typed, max_age=LIFE, secure=secure, httponly=True, samesite="Strict")
        return answer

    @app.get("/soeg")
    @for_patients
    def search_page() -> ResponseReturnValue:
        typed = _typed()
        found, wrong = Found(episodes=[]), ""
        with looks.looking("search", criterion=typed or None) as desk:
            if typed:
                try:
                    found = finding.find(desk.session, desk.seen, typed, visit=desk.visit)
                except Invalid as error:
                    wrong = error.say(language.current())
            numbers = {episode.responsible_unit_id for episode in found.episodes} - {None}
            units = {u.id: u.name for u in desk.session.scalars(select(Unit).where(Unit.id.in_(numbers)))}
            page = render_template(
                "search.html", at=desk.at, found=found, wrong=wrong, typed="" if found.cpr else typed, units=units,
                may_open=bool(desk.by.roles & CARE),
            )  # fmt: skip
        return page
