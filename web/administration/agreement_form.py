"""A rule of an agreement in words, as the fields of a form, and read back from what was typed there."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta

from web.ground.formats import number, word
from web.ground.language import gettext, ngettext
from workflow import sentences
from workflow.errors import Invalid
from workflow.handing import isbar
from workflow.rule import Rule, Rung
from workflow.vocabulary import Audience, Concerns, RuleKind

MOST_HOURS = 366 * 24
SPARE = 1  # empty rung that a form offers beside those there are
BEFORE, AFTER = "before", "after"

Typed = Mapping[str, list[str]]


@dataclass(frozen=True)
class RungField:
    """One step of a ladder as it is typed: so many hours before or after the due time, to whom."""

    hours: str = ""
    when: str = BEFORE
    to: Audience = Audience.UNIT


# ---- in words ----


def name_of(rule: Rule) -> str:
    """`Opfølgende opkald`, `Svar på overlevering: Udskrivning`, `Indlagt`."""
    match rule.concerns:
        case Concerns.TASK | Concerns.QUESTION:
            task = _word(rule.task or rule.key)
            return task[:1].upper() + task[1:]
        case Concerns.STATE:
            return gettext("While: %(state)s") % {"state": _word(rule.on)}
        case Concerns.HANDOVER_SENDING:
            return gettext("Handover sent: %(event)s") % {"event": _word(rule.on)}
        case Concerns.HANDOVER_ANSWER:
            return gettext("Handover answered: %(event)s") % {"event": _word(rule.on)}
        case Concerns.HANDOVER_MENDING:
            return gettext("New version after a rejection: %(event)s") % {"event": _word(rule.on)}
        case Concerns.WINDOW:
            return gettext("Holds after: %(event)s") % {"event": _word(rule.on)}


def time_of(rule: Rule) -> str:
    """By when, in words: `24 t efter: Udskrivning`."""
    event, before = _word(rule.on), _word(rule.before or "")
    span = length(rule.after) if rule.after is not None else ""
    if rule.working_days is not None:
        span = ngettext("%(num)s working day", "%(num)s working days", rule.working_days) % {"num": rule.working_days}
    clock = f"{rule.clock:%H.%M}" if rule.clock is not None else ""
    match rule.kind:
        case RuleKind.AT_CLOCK_TIME:
            text = gettext("at %(clock)s after: %(event)s")
        case RuleKind.BEFORE_EVENT:
            text = gettext("%(span)s before: %(before)s")
        case RuleKind.MISSING_AT_EVENT:
            text = gettext(
                "at the latest at: %(before)s; until it is known when, reminded of %(span)s after: %(event)s"
            )
        case RuleKind.REVIEW_EVERY:
            text = gettext("every %(span)s, from: %(event)s")
        case RuleKind.ALWAYS_PHONE if clock:
            text = gettext("%(span)s after: %(event)s, unless sent by %(clock)s")
        case _:
            text = gettext("%(span)s after: %(event)s")
    return text % {"span": span, "clock": clock, "event": event, "before": before}


def length(span: timedelta) -> str:
    """`24 t`, `1,5 t`, `7 d`."""
    hours = span / timedelta(hours=1)
    if hours >= 48 and hours % 24 == 0:
        return f"{number(hours / 24)} {gettext('d')}"
    return f"{number(hours)} {gettext('h')}"


def ladder_of(rule: Rule) -> str:
    """Who is told when: `6 t før: den, der har taget opgaven · ved fristen: lederne`."""
    return " · ".join(f"{_rung_time(rung)}: {word(f'audience:{rung.to}')}" for rung in rule.ladder) or gettext("nobody")


def _rung_time(rung: Rung) -> str:
    if not rung.offset:
        return gettext("when it is due")
    words = gettext("%(time)s before") if rung.offset < timedelta(0) else gettext("%(time)s after")
    return words % {"time": length(abs(rung.offset))}


def required_by(rule: Rule) -> str:
    """What must be filled in, in words."""
    return ", ".join(word(item) for item in rule.requires) or gettext("nothing")


def differences(before: Rule, after: Rule) -> Iterator[tuple[str, str, str]]:
    """What is another than before, each with the old and the new."""
    for label, say in ((gettext("Time"), time_of), (gettext("Ladder"), ladder_of), (gettext("Required"), required_by)):
        if say(before) != say(after):
            yield label, say(before), say(after)


def _word(code: str) -> str:
    return word(code) if code in sentences.WORDS else code


# ---- as fields ----


def rungs(rule: Rule) -> list[RungField]:
    """The ladder as fields, with some to spare."""
    there = [
        RungField(_hours(abs(rung.offset)), AFTER if rung.offset > timedelta(0) else BEFORE, rung.to)
        for rung in rule.ladder
    ]
    return [*there, *[RungField()] * SPARE] if takes_ladder(rule) else []


def hours_of(rule: Rule) -> str:
    """As a field for a number holds it."""
    return _hours(rule.after) if rule.after is not None else ""


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g}"


def takes_ladder(rule: Rule) -> bool:
    """Whether anybody is told when it is late."""
    return rule.concerns != Concerns.WINDOW


def may_go(rule: Rule) -> bool:
    """Whether an agreement may take it away: what a state or a handover has a time for always has one."""
    return rule.concerns in {Concerns.TASK, Concerns.WINDOW}


def required_items() -> list[str]:
    """What a handover can be asked for, in the order of the form."""
    return [*isbar.ITEMS]


def read(rule: Rule, typed: Typed) -> Rule | None:
    """The rule with what was typed; None where it is to be taken away. Raises Invalid, naming the rule."""
    if may_go(rule) and _one(typed, rule, "away"):
        return None
    changed = rule
    if rule.after is not None:
        may_be_nought = rule.concerns == Concerns.HANDOVER_SENDING or rule.kind == RuleKind.BEFORE_EVENT
        changed = replace(changed, after=_span(_one(typed, rule, "hours"), rule, nought=may_be_nought))
    if rule.working_days is not None:
        changed = replace(changed, working_days=_count(_one(typed, rule, "days"), rule))
    if rule.clock is not None:
        changed = replace(changed, clock=_clock(_one(typed, rule, "clock"), rule))
    if takes_ladder(rule):
        changed = replace(changed, ladder=_ladder(rule, typed))
    if rule.concerns == Concerns.HANDOVER_ANSWER:
        asked = set(typed.get(f"{rule.key}-requires", []))
        there = tuple(item for item in rule.requires if item in asked)
        changed = replace(changed, requires=(*there, *(i for i in required_items() if i in asked - set(there))))
    return changed


def _one(typed: Typed, rule: Rule, name: str) -> str:
    return typed.get(f"{rule.key}-{name}", [""])[0].strip()


def _ladder(rule: Rule, typed: Typed) -> tuple[Rung, ...]:
    found = []
    for place in range(len(rule.ladder) + SPARE):
        hours = _one(typed, rule, f"rung-{place}")
        if hours:
            span = _span(hours, rule, nought=True)
            to = _one(typed, rule, f"to-{place}")
            if to not in set(Audience):
                raise Invalid("bad_figure", name=name_of(rule))
            found.append(Rung(span if _one(typed, rule, f"when-{place}") == AFTER else -span, Audience(to)))
    if not found and rule.kind != RuleKind.ALWAYS_PHONE:
        raise Invalid("ladder_needed", name=name_of(rule))
    return tuple(sorted(found, key=lambda rung: rung.offset))


def _span(typed: str, rule: Rule, *, nought: bool = False) -> timedelta:
    try:
        hours = float(typed.replace(",", "."))
    except ValueError:
        hours = math.nan
    if not (0 <= hours <= MOST_HOURS) or (hours == 0 and not nought):
        raise Invalid("bad_figure", name=name_of(rule))
    return timedelta(minutes=round(hours * 60))


def _count(typed: str, rule: Rule) -> int:
    if not typed.isascii() or not typed.isdecimal() or len(typed) > 3 or not 0 < int(typed) <= 366:
        raise Invalid("bad_figure", name=name_of(rule))
    return int(typed)


def _clock(typed: str, rule: Rule) -> time:
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise Invalid("bad_figure", name=name_of(rule)) from None
