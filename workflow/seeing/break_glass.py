"""Break-glass: one person sees one citizen's episodes for four hours without a relation, and answers for it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import citizens
from workflow.actor import Actor
from workflow.cpr import Cpr, require_none
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.seeing import access_log, sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.tables import BreakGlass, Episode
from workflow.vocabulary import Look

LASTS = timedelta(hours=4)  # decisions D7


def open(session: Session, actor: Actor, cpr: Cpr, reason: str, *, visit: Visit, at: datetime) -> BreakGlass:
    """Let a person see the episodes of the citizen with this full number, for LASTS; it ends by itself.

    Raises Invalid (no reason), NotAllowed (administrators and operators), NotFound (nobody has the number here, or
    nothing would be seen), NotPossible (it is open already).
    """
    if not actor.sees_patients or actor.person_id is None or actor.unit_id is None:
        raise NotAllowed("no_patients_for_you")
    if not reason.strip():
        raise Invalid("reason_needed")
    require_none(reason)
    citizen = citizens.find(session, cpr)
    if citizen is None:
        raise NotFound("no_such_citizen")
    if current(session, actor, at=at, citizen_id=citizen.id):
        raise NotPossible("glass_is_broken_already")
    opened = BreakGlass(
        person_id=actor.person_id, person=actor.name, unit_id=actor.unit_id, citizen_id=citizen.id,
        reason=reason.strip(), opened_at=at, ends_at=at + LASTS, review_unit_ids=[actor.unit_id],
    )  # fmt: skip
    session.add(opened)
    session.flush()
    seen = sight.open(session, actor, at=at)
    concerned = session.scalars(
        select(Episode).where(Episode.citizen_id == citizen.id).order_by(Episode.opened_at.desc())
    ).all()
    if not concerned:
        raise NotFound("no_such_citizen")
    # Of both units: the one that looked, and the one that had the citizen.
    newest = concerned[0]
    theirs = newest.responsible_unit_id or newest.district_id
    opened.review_unit_ids = sorted({actor.unit_id, theirs})
    access_log.write(
        session, Look.BREAK_GLASS, visit, by=actor, citizens=[citizen.id], episodes=[one.id for one in concerned],
        related=all(map(seen.has_relation, concerned)),
    )  # fmt: skip
    return opened


def current(session: Session, actor: Actor, *, at: datetime, citizen_id: int | None = None) -> list[BreakGlass]:
    """What this person has open now, the one that ends first at the head: the banner on every page says so."""
    live = select(BreakGlass).where(
        BreakGlass.person_id == actor.person_id, BreakGlass.opened_at <= at, BreakGlass.ends_at > at
    )
    if citizen_id is not None:
        live = live.where(BreakGlass.citizen_id == citizen_id)
    return list(session.scalars(live.order_by(BreakGlass.ends_at)))


def leads_to(session: Session, opened: Sequence[BreakGlass]) -> dict[int, UUID]:
    """The newest episode of each citizen whose episodes they show, by the citizen's id."""
    theirs = Episode.citizen_id.in_({one.citizen_id for one in opened})
    newest_last = select(Episode.citizen_id, Episode.uuid).where(theirs).order_by(Episode.opened_at)
    return {citizen_id: uuid for citizen_id, uuid in session.execute(newest_last)}


def to_review(session: Session, seen: Sight) -> list[BreakGlass]:
    """What the managers of both units have not looked at yet, oldest first."""
    mine = BreakGlass.review_unit_ids.overlap(sorted(seen.audits))
    return list(
        session.scalars(select(BreakGlass).where(mine, BreakGlass.reviewed_at.is_(None)).order_by(BreakGlass.opened_at))
    )


def review(session: Session, opened_id: UUID, seen: Sight, *, in_order: bool, note: str, at: datetime) -> BreakGlass:
    """A manager of either unit says whether it was in order. Nobody reviews their own.

    Raises NotFound, NotAllowed, NotPossible (reviewed already), Invalid (not in order, and no note).
    """
    opened = session.scalar(
        select(BreakGlass)
        .where(BreakGlass.uuid == opened_id, BreakGlass.review_unit_ids.overlap(sorted(seen.audits)))
        .with_for_update()
    )
    if opened is None:
        raise NotFound("nothing_to_review_here")
    if opened.person_id == seen.actor.person_id:
        raise NotAllowed("second_person_needed")
    if opened.reviewed_at is not None:
        raise NotPossible("reviewed_already", by=opened.reviewed_by, at=opened.reviewed_at)
    if not in_order and not note.strip():
        raise Invalid("reason_needed")
    require_none(note)
    opened.reviewed_at, opened.reviewed_by, opened.in_order = at, seen.actor.name, in_order
    opened.note = note.strip() or None
    return opened
