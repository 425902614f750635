"""A handover as one person finds it: what was said, how far it has come, and what they may do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from workflow import agreements, parties
from workflow.actor import Actor
from workflow.agreements import Terms
from workflow.handing import ahead, isbar, planned
from workflow.handing.ahead import Ahead
from workflow.handing.isbar import FIELDS, missing
from workflow.handing.planned import Plan
from workflow.parties import lives_elsewhere
from workflow.seeing import access, objections
from workflow.tables import (
    Agreement,
    Citizen,
    Episode,
    Handover,
    HandoverVersion,
    Objection,
    Organisation,
    Place,
    PlaceStay,
    Unit,
)
from workflow.vocabulary import Concerns, HandoverState, StayState, UnitKind

MOST = 30  # versions that are listed; nobody has written so many about one stay


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One version that was sent, and the handover that it is of."""

    version: HandoverVersion
    handover: Handover

    @property
    def newest(self) -> bool:
        """Whether no newer version has taken its place."""
        return self.version.version == self.handover.version

    @property
    def accepted(self) -> bool:
        return self.newest and self.handover.state == HandoverState.ACCEPTED

    def parts(self) -> dict[str, list[str]]:
        """By part of ISBAR, the fields that it speaks of: filled in, changed, or sent without."""
        spoken_of = {*self.version.content, *self.version.changed, *self.version.missing}
        return {part: [key for key in FIELDS if key.startswith(part) and key in spoken_of] for part in "ISBAR"}

    @property
    def documents(self) -> list[tuple[str, bool]]:
        """What the sender confirms by a tick, and whether they did."""
        return [(key, bool(self.version.content.get(key))) for key in isbar.CONFIRMED]

    def unsaid(self) -> list[str]:
        """The fields that it says nothing of, and that nobody asked for."""
        spoken_of = {key for keys in self.parts().values() for key in keys}
        shown = {*spoken_of, *isbar.unclear(self.version.content), *isbar.CONFIRMED}
        return [key for key in FIELDS if key not in shown]

    def lacks(self) -> list[str]:
        """What the receiver must see first: what was asked for and is not there, and what everybody must know."""
        gone = {*self.version.missing, *isbar.unclear(self.version.content)}
        return [item for item in isbar.ITEMS if item in gone]


@dataclass(frozen=True, kw_only=True)
class HandoverView:
    """What `view` found, in one transaction, for one actor."""

    episode: Episode
    citizen: Citizen
    by: Actor
    ahead: Ahead | None  # None: there is nothing to hand over now
    sent: Sequence[Sent]  # every version of this episode, the newest first
    units: Mapping[int, Unit]  # everybody who is spoken of
    terms: Terms
    requires: tuple[str, ...]  # what the agreement asks for
    plan: Plan | None  # what it must agree with, for who writes it
    objects: bool  # to being passed on; `objection` is what they said, for who may read it
    objection: Objection | None
    kept: Place | None  # the receiver's place that is the citizen's
    free: Sequence[Place]  # those that the receiver can give them
    home: Organisation  # where the citizen lives
    lives_elsewhere: bool

    askable = tuple(FIELDS)  # what a receiver can ask for

    @property
    def writes_as(self) -> int | None:
        """The unit for which this person writes the next version."""
        return self.ahead.writer(self.by) if self.ahead is not None else None

    @property
    def speaks_for_practice(self) -> bool:
        """Whether they write down what a general practice said."""
        found = self.ahead
        return found is not None and access.speaks_for_practice(
            self.by, found.from_unit_id, found.to_unit_id, self.episode
        )

    @property
    def may_inform(self) -> bool:
        return access.is_party(self.by, self.episode)

    @property
    def contacts(self) -> list[Unit]:
        """Whom to ring: who has the responsibility, and the other parties."""
        episode = self.episode
        named = (episode.responsible_unit_id, episode.ward_id, episode.facility_id, episode.district_id)
        return [self.units[id] for id in dict.fromkeys(named) if id is not None]

    @property
    def current(self) -> Sent | None:
        """The newest version of the handover under way."""
        under_way = self.ahead.handover if self.ahead is not None else None
        found = (sent for sent in self.sent if under_way is not None and sent.handover.id == under_way.id)
        return next(found, None)

    @property
    def to_answer(self) -> Sent | None:
        """What this person's unit must answer now."""
        sent = self.current
        waits = sent is not None and sent.handover.state in {HandoverState.SENT, HandoverState.READ}
        return sent if waits and sent is not None and sent.handover.to_unit_id == self.by.unit_id else None

    @property
    def wrote_it(self) -> bool:
        """Whether this person sent the newest version: then a colleague answers it."""
        sent = self.current
        return sent is not None and sent.version.sent_by_id is not None and sent.version.sent_by_id == self.by.person_id

    def lacking(self, content: Mapping[str, object], signed_by: Sequence[str]) -> tuple[str, ...]:
        """What the agreement asks for and is not there."""
        return missing(content, signed_by, self.requires)


