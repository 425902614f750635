"""How instants, spans of time and numbers are written, in the reader's language and in Danish time."""

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask

from web import language
from web.language import gettext
from workflow import sentences
from workflow.calendar import COPENHAGEN
from workflow.vocabulary import Language

SHORT = {Language.DANISH: "EEE dd.MM.yyyy HH:mm", Language.ENGLISH: "EEE d MMM yyyy HH:mm"}
LONG = {Language.DANISH: "EEEE d. MMMM yyyy 'kl.' HH.mm.ss", Language.ENGLISH: "EEEE d MMMM yyyy 'at' HH:mm:ss"}


def instant(at: datetime) -> str:
    """`tors. 12.03.2026 08:00`, `Thu 12 Mar 2026 08:00`."""
    return format_datetime(at, SHORT[language.current()], tzinfo=COPENHAGEN, locale=language.current())


def moment(at: datetime) -> str:
    """To the second: `torsdag 12. marts 2026 kl. 08.00.00`, `Thursday 12 March 2026 at 08:00:00`."""
    return format_datetime(at, LONG[language.current()], tzinfo=COPENHAGEN, locale=language.current())


def span(length: timedelta) -> str:
    """The two largest units: `2 d 3 t`, `19 t 40 min`, `4 min 10 s`, `12 s`. Never negative."""
    seconds = max(0, int(length.total_seconds()))
    counts = (
        (seconds // 86400, gettext("d")),
        (seconds // 3600 % 24, gettext("h")),
        (seconds // 60 % 60, gettext("min")),
        (seconds % 60, gettext("s")),
    )
    first = next((place for place, (count, _) in enumerate(counts) if count), len(counts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2] if count or seconds == 0)


def number(count: float) -> str:
    """With the separators of the language: `1.234,5`, `1,234.5`."""
    return format_decimal(count, locale=language.current())


def day(on: date) -> str:
    """`12.03.2026`, `12 Mar 2026`."""
    return format_date(
        on, "dd.MM.yyyy" if language.current() == Language.DANISH else "d MMM yyyy", locale=language.current()
    )


def word(code: str) -> str:
    """The word for a code of the engine (`workflow.sentences`)."""
    return sentences.word(code, language.current())


def register(app: Flask) -> None:
    """Let templates write `{{ at | instant }}` and its sisters."""
    for write in (instant, moment, span, number, day, word):
        app.add_template_filter(write)
