"""The first steps of many tests: fixtures that walk a citizen to the discharge, with literal times."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.world import ISBAR, World
from workflow import amendments, deadlines, episodes
from workflow.actor import Actor
from workflow.handing import handovers
from workflow.tables import Deadline, Episode, Handover, HistoryEntry, Task

ADMITTED = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)  # Thursday 08:00 in Copenhagen
DISCHARGED = ADMITTED + timedelta(hours=5)


def hours(n: float) -> timedelta:
    """Elapsed hours."""
    return timedelta(hours=n)


@pytest.fixture
def world(session: Session) -> World:
    """Units and people."""
    return worlds.build(session)


@pytest.fixture
def admitted(session: Session, world: World) -> Episode:
    """A citizen in the ward since 08:00."""
    return worlds.admit(session, world, ADMITTED)


@pytest.fixture
def to_tryghedshotel(session: Session, world: World, admitted: Episode) -> Episode:
    """At 09:00 the coordinator chooses Tryghedshotellet."""
    return amendments.reroute(
        session, admitted.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=ADMITTED + hours(1)
    )


@pytest.fixture
def sent(session: Session, world: World, to_tryghedshotel: Episode) -> Handover:
    """At 12:00 the ward sends the handover."""
    return handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(4))


@pytest.fixture
def discharged(session: Session, world: World, sent: Handover) -> Episode:
    """At 13:00 the citizen is discharged; nobody has answered the handover yet."""
    return episodes.record_event(session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)


def call_of(session: Session, episode: Episode) -> Task:
    """The newest follow-up call of an episode."""
    calls = select(Task).where(Task.episode_id == episode.id, Task.kind == "follow_up_call")
    return session.scalars(calls.order_by(Task.id.desc())).first() or pytest.fail("there is no follow-up call")


def live(session: Session, episode: Episode) -> list[Deadline]:
    """The running deadlines of an episode."""
    session.flush()
    running = select(Deadline).where(Deadline.episode_id == episode.id, Deadline.ended_at.is_(None))
    return list(session.scalars(running.order_by(Deadline.id)))


def entries(session: Session, episode: Episode) -> list[str]:
    """What the history of an episode tells: the trigger of each entry, or else its kind."""
    session.flush()
    rows = select(HistoryEntry).where(HistoryEntry.episode_id == episode.id).order_by(HistoryEntry.number)
    return [row.trigger or row.kind for row in session.scalars(rows)]


def raise_all(session: Session, at: datetime) -> int:
    """Sweep until nothing is due; returns how many rungs were raised."""
    session.flush()
    raised = 0
    while found := deadlines.raise_due(session, at=at):
        raised += found
    session.expire_all()
    return raised


def receive(
    session: Session, handover_id: UUID, *, by: Actor, at: datetime, version: int | None = None
) -> Handover:
    """Read a handover and accept it: the version that was read, or another."""
    read = handovers.read(session, handover_id, by=by, at=at)
    return handovers.accept(session, handover_id, by=by, at=at, version=version or read.version)
