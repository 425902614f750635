"""What must hold after every step, read from the rows alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from workflow import history, timeline
from workflow.actor import Actor
from workflow.agreed import KIND as AGREED
from workflow.db import Base
from workflow.parties import unit_as
from workflow.pathway import Pathway
from workflow.pathways import pathway
from workflow.tables import Episode
from workflow.vocabulary import (
    Concerns,
    Ended,
    EntryKind,
    HandoverState,
    MissCode,
    Origin,
    Party,
    StayState,
    TaskState,
    Verdict,
)

READ = (
    "episodes", "history", "tasks", "contact_attempts", "handovers", "handover_versions", "deadlines", "reminders",
    "misses", "miss_verdicts", "place_stays", "place_requests", "places",
)  # fmt: skip
PARTIES = ("ward_id", "facility_id", "district_id", "practice_id")
ONLY_ADDED_TO = ("history", "contact_attempts", "reminders", "misses", "miss_verdicts")
OWED_BY_SOMEBODY = {HandoverState.OWED, HandoverState.SENT, HandoverState.READ, HandoverState.REJECTED}
MAY_MOVE_RESPONSIBILITY = {EntryKind.OPENED, EntryKind.EVENT, EntryKind.CANCELLED, EntryKind.HANDOVER_ACCEPTED}

# A sum of hashes needs no order: sorting every table after every step took most of a walk.
_DIGEST = text(
    " union all ".join(
        f"select '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text from {name} t"
        for name in sorted(Base.metadata.tables)
    )
)


def digest(session: Session) -> dict[str, tuple[int, str]]:
    """How many rows every table has, and a hash of all that stands in them."""
    return {name: (rows, standing) for name, rows, standing in session.execute(_DIGEST)}


@dataclass(frozen=True)
class Rows:
    """What stands in the tables: by name, by row number."""

    tables: Mapping[str, Mapping[int, Any]]

    @classmethod
    def read(cls, session: Session) -> "Rows":
        """As they are now."""
        return cls({name: _rows(session, Base.metadata.tables[name]) for name in READ})

    def of(self, name: str, **wanted: Any) -> list[Any]:
        """The rows of a table with these values, oldest first."""
        found = self.tables[name].values()
        return [row for row in found if all(getattr(row, key) == value for key, value in wanted.items())]

    def by_number(self, name: str, number: int) -> Any:
        """One row."""
        return self.tables[name][number]


def _rows(session: Session, table: Table) -> dict[int, Any]:
    return {row.id: row for row in session.execute(select(table).order_by(table.c.id))}


NOTHING = Rows({name: {} for name in READ})


def check(before: Rows, after: Rows, people: Mapping[int, Actor], *, swept_at: datetime | None) -> None:
    """Hold every promise against the rows, now and a step ago. `swept_at`: everything was raised until then."""
    for name in ONLY_ADDED_TO:
        for number, row in before.tables[name].items():
            assert after.tables[name].get(number) == row, f"{name} was changed or removed: {row}"
    for episode in after.tables["episodes"].values():
        entries = after.of("history", episode_id=episode.id)
        in_force = _replay(episode, entries)
        events = {entry.number for entry in in_force}
        _somebody_has_the_next_step(after, episode)
        _one_live_deadline_an_obligation(after, episode)
        _only_handovers_move_responsibility(after, episode, entries)
        _handovers_end_with_the_receiver(after, episode, in_force)
        _what_never_happened_was_not_missed(after, episode, events)
        _what_was_agreed_is_owed(after, episode, entries, in_force)
        _who_sees_it_has_taken_part(after, episode, entries)
        _events_were_reported_by_who_may(entries, people)
    _ladders_are_in_step(after)
    _answers_are_the_receivers(after, people)
    _misses_are_facts(after, swept_at)


def check_second_lock(session: Session, rows: Rows) -> None:
    """As the application's own role, a unit finds exactly the episodes and citizens it has a relation to."""
    everybody = {unit_id for episode in rows.tables["episodes"].values() for unit_id in episode.related} | {0}
    for unit_id in everybody:
        related = [e for e in rows.tables["episodes"].values() if unit_id in e.related]
        session.execute(text("set local role overgang_app"))
        others = ", ".join(f"set_config('overgang.{name}', '', true)" for name in ("opened", "typed", "municipality"))
        units = "set_config('overgang.units', :units, true)"
        session.execute(text(f"select {units}, {others}"), {"units": f"{{{unit_id}}}"})
        seen = set(session.scalars(text("select id from episodes")))
        citizens = set(session.scalars(text("select id from citizens")))
        told = set(session.scalars(text("select episode_id from history")))
        session.execute(text("set local role overgang_sweeps"))
        assert seen == told == {episode.id for episode in related}
        assert citizens == {episode.citizen_id for episode in related}


