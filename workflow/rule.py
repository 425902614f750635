"""One line of an agreement: what is owed, by whom, by when, who is reminded, and what a miss is called."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from workflow import calendar
from workflow.vocabulary import Audience, Concerns, DoneBy, MissCode, Party, RuleKind

# Recorded as an event would be, when the engine itself has to anchor a rule on something that is no transition.
HANDOVER_SENT = "handover_sent"
NEED_RECORDED = "need_recorded"
QUESTION_ASKED = "question_asked"


def hours(n: float) -> timedelta:
    """Elapsed hours: 24 of them are 24, also on the nights the clock changes."""
    return timedelta(hours=n)


def days(n: int) -> timedelta:
    """Elapsed days of 24 hours."""
    return timedelta(days=n)


@dataclass(frozen=True)
class Rung:
    """One step of a ladder: at `offset` from the due time (negative: before it), tell `to`."""

    offset: timedelta
    to: Audience


AT_DUE_THEN_MANAGERS = (Rung(hours(0), Audience.UNIT), Rung(hours(24), Audience.MANAGERS))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What an agreement says about one thing. The pathway's own rules seed the first agreement; the engine reads
    agreements.

    `on` names the trigger (or state) whose effective time the limit runs from; `before` the one it must come before.
    """

    key: str
    kind: RuleKind
    concerns: Concerns
    on: str
    owner: Party
    after: timedelta | None = None
    working_days: int | None = None
    clock: time | None = None
    before: str | None = None
    task: str | None = None
    counterpart: Party | None = None
    done_by: DoneBy = DoneBy.RECORD
    mandatory: bool = True
    ladder: tuple[Rung, ...] = AT_DUE_THEN_MANAGERS
    miss: MissCode | None = None
    when: tuple[str, ...] = ()
    withdrawn_by: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    source: str = ""

    def problems(self) -> list[str]:
        """What is wrong with this rule on its own, in words; empty when nothing is."""
        found = []
        if self.after is not None and self.after < timedelta(0):
            found.append(f"{self.key}: the time is negative")
        if self.working_days is not None and self.working_days < 0:
            found.append(f"{self.key}: the number of working days is negative")
        timed = self.after is not None or self.working_days is not None
        if self.kind in {RuleKind.AFTER_EVENT, RuleKind.REVIEW_EVERY, RuleKind.BEFORE_EVENT} and not timed:
            found.append(f"{self.key}: says '{self.kind}' without saying how long")
        if self.kind == RuleKind.AT_CLOCK_TIME and self.clock is None:
            found.append(f"{self.key}: says 'at_clock_time' without a clock time")
        if self.kind in {RuleKind.BEFORE_EVENT, RuleKind.MISSING_AT_EVENT} and self.before is None:
            found.append(f"{self.key}: says '{self.kind}' without saying before what")
        if self.concerns == Concerns.TASK and not self.task:
            found.append(f"{self.key}: opens a task without a name")
        owes = self.concerns not in {Concerns.WINDOW} and self.kind != RuleKind.ALWAYS_PHONE
        if owes and not self.ladder:
            found.append(f"{self.key}: nobody would be told when it is late (no rung)")
        if list(self.ladder) != sorted(self.ladder, key=lambda rung: rung.offset):
            found.append(f"{self.key}: the rungs of the ladder are not in order")
        return found

    def due(self, anchor: datetime) -> datetime:
        """When this is due, counted from the effective time `anchor`."""
        if self.kind == RuleKind.AT_CLOCK_TIME and self.clock is not None:
            return calendar.next_clock_time(anchor, self.clock, (self.after or timedelta(0)).days)
        if self.working_days is not None:
            return calendar.add_working_days(anchor, self.working_days)
        return anchor + (self.after or timedelta(0))

    def limit_before(self, event: datetime) -> datetime:
        """The last moment in time for something that must come before `event`."""
        if self.kind == RuleKind.AT_CLOCK_TIME and self.clock is not None:
            return calendar.at_clock(calendar.local(event).date(), self.clock)
        return event - (self.after or timedelta(0))
