"""The handover that lies ahead of an episode: from whom to whom, by when, and who writes it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.parties import pathway_of, unit_as
from workflow.seeing import access
from workflow.tables import Deadline, Episode, Handover
from workflow.vocabulary import HandoverState


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Responsibility that has not passed yet. `handover` is None as long as nobody has sent or owes it."""

    episode: Episode
    trigger: str
    from_unit_id: int
    to_unit_id: int
    handover: Handover | None = None
    due_at: datetime | None = None  # by when it must be answered, or (owed, rejected) sent

    @property
    def version(self) -> int:
        """The newest that was sent; 0 before the first."""
        return self.handover.version if self.handover is not None else 0

    def writer(self, by: Actor) -> int | None:
        """The unit for which this person writes it; None where it is not theirs to write.

        What a general practice said is written down by the receiver.
        """
        if access.speaks_for_practice(by, self.from_unit_id, self.to_unit_id, self.episode):
            return by.unit_id
        return self.from_unit_id if access.acts_for(by, self.from_unit_id, self.episode) else None


def of_episode(session: Session, episode: Episode) -> Ahead | None:
    """The handover under way, or the next that the pathway asks for; None where there is nothing to hand over."""
    live = and_(Deadline.handover_id == Handover.id, Deadline.ended_at.is_(None))
    under_way = session.execute(
        select(Handover, Deadline.due_at)
        .outerjoin(Deadline, live)
        .where(
            Handover.episode_id == episode.id, Handover.passed_at.is_(None),
            Handover.state != HandoverState.WITHDRAWN,
        )
    ).one_or_none()  # fmt: skip
    if under_way is not None:
        handover, due_at = under_way
        return Ahead(
            episode=episode, trigger=handover.trigger, from_unit_id=handover.from_unit_id,
            to_unit_id=handover.to_unit_id, handover=handover, due_at=due_at,
        )  # fmt: skip
    asked = pathway_of(episode).handover_ahead(episode.state)
    to_unit_id = unit_as(episode, asked.hands_over.to) if asked is not None and asked.hands_over is not None else None
    if asked is None or to_unit_id is None or episode.responsible_unit_id in {None, to_unit_id}:
        return None
    return Ahead(
        episode=episode, trigger=asked.trigger, from_unit_id=episode.responsible_unit_id or 0, to_unit_id=to_unit_id
    )
