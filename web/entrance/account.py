"""What a person decides for themselves: where they are told what."""

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import identity, rules
from web.ground.language import gettext
from workflow.db import Session
from workflow.staff import accounts, people
from workflow.tables import Person
from workflow.vocabulary import NoticeKind


def kinds() -> dict[NoticeKind, str]:
    """What a person can be told of."""
    return {
        NoticeKind.NOTICE: gettext("Something happened that you need to know"),
        NoticeKind.REMINDER: gettext("Something is due soon"),
        NoticeKind.ESCALATION: gettext("Something is late, and somebody else must know"),
        NoticeKind.MISS: gettext("Something was missed"),
    }


def register(app: Flask) -> None:
    """`/account`."""

    @app.get("/account")
    @rules.known
    def account_page() -> ResponseReturnValue:
        found = identity.somebody()
        with Session() as session:
            person = session.get_one(Person, found.person_id)
            account = accounts.account_of(session, found.person_id)
            return render_template("account.html", person=person, account=account, kinds=kinds())

    @app.post("/account")
    @rules.known
    def say_what_to_be_told() -> ResponseReturnValue:
        form = request.form
        chosen = {way: [kind for kind in NoticeKind if kind in form.getlist(way)] for way in ("mail", "sms")}
        with Session.begin() as session:
            people.tell(
                session, identity.somebody().person_id, email=form.get("email"), mobile=form.get("mobile"),
                mail_about=chosen["mail"], sms_about=chosen["sms"],
            )  # fmt: skip
        return redirect(url_for("account_page"), code=303)
