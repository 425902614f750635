"""What a handover says of the plan: written by the system, anew when the plan changes, and held against what people
wrote."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from workflow.calendar import local
from workflow.obligations import DISCHARGED
from workflow.tables import Episode, HistoryEntry, Unit
from workflow.vocabulary import EntryKind, UnitKind

DISCHARGE, TO_CITIZEN = "S.discharge", "R.to_citizen"  # the fields that speak of the plan
_DESTINATIONS = (UnitKind.FACILITY, UnitKind.DISTRICT)
# A handover is written in Danish, whatever language its writer reads the pages in.
_DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_SHORT_DAYS = ("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn.")
_MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november",
    "december",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where the citizen goes and when, and what was planned before: other times, other units."""

    receiver: Unit
    leaves_at: datetime | None
    earlier: frozenset[datetime]
    others: tuple[Unit, ...]

    def said(self) -> dict[str, str]:
        """What the system writes into each field; nothing before a time is known."""
        if self.leaves_at is None:
            return {}
        return {key: _line(key, self.leaves_at, self.receiver) for key in (DISCHARGE, TO_CITIZEN)}

    def renewed(self, content: Mapping[str, str]) -> dict[str, str]:
        """The content with every line that the system wrote for an earlier plan written for this one."""
        now = self.said()
        found = dict(content)
        for key in (DISCHARGE, TO_CITIZEN):
            for line in self._earlier_lines(key) if found.get(key) else ():
                found[key] = found[key].replace(line, now.get(key, "")).strip()
        return found

    def contradicted_by(self, content: Mapping[str, object]) -> tuple[str, ...]:
        """The fields that name another unit than the receiver, or a time that is planned no more."""
        return tuple(key for key in (DISCHARGE, TO_CITIZEN) if self._contradicts(str(content.get(key) or "")))

    def _earlier_lines(self, key: str) -> Iterator[str]:
        now = self.said().get(key)
        for moment in self.earlier:
            for unit in (self.receiver, *self.others):
                if (line := _line(key, moment, unit)) != now:
                    yield line

    def _contradicts(self, text: str) -> bool:
        low = text.casefold()
        elsewhere = any(unit.name.casefold() in low for unit in self.others)
        if elsewhere and self.receiver.name.casefold() not in low:
            return True
        now = _times(self.leaves_at) if self.leaves_at is not None else ()
        then = (time for moment in self.earlier if moment != self.leaves_at for time in _times(moment))
        return any(time in text for time in then) and not any(time in text for time in now)


def of(session: Session, episode: Episode, trigger: str, to_unit_id: int) -> Plan:
    """The plan that a handover on `trigger` to a unit speaks of."""
    units = with_destinations(session, episode, {to_unit_id})
    return among(units, episode, trigger, to_unit_id, told=session.scalar(select(told_of(episode))) or ())


def among(
    units: Mapping[int, Unit], episode: Episode, trigger: str, to_unit_id: int, *, told: Iterable[str]
) -> Plan:
    """The same, of what a page has asked for already (`with_destinations`, `told_of`)."""
    return Plan(
        receiver=units[to_unit_id], leaves_at=episode.expected_discharge_at if trigger == DISCHARGED else None,
        earlier=frozenset(datetime.fromisoformat(one) for one in told if one),
        others=tuple(u for u in units.values() if u.id != to_unit_id and u.kind in _DESTINATIONS),
    )  # fmt: skip


def with_destinations(session: Session, episode: Episode, numbers: Collection[int | None]) -> dict[int, Unit]:
    """The units with these numbers, and those of the municipality that a citizen can be sent to."""
    destination = and_(Unit.organisation_id == episode.municipality_id, Unit.kind.in_(_DESTINATIONS))
    asked = select(Unit).where(or_(Unit.id.in_(set(numbers) - {None}), destination))
    return {unit.id: unit for unit in session.scalars(asked.options(joinedload(Unit.organisation)).order_by(Unit.id))}


def told_of(episode: Episode) -> ScalarSelect[list[str]]:
    """Every time that the discharge has been expected at, as the history holds it."""
    told = select(func.array_agg(HistoryEntry.facts["expected_discharge_at"].astext))
    return told.where(
        HistoryEntry.episode_id == episode.id, HistoryEntry.kind == EntryKind.PLANNED
    ).scalar_subquery()


def _line(key: str, leaves_at: datetime, unit: Unit) -> str:
    then = local(leaves_at)
    if key == DISCHARGE:
        return f"{_SHORT_DAYS[then.weekday()]} {then:%d.%m.%Y} kl. {then:%H.%M}, {unit.name}"
    where = "hjem" if unit.kind == UnitKind.DISTRICT else f"på {unit.name}"
    helped = f"Derefter er det {unit.name}, der har ansvaret for din pleje."
    return f"Du kommer {where} {_day(leaves_at)}. {helped}"


def _day(moment: datetime) -> str:
    then = local(moment)
    return f"{_DAYS[then.weekday()]} den {then.day}. {_MONTHS[then.month - 1]} kl. {then:%H.%M}"


def _times(moment: datetime) -> tuple[str, ...]:
    """How a moment stands in what the system writes."""
    return f"{local(moment):%d.%m.%Y kl. %H.%M}", _day(moment)