def check_chains(session: Session) -> None:
    """Every history verifies."""
    assert [found for found in history.verify(session) if not isinstance(found, int)] == []


def _replay(episode: Any, entries: list[Any]) -> list[Any]:
    """Undo and redo the entries one by one, and arrive where the episode is; returns the events in force."""
    assert [entry.number for entry in entries] == list(range(1, episode.history_number + 1))
    assert entries[-1].hash == episode.history_hash
    in_force: list[Any] = []
    removed: dict[int, list[Any]] = {}
    times: dict[int, datetime] = {}
    told: set[int] = set()  # whose time a message gave: of what is to come, or of before what people recorded
    for entry in entries:
        if entry.origin == Origin.MESSAGE:
            told.add(entry.number if entry.kind != EntryKind.CORRECTED else entry.about)
        else:
            assert entry.recorded_at >= entry.effective_at
        if entry.kind in {EntryKind.OPENED, EntryKind.EVENT}:
            if entry.kind == EntryKind.EVENT:
                assert entry.source == in_force[-1].dest, "an event starts where the one before it ended"
                transition = pathway(entry.pathway_key, entry.pathway_version).transition(entry.source, entry.trigger)
                assert transition is not None
                assert transition.dest == entry.dest
            if entry.about is not None:
                removed[entry.number] = [e for e in in_force if e.number >= entry.about]
                in_force = [e for e in in_force if e.number < entry.about]
            in_force.append(entry)
            times[entry.number] = entry.effective_at
        elif entry.kind == EntryKind.CANCELLED:
            assert in_force[-1].number == entry.about, "only the newest event is cancelled"
            in_force.pop()
            in_force += removed.pop(entry.about, [])
        elif entry.kind == EntryKind.CORRECTED:
            assert entry.about in {e.number for e in in_force}
            times[entry.about] = entry.effective_at
        assert entry.dest == in_force[-1].dest
        moments = [times[e.number] for e in in_force]
        for earlier, later in pairwise(in_force):
            in_order = times[earlier.number] <= times[later.number]
            assert in_order or {earlier.number, later.number} & told, "events are in the order in which they happened"
    folded = timeline.fold([e for e in entries if e.kind in timeline._TELLING])
    assert [e.number for e in folded.events] == [e.number for e in in_force]
    assert [e.effective_at for e in folded.events] == moments
    assert folded.state == episode.state == in_force[-1].dest
    return in_force


def _pathway(episode: Any) -> Pathway:
    return pathway(episode.pathway_key, episode.pathway_version)


def _unit_as(episode: Any, party: Party) -> int | None:
    return unit_as(Episode(**{k: v for k, v in episode._mapping.items() if k != "id"}), party)


def _somebody_has_the_next_step(rows: Rows, episode: Any) -> None:
    state = _pathway(episode).state(episode.state)
    timers = [
        d for d in rows.of("deadlines", episode_id=episode.id, ended_at=None) if d.task_id is d.handover_id is None
    ]
    if state.owner is None:
        assert episode.closed_at is not None
        assert (episode.owner_unit_id, episode.responsible_unit_id, timers) == (None, None, [])
    else:
        assert episode.closed_at is None
        assert episode.responsible_unit_id is not None
        assert episode.owner_unit_id == _unit_as(episode, state.owner)
        expected = [d for d in timers if d.concerns == Concerns.HANDOVER_SENDING]
        timers = [d for d in timers if d not in expected]
        assert [(d.concerns, d.unit_id) for d in timers] == [(Concerns.STATE, episode.owner_unit_id)]
        assert timers[0].rung_at, "somebody will be told"
        _an_expected_discharge_is_a_limit(rows, episode, expected)


