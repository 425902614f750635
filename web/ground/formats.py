"""How instants, spans of time and numbers are written, in the reader's language and in Danish time."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, g
from jinja2 import pass_context
from jinja2.runtime import Context

from web.ground import language
from web.ground.language import gettext
from workflow import sentences
from workflow.calendar import COPENHAGEN, MIDNIGHT, at_clock, local
from workflow.errors import Invalid
from workflow.share import Share
from workflow.tables import Unit
from workflow.vocabulary import Language

SHORT = {Language.DANISH: "EEE dd.MM.yyyy 'kl.' HH.mm", Language.ENGLISH: "EEE d MMM yyyy HH:mm"}
CLOCK = {Language.DANISH: "%H.%M", Language.ENGLISH: "%H:%M"}
DAY_AND_CLOCK = {Language.DANISH: "d. MMM HH.mm", Language.ENGLISH: "d MMM HH:mm"}
WITH_YEAR = {Language.DANISH: "d. MMM yyyy HH.mm", Language.ENGLISH: "d MMM yyyy HH:mm"}
SOON = timedelta(hours=4)
LONG = {Language.DANISH: "EEEE d. MMMM yyyy 'kl.' HH.mm.ss", Language.ENGLISH: "EEEE d MMMM yyyy 'at' HH:mm:ss"}


YEARS = range(2000, 2200)  # what somebody may mean by a date


def instant(at: datetime) -> str:
    """`tors. 12.03.2026 kl. 08.00`, `Thu 12 Mar 2026 08:00`."""
    return format_datetime(at, SHORT[language.current()], tzinfo=COPENHAGEN, locale=language.current())


def moment(at: datetime) -> str:
    """To the second: `torsdag 12. marts 2026 kl. 08.00.00`, `Thursday 12 March 2026 at 08:00:00`."""
    return format_datetime(at, LONG[language.current()], tzinfo=COPENHAGEN, locale=language.current())


def span(length: timedelta) -> str:
    """The two largest units: `2 døgn 3 t`, `19 t 40 min`, `4 min 10 s`, `12 s`. Never negative."""
    seconds = max(0, int(length.total_seconds()))
    counts = (
        (seconds // 86400, gettext("d")),
        (seconds // 3600 % 24, gettext("h")),
        (seconds // 60 % 60, gettext("min")),
        (seconds % 60, gettext("s")),
    )
    first = next((place for place, (count, _) in enumerate(counts) if count), len(counts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2] if count or seconds == 0)


def left(due_at: datetime, at: datetime) -> str:
    """How long there is until `due_at`, or since: `19 t 40 min`, `2 døgn 4 t`, `1 t 12 min over`."""
    minutes = int(abs(due_at - at).total_seconds()) // 60
    if minutes >= 24 * 60:
        text = f"{minutes // 1440} {gettext('d')}"
        text += f" {hours} {gettext('h')}" if (hours := minutes // 60 % 24) else ""
    else:
        text = f"{minutes // 60} {gettext('h')} {minutes % 60:02} {gettext('min')}"
    return text if due_at > at else gettext("%(time)s over") % {"time": text}


def urgency(due_at: datetime, at: datetime) -> str:
    """The look of a time: `late`, `soon` (within four hours) or `calm`. Never shown without words."""
    return "late" if due_at <= at else "soon" if due_at - at <= SOON else "calm"


def when(moment: datetime, at: datetime) -> str:
    """As people say it at `at`: `i dag 14.37`, `i morgen 10.12`, `i går 13.20`, `19. nov. 10.30`."""
    then, now, chosen = local(moment), local(at), language.current()
    match (then.date() - now.date()).days:
        case -1:
            near = gettext("yesterday")
        case 0:
            near = gettext("today")
        case 1:
            near = gettext("tomorrow")
        case _:
            form = DAY_AND_CLOCK if then.year == now.year else WITH_YEAR
            return format_datetime(moment, form[chosen], tzinfo=COPENHAGEN, locale=chosen)
    return f"{near} {clock(moment)}"


def since(moment: datetime) -> str:
    """From when something holds: the day where it is midnight, else the instant."""
    then = local(moment)
    return instant(moment) if then.time() != MIDNIGHT else day(then.date())


def soon_when(moment: datetime, at: datetime) -> str:
    """As `when`; of today the time of day alone, where a list has room for no more."""
    return clock(moment) if local(moment).date() == local(at).date() else when(moment, at)


def clock(moment: datetime) -> str:
    """The time of day: `14.37`, `14:37`."""
    return local(moment).strftime(CLOCK[language.current()])


def for_input(moment: datetime) -> str:
    """As a field for date and time holds it: `2026-03-12T08:00`, Danish time."""
    return local(moment).strftime("%Y-%m-%dT%H:%M")


def from_input(typed: str) -> datetime:
    """The instant that a field for date and time says, Danish time. Raises Invalid."""
    try:
        wall = datetime.fromisoformat(typed)
    except ValueError:
        raise Invalid("not_a_time") from None
    if wall.year not in YEARS:
        raise Invalid("not_a_time")
    return at_clock(wall.date(), wall.time())


def day_from_input(typed: str) -> date:
    """The day that a field for a date says. Raises Invalid."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise Invalid("not_a_date") from None
    if day.year not in YEARS:
        raise Invalid("not_a_date")
    return day


