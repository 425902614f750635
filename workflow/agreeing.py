"""A new version of what was agreed: who may make it, what it changes, and whom it would move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, not_, or_, select, true
from sqlalchemy.orm import Session

from workflow import agreements
from workflow.actor import Actor
from workflow.agreements import Scope
from workflow.errors import Invalid, NotAllowed, NotFound
from workflow.rule import Rule
from workflow.staff import administrators
from workflow.tables import Agreement, AgreementMove, AgreementRule, Deadline, Episode, Handover, Organisation, Task
from workflow.vocabulary import Concerns, OrganisationKind, Origin

MOST = 500  # rows of a page
_TIMES = ("kind", "after", "working_days", "clock", "before")


@dataclass(frozen=True)
class Change:
    """What becomes of one rule; `after` is None where it no longer holds."""

    before: Rule
    after: Rule | None

    @property
    def key(self) -> str:
        return self.before.key

    @property
    def moves(self) -> bool:
        """Whether another time follows from it: a ladder and what is required count for what begins later."""
        return self.after is None or any(getattr(self.before, name) != getattr(self.after, name) for name in _TIMES)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many open episodes are concerned; and, by rule, how many live deadlines would get another time."""

    episodes: int
    deadlines: Mapping[str, int]


def scope_of(place: Organisation | None, pathway_key: str | None) -> Scope:
    """Everybody, a region or a municipality, on one pathway or on all. Raises Invalid for a place of another kind."""
    if place is None:
        return Scope(pathway_key=pathway_key)
    if place.kind == OrganisationKind.REGION:
        return Scope(region_id=place.id, pathway_key=pathway_key)
    if place.kind == OrganisationKind.MUNICIPALITY:
        return Scope(region_id=place.parent_id, municipality_id=place.id, pathway_key=pathway_key)
    raise Invalid("agreed_by_regions_and_municipalities")


def changes(before: Mapping[str, Rule], after: Iterable[Rule], takes_away: Iterable[str]) -> list[Change]:
    """What is different from what holds: only that becomes the new version, for agreements count rule by rule."""
    changed = [Change(before[rule.key], rule) for rule in after if rule != before[rule.key]]
    return [*changed, *(Change(before[key], None) for key in takes_away)]


def reach(session: Session, scope: Scope, changed: Iterable[Change], *, at: datetime) -> Reach:
    """Whom the changes would move if they hold from `at` on: counts over everybody, in which no row leaves.

    Who has agreed something narrower on a rule keeps it, and is not counted there.
    """
    here = [Episode.closed_at.is_(None), *_within(scope)]
    episodes = session.scalar(select(func.count()).select_from(Episode).where(*here)) or 0
    deadlines = {}
    for change in changed:
        if change.moves:
            others = [
                not_(and_(true(), *_within(own))) for own in agreements.narrower(session, scope, change.key, at=at)
            ]
            deadlines[change.key] = session.scalar(_live(change.before).where(*here, *others)) or 0
    return Reach(episodes=episodes, deadlines=deadlines)


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    narrowed = (
        (Episode.region_id, scope.region_id),
        (Episode.municipality_id, scope.municipality_id),
        (Episode.pathway_key, scope.pathway_key),
    )
    return [column == value for column, value in narrowed if value is not None]


def _live(rule: Rule) -> Select[int]:
    """The live deadlines that a rule has put a time on."""
    live = select(func.count()).select_from(Deadline).join(Episode, Episode.id == Deadline.episode_id)
    live = live.where(Deadline.ended_at.is_(None), Deadline.concerns == rule.concerns)
    match rule.concerns:
        case Concerns.TASK | Concerns.QUESTION:
            return live.join(Task, Task.id == Deadline.task_id).where(Task.rule == rule.key)
        case Concerns.STATE:
            return live.where(Episode.state == rule.on)
        case _:
            return live.join(Handover, Handover.id == Deadline.handover_id).where(Handover.trigger == rule.on)


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """An agreement as it is listed: where it holds, and how far its moving of open deadlines has come."""

    row: Agreement
    place: Organisation | None
    rules: int
    move: AgreementMove | None


def every(session: Session) -> list[Agreed]:
    """Every agreement: those for all first, then by place and pathway, the newest first; MOST at the most."""
    count = select(func.count()).where(AgreementRule.agreement_id == Agreement.id).scalar_subquery()
    found = session.execute(
        _agreed(count)
        .order_by(
            Organisation.kind.desc().nulls_first(), Organisation.name, Agreement.pathway_key,
            Agreement.valid_from.desc(), Agreement.id.desc(),
        )
        .limit(MOST)
    )  # fmt: skip
    return [Agreed(row=row, place=place, rules=rules, move=move) for row, place, move, rules in found]


def fetch(session: Session, agreement_id: UUID) -> Agreed:
    """One agreement. Raises NotFound."""
    found = session.execute(_agreed(literal(0)).where(Agreement.uuid == agreement_id)).one_or_none()
    if found is None:
        raise NotFound("no_such_agreement")
    row, place, move, _ = found
    return Agreed(row=row, place=place, rules=len(row.rules), move=move)


def _agreed(count: Any) -> Select[Any]:
    return (
        select(Agreement, Organisation, AgreementMove, count)
        .outerjoin(Organisation, Organisation.id == func.coalesce(Agreement.municipality_id, Agreement.region_id))
        .outerjoin(AgreementMove, AgreementMove.agreement_id == Agreement.id)
    )


def places(session: Session, *, by: Actor) -> Sequence[Organisation]:
    """The regions and municipalities that this administrator may agree something for, the region first."""
    own = Organisation.id == by.organisation_id, Organisation.parent_id == by.organisation_id
    kinds = OrganisationKind.REGION, OrganisationKind.MUNICIPALITY
    found = select(Organisation).where(or_(*own), Organisation.kind.in_(kinds))
    return session.scalars(found.order_by(Organisation.kind.desc(), Organisation.name).limit(MOST)).all()


def require_agreeing(session: Session, place: Organisation | None, *, by: Actor) -> None:
    """Raises NotAllowed unless an administrator of that region or municipality, or of the region around it.

    What everybody has agreed belongs to the administrators of a region.
    """
    administrators.require_administrator(by)
    if by.origin != Origin.PERSON:
        return
    own = session.get_one(Organisation, by.organisation_id)
    if place is None and own.kind == OrganisationKind.REGION:
        return
    if place is None or own.id not in {place.id, place.parent_id}:
        raise NotAllowed("not_your_organisation")


def revise(
    session: Session,
    place: Organisation | None,
    pathway_key: str | None,
    changed: Iterable[Change],
    *,
    title: str,
    by: Actor,
    at: datetime,
    valid_from: datetime | None = None,
    moves_open_deadlines: bool = False,
    note: str = "",
) -> Agreement:
    """Write a new version: the changes alone, from `valid_from` on, or from now.

    Raises NotAllowed, and Invalid: without a title, without a change, backwards in time, or a rule that contradicts
    itself.
    """
    require_agreeing(session, place, by=by)
    changed = list(changed)
    if not title.strip():
        raise Invalid("title_needed")
    if not changed:
        raise Invalid("nothing_changes")
    scope = scope_of(place, pathway_key)
    return agreements.add(
        session, title.strip(), [change.after for change in changed if change.after is not None], by=by, at=at,
        valid_from=valid_from or at, municipality_id=scope.municipality_id, pathway_key=pathway_key,
        region_id=scope.region_id if scope.municipality_id is None else None,
        takes_away=[change.key for change in changed if change.after is None],
        moves_open_deadlines=moves_open_deadlines, note=note.strip(),
    )  # fmt: skip