def _an_expected_discharge_is_a_limit(rows: Rows, episode: Any, expected: list[Any]) -> None:
    under_way = [
        h for h in rows.of("handovers", episode_id=episode.id)
        if h.passed_at is None and h.state != HandoverState.WITHDRAWN
    ]  # fmt: skip
    accepted = any(h.state == HandoverState.ACCEPTED for h in under_way)
    in_hospital = _pathway(episode).state(episode.state).owner == Party.WARD
    owed = in_hospital and episode.expected_discharge_at is not None and not accepted
    if owed and _unit_as(episode, Party.RECEIVER) != episode.responsible_unit_id:
        assert [(d.unit_id, d.due_at) for d in expected] == [
            (episode.responsible_unit_id, episode.expected_discharge_at)
        ]
    else:
        assert expected == []


def _one_live_deadline_an_obligation(rows: Rows, episode: Any) -> None:
    live = [d for d in rows.of("deadlines", episode_id=episode.id, ended_at=None) if d.task_id or d.handover_id]
    tasks = rows.of("tasks", episode_id=episode.id, state=TaskState.OPEN)
    handovers = [
        h for h in rows.of("handovers", episode_id=episode.id) if h.passed_at is None and h.state in OWED_BY_SOMEBODY
    ]
    timed = sorted((d.task_id or 0, d.handover_id or 0) for d in live)
    assert timed == sorted([*((t.id, 0) for t in tasks), *((0, h.id) for h in handovers)])
    if episode.closed_at is not None:
        assert live == []
    for deadline in live:
        assert deadline.rung_at, "somebody will be told"
        if deadline.task_id:
            task = rows.by_number("tasks", deadline.task_id)
            assert (deadline.due_at, deadline.unit_id) == (task.due_at, task.unit_id)
            assert deadline.other_unit_id == task.counterpart_unit_id
        else:
            handover = rows.by_number("handovers", deadline.handover_id)
            answer = handover.state in {HandoverState.SENT, HandoverState.READ}
            sending = {HandoverState.REJECTED: Concerns.HANDOVER_MENDING}.get(
                handover.state, Concerns.HANDOVER_SENDING
            )
            assert deadline.concerns == (Concerns.HANDOVER_ANSWER if answer else sending)
            assert deadline.unit_id == (handover.to_unit_id if answer else handover.from_unit_id)


def _only_handovers_move_responsibility(rows: Rows, episode: Any, entries: list[Any]) -> None:
    had = {entry.number: entry.responsible_unit_id for entry in entries}
    accepted: set[int] = set()
    for earlier, entry in pairwise(entries):
        if entry.kind == EntryKind.HANDOVER_ACCEPTED:
            accepted.add(entry.unit_id)
        now = entry.responsible_unit_id
        if now == earlier.responsible_unit_id:
            continue
        assert entry.kind in MAY_MOVE_RESPONSIBILITY, f"{entry.kind} moved responsibility"
        match entry.kind:
            case EntryKind.HANDOVER_ACCEPTED:
                assert now == entry.unit_id, "it goes to whoever accepted"
            case EntryKind.CANCELLED:
                assert now == had[entry.about - 1], "it goes back to where it was before the event"
            case _ if entry.about is not None:
                assert now == had[entry.about - 1], "it goes back to where it was before what is taken back"
            case _:
                closed = now is None and _pathway(entry).is_final(entry.dest)
                assert closed or now in accepted, "it goes to nobody who has not accepted"
    assert entries[-1].responsible_unit_id == episode.responsible_unit_id


