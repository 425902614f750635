"""What a person's unit owes on an episode now, the most urgent first: what the page offers to do in place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from workflow.actor import Actor
from workflow.parties import unit_as
from workflow.seeing import access
from workflow.showing.story import Line, Story
from workflow.tables import Handover, Task
from workflow.vocabulary import DoneBy, HandoverState, TaskState


@dataclass(frozen=True)
class Duty:
    """One thing to do. `kind` is accept, send, prepare, await, call, record, arrival, review or answer."""

    kind: str
    due_at: datetime | None
    handover: Handover | None = None
    task: Task | None = None
    line: Line | None = None  # of the history: the question


def owed(story: Story, by: Actor, *, at: datetime) -> list[Duty]:
    """What the units that this person acts for owe; what has no time of its own comes last."""
    found = [*_handovers(story, by), *_tasks(story, by), *_state(story, by), *_questions(story, by)]
    return sorted(found, key=lambda duty: (duty.due_at is None, duty.due_at or at))


def _handovers(story: Story, by: Actor) -> Iterator[Duty]:
    handover, episode = story.case.under_way, story.episode
    if handover is not None:
        due_at = story.due_at(handover=handover)
        if handover.state in {HandoverState.SENT, HandoverState.READ} and by.unit_id == handover.to_unit_id:
            yield Duty("accept", due_at, handover=handover)
        awaited = handover.state in {HandoverState.SENT, HandoverState.READ} and story.leaves_at is not None
        if awaited and access.acts_for(by, handover.from_unit_id, episode):
            yield Duty("await", story.leaves_at, handover=handover)
        if handover.state in {HandoverState.OWED, HandoverState.REJECTED} and access.acts_for(
            by, handover.from_unit_id, episode
        ):
            yield Duty("send", _earlier(due_at, story.leaves_at), handover=handover)
        return
    ahead = story.case.pathway.handover_ahead(episode.state) if episode.closed_at is None else None
    to = unit_as(episode, ahead.hands_over.to) if ahead is not None and ahead.hands_over is not None else None
    if to not in {None, episode.responsible_unit_id} and access.acts_for(by, episode.responsible_unit_id, episode):
        yield Duty("prepare", story.leaves_at)


def _earlier(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _tasks(story: Story, by: Actor) -> Iterator[Duty]:
    for task in story.case.tasks:
        owed = task.state == TaskState.OPEN and task.done_by != DoneBy.ANSWER
        if owed and access.acts_for(by, task.unit_id, story.episode):
            yield Duty("call" if task.done_by == DoneBy.CONTACT else "record", task.due_at, task=task)


def _state(story: Story, by: Actor) -> Iterator[Duty]:
    """To confirm who has arrived, or to look at the episode again."""
    episode = story.episode
    if episode.closed_at is not None or not access.acts_for(by, episode.owner_unit_id, episode):
        return
    arrival = story.case.pathway.arrival_from(episode.state)
    if arrival is not None and access.may_report(by, episode, arrival):
        yield Duty("arrival", story.due_at())
    elif story.case.pathway.state(episode.state).review is not None:
        yield Duty("review", story.due_at())


def _questions(story: Story, by: Actor) -> Iterator[Duty]:
    """What another unit has asked, the oldest first."""
    for line in reversed(story.lines):
        if story.episode.closed_at is None and story.may_answer(by, line):
            owed = (task for task in story.case.tasks if task.done_by == DoneBy.ANSWER)
            task = next((task for task in owed if task.anchor_number == line.entry.number), None)
            yield Duty("answer", task.due_at if task is not None else None, line=line)
