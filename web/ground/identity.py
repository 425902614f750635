"""Who asks: known from the server's own record of the sign-in, never from what the request says."""

import logging
from typing import NoReturn

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from web.ground import headers, programs, rules
from web.ground.language import here, local_address
from web.ground.rules import Who
from workflow import clock
from workflow.actor import Actor
from workflow.db import Session
from workflow.errors import NotAllowed
from workflow.settings import Settings
from workflow.staff import sign_ins
from workflow.staff.sign_ins import Lacks, SignedIn
from workflow.tables import Person
from workflow.vocabulary import SignInBy

STEPS = {
    Lacks.CODE: "code_page",
    Lacks.PASSWORD: "password_page",
    Lacks.SECOND_FACTOR: "second_factor_page",
    Lacks.ROLE: "choose_page",
}
TOO_LATE = "TOO_LATE"  # the view that answers a form whose sign-in has ended

log = logging.getLogger(__name__)


def settings() -> Settings:
    """Those of this installation."""
    found: Settings = current_app.config["OVERGANG"]
    return found


def cookie() -> str:
    """The name of the cookie that holds the token."""
    return "__Host-overgang" if headers.behind_tls(settings()) else "overgang_sign_in"


def token() -> str:
    """What the browser holds now; empty when nothing."""
    given: str = g.get("token", request.cookies.get(cookie(), ""))
    return given


def signed_in() -> SignedIn | None:
    """The living sign-in of this browser. Asks the database once a request, and only a browser that has a token.

    What is not known for want of a database is not remembered: nobody is taken for signed out because of that.
    """
    if "signed_in" not in g:
        living = None
        if token():
            with Session.begin() as session:
                living = sign_ins.living(
                    session, token(), at=clock.real_now(), idle=settings().idle, used=not headers.refreshes_itself()
                )
        g.signed_in = living
    found: SignedIn | None = g.signed_in
    return found


def somebody() -> SignedIn:
    """The same on a route that asks for a sign-in. Raises NotAllowed."""
    found = signed_in()
    if found is None:
        raise NotAllowed("sign_in_first")
    return found


def current_actor() -> Actor:
    """The person as they act now, in one role in one unit; the program that was let in, in the role of its token.

    Raises NotAllowed before a person has chosen in which role.
    """
    program = programs.asking()
    return program.actor if program is not None else somebody().actor


def address() -> str:
    """Where the request comes from, as far as the trusted proxies say (`web.ground.proxies`)."""
    return request.remote_addr or ""


def let_in(person: Person, by: SignInBy) -> SignedIn:
    """This browser is the person's from now on, under a token that it did not hold before."""
    with Session.begin() as session:
        fresh = sign_ins.begin(
            session, person, by, address=address(), at=clock.real_now(), life=settings().life,
            replaces=token() or None,
        )  # fmt: skip
    return renew(fresh)


def renew(fresh: str) -> SignedIn:
    """Give the browser another token."""
    g.token = fresh
    g.pop("signed_in", None)
    return somebody()


def unknown() -> None:
    """For the rest of this request nobody asks who it is: the database does not say."""
    g.signed_in = None


def let_out() -> None:
    """Take the token from the browser, and what else we had it keep."""
    session.clear()
    g.token = ""
    g.signed_in = None


def refuse() -> NoReturn:
    """Say no, without a word about what is there."""
    abort(403)


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method not in {"GET", "HEAD"}:
        answer: ResponseReturnValue = current_app.config[TOO_LATE]()
        return answer
    if headers.wants_fragment():  # the page around it goes too
        return "", 401, {"HX-Redirect": url_for("sign_in_page")}
    return redirect(url_for("sign_in_page", back=local_address(here())), code=303)


def _guard() -> ResponseReturnValue | None:
    """Hold a request against the rule of its route."""
    if request.routing_exception or request.endpoint is None:
        return None
    rule = rules.of(current_app, request.endpoint)
    if rule is None:
        log.error("route %s has no rule, so nobody may use it", request.endpoint)
        refuse()
    if rule.who == Who.PUBLIC:
        return None
    if rule.scope is not None:
        programs.require(rule.scope)
        return None
    found = signed_in()
    if found is None:
        return _ask_to_sign_in()
    if found.lacks and (rule.who == Who.ACTING or (rule.who == Who.KNOWN and found.lacks == Lacks.CODE)):
        return redirect(url_for(STEPS[found.lacks]), code=303)
    if rule.roles and found.role not in rule.roles:
        refuse()
    return None


def register(app: Flask) -> None:
    """Hold every request against the rule of its route, and keep the browser's token as the request left it."""
    app.before_request(_guard)

    @app.after_request
    def keep(answer: Response) -> Response:
        if "token" in g:
            secure = headers.behind_tls(settings())
            if g.token:
                answer.set_cookie(cookie(), g.token, secure=secure, httponly=True, samesite="Lax")
            else:
                answer.delete_cookie(cookie(), secure=secure, httponly=True, samesite="Lax")
        return answer
