"""What nurses see of a citizen between the events: TOBS, medicine, aids, a worry; asked of another unit, and answered.

A score is written down and carried on; what it asks for is decided locally (decisions D13): nothing here judges it.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import history, instants
from workflow.actor import Actor
from workflow.casefile import CaseFile
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.parties import unit_as
from workflow.seeing import access, objections
from workflow.seeing.relations import fetch_for
from workflow.settle import settle
from workflow.tables import Episode, HistoryEntry, Unit
from workflow.telling import outbox
from workflow.timeline import Told
from workflow.vocabulary import DoneBy, EntryKind, Observed, Party, TaskState

PRESSED_TWICE = timedelta(minutes=1)
HIGHEST = 15  # five signs of at most three points (domain/reform.md 4): more is a slip of the finger


def record(
    session: Session,
    episode_id: UUID,
    what: Observed,
    text: str,
    *,
    by: Actor,
    at: datetime,
    observed_at: datetime | None = None,
    score: int | None = None,
    asks: Unit | None = None,
) -> Episode:
    """Write down what was observed, and when (default: now); any party of the episode may. `score` is that of a TOBS.

    `asks` is the unit that is asked about it and told so; it owes an answer (the agreement's rule `question`). A TOBS
    that asks nobody needs no text. The same once more, by the same person in the same minute, does nothing. Raises
    Invalid, NotPossible (the episode is closed, that unit takes no part in it, the citizen objects), NotAllowed,
    NotFound.
    """
    case = _open(session, episode_id, by=by, at=at)
    episode, said = case.episode, text.strip()
    happened = instants.told(observed_at, at=at)
    if happened < (opened := case.timeline.events[0].effective_at):
        raise Invalid("before_what_came_before", earlier=opened)
    if (what == Observed.TOBS) != (score is not None) or not 0 <= (score or 0) <= HIGHEST:
        raise Invalid("not_a_score", most=HIGHEST)
    if what != Observed.TOBS or asks is not None:
        _require_text(said)
    facts: dict[str, Any] = {"what": what, "text": said}
    if score is not None:
        facts["score"] = score
    if asks is not None:
        if asks.id not in askable(episode, by):
            raise NotPossible("not_to_be_asked")
        objections.require_none(session, episode.citizen_id, None, None)
        facts |= {"asks": asks.id, "asks_as": _signing_in(episode)[asks.id]}
        if (asker := _acting_as(episode, by)) is not None:
            facts["asked_by_as"] = asker
    if _is_newest(session, episode, facts, happened, by):
        return case.close(session, episode)
    follows: dict[str, Any] = {}
    if asks is not None:
        follows = _settle(session, case, EntryKind.OBSERVED, facts, by=by, at=at)
        outbox.tell(session, episode, (asks.id,), "question", by=by, at=at)
    history.append(
        session, episode, EntryKind.OBSERVED, by=by, at=at, effective_at=happened, facts={**facts, **follows}
    )
    return case.close(session, episode)


def answer(session: Session, episode_id: UUID, number: int, text: str, *, by: Actor, at: datetime) -> Episode:
    """Answer what was asked in an entry of the history; who asked is told. The unit that was asked does so, once.

    The same answer again does nothing. Raises Invalid (no text), NotPossible (answered already), NotAllowed, NotFound.
    """
    case = _open(session, episode_id, by=by, at=at)
    episode, said = case.episode, text.strip()
    about = select(HistoryEntry).where(HistoryEntry.episode_id == episode.id)
    asked = session.scalar(about.where(HistoryEntry.number == number, HistoryEntry.kind == EntryKind.OBSERVED))
    if asked is None or "asks" not in asked.facts:
        raise NotFound("no_such_question")
    if not may_answer(by, episode, asked):
        raise NotAllowed("not_your_unit")
    before = session.scalar(about.where(HistoryEntry.about == number, HistoryEntry.kind == EntryKind.ANSWERED))
    if before is not None and (before.person_id, before.facts["text"]) == (by.person_id, said):
        return case.close(session, episode)
    if before is not None:
        raise NotPossible("answered_already", by=before.actor, at=before.recorded_at)
    _require_text(said)
    objections.require_none(session, episode.citizen_id, None, None)
    for task in case.tasks:
        if task.done_by == DoneBy.ANSWER and task.anchor_number == number and task.state == TaskState.OPEN:
            task.state, task.done_at, task.done_by_name = TaskState.DONE, at, by.name
    facts = {"text": said}
    follows = _settle(session, case, EntryKind.ANSWERED, facts, by=by, at=at, about=number)
    history.append(
        session, episode, EntryKind.ANSWERED, by=by, at=at, about=number, facts={**facts, **follows}
    )
    outbox.tell(session, episode, (asked.unit_id,), "question_answered", by=by, at=at)
    return case.close(session, episode)


def _settle(
    session: Session,
    case: CaseFile,
    kind: EntryKind,
    facts: dict[str, Any],
    *,
    by: Actor,
    at: datetime,
    about: int | None = None,
) -> dict[str, Any]:
    """What follows from an entry that is about to be written: a question is owed an answer, and one is not any more."""
    number = case.episode.history_number + 1
    told = Told(
        number=number, kind=kind, dest=case.episode.state, effective_at=at, recorded_at=at, about=about, facts=facts
    )
    case.timeline = case.ahead(told)
    return settle(session, case, number=number, by=by, at=at)


def askable(episode: Episode, by: Actor) -> list[int]:
    """The units of the episode that this person can ask: those that sign in, and for which they do not act."""
    return [unit_id for unit_id in _signing_in(episode) if not access.acts_for(by, unit_id, episode)]


def may_answer(by: Actor, episode: Episode, asked: HistoryEntry) -> bool:
    """Whether this person acts for what was asked: the ward is the one where the citizen lies now."""
    party = asked.facts.get("asks_as")
    return party is not None and access.acts_for(by, unit_as(episode, Party(party)), episode)


def _signing_in(episode: Episode) -> dict[int, Party]:
    """The units that take part and sign in, and as what."""
    found = {unit_as(episode, party): party for party in (Party.WARD, Party.FACILITY, Party.DISTRICT)}
    return {unit_id: party for unit_id, party in found.items() if unit_id is not None}


def _acting_as(episode: Episode, by: Actor) -> Party | None:
    """The party for which this person asks."""
    acting = (party for unit_id, party in _signing_in(episode).items() if access.acts_for(by, unit_id, episode))
    return next(acting, None)


def _is_newest(session: Session, episode: Episode, facts: dict[str, Any], happened: datetime, by: Actor) -> bool:
    newest = session.scalars(
        select(HistoryEntry).where(HistoryEntry.episode_id == episode.id, HistoryEntry.number == episode.history_number)
    ).one()
    said = {name: value for name, value in newest.facts.items() if name in facts}
    same = (newest.kind, newest.person_id, said) == (EntryKind.OBSERVED, by.person_id, facts)
    return same and abs(happened - newest.effective_at) < PRESSED_TWICE


def _open(session: Session, episode_id: UUID, *, by: Actor, at: datetime) -> CaseFile:
    case = fetch_for(session, episode_id, by=by, at=at)
    access.require_party(by, case.episode)
    case.require_open()
    return case


def _require_text(text: str) -> None:
    if not text:
        raise Invalid("text_needed")
