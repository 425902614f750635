"""What is owed, worked out from what has happened: history in, obligations out. Nothing here reads or writes a row."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from workflow import calendar
from workflow.agreements import Terms
from workflow.pathway import Pathway
from workflow.rule import QUESTION_ASKED, Rule
from workflow.timeline import Happened, Timeline
from workflow.vocabulary import Circumstance, Concerns, RuleKind

DISCHARGED, DIED = "patient_discharged", "patient_died"
HOSPITAL_STARTS = ("patient_admitted", "patient_acutely_seen")
# What a hospital's message says about the admission report (standards.md 1.6).
REPORT_ASKED, REPORT_NOT_ASKED = "admission_report_asked", "admission_report_not_asked"


def needs_asked_about(terms: Terms, at: datetime) -> list[str]:
    """What rules ask about and people record, in order: what the hospital's messages say of reports they do not."""
    conditions = (condition for rule in terms.when(at).values() for condition in rule.when)
    by_themselves = {*Circumstance, REPORT_ASKED, REPORT_NOT_ASKED}
    return list(dict.fromkeys(condition for condition in conditions if condition not in by_themselves))


@dataclass(frozen=True)
class Situation:
    """What a rule's conditions are held against."""

    needs: frozenset[str]
    expected_discharge_at: datetime | None
    first_sent_at: datetime | None  # when the handover was first sent


@dataclass(frozen=True)
class Owed:
    """A task that is owed: by which rule, counted from which event, the how-manieth, and by when."""

    rule: Rule
    anchor: Happened
    occurrence: int
    due_at: datetime
    nudge: bool  # a time to remind at, before the time that counts is known: passing it is no miss
    text: str | None = None  # what was agreed, where that is what is owed

    @property
    def key(self) -> tuple[str, int, int]:
        return (self.rule.key, self.anchor.number, self.occurrence)


def tasks_owed(
    pathway: Pathway,
    terms: Terms,
    timeline: Timeline,
    situation: Situation,
    last_done: Mapping[tuple[str, int], tuple[int, datetime]],
) -> Iterator[Owed]:
    """Every task that the episode's units owe or have done, given what is in force.

    `last_done` gives, by rule and anchor, how often a task has been done and when last: reviews come round again.
    """
    if pathway.is_final(timeline.state):
        return
    phoned: set[int] = set()
    for anchor in timeline.events:
        for rule in terms.when(anchor.effective_at).values():
            if rule.concerns != Concerns.TASK or rule.on != anchor.trigger or timeline.latest(rule.on) != anchor:
                continue
            if any(later.trigger in rule.withdrawn_by for later in timeline.after(anchor.number)):
                continue
            if not holds(rule, timeline, situation):
                continue
            if rule.kind == RuleKind.ALWAYS_PHONE:
                if anchor.number in phoned:
                    continue  # one conversation answers every rule that asks for one
                phoned.add(anchor.number)
            yield _owed(rule, anchor, timeline, situation, last_done)
    yield from _agreed(timeline)
    yield from _asked(pathway, terms, timeline)


def _agreed(timeline: Timeline) -> Iterator[Owed]:
    """What people have agreed by themselves, for as long as that stands which they talked about."""
    counted: Counter[int] = Counter()
    for number, agreed in timeline.agreed:
        counted[number] += 1
        anchor = timeline.numbered(number)
        if anchor is None:
            continue
        rule = agreed.rule(anchor.trigger)
        if not any(later.trigger in rule.withdrawn_by for later in timeline.after(number)):
            yield Owed(rule, anchor, counted[number], agreed.due_at, nudge=False, text=agreed.text)


def _asked(pathway: Pathway, terms: Terms, timeline: Timeline) -> Iterator[Owed]:
    """An answer to every question that has none. Older agreements say nothing of it: then the pathway does."""
    for question in timeline.questions:
        rule = terms.concerning(Concerns.QUESTION, QUESTION_ASKED, question.at)
        rule = rule or next(one for one in pathway.rules() if one.concerns == Concerns.QUESTION)
        rule = replace(rule, owner=question.asked, counterpart=question.asked_by)
        state = timeline.state
        anchor = Happened(question.number, QUESTION_ASKED, state, state, question.at, question.at)
        yield Owed(rule, anchor, 1, rule.due(question.at), nudge=False)


