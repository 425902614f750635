"""A hospital stay, folded from every message about it: the order in which they arrived says nothing."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from workflow.medcom import chains
from workflow.medcom.chains import Message
from workflow.medcom.codes import Change, Event
from workflow.medcom.envelope import Party
from workflow.medcom.notification import Notification


class State(StrEnum):
    """Where a stay, or a citizen over all stays, has come to."""

    ACUTE = "acute"
    ADMITTED = "admitted"
    ON_LEAVE = "on_leave"
    DISCHARGED = "discharged"
    DECEASED = "deceased"
    VOID = "void"

    @property
    def in_hospital(self) -> bool:
        return self in {State.ACUTE, State.ADMITTED, State.ON_LEAVE}


_LEADS_TO = {
    Event.STAA: State.ACUTE,
    Event.STIN: State.ADMITTED,
    Event.STOR: State.ON_LEAVE,
    Event.SLOR: State.ADMITTED,
    Event.SLHJ: State.DISCHARGED,
    Event.MORS: State.DECEASED,
}


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something of a stay that is in force: what, when, where, and every message that told, corrected or implied it.

    `told` is empty for a start that nobody told of: what followed it says that there was one.
    """

    event: Event
    at: datetime
    sender: Party
    provider: Party
    told: frozenset[Message]
    asks_for_report: bool = False


@dataclass(frozen=True)
class Stay:
    """One stay: what happened and is in force, in order; which numbers it knows of, and which of them never came."""

    happenings: tuple[Happening, ...]
    voided: frozenset[Message]
    identifiers: tuple[tuple[str, str], ...]
    missing: frozenset[str]

    @property
    def state(self) -> State:
        """What the happenings lead to; void when none is in force."""
        state = State.VOID
        for happening in self.happenings:
            state = step(state, happening.event)
        return state


def step(state: State, event: Event) -> State:
    """The machine of a stay (standards 1.2), with what late and missing messages make of it.

    Nothing follows a death. A stay that is over is opened again by a new start only: leave after it is only history.
    """
    if state == State.DECEASED or (state == State.DISCHARGED and event in {Event.STOR, Event.SLOR}):
        return state
    return _LEADS_TO[event]


def fold(messages: Sequence[Notification]) -> list[Stay]:
    """Every stay of a citizen, void ones first, the others in the order in which they began."""
    stays = [_fold_one(in_order(group)) for group in chains.chains(messages)]
    return sorted(stays, key=lambda s: s.happenings[0].at.timestamp() if s.happenings else 0.0)


def in_order(group: Sequence[Notification]) -> list[Notification]:
    """What names another as earlier comes after it; else by when it happened, then by when it was sent."""
    by_number: dict[str, list[Message]] = {}
    for message in group:
        by_number.setdefault(message.number, []).append(chains.key(message))
    by_key = {chains.key(m): m for m in group}
    sorter = TopologicalSorter(
        {k: {before for number in m.earlier for before in by_number.get(number, ())} - {k} for k, m in by_key.items()}
    )
    try:
        sorter.prepare()
    except CycleError:  # no sender should make a circle, and one that does is read by its times
        return sorted(group, key=_when)
    ready: list[tuple[datetime, datetime, Message]] = []
    ordered: list[Notification] = []
    while sorter.is_active():
        for k in sorter.get_ready():
            heapq.heappush(ready, (*_when(by_key[k]), k))
        *_, first = heapq.heappop(ready)
        sorter.done(first)
        ordered.append(by_key[first])
    return ordered


def _when(message: Notification) -> tuple[datetime, datetime]:
    return (message.happened_at, message.occurred_at)


@dataclass
class _Told:
    """An event and the messages about it; the last of them says how it was."""

    place: int  # in the order of the messages
    messages: list[Notification]
    cancelled: bool = False

    @property
    def event(self) -> Event:
        return self.messages[0].event

    def in_force(self) -> Happening:
        known = self.messages[-1]
        return Happening(
            event=known.event, at=known.happened_at, sender=known.sender, provider=known.provider,
            told=frozenset(chains.key(m) for m in self.messages),
            asks_for_report=any(m.asks_for_report for m in self.messages),
        )  # fmt: skip


