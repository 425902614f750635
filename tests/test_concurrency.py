"""Many at once on the same few episodes: nobody sees a deadlock, nothing is lost, and there is one winner."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.conftest import Database
from tests.properties import promises
from tests.properties.promises import Rows
from tests.world import ISBAR, World
from workflow import amendments, db, deadlines, episodes, places, tasks
from workflow.actor import Actor
from workflow.errors import NotPossible, Stale, WorkflowError
from workflow.handing import handovers
from workflow.rule import hours
from workflow.tables import Citizen, Episode, Handover, HistoryEntry, Person, PersonRole, PlaceStay, Task, Unit
from workflow.vocabulary import EntryKind, HandoverState, Outcome, Role, TaskState

WRITERS, SWEEPS = 16, 2
START = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
TRIGGERS = (
    "declared_ready", "condition_worsened", "patient_discharged", "stay_resumed", "patient_arrived", "departed_home",
)  # fmt: skip


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """The world, committed, and connections for everybody."""
    engine = db.connect(database.url, role=db.SWEEPS, pool_size=WRITERS + SWEEPS)
    with db.Session(expire_on_commit=False) as session, session.begin():
        built = worlds.build(session)
    yield built
    engine.dispose()


def at_once(*acts: Callable[[Session], Any]) -> list[WorkflowError | None]:
    """Every act through a door of its own, all at the same moment; returns how each was refused, or None."""
    together = threading.Barrier(len(acts))

    def go(act: Callable[[Session], Any]) -> WorkflowError | None:
        together.wait()
        try:
            with db.Session.begin() as session:
                act(session)
        except WorkflowError as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(go, acts))


def admitted(world: World, *, to_facility: bool = True) -> UUID:
    """The number of a new episode in the ward."""
    with db.Session.begin() as session:
        episode = worlds.admit(session, world, START)
        if to_facility:
            amendments.reroute(
                session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=START
            )
        return episode.uuid


def colleagues(world: World, unit: Unit, role: Role, number: int) -> list[Actor]:
    """New people in a unit."""
    with db.Session.begin() as session:
        people = [Person(username=f"{role}{n}", name=f"{role} {n}", active=True) for n in range(number)]
        session.add_all(people)
        session.flush()
        session.add_all(PersonRole(person_id=person.id, unit_id=unit.id, role=role) for person in people)
        return [
            Actor(
                name=person.name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=person.id,
                roles=frozenset({role}),
            )
            for person in people
        ]  # fmt: skip


def test_of_eight_who_accept_one_does_and_the_others_are_told_who(world: World) -> None:
    nurses = colleagues(world, world.facility, Role.FACILITY_NURSE, 8)
    for _ in range(10):
        episode_id = admitted(world)
        with db.Session.begin() as session:
            handover_id = handovers.send(session, episode_id, ISBAR, by=world.ward_nurse, at=START).uuid

        def accepting(nurse: Actor, handover_id: UUID = handover_id) -> Callable[[Session], Handover]:
            return lambda session: steps.receive(session, handover_id, by=nurse, at=START + hours(1))

        refusals = at_once(*(accepting(nurse) for nurse in nurses))
        winner = nurses[refusals.index(None)]
        others = [refusal for refusal in refusals if refusal is not None]
        assert len(others) == len(nurses) - 1
        for refusal in others:
            assert isinstance(refusal, NotPossible)
            assert (refusal.code, refusal.facts["by"]) == ("already_accepted", winner.name)
        assert _entries(episode_id, EntryKind.HANDOVER_ACCEPTED) == 1


def test_of_two_nurses_who_record_the_same_discharge_one_does(world: World) -> None:
    for _ in range(20):
        episode_id = admitted(world, to_facility=False)

        def discharging(by: Actor, episode_id: UUID = episode_id) -> Callable[[Session], Episode]:
            return lambda session: episodes.record_event(
                session, episode_id, "patient_discharged", by=by, at=START + hours(3), reason="Sendes senere"
            )

        refusals = at_once(discharging(world.ward_nurse), discharging(world.coordinator))
        assert [type(refusal) for refusal in refusals if refusal is not None] == [NotPossible]
        assert _entries(episode_id, EntryKind.EVENT) == 1


def test_of_two_clicks_on_the_same_page_one_counts_and_the_other_is_stale(world: World) -> None:
    for _ in range(20):
        episode_id = admitted(world, to_facility=False)

        def readying(session: Session, episode_id: UUID = episode_id) -> None:
            episodes.record_event(
                session, episode_id, "declared_ready", by=world.ward_nurse, at=START + hours(3), seen=1
            )

        refusals = at_once(readying, readying)
        assert [type(refusal) for refusal in refusals if refusal is not None] == [Stale]
        assert _entries(episode_id, EntryKind.EVENT) == 1


def test_of_two_new_versions_written_from_the_same_one_the_second_is_stale(world: World) -> None:
    for _ in range(20):
        episode_id = admitted(world)

        def sending(by: Actor, episode_id: UUID = episode_id) -> Callable[[Session], Handover]:
            return lambda session: handovers.send(session, episode_id, ISBAR, by=by, at=START + hours(1), seen=0)

        refusals = at_once(sending(world.ward_nurse), sending(world.coordinator))
        assert [type(refusal) for refusal in refusals if refusal is not None] == [Stale]
        assert _entries(episode_id, EntryKind.HANDOVER_SENT) == 1


def test_a_citizen_who_is_admitted_by_two_at_once_has_one_episode(world: World) -> None:
    for _ in range(20):
        with db.Session(expire_on_commit=False) as session, session.begin():
            citizen = worlds.citizen(session, world)

        def admitting(by: Actor, citizen: Citizen = citizen) -> Callable[[Session], Episode]:
            return lambda session: episodes.open_episode(
                session, citizen, "home", "admission", by=by, at=START, ward=world.ward, district=world.district
            )

        refusals = at_once(admitting(world.ward_nurse), admitting(world.coordinator))
        assert [refusal.code for refusal in refusals if refusal is not None] == ["citizen_has_open_episode"]


def test_of_eight_who_reserve_the_last_place_one_gets_it(world: World) -> None:
    bed, *_ = world.places
    for round_number in range(10):
        waiting = [admitted(world) for _ in range(8)]
        from_at = START + timedelta(days=round_number)

        def reserving(episode_id: UUID, from_at: datetime = from_at) -> Callable[[Session], PlaceStay]:
            return lambda session: places.reserve(
                session, bed.uuid, episode_id, by=world.facility_nurse, at=from_at, from_at=from_at
            )

        refusals = at_once(*(reserving(episode_id) for episode_id in waiting))
        assert sorted(refusal.code if refusal else "" for refusal in refusals) == ["", *["place_not_free"] * 7]
        with db.Session.begin() as session:
            winner = waiting[refusals.index(None)]
            places.leave(session, winner, by=world.facility_nurse, at=from_at + hours(1))


def test_many_sweeps_raise_every_rung_once(world: World) -> None:
    for _ in range(30):
        admitted(world)

    raised = [1]

    def sweeping(session: Session) -> None:
        raised.append(deadlines.raise_due(session, at=START + timedelta(days=3), batch=4))

    while any(raised):
        raised.clear()
        assert at_once(*[sweeping] * 8) == [None] * 8
    with db.Session() as session:
        rows = Rows.read(session)
    promises.check(promises.NOTHING, rows, {}, swept_at=START + timedelta(days=3))
    assert len(rows.tables["reminders"]) == sum(len(d.rung_at) for d in rows.tables["deadlines"].values())


def _entries(episode_id: UUID, kind: EntryKind) -> int:
    counted = select(func.count()).select_from(HistoryEntry).join(Episode, Episode.id == HistoryEntry.episode_id)
    with db.Session() as session:
        return session.scalar(counted.where(Episode.uuid == episode_id, HistoryEntry.kind == kind)) or 0


@dataclass
class Crowd:
    """Sixteen people who do what comes to their minds on a few episodes, and two sweeps, on one clock that runs on."""

    episode_ids: list[UUID]
    people: list[Actor]
    ends_at: float
    _now: datetime = START
    _lock: threading.Lock = field(default_factory=threading.Lock)
    written: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[BaseException] = field(default_factory=list)

    def clock(self) -> datetime:
        """The next moment; no two are the same."""
        with self._lock:
            self._now += timedelta(seconds=71)
            return self._now

    def run(self) -> None:
        """Everybody at once, until the time is up or something went wrong."""
        everybody = [threading.Thread(target=self._write, args=(n, by)) for n, by in enumerate(self.people)]
        everybody += [threading.Thread(target=self._sweep) for _ in range(SWEEPS)]
        for somebody in everybody:
            somebody.start()
        for somebody in everybody:
            somebody.join()

    def _goes_on(self) -> bool:
        return time.monotonic() < self.ends_at and not self.failures

    def _write(self, number: int, by: Actor) -> None:
        chance = Random(number)
        while self._goes_on():
            act = chance.choice((self._event, self._event, self._handover, self._handover, self._task, self._other))
            try:
                with db.Session.begin() as session:
                    wrote = act(session, chance, chance.choice(self.episode_ids), by, self.clock())
            except WorkflowError as refusal:
                with self._lock:
                    self.refused[refusal.code] += 1
            except Exception as error:
                self.failures.append(error)
                raise
            else:
                with self._lock:
                    self.written[by.name] += wrote

    def _sweep(self) -> None:
        while self._goes_on():
            try:
                with db.Session.begin() as session:
                    deadlines.raise_due(session, at=self.clock(), batch=5)
            except Exception as error:
                self.failures.append(error)
                raise

    def _event(self, session: Session, chance: Random, episode_id: UUID, by: Actor, at: datetime) -> int:
        episode = session.scalars(select(Episode).where(Episode.uuid == episode_id)).one()
        seen = chance.choice((None, episode.history_number))
        if chance.random() < 0.15:
            amendments.cancel_event(session, episode_id, episode.history_number, by=by, at=at, reason="Fejl")
        else:
            trigger = chance.choice(TRIGGERS)
            episodes.record_event(session, episode_id, trigger, by=by, at=at, reason="Hastede", seen=seen)
        return 1

    def _handover(self, session: Session, chance: Random, episode_id: UUID, by: Actor, at: datetime) -> int:
        known = session.scalars(
            select(Handover).join(Episode).where(Episode.uuid == episode_id).order_by(Handover.id.desc()).limit(1)
        ).first()
        if known is None or known.state in {HandoverState.OWED, HandoverState.REJECTED, HandoverState.WITHDRAWN}:
            handovers.send(session, episode_id, ISBAR, by=by, at=at, seen=chance.choice((None, None, 0)))
            return 1
        if chance.random() < 0.3:
            handovers.reject(session, known.uuid, by=by, at=at, reason="Medicinlisten mangler", version=known.version)
            return 1
        if known.state == HandoverState.SENT:
            return int(handovers.read(session, known.uuid, by=by, at=at).communicated_at == at)
        taken = handovers.accept(session, known.uuid, by=by, at=at, version=known.version)
        return int(taken.answered_at == at)

    def _task(self, session: Session, chance: Random, episode_id: UUID, by: Actor, at: datetime) -> int:
        wanted = select(Task).join(Episode).where(Episode.uuid == episode_id, Task.state == TaskState.OPEN)
        task = session.scalars(wanted.order_by(Task.id.desc()).limit(1)).first()
        if task is None:
            return 0
        if chance.random() < 0.3:
            return int(tasks.claim(session, task.uuid, by=by, at=at, take_over=True).claimed_at == at)
        outcome = chance.choice((Outcome.NO_ANSWER, Outcome.BUSY, Outcome.COMPLETED))
        tasks.record_attempt(session, task.uuid, outcome, by=by, at=at, spoken_with="Anders Demo")
        return 1

    def _other(self, session: Session, chance: Random, episode_id: UUID, by: Actor, at: datetime) -> int:
        if chance.random() < 0.5:
            amendments.review(session, episode_id, by=by, at=at)
        else:
            amendments.expect_discharge(session, episode_id, at + hours(24), by=by, at=at)
        return 1


def test_sixteen_writers_and_the_sweeps_on_the_same_episodes(world: World, request: pytest.FixtureRequest) -> None:
    seconds = 60 if request.config.getoption("--soak") else 5
    people = [
        *colleagues(world, world.ward, Role.WARD_NURSE, 7),
        *colleagues(world, world.facility, Role.FACILITY_NURSE, 6),
        *colleagues(world, world.district, Role.MUNICIPAL_NURSE, 3),
    ]
    both_ways = [admitted(world, to_facility=n % 2 == 0) for n in range(4)]
    crowd = Crowd(both_ways, people, time.monotonic() + seconds)
    crowd.run()
    assert crowd.failures == []
    with db.Session.begin() as session:
        while deadlines.raise_due(session, at=crowd.clock()):
            pass
    with db.Session() as session:
        rows = Rows.read(session)
        by_number = {actor.person_id: actor for actor in people if actor.person_id is not None}
        promises.check(promises.NOTHING, rows, by_number, swept_at=None)
        promises.check_chains(session)
        entries = Counter(entry.actor for entry in rows.tables["history"].values())
    assert {by.name: entries[by.name] for by in people} == {by.name: crowd.written[by.name] for by in people}
    assert crowd.written.total() > WRITERS, f"too little was done to prove anything: {crowd.refused}"
    assert rows.tables["reminders"]
