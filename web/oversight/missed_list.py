"""What of the missed is asked for in an address: which list, which period, which unit, code and cause."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import request

from web.ground import formats
from web.ground.looks import Desk
from workflow.calendar import at_clock, local
from workflow.errors import Invalid
from workflow.lists.missed import Count, Show, Wanted
from workflow.staff import sign_ins
from workflow.vocabulary import Cause, MissCode

USUAL = 30  # days of the period when none is chosen
LONGEST = 366

Word = TypeVar("Word", Show, MissCode, Cause)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A list as the address asks for it. The days are Danish, both included."""

    wanted: Wanted
    from_on: date
    until_on: date

    @property
    def year_back(self) -> date:
        """As far back as a list that ends there can reach."""
        return self.until_on - timedelta(days=LONGEST)

    @property
    def kept(self) -> dict[str, Any]:
        """What a link on the page keeps: everything but the place in the list."""
        asked = {
            "show": self.wanted.show.value, "unit": self.wanted.unit_id, "code": self.wanted.code,
            "cause": self.wanted.cause, "from": self.from_on, "until": self.until_on,
        }  # fmt: skip
        return {name: str(value) for name, value in asked.items() if value is not None}

    def of(self, counts: Iterable[Count]) -> list[Count]:
        """Those of the unit, the code and the cause that are asked for."""
        wanted = self.wanted
        return [
            one
            for one in counts
            if wanted.unit_id in {None, one.unit_id}
            and wanted.code in {None, one.code}
            and wanted.cause in {None, one.cause}
        ]

    @property
    def whole(self) -> Wanted:
        """The same period, whatever the unit, the code and the cause."""
        return replace(self.wanted, unit_id=None, code=None, cause=None)


def kept() -> dict[str, Any]:
    """What the address of a miss says of the list that led to it: there one goes back, and on to the next."""
    names = ("show", "unit", "code", "cause", "from", "until")
    return {name: request.args[name] for name in names if name in request.args}


def asked(desk: Desk) -> Asked:
    """What this request asks for. Raises Invalid for days that are none, or too many."""
    today = local(desk.at).date()
    from_on, until_on = _day("from", today - timedelta(days=USUAL - 1)), _day("until", today)
    if until_on < from_on:
        raise Invalid("ends_before_it_begins")
    if until_on - from_on > timedelta(days=LONGEST):
        raise Invalid("period_too_long")
    wanted = Wanted(
        since=midnight(from_on), until=midnight(until_on + timedelta(days=1)), new_since=last_visit(desk),
        show=_word("show", Show) or Show.OPEN, unit_id=request.args.get("unit", type=UUID),
        code=_word("code", MissCode), cause=_word("cause", Cause),
    )  # fmt: skip
    return Asked(wanted=wanted, from_on=from_on, until_on=until_on)


def _day(name: str, otherwise: date) -> date:
    typed = request.args.get(name, "").strip()
    return formats.day_from_input(typed) if typed else otherwise


def midnight(day: date) -> datetime:
    return at_clock(day, datetime.min.time())


def _word(name: str, words: type[Word]) -> Word | None:
    found: Word | None = request.args.get(name, type=words)
    return found


def last_visit(desk: Desk) -> datetime | None:
    """When they signed in the time before this, in the time that pages go by."""
    person_id = desk.by.person_id
    began_at = sign_ins.before_last(desk.session, person_id) if person_id is not None else None
    return desk.at - (desk.visit.at - began_at) if began_at is not None else None