def _fold_one(ordered: list[Notification]) -> Stay:
    told = [_Told(place, [m]) for place, m in enumerate(ordered) if m.change == Change.NEW]
    activities = {link.target: (link.activity, link.follows) for m in ordered for link in m.links}
    for place, message in enumerate(ordered):
        if message.change == Change.CORRECTS:
            target = _target(told, message, place, activities)
            if target is None:  # of something unknown: it stands for it
                told.append(_Told(place, [message]))
            else:
                target.messages.append(message)
    told = _deaths_once(sorted(told, key=lambda t: t.place))
    for place, message in enumerate(ordered):
        if message.change == Change.CANCELS and (target := _target(told, message, place, activities)) is not None:
            target.cancelled = True
    known = {m.number for m in ordered}
    return Stay(
        happenings=tuple(_in_force(told, ordered)),
        voided=frozenset(chains.key(m) for t in told if t.cancelled for m in t.messages),
        identifiers=tuple(dict.fromkeys(i for m in ordered for i in m.episodes_of_care)),
        missing=frozenset(number for m in ordered for number in m.earlier) - known,
    )


def _target(
    told: list[_Told], change: Notification, place: int, activities: dict[str, tuple[str, str | None]]
) -> _Told | None:
    """The event that a correction or cancellation is of, through corrections that never came; None when unknown.

    Where the number that it names is nobody's, it is of what came just before it, if that is of its kind.
    """
    number, seen = change.follows, set[str]()
    while number is not None and number not in seen:
        seen.add(number)
        found = next((t for t in told if any(m.number == number for m in t.messages)), None)
        if found is not None:
            return found if found.event == change.event else None
        activity, follows = activities.get(number, ("", None))
        number = follows if activity.startswith("revise-") or change.event == Event.MORS else None
    before = max((t for t in told if t.place < place and not t.cancelled), key=lambda t: t.place, default=None)
    return before if before is not None and before.event == change.event else None


def _deaths_once(told: list[_Told]) -> list[_Told]:
    """A corrected death looks like a death: one that follows another is the same, with another time."""
    kept: list[_Told] = []
    for one in told:
        deaths = [t for t in kept if t.event == one.event == Event.MORS]
        before = one.messages[0].follows
        same = next((t for t in deaths if any(m.number == before for m in t.messages)), None)
        if same is not None:
            same.messages.extend(one.messages)
        else:
            kept.append(one)
    return kept


def _in_force(told: list[_Told], ordered: list[Notification]) -> list[Happening]:
    """What is not cancelled, with what it implies: a start that nobody told of, a leave that a cancellation shows."""
    happenings = [t.in_force() for t in told if not t.cancelled]
    if not any(h.event.starts for h in happenings):
        if not told or any(m.change == Change.CANCELS and m.event.starts for m in ordered):
            return []  # the whole stay is cancelled; or only cancellations have come, and what they cancel has not
        first = told[0].messages[0]
        event = Event.STAA if first.emergency else Event.STIN
        happenings.insert(0, _implied(event, first.started_at, first))
    last = next((m for m in reversed(ordered) if m.change != Change.CORRECTS), ordered[-1])
    state = State.VOID
    for happening in happenings:
        state = step(state, happening.event)
    if last.change == Change.CANCELS and state in {State.ADMITTED, State.ON_LEAVE}:
        at = max(happenings[-1].at, last.leave_from or happenings[-1].at)
        if last.event in {Event.SLOR, Event.MORS} and last.on_leave and state == State.ADMITTED:
            happenings.append(_implied(Event.STOR, at, last))
        if last.event == Event.SLHJ and not last.on_leave and state == State.ON_LEAVE:
            happenings.append(_implied(Event.SLOR, last.leave_until or at, last))
    return happenings


def _implied(event: Event, at: datetime, by: Notification) -> Happening:
    return Happening(event=event, at=at, sender=by.sender, provider=by.provider, told=frozenset())
