"""Signing in: a password, a code where one is asked for, a role where there are several; and out again."""

from collections.abc import Callable
from uuid import UUID

from flask import Flask, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.entrance import late
from web.entrance.claims import Provider
from web.ground import identity, language, rules
from web.ground.language import local_address
from workflow import clock
from workflow.db import Session
from workflow.errors import Invalid, NotAllowed, TooMany, WorkflowError
from workflow.staff import accounts, sign_ins, throttle
from workflow.staff.sign_ins import Lacks
from workflow.vocabulary import SignInBy, SignInEnd

OUT = {"Clear-Site-Data": '"cache"'}  # Back shows nothing


def back() -> str:
    """Where the person wanted to go."""
    return local_address(request.values.get("back", "/"))


def step(
    template: str, *, status: int = 200, error: WorkflowError | None = None, **facts: object
) -> ResponseReturnValue:
    """A page on the way in, which carries what was typed before."""
    problem = error.say(language.current()) if error else ""
    page = render_template(template, back=back(), typed=late.carried(), problem=problem, **facts)
    return page, 429 if isinstance(error, TooMany) else status


def onward() -> ResponseReturnValue:
    """What comes next for who just showed something of who they are: the next step, what they typed, or their page."""
    found, typed = identity.somebody(), late.opened(late.carried())
    if found.lacks == Lacks.ROLE and typed is not None and typed.person_id == found.person_id:
        with Session.begin() as session:
            before = next((r for r in sign_ins.roles_of(session, found.person_id) if r.id == typed.role_id), None)
            if before is not None:
                sign_ins.choose(session, found.id, before.uuid)
        if before is not None:
            found = identity.renew(identity.token())
    if typed is None:
        to = url_for(identity.STEPS[found.lacks], back=back()) if found.lacks else back()
        return redirect(to, code=303)
    return PAGES[found.lacks]() if found.lacks else late.page(typed)


def sign_in_form(*, status: int = 200, error: WorkflowError | None = None, typed: str = "") -> ResponseReturnValue:
    """Every way in that there is."""
    problem = error.say(language.current()) if error else ""
    page = render_template(
        "signin.html", back=back(), typed=typed or late.carried(), problem=problem,
        username=request.form.get("username", "") if problem else "",
    )  # fmt: skip
    return page, 429 if isinstance(error, TooMany) else status


def too_late() -> ResponseReturnValue:
    """A form came, and its sign-in had ended."""
    return sign_in_form(status=401, typed=late.typed_now())


def code_form(error: WorkflowError | None = None) -> ResponseReturnValue:
    """The second factor."""
    return step("code.html", status=401 if error else 200, error=error)


def password_form(error: WorkflowError | None = None) -> ResponseReturnValue:
    """Their own password."""
    return step("password.html", status=422 if error else 200, error=error)


def second_factor_form(error: WorkflowError | None = None) -> ResponseReturnValue:
    """Setting up the app that shows codes."""
    with Session.begin() as session:
        secret, address = accounts.begin_second_factor(session, identity.somebody().person_id)
    groups = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    return step("second_factor.html", status=422 if error else 200, error=error, secret=groups, app_address=address)


def choose_form() -> ResponseReturnValue:
    """In which unit and role."""
    with Session() as session:
        roles = sign_ins.roles_of(session, identity.somebody().person_id)
        return step("choose.html", roles=roles)


PAGES: dict[Lacks, Callable[[], ResponseReturnValue]] = {
    Lacks.CODE: code_form,
    Lacks.PASSWORD: password_form,
    Lacks.SECOND_FACTOR: second_factor_form,
    Lacks.ROLE: choose_form,
}


def _counted(what: str) -> None:
    """Raises TooMany. Committed before anything is looked at."""
    with Session.begin() as session:
        throttle.count(session, what, identity.address(), at=clock.real_now())


def register(app: Flask) -> None:
    """The pages before the first page."""
    app.config[identity.TOO_LATE] = too_late
    _register_sign_in(app)
    _register_code(app)
    _register_choice(app)
    _register_password(app)
    _register_provider(app)


