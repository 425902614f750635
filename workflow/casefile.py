"""One episode, locked, with everything that hangs on it: read once, before anything is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from workflow import agreements, timeline
from workflow.agreements import Terms
from workflow.errors import Invalid, NotFound
from workflow.obligations import Situation
from workflow.parties import pathway_of
from workflow.pathway import Pathway
from workflow.tables import Deadline, Episode, Handover, Miss, Task
from workflow.timeline import Entry, Timeline, Told
from workflow.vocabulary import HandoverState


@dataclass
class CaseFile:
    """What a writer holds while it works on an episode. `moved` collects what follows, for the history."""

    episode: Episode
    terms: Terms
    entries: list[Entry]
    timeline: Timeline
    tasks: list[Task]
    handovers: list[Handover]
    deadlines: list[Deadline]  # the live ones
    missed: bool = False  # whether anything has ever been missed: most often not, and then no verdicts are read
    moved: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pathway(self) -> Pathway:
        return pathway_of(self.episode)

    def ahead(self, told: Told) -> Timeline:
        """The timeline as it will be when `told` has been written."""
        return timeline.fold([*self.entries, told])

    @property
    def under_way(self) -> Handover | None:
        """The handover that has neither passed the responsibility on nor been withdrawn."""
        return next((h for h in self.handovers if h.passed_at is None and h.state != HandoverState.WITHDRAWN), None)

    @property
    def situation(self) -> Situation:
        sent = [h.first_sent_at for h in self.handovers if h.first_sent_at and h.state != HandoverState.WITHDRAWN]
        return Situation(frozenset(self.episode.needs), self.episode.expected_discharge_at, min(sent) if sent else None)

    def deadline_of(self, *, task: Task | None = None, handover: Handover | None = None) -> Deadline | None:
        """The live deadline of a task, of a handover, or (of neither) of the state."""
        return next((d for d in self.deadlines if d.task is task and d.handover is handover), None)


# Built once: composing a statement anew costs more than running it.
_LOCKED = select(Episode, agreements.newest_number()).with_for_update(key_share=True, of=Episode)
_LOCKED_BY_UUID = _LOCKED.where(Episode.uuid == bindparam("episode"))
_LOCKED_BY_ID = _LOCKED.where(Episode.id == bindparam("episode"))
_HANGING = (  # every handover beside every task: both are few, and one statement costs less than two
    select(Handover, Task)
    .select_from(Episode)
    .outerjoin(Handover, Handover.episode_id == Episode.id)
    .outerjoin(Task, Task.episode_id == Episode.id)
    .where(Episode.id == bindparam("episode"))
    .order_by(Handover.id, Task.id)
)
_DEADLINES = (
    select(Deadline)
    .where(Deadline.episode_id == bindparam("episode"), Deadline.ended_at.is_(None))
    .order_by(Deadline.id)
    .with_for_update(key_share=True)
)
_ENTRIES = timeline.ENTRIES.add_columns(
    select(Miss.id).where(Miss.episode_id == bindparam("episode")).exists().label("missed")
)
_FRESH = {"populate_existing": True}


def fetch(session: Session, episode_id: UUID | int, *, at: datetime) -> CaseFile:
    """Lock an episode (by its public or its row number) and read what hangs on it. Raises NotFound.

    The episode row is the one lock a writer takes first; `for no key update` lets the sweeps' inserts refer to it
    meanwhile. Its live deadlines are locked too: a sweep that is raising one of them is waited for.
    """
    statement = _LOCKED_BY_UUID if isinstance(episode_id, UUID) else _LOCKED_BY_ID
    row = session.execute(statement, {"episode": episode_id}, execution_options=_FRESH).one_or_none()
    if row is None:
        raise NotFound("no_such_episode")
    episode: Episode = row[0]
    this = {"episode": episode.id}
    deadlines = list(session.scalars(_DEADLINES, this, execution_options=_FRESH))
    entries: list[Any] = list(session.execute(_ENTRIES, this))  # after the deadlines: a sweep may just have missed one
    hanging: Sequence[Any] = session.execute(_HANGING, this, execution_options=_FRESH).all()
    return CaseFile(
        episode,
        agreements.terms_for(session, episode, at=at, newest_known=row[1] or 0),
        entries,
        timeline.fold(entries),
        list(dict.fromkeys(task for _, task in hanging if task is not None)),
        list(dict.fromkeys(handover for handover, _ in hanging if handover is not None)),
        deadlines,
        missed=entries[0].missed,
    )


def happened_at(effective_at: datetime | None, at: datetime) -> datetime:
    """When something happened, as given, or else now. Raises Invalid for a time to come, or without a zone."""
    if effective_at is not None and effective_at.tzinfo is None:
        raise Invalid("time_without_zone")
    if effective_at is not None and effective_at > at:
        raise Invalid("in_the_future")
    return effective_at or at
