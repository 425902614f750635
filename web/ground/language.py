"""Danish or English: which one the reader chose, the texts in it, and the buttons that change it."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from web.ground import headers, rules
from workflow.vocabulary import Language

COOKIE = "overgang_language"
PROGRAMS = ("/api/", "/kalender/")  # which look at no cookie
YEAR = 365 * 24 * 3600
NAMES = {Language.DANISH: "Dansk", Language.ENGLISH: "English"}  # each in its own
DANISH = Path(__file__).parent.parent / "translations" / "da.po"


def current() -> Language:
    """What the reader chose, or their program asks for; Danish until then. Every word on a page asks."""
    found: Language | None = g.get("language")
    if found is None:
        found = g.language = _asked_for()
    return found


def _asked_for() -> Language:
    if request.path.startswith(PROGRAMS):
        return Language(request.accept_languages.best_match([*Language]) or Language.DANISH)
    return Language.ENGLISH if request.cookies.get(COOKIE) == Language.ENGLISH else Language.DANISH


@cache
def texts(language: Language) -> NullTranslations:
    """The texts of one language. English stands in code and templates; Danish comes from `translations/da.po`."""
    if language is Language.ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    with DANISH.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


def gettext(text: str) -> str:
    """The text in the reader's language."""
    return texts(current()).ugettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The text for this many, in the reader's language."""
    return texts(current()).ungettext(one, many, count)


def _of_a_page(text: str, **values: object) -> Markup:
    """`gettext` in a template: what stands in its blanks is escaped."""
    shown = Markup(gettext(text))
    return shown % values if values else shown


def _of_so_many(one: str, many: str, num: int, **values: object) -> Markup:
    """`ngettext` in a template, where `%(num)s` is how many."""
    return Markup(ngettext(one, many, num)) % {"num": num, **values}


def here() -> str:
    """The page that the reader is on, as an address to come back to. A view may name another (`g.here`)."""
    if "here" in g:
        named: str = g.here
        return named
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def local_address(address: str) -> str:
    """The address if it is on this site, else the front page: nobody is sent elsewhere by a forged link."""
    return address if address.startswith("/") and address[1:2] not in {"/", "\\"} and address.isprintable() else "/"


def register(app: Flask) -> None:
    """Teach the templates both languages, and remember a choice in a cookie for a year."""
    app.jinja_env.globals |= {"_": _of_a_page, "ngettext": _of_so_many}
    app.context_processor(lambda: {"language": current(), "languages": NAMES, "here": here()})

    @app.post("/language")
    @rules.public
    def choose_language() -> ResponseReturnValue:
        try:
            chosen = Language(request.form.get("language", ""))
        except ValueError:
            abort(400)
        answer = redirect(local_address(request.form.get("back", "/")), code=303)
        secure = headers.behind_tls(app.config["OVERGANG"])
        answer.set_cookie(COOKIE, chosen, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
        return answer
