"""One look at a citizen and what their messages have led to so far: the episodes as they are, and who told what."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import timeline
from workflow.actor import Actor
from workflow.medcom import chains
from workflow.medcom.journey import Journey, Step
from workflow.tables import Citizen, Episode, Message, Unit
from workflow.timeline import Timeline


@dataclass(frozen=True)
class Case:
    """An episode, locked, and what has happened to it."""

    episode: Episode
    timeline: Timeline


@dataclass
class Standing:
    """The citizen, what the hospital says, and the messages with the entries that they led to."""

    session: Session
    citizen: Citizen
    receiver: Unit
    journey: Journey
    rows: dict[chains.Message, Message]
    by: Actor
    at: datetime
    read: dict[int, Case] = field(default_factory=dict)  # episodes as they are, until something is written
    known: list[Case | None] = field(default_factory=list)  # the latest of them, likewise
    last: Episode | None = None  # that was written to

    def row_of(self, step: Step) -> Message | None:
        """The message that has led to an entry for this step; else the first that told of it."""
        told = [self.rows[key] for key in step.told if key in self.rows]
        return next((r for r in told if r.episode_id is not None), min(told, key=lambda r: r.id, default=None))

    def is_linked(self, step: Step) -> bool:
        row = self.row_of(step)
        return row is not None and row.episode_id is not None

    def latest(self) -> Case | None:
        """The citizen's open episode, or the last that was."""
        if not self.known:
            own = select(Episode).where(Episode.citizen_id == self.citizen.id).with_for_update(key_share=True)
            newest = own.order_by(Episode.closed_at.is_not(None), Episode.id.desc()).limit(1)
            episode = self.session.scalars(newest, execution_options={"populate_existing": True}).first()
            self.known.append(self._read(episode) if episode is not None else None)
        return self.known[0]

    def fetch(self, episode_id: int) -> Case:
        """An episode as it is now."""
        if episode_id not in self.read:
            own = select(Episode).where(Episode.id == episode_id).with_for_update(key_share=True)
            self._read(self.session.scalars(own, execution_options={"populate_existing": True}).one())
        return self.read[episode_id]

    def _read(self, episode: Episode) -> Case:
        self.read[episode.id] = Case(episode, timeline.fold(timeline.entries(self.session, episode)))
        return self.read[episode.id]

    def changing(self) -> None:
        self.read.clear()
        self.known.clear()

    def linked_numbers(self, episode: Episode) -> set[int]:
        return {r.entry_number for r in self.rows.values() if r.episode_id == episode.id and r.entry_number}

    def link(self, step: Step, episode: Episode, number: int) -> None:
        row = self.row_of(step)
        if row is not None:
            row.episode_id, row.entry_number = episode.id, number
