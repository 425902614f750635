"""One episode, locked, with everything that hangs on it: read once, before anything is changed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from workflow import agreements, db, timeline
from workflow.agreements import Terms
from workflow.errors import NotFound, NotPossible
from workflow.misses import Unmet
from workflow.obligations import Situation
from workflow.parties import pathway_of
from workflow.pathway import Pathway
from workflow.rows import Row, Sheet, attached
from workflow.tables import Deadline, Episode, Handover, Task
from workflow.timeline import Entry, Timeline, Told
from workflow.vocabulary import Concerns, HandoverState


@dataclass
class CaseFile:
    """What a writer holds while it works on an episode. `moved` collects what follows, for the history.

    Its rows are plain values: whoever changes them writes the file, and ends by closing it.
    """

    episode: Episode
    terms: Terms
    entries: list[Entry]
    timeline: Timeline
    tasks: list[Task]
    handovers: list[Handover]
    deadlines: list[Deadline]  # the live ones
    sheet: Sheet
    missed: bool = False  # whether anything has ever been missed: most often not, and then no verdicts are read
    unmet: list[Unmet] = field(default_factory=list)  # what is a miss now, until it is written
    moved: list[dict[str, Any]] = field(default_factory=list)
    spared: list[Deadline] = field(default_factory=list)  # passed, and moved on to a time to come

    @property
    def pathway(self) -> Pathway:
        return pathway_of(self.episode)

    def add(self, row: Task | Handover | Deadline) -> None:
        """Take a new row into the file; it gets its number when the file is written."""
        match row:
            case Task():
                self.tasks.append(row)
            case Handover():
                self.handovers.append(row)
            case Deadline():
                self.deadlines.append(row)
        self.sheet.add(row)

    def write(self, session: Session) -> None:
        """Write what differs from what was read."""
        self.sheet.write(session)

    def require_open(self) -> None:
        """Raises NotPossible: on what is over only late facts, corrections, answers and reviews are written."""
        if self.episode.closed_at is not None:
            raise NotPossible("episode_is_closed")

    def number_rows(self, session: Session) -> None:
        """Write what hangs on the episode, for what refers to it; the episode itself goes on changing."""
        self.sheet.write(session, but=Episode)

    def close(self, session: Session, row: Row) -> Row:
        """Write the file, and give back one of its rows as the session knows it. The file must not be used again."""
        self.sheet.write(session)
        return attached(session, row)

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

    def deadline_of(
        self, *, task: Task | None = None, handover: Handover | None = None, concerns: Concerns = Concerns.STATE
    ) -> Deadline | None:
        """The live deadline of a task, of a handover, or (of neither) of what the episode itself owes."""
        of_episode = task is None and handover is None
        same = (d for d in self.deadlines if d.task is task and d.handover is handover)
        return next((d for d in same if not of_episode or d.concerns == concerns), None)


_LOCKED = "where {} = %(episode)s for no key update"
_LIVE_LOCKED = "where episode_id = %(episode)s and ended_at is null order by id for no key update"
_OF_EPISODE = "where episode_id = %(episode)s order by id"
_ENTRIES = timeline.entries_and(
    "exists (select from misses where episode_id = %(episode)s) as missed",
    "(select max(id) from agreements) as newest_agreement",
)


def fetch(session: Session, episode_id: UUID | int, *, at: datetime) -> CaseFile:
    """Lock an episode (by its public or its row number) and read what hangs on it. Raises NotFound.

    The episode row is the one lock a writer takes first; `for no key update` lets the sweeps' inserts refer to it
    meanwhile. Its live deadlines are locked too: a sweep that is raising one of them is waited for, so what was missed
    is read after them.
    """
    sheet, driver = Sheet(), db.driver(session)
    locked = _LOCKED.format("uuid" if isinstance(episode_id, UUID) else "id")
    episodes = sheet.read(driver, Episode, locked, {"episode": episode_id})
    if not episodes:
        raise NotFound("no_such_episode")
    (episode,) = episodes
    this = {"episode": episode.id}
    deadlines = sheet.read(driver, Deadline, _LIVE_LOCKED, this)
    tasks = sheet.read(driver, Task, _OF_EPISODE, this)
    handovers = sheet.read(driver, Handover, _OF_EPISODE, this)
    known = {task.id: task for task in tasks}, {handover.id: handover for handover in handovers}
    for deadline in deadlines:
        deadline.task = known[0].get(deadline.task_id or 0)
        deadline.handover = known[1].get(deadline.handover_id or 0)
    with driver.cursor(row_factory=namedtuple_row) as cursor:
        entries: list[Any] = cursor.execute(_ENTRIES, this).fetchall()
    return CaseFile(
        episode, agreements.terms_for(session, episode, at=at, newest_known=entries[0].newest_agreement or 0),
        entries, timeline.fold(entries), tasks, handovers, deadlines, sheet, missed=entries[0].missed,
    )  # fmt: skip