def _owed(
    rule: Rule,
    anchor: Happened,
    timeline: Timeline,
    situation: Situation,
    last_done: Mapping[tuple[str, int], tuple[int, datetime]],
) -> Owed:
    if rule.kind == RuleKind.REVIEW_EVERY:
        times, last = last_done.get((rule.key, anchor.number), (0, anchor.effective_at))
        return Owed(rule, anchor, times + 1, rule.due(last), nudge=False)
    if rule.kind in {RuleKind.MISSING_AT_EVENT, RuleKind.BEFORE_EVENT}:
        event = next((e for e in timeline.after(anchor.number) if e.trigger == rule.before), None)
        early = rule.after if rule.kind == RuleKind.BEFORE_EVENT and rule.after else timedelta(0)
        if event is not None:
            return Owed(rule, anchor, 1, event.effective_at - early, nudge=False)
        if situation.expected_discharge_at is not None and rule.before == DISCHARGED:
            due_at = max(situation.expected_discharge_at - early, anchor.effective_at)
            return Owed(rule, anchor, 1, due_at, nudge=rule.kind == RuleKind.MISSING_AT_EVENT)
        return Owed(rule, anchor, 1, anchor.effective_at + (rule.after or timedelta(0)), nudge=True)
    return Owed(rule, anchor, 1, rule.due(anchor.effective_at), nudge=False)


def phone_rules(terms: Terms, ahead: Timeline, situation: Situation) -> list[Rule]:
    """The rules that ask for a phone agreement because of the last event of `ahead`, which is about to be recorded."""
    event = ahead.last
    return [
        rule
        for rule in terms.when(event.effective_at).values()
        if rule.kind == RuleKind.ALWAYS_PHONE and rule.on == event.trigger and holds(rule, ahead, situation)
    ]


def send_by(terms: Terms, leaves_at: datetime, *, at: datetime) -> datetime:
    """By when a handover should be sent for a citizen who leaves then: what comes first of what has been agreed.

    The clock time until which what must be done the same day need not be phoned counts for every citizen.
    """
    found = [leaves_at]
    for rule in terms.when(at).values():
        if rule.on == DISCHARGED and rule.kind == RuleKind.ALWAYS_PHONE and rule.clock is not None:
            found.append(calendar.at_clock(calendar.local(leaves_at).date(), rule.clock))
        elif rule.on == DISCHARGED and rule.concerns == Concerns.HANDOVER_SENDING:
            found.append(rule.limit_before(leaves_at))
    return min(found)


def window_ends(terms: Terms, timeline: Timeline, situation: Situation) -> dict[str, datetime]:
    """Until when something holds that nobody owes (the 72-hour line), by rule key."""
    return {
        rule.key: rule.due(anchor.effective_at)
        for anchor in timeline.events
        for rule in terms.when(anchor.effective_at).values()
        if rule.concerns == Concerns.WINDOW and rule.on == anchor.trigger and holds(rule, timeline, situation)
    }


def unheld_windows(terms: Terms, timeline: Timeline, situation: Situation) -> frozenset[str]:
    """Why a window that a discharge would have opened does not hold: the circumstances that were not so."""
    discharge = timeline.latest(DISCHARGED)
    return frozenset(
        condition
        for rule in (terms.when(discharge.effective_at).values() if discharge is not None else ())
        if rule.concerns == Concerns.WINDOW and rule.on == DISCHARGED
        for condition in rule.when
        if not _holds(condition, rule, timeline, situation)
    )


def holds(rule: Rule, timeline: Timeline, situation: Situation) -> bool:
    """Whether every condition of a rule holds; what cannot be known before a discharge is taken to hold."""
    return all(_holds(condition, rule, timeline, situation) for condition in rule.when)


def _holds(condition: str, rule: Rule, timeline: Timeline, situation: Situation) -> bool:
    discharge = timeline.latest(DISCHARGED)
    match condition:
        case Circumstance.STAY_OVER_24_H | Circumstance.STAY_UNDER_24_H:
            start = next((e for e in timeline.events if e.trigger in HOSPITAL_STARTS), None)
            if start is None or discharge is None:
                return start is not None
            over = discharge.effective_at - start.effective_at > timedelta(hours=24)
            return over == (condition == Circumstance.STAY_OVER_24_H)
        case Circumstance.REPORT_WANTED:
            return _report_wanted(rule, timeline, situation)
        case Circumstance.WEEKEND_OR_HOLIDAY:
            return discharge is None or not calendar.is_working_day(calendar.local(discharge.effective_at).date())
        case Circumstance.NOT_SENT_BY_NOON:
            if discharge is None or situation.first_sent_at is None:
                return True
            day = calendar.local(discharge.effective_at).date()
            return situation.first_sent_at > calendar.at_clock(day, rule.clock or time(12))
        case _:
            return condition in situation.needs


def _report_wanted(rule: Rule, timeline: Timeline, situation: Situation) -> bool:
    """Once a stay: from its first event where the hospital's message asks, and not where the message does not."""
    if REPORT_ASKED in situation.needs:
        return rule.on == timeline.events[0].trigger
    return REPORT_NOT_ASKED not in situation.needs
