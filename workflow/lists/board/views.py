"""Filters of the board that somebody keeps under a name of their own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.errors import Invalid, NotFound, NotPossible
from workflow.lists.board.filters import Filters
from workflow.seeing import masking
from workflow.tables import SavedView

MOST = 12  # more is no help
LONGEST = 40  # characters of a name


def kept(session: Session, by: Actor) -> list[SavedView]:
    """What this person has kept, by name."""
    query = select(SavedView).where(SavedView.person_id == by.person_id, SavedView.removed_at.is_(None))
    return list(session.scalars(query.order_by(func.lower(SavedView.name), SavedView.id)))


def keep(session: Session, name: str, filters: Filters, *, by: Actor) -> SavedView:
    """Keep filters under a name; one that is there already becomes these. Raises Invalid, NotPossible."""
    name = masking.masked(" ".join(name.split()))
    if not name or len(name) > LONGEST:
        raise Invalid("view_needs_name", most=LONGEST)
    if not filters.narrowed:
        raise NotPossible("nothing_is_filtered")
    mine = kept(session, by)
    view = next((one for one in mine if one.name == name), None)
    if view is None:
        if len(mine) >= MOST:
            raise NotPossible("too_many_views", most=MOST)
        view = SavedView(person_id=by.person_id, name=name, query="")
        session.add(view)
    view.query = filters.query
    return view


def remove(session: Session, view_id: UUID, *, by: Actor, at: datetime) -> None:
    """Keep it no longer. Raises NotFound for one that is not theirs."""
    view = next((one for one in kept(session, by) if one.uuid == view_id), None)
    if view is None:
        raise NotFound("no_such_view")
    view.removed_at = at