def _handovers_end_with_the_receiver(rows: Rows, episode: Any, in_force: list[Any]) -> None:
    """What was accepted has passed once its event has happened; what has not passed is under way."""
    if episode.closed_at is not None:
        return
    numbers = {entry.number for entry in in_force}
    handovers = rows.of("handovers", episode_id=episode.id)
    for handover in handovers:
        happened = handover.event_number in numbers
        assert not (handover.state == HandoverState.ACCEPTED and happened and handover.passed_at is None)
        assert handover.passed_at is None or happened
    handing = next(_handing(_pathway(episode), in_force), None)
    if handing is None:
        return
    receiver = _unit_as(episode, handing)
    if receiver is not None and receiver != episode.responsible_unit_id:
        under_way = [h for h in handovers if h.passed_at is None and h.state in OWED_BY_SOMEBODY]
        assert [h.to_unit_id for h in under_way] == [receiver], "a handover that is owed is under way"


def _handing(followed: Pathway, in_force: list[Any]) -> Iterator[Party]:
    for entry in reversed(in_force):
        known = entry.source is not None and followed.has_state(entry.source)
        transition = followed.transition(entry.source, entry.trigger) if known else None
        if transition is not None and transition.hands_over is not None:
            yield transition.hands_over.to


def _who_sees_it_has_taken_part(rows: Rows, episode: Any, entries: list[Any]) -> None:
    """Neither a unit more than the rows say, nor one less (promise 9)."""
    took_part = {unit_id for name, unit_id in episode._mapping.items() if name.endswith(("_unit_id", *PARTIES))}
    took_part |= {entries[0].responsible_unit_id}
    took_part |= {entry.unit_id for entry in entries if entry.kind != EntryKind.AGREEMENT}
    took_part |= {miss.owing_unit_id for miss in rows.of("misses", episode_id=episode.id)}
    for handover in rows.of("handovers", episode_id=episode.id):
        if handover.first_sent_at or handover.state != HandoverState.WITHDRAWN:
            took_part |= {handover.from_unit_id, handover.to_unit_id}
    for task in rows.of("tasks", episode_id=episode.id):
        if task.attempts or task.state != TaskState.WITHDRAWN:
            took_part |= {task.unit_id, task.counterpart_unit_id}
    for stay in rows.of("place_stays", episode_id=episode.id):
        if stay.state != StayState.RELEASED:
            took_part.add(rows.by_number("places", stay.place_id).unit_id)
    took_part |= {request.unit_id for request in rows.of("place_requests", episode_id=episode.id, ended_at=None)}
    assert set(episode.related) == took_part - {None}
    assert episode.related == sorted(episode.related)


def _what_was_agreed_is_owed(rows: Rows, episode: Any, entries: list[Any], in_force: list[Any]) -> None:
    """Each thing is one task, open or done for as long as what the conversation was about stands."""
    tasks = rows.of("tasks", episode_id=episode.id, kind=AGREED)
    said = [(entry.facts["anchor"], one) for entry in entries for one in entry.facts.get("agreed", ())]
    assert sorted((t.anchor_number, t.text) for t in tasks) == sorted((anchor, one["text"]) for anchor, one in said)
    for task in tasks:
        stands = task.anchor_number in {event.number for event in in_force} and episode.closed_at is None
        ended = any(e.trigger == "stay_resumed" and e.number > task.anchor_number for e in in_force)
        assert task.state == TaskState.DONE or (task.state == TaskState.OPEN) == (stands and not ended)


def _events_were_reported_by_who_may(entries: list[Any], people: Mapping[int, Actor]) -> None:
    for entry in entries:
        if entry.kind == EntryKind.EVENT and entry.origin == Origin.PERSON:
            transition = pathway(entry.pathway_key, entry.pathway_version).transition(entry.source, entry.trigger)
            assert transition is not None
            assert people[entry.person_id].roles & set(transition.by)


