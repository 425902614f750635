"""The texts of what people are told: how an organisation words them, an example of each, and what they said before."""

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Flask, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session as OpenSession

from web.ground import identity, rules
from workflow import clock, rewording
from workflow.db import Session
from workflow.errors import NotFound
from workflow.staff import staffing
from workflow.tables import Notice, Organisation
from workflow.telling import delivery, texts, wordings
from workflow.telling.texts import Blank, Text
from workflow.vocabulary import Language, NoticeKind, Role

EXAMPLE = "handover_sent"  # what an example of a letter is about
administrators = rules.only(Role.ADMINISTRATOR)


def register(app: Flask) -> None:
    """The pages below `/admin/tekster`."""

    @app.get("/admin/tekster")
    @administrators
    def texts_page() -> ResponseReturnValue:
        with Session() as session:
            there = rewording.organisations(session, by=identity.current_actor())
            whose = _whose(there) if there else None
            book = wordings.read(session, [whose.id], texts.EVERY, list(Language)) if whose else None
            return render_template(
                "admin/texts.html", there=there, whose=whose, book=book, events=texts.EVENTS.values(),
                owed=texts.OWED.values(), told=texts.TOLD.values(), letters=texts.LETTERS.values(), Language=Language,
            )  # fmt: skip

    @app.get("/admin/tekster/<code>")
    @administrators
    def text_page(code: str) -> ResponseReturnValue:
        with Session() as session:
            return _page(session, texts.fetch(code))

    _register_writing(app)


def _register_writing(app: Flask) -> None:
    @app.post("/admin/tekster/<code>/vis")
    @administrators
    def try_text(code: str) -> ResponseReturnValue:
        """Answered at once, without a redirect: nothing is saved, and what was typed is still in the form."""
        with Session() as session:
            language = _language()
            text = texts.fetch(code, language)
            return _page(session, text, trying=(language, text.checked(request.form.get("wording", ""), language)))

    @app.post("/admin/tekster/<code>")
    @administrators
    def word_text(code: str) -> ResponseReturnValue:
        def write(session: OpenSession, organisation: Organisation, text: Text, language: Language) -> None:
            typed, by = request.form.get("wording", ""), identity.current_actor()
            rewording.write(session, organisation, text, language, typed, by=by, at=clock.now(session))

        return _changed(code, write)

    @app.post("/admin/tekster/<code>/tilbage")
    @administrators
    def go_back_to_text(code: str) -> ResponseReturnValue:
        def go_back(session: OpenSession, organisation: Organisation, text: Text, language: Language) -> None:
            by = identity.current_actor()
            rewording.go_back(session, organisation, text, language, by=by, at=clock.now(session))

        return _changed(code, go_back)


def _changed(code: str, change: Callable[[OpenSession, Organisation, Text, Language], None]) -> ResponseReturnValue:
    """The text of that code says something else there, in the form's language; back to its page."""
    with Session.begin() as session:
        language, organisation = _language(), _organisation(session)
        change(session, organisation, texts.fetch(code, language), language)
        organisation_id = organisation.uuid
    return redirect(url_for("text_page", code=code, organisation=organisation_id), code=303)


def _page(session: OpenSession, text: Text, trying: tuple[Language, str] | None = None) -> str:
    """One text in its languages, each with an example; `trying`: how it would be with a wording that is not saved."""
    at = clock.now(session)
    there = rewording.organisations(session, by=identity.current_actor())
    if not there:
        raise NotFound("no_such_organisation")
    whose = _whose(there)
    topic = EXAMPLE if text.code in texts.LETTERS else text.code
    book = wordings.read(session, [whose.id], {topic, text.code, *texts.LETTERS}, list(Language))
    own = {language: book.own(whose.id, text, language) for language in text.languages}
    before = sorted(
        (row for language in text.languages for row in book.of(whose.id, text, language)),
        key=lambda row: row.id, reverse=True,
    )  # fmt: skip
    if trying is not None:
        g.here = url_for("text_page", code=text.code, organisation=whose.uuid)
        book.try_out(whose.id, text, trying[0], trying[1], at=at)
    kind = NoticeKind.REMINDER if topic in texts.OWED else NoticeKind.NOTICE
    notice, unit = Notice(topic=topic, kind=kind, written_at=at), rewording.somebody_told(session, whose)
    link = delivery.link(identity.settings().base_url, UUID(int=0))
    return render_template(
        "admin/text.html", text=text, whose=whose, own=own, before=before, trying=trying and trying[0], kind=kind,
        says={language: book.says(whose.id, text, language) for language in text.languages},
        lines={language: book.line(notice, unit, language) for language in text.languages},
        letter={code: book.letter(part, notice, unit, link=link) for code, part in texts.LETTERS.items()},
        is_line=text.code in texts.LINES, names=texts.names, Blank=Blank,
    )  # fmt: skip


def _whose(there: Sequence[Organisation]) -> Organisation:
    """Whose texts are asked for: those of the address or the form; else their own, or the first there is."""
    asked = request.values.get("organisation", type=UUID)
    own = identity.current_actor().organisation_id
    if asked is not None:
        found = next((one for one in there if one.uuid == asked), None)
        if found is None:
            raise NotFound("no_such_organisation")
        return found
    return next((one for one in there if one.id == own), there[0])


def _organisation(session: OpenSession) -> Organisation:
    return staffing.organisation(session, request.form.get("organisation", UUID(int=0), type=UUID))


def _language() -> Language:
    try:
        return Language(request.form.get("language", ""))
    except ValueError:
        raise NotFound("no_such_text") from None