def view(session: Session, episode: Episode, *, by: Actor, at: datetime) -> HandoverView:
    """Everything that the pages of a handover show. Whoever calls has asked `sight.require` for the episode."""
    found = ahead.of_episode(session, episode)
    rows = session.execute(
        select(HandoverVersion, Handover)
        .join(Handover, Handover.id == HandoverVersion.handover_id)
        .where(Handover.episode_id == episode.id)
        .order_by(HandoverVersion.id.desc())
        .limit(MOST)
    )
    sent = [Sent(version=version, handover=handover) for version, handover in rows]
    ids: set[int | None] = {id for one in sent for id in (one.handover.from_unit_id, one.handover.to_unit_id)}
    ids |= {
        episode.responsible_unit_id, episode.ward_id, episode.facility_id, episode.district_id, episode.practice_id,
    }  # fmt: skip
    ids |= {found.from_unit_id, found.to_unit_id} if found is not None else set()
    writes = found is not None and found.writer(by) is not None
    units = planned.with_destinations(session, episode, ids) if writes else parties.units(session, ids)
    citizen, objects, objection, newest, told = _about_citizen(session, episode)
    terms = agreements.terms_for(session, episode, at=at, newest_known=newest)
    receiver = units[found.to_unit_id] if found is not None else None
    gives_place = receiver is not None and receiver.id == by.unit_id and receiver.kind == UnitKind.FACILITY
    kept, free = _places(session, episode, receiver, at=at) if gives_place and receiver is not None else (None, [])
    rule = terms.concerning(Concerns.HANDOVER_ANSWER, found.trigger, at) if found is not None else None
    return HandoverView(
        episode=episode, citizen=citizen, by=by, ahead=found, sent=sent, units=units, terms=terms,
        requires=rule.requires if rule is not None else (),
        plan=planned.among(units, episode, found.trigger, found.to_unit_id, told=told) if found and writes else None,
        objects=objects, objection=objection, kept=kept, free=free,
        home=session.get_one(Organisation, citizen.municipality_id or episode.municipality_id),
        lives_elsewhere=receiver is not None and lives_elsewhere(episode, citizen, receiver),
    )  # fmt: skip


def _about_citizen(session: Session, episode: Episode) -> tuple[Citizen, bool, Objection | None, int, list[str]]:
    """Who it is about, what they object to, the number of the newest agreement, and when the discharge was expected: in
    one statement.
    """
    newest = select(func.max(Agreement.id)).scalar_subquery()
    standing, told = objections.in_force(Citizen.id), planned.told_of(episode)
    asked = select(Citizen, objections.stands(Citizen.id), Objection, newest, told).outerjoin(Objection, standing)
    citizen, stands, objection, number, times = session.execute(asked.where(Citizen.id == episode.citizen_id)).one()
    return citizen, stands is not None, objection, number or 0, times or []


def _places(session: Session, episode: Episode, unit: Unit, *, at: datetime) -> tuple[Place | None, list[Place]]:
    """The place of a unit that is the citizen's; and, where none is, those that nobody has."""
    theirs = and_(
        PlaceStay.place_id == Place.id, PlaceStay.episode_id == episode.id,
        PlaceStay.state.in_([StayState.RESERVED, StayState.TAKEN]),
    )  # fmt: skip
    nobodys = and_(~Place.extra, Place.id.not_in(select(func.places_in_use(unit.id, at))))
    found = session.execute(
        select(Place, PlaceStay.id.is_not(None))
        .outerjoin(PlaceStay, theirs)
        .where(Place.unit_id == unit.id, or_(PlaceStay.id.is_not(None), nobodys))
        .order_by(func.length(Place.name), Place.name)
    ).all()
    kept = next((place for place, is_theirs in found if is_theirs), None)
    return kept, [] if kept is not None else [place for place, _ in found]