def moment_of(stored: str) -> datetime:
    """The instant that the history holds as text in its facts."""
    return datetime.fromisoformat(stored)


def number(count: float) -> str:
    """With the separators of the language: `1.234,5`, `1,234.5`."""
    return format_decimal(count, locale=language.current())


def share(counted: Share) -> str:
    """So many of so many: `92 af 104 (88 %)`; of none `0 af 0`."""
    text = gettext("%(part)s of %(of)s") % {"part": number(counted.part), "of": number(counted.of)}
    return text if counted.percent is None else f"{text} ({counted.percent} %)"


def day(on: date) -> str:
    """`12.03.2026`, `12 Mar 2026`."""
    return format_date(
        on, "dd.MM.yyyy" if language.current() == Language.DANISH else "d MMM yyyy", locale=language.current()
    )


def long_day(moment: datetime) -> str:
    """`torsdag den 12. marts`, `Thursday 12 March`."""
    danish = language.current() == Language.DANISH
    return format_date(local(moment), "EEEE 'den' d. MMMM" if danish else "EEEE d MMMM", locale=language.current())


def day_short(moment: datetime) -> str:
    """`12.03.`, `12 Mar`."""
    danish = language.current() == Language.DANISH
    return format_date(local(moment), "dd.MM." if danish else "d MMM", locale=language.current())


def near_day(on: date, at: datetime) -> str:
    """A day as people say it at `at`: `i dag`, `i morgen`, `23. nov.`."""
    days = (on - local(at).date()).days
    if days in {0, 1}:
        return gettext("tomorrow") if days else gettext("today")
    return format_date(on, "d. MMM" if language.current() == Language.DANISH else "d MMM", locale=language.current())


def phone(number: str) -> str:
    """A telephone number as people say it: a Danish one without its country, in pairs: `87 65 43 21`."""
    digits = "".join(number.removeprefix("+45").split())
    if len(digits) != 8 or not digits.isdecimal():
        return number
    return " ".join(digits[place : place + 2] for place in range(0, 8, 2))


def tel(number: str) -> str:
    """The address that rings it."""
    return f"tel:{''.join(number.split())}"


def named(unit: Unit) -> str:
    """A unit and whose it is; a practice, which is both, once."""
    return unit.name if unit.name == unit.organisation.name else f"{unit.name}, {unit.organisation.name}"


def unit_choices(units: Iterable[Unit]) -> list[tuple[str, str]]:
    """Units to choose from: those of the reader's own organisation first, and without it; the others as `named`."""
    own = g.signed_in.organisation if g.get("signed_in") is not None else ""
    ordered = sorted(units, key=lambda unit: unit.organisation.name != own)
    return [(str(one.uuid), one.name if one.organisation.name == own else named(one)) for one in ordered]


def word(code: str) -> str:
    """The word for a code of the engine (`workflow.sentences`)."""
    return sentences.word(code, language.current())


@pass_context
def _word(_context: Context, code: str) -> str:
    """`word` in a template: a page is compiled once, and must not keep a word in the language of its first reader."""
    return word(code)


def register(app: Flask) -> None:
    """Let templates write `{{ at | instant }}` and its sisters."""
    for write in (instant, moment, span, left, urgency, when, soon_when, since, clock, for_input, moment_of, number):
        app.add_template_filter(write)
    app.add_template_filter(share)
    app.add_template_filter(unit_choices)
    app.add_template_filter(near_day)
    app.add_template_filter(phone)
    app.add_template_filter(tel)
    app.add_template_filter(day)
    app.add_template_filter(day_short)
    app.add_template_filter(long_day)
    app.add_template_filter(named)
    app.add_template_filter(_word, "word")