def _register_provider(app: Flask) -> None:
    provider = Provider.from_settings(app.config["OVERGANG"])
    app.context_processor(lambda: {"provider": provider})
    if provider is not None:
        from web.entrance import provider as way  # with all that it stands on, which no other way in needs

        way.register(app, provider)


def _register_sign_in(app: Flask) -> None:
    @app.get("/sign-in")
    @rules.public
    def sign_in_page() -> ResponseReturnValue:
        return sign_in_form()

    @app.post("/sign-in")
    @rules.public
    def sign_in() -> ResponseReturnValue:
        username, password = request.form.get("username", ""), request.form.get("password", "")
        try:
            _counted(username)
            with Session.begin() as session:
                person = accounts.person_with(session, username, password)
                throttle.forgive(session, username, identity.address())
                session.expunge(person)
        except NotAllowed as error:
            return sign_in_form(status=401, error=error)
        identity.let_in(person, SignInBy.PASSWORD)
        return onward()

    @app.post("/sign-out")
    @rules.public
    def sign_out() -> ResponseReturnValue:
        found, everywhere = identity.signed_in(), request.form.get("everywhere") == "1"
        with Session.begin() as session:
            if found and everywhere:
                because = SignInEnd.SIGNED_OUT_EVERYWHERE
                sign_ins.end_all(session, found.person_id, because=because, at=clock.real_now())
            sign_ins.end(session, identity.token(), because=SignInEnd.SIGNED_OUT, at=clock.real_now())
        identity.let_out()
        return redirect(url_for("sign_in_page"), code=303), OUT


def _register_code(app: Flask) -> None:
    @app.get("/sign-in/code")
    @rules.half
    def code_page() -> ResponseReturnValue:
        return code_form()

    @app.post("/sign-in/code")
    @rules.half
    def give_code() -> ResponseReturnValue:
        found, at = identity.somebody(), clock.real_now()
        subject = f"code of {found.person_id}"
        try:
            _counted(subject)
            with Session.begin() as session:
                accounts.require_code(session, found.person_id, request.form.get("code", ""), at=at)
                throttle.forgive(session, subject, identity.address())
                fresh = sign_ins.confirm(session, found.id, at=at, replaces=identity.token())
        except (Invalid, NotAllowed) as error:
            return code_form(error)
        identity.renew(fresh)
        return onward()

    @app.get("/account/second-factor")
    @rules.known
    def second_factor_page() -> ResponseReturnValue:
        return second_factor_form()

    @app.post("/account/second-factor")
    @rules.known
    def set_up_second_factor() -> ResponseReturnValue:
        found = identity.somebody()
        try:
            with Session.begin() as session:
                at, code = clock.real_now(), request.form.get("code", "")
                accounts.confirm_second_factor(session, found.person_id, code, at=at)
        except Invalid as error:
            return second_factor_form(error)
        identity.renew(identity.token())
        return onward()


def _register_choice(app: Flask) -> None:
    @app.get("/choose")
    @rules.known
    def choose_page() -> ResponseReturnValue:
        return choose_form()

    @app.post("/choose")
    @rules.known
    def choose() -> ResponseReturnValue:
        try:
            role_id = UUID(request.form.get("role", ""))
        except ValueError:
            abort(400)
        with Session.begin() as session:
            sign_ins.choose(session, identity.somebody().id, role_id)
        identity.renew(identity.token())
        return onward()


def _register_password(app: Flask) -> None:
    @app.get("/account/password")
    @rules.known
    def password_page() -> ResponseReturnValue:
        return password_form()

    @app.post("/account/password")
    @rules.known
    def change_password() -> ResponseReturnValue:
        found, at = identity.somebody(), clock.real_now()
        old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
        subject = f"password of {found.person_id}"
        try:
            _counted(subject)
            with Session.begin() as session:
                accounts.change_password(session, found.person_id, old, new, again, at=at)
                throttle.forgive(session, subject, identity.address())
                because = SignInEnd.PASSWORD_CHANGED
                sign_ins.end_all(session, found.person_id, because=because, at=at, but_token=identity.token())
        except WorkflowError as error:
            return password_form(error)
        identity.renew(identity.token())
        return onward()
