"""One look at a citizen and what their messages have led to so far: the episodes as they are, and who told what."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from workflow import db, timeline
from workflow.actor import Actor
from workflow.medcom import chains
from workflow.medcom.addresses import Ours
from workflow.medcom.journey import Journey, Step
from workflow.medcom.stored import Stored
from workflow.rows import Sheet
from workflow.tables import Episode
from workflow.timeline import Timeline


@dataclass
class Case:
    """An episode as it is, locked, and what has happened to it. It is read anew after anything is written."""

    session: Session
    episode: Episode

    @cached_property
    def timeline(self) -> Timeline:
        return timeline.fold(timeline.entries(self.session, self.episode))


_LATEST = "where citizen_id = %(number)s order by closed_at is not null, id desc limit 1 for no key update"
_BY_NUMBER = "where id = %(number)s for no key update"


@dataclass
class Standing:
    """The citizen, what the hospital says, and the messages with the entries that they led to."""

    session: Session
    citizen_id: int
    receiver: Ours
    journey: Journey
    rows: dict[chains.Message, Stored]
    by: Actor
    at: datetime
    read: dict[int, Case] = field(default_factory=dict)  # episodes as they are, until something is written
    known: list[Case | None] = field(default_factory=list)  # the latest of them, likewise
    last: Episode | None = None  # that was written to

    def row_of(self, step: Step) -> Stored | None:
        """The message that has led to an entry for this step; else the first that told of it."""
        told = [self.rows[key] for key in step.told if key in self.rows]
        return next((r for r in told if r.episode_id is not None), min(told, key=lambda r: r.row, default=None))

    def is_linked(self, step: Step) -> bool:
        row = self.row_of(step)
        return row is not None and row.episode_id is not None

    def latest(self) -> Case | None:
        """The citizen's open episode, or the last that was."""
        if not self.known:
            self.known.append(self._read(_LATEST, self.citizen_id))
        return self.known[0]

    def fetch(self, episode_id: int) -> Case:
        """An episode as it is now."""
        known = self.read.get(episode_id) or self._read(_BY_NUMBER, episode_id)
        assert known is not None
        return known

    def _read(self, which: str, number: int) -> Case | None:
        found = Sheet().read(db.driver(self.session), Episode, which, {"number": number})
        for episode in found:
            self.read[episode.id] = Case(self.session, episode)
            return self.read[episode.id]
        return None

    def changing(self) -> None:
        self.read.clear()
        self.known.clear()

    def linked_numbers(self, episode: Episode) -> set[int]:
        return {r.entry_number for r in self.rows.values() if r.episode_id == episode.id and r.entry_number}

    def link(self, step: Step, episode: Episode, number: int) -> None:
        row = self.row_of(step)
        if row is not None:
            row.link(episode.id, number)