def _ladders_are_in_step(rows: Rows) -> None:
    raised: dict[int, list[Any]] = defaultdict(list)
    for reminder in rows.tables["reminders"].values():
        raised[reminder.deadline_id].append(reminder)
    for deadline in rows.tables["deadlines"].values():
        reminders = raised[deadline.id]
        rungs = [reminder.rung for reminder in reminders]
        assert len(set(rungs)) == len(rungs), "a rung is raised once"
        assert all(deadline.rung_at[r.rung] == r.planned_at <= r.raised_at for r in reminders)
        assert rungs == sorted(rungs)
        assert not rungs or rungs == list(range(rungs[0], deadline.rung)), "no rung is passed over"
        if deadline.ended_at is None:
            left = deadline.rung_at[deadline.rung :]
            assert deadline.next_at == (left[0] if left else None)
        for successor in rows.of("deadlines", replaces_id=deadline.id):
            again = {reminder.rung for reminder in raised[successor.id]}
            late = [one.rung_at == [one.opened_at] for one in (deadline, successor)]
            if all(late) and (successor.unit_id, successor.due_at) == (deadline.unit_id, deadline.due_at):
                assert not (rungs and again), "a unit hears once of what it heard of late"
            elif not any(late) and (successor.rung_at, successor.miss) == (deadline.rung_at, deadline.miss):
                assert again.isdisjoint(rungs), "what was raised before it was handed on is not raised again"


def _answers_are_the_receivers(rows: Rows, people: Mapping[int, Actor]) -> None:
    for handover in rows.tables["handovers"].values():
        if handover.answered_by_id is not None:
            assert people[handover.answered_by_id].unit_id == handover.to_unit_id
            version = rows.of("handover_versions", handover_id=handover.id, version=handover.version)[0]
            if handover.state == HandoverState.ACCEPTED:
                assert version.sent_by_id != handover.answered_by_id, "nobody accepts their own handover"


def _misses_are_facts(rows: Rows, swept_at: datetime | None) -> None:
    last: dict[int, Any] = {}
    for verdict in rows.tables["miss_verdicts"].values():
        earlier = last.get(verdict.miss_id)
        assert verdict.number == (earlier.number if earlier else 0) + 1, "verdicts are numbered without a gap"
        assert verdict.verdict != (earlier.verdict if earlier else Verdict.STANDS), "a verdict says something new"
        last[verdict.miss_id] = verdict
    verdicts = _last_verdicts(rows)
    stands = {
        (miss.task_id, miss.handover_id, miss.code): verdicts[miss.id] == Verdict.STANDS
        for miss in rows.tables["misses"].values()
    }
    for deadline in rows.tables["deadlines"].values():
        key = deadline.task_id, deadline.handover_id, deadline.miss
        if deadline.miss is None:
            continue
        if deadline.ended_at is None and swept_at is not None and deadline.due_at <= swept_at:
            assert key in stands, f"passed unmet, and nobody wrote it down: {deadline}"
            assert stands[key], f"passed unmet, and it does not count: {deadline}"
        if deadline.ended == Ended.MET_LATE or (
            deadline.ended == Ended.HANDED_ON and deadline.due_at < deadline.ended_at
        ):
            assert key in stands, f"met or handed on late, and nobody wrote it down: {deadline}"
    for miss in rows.tables["misses"].values():
        if miss.task_id is not None and stands[miss.task_id, None, miss.code]:
            task = rows.by_number("tasks", miss.task_id)
            assert task.done_at is None or task.done_at > task.due_at, f"done in time, and counted as missed: {task}"


def _last_verdicts(rows: Rows) -> dict[int, Verdict]:
    given = {verdict.miss_id: verdict.verdict for verdict in rows.tables["miss_verdicts"].values()}
    return {number: given.get(number, Verdict.STANDS) for number in rows.tables["misses"]}


def _what_never_happened_was_not_missed(rows: Rows, episode: Any, in_force: set[int]) -> None:
    verdicts = _last_verdicts(rows)
    for miss in rows.of("misses", episode_id=episode.id):
        if miss.task_id is not None:
            started = rows.by_number("tasks", miss.task_id).anchor_number in in_force
        else:
            started = miss.code == MissCode.NOT_ANSWERED or rows.by_number("handovers", miss.handover_id).event_number
        assert started or verdicts[miss.id] == Verdict.EXCLUDED, f"its event is no longer in force: {miss}"
