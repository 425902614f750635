"""Which unit is who to an episode."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from workflow import db
from workflow.errors import NotPossible
from workflow.pathway import Pathway
from workflow.pathways import pathway
from workflow.tables import Citizen, Episode, Unit
from workflow.vocabulary import Party, UnitKind

_UNITS = select(Unit).where(db.among(Unit.id)).options(joinedload(Unit.organisation, innerjoin=True))
_EPISODES_OF = text("select all_of_them, open_ones from episodes_of(:citizen)")

_LAST_TOLD = text("select told, at from last_told(:citizen, :triggers)")


def pathway_of(episode: Episode) -> Pathway:
    """The definition that this episode runs on."""
    return pathway(episode.pathway_key, episode.pathway_version)


def unit_as(episode: Episode, party: Party) -> int | None:
    """The number of the unit that is `party` to this episode, where there is one."""
    match party:
        case Party.WARD:
            return episode.ward_id
        case Party.FACILITY:
            return episode.facility_id
        case Party.DISTRICT:
            return episode.district_id
        case Party.PRACTICE:
            return episode.practice_id
        case Party.RECEIVER:
            return unit_as(episode, pathway_of(episode).receiver)
        case Party.RESPONSIBLE:
            return episode.responsible_unit_id


def units(session: Session, numbers: Iterable[int | None]) -> dict[int, Unit]:
    """The units with these numbers, by number, and whose they are."""
    known = {number for number in numbers if number is not None}
    return {unit.id: unit for unit in session.scalars(_UNITS, {"numbers": list(known)})}


def require_unit_as(episode: Episode, party: Party) -> int:
    """As `unit_as`. Raises NotPossible where the episode has none: nothing may be without an owner."""
    unit_id = unit_as(episode, party)
    if unit_id is None:
        raise NotPossible("no_such_party", party=party)
    return unit_id


def standing(session: Session, unit: Unit) -> Unit:
    """The unit itself, or, where it has closed, the one that has what it had."""
    while unit.closed_at is not None and unit.successor_id is not None:
        unit = session.get_one(Unit, unit.successor_id)
    return unit


def lives_elsewhere(episode: Episode, citizen: Citizen, receiver: Unit) -> bool:
    """Whether a district that would receive is of another municipality than the citizen lives in."""
    return receiver.id == episode.district_id and citizen.municipality_id not in {None, receiver.organisation_id}


def receiving_unit(session: Session, municipality_id: int) -> Unit:
    """The unit that receives for a municipality when nobody has said which district. Raises NotPossible."""
    unit = session.scalar(
        select(Unit)
        .where(
            Unit.organisation_id == municipality_id, Unit.receives_for_municipality, Unit.kind == UnitKind.DISTRICT,
            Unit.closed_at.is_(None),
        )
        .order_by(Unit.id)
        .limit(1)
    )
    if unit is None:
        raise NotPossible("municipality_has_no_receiver")
    return unit


def count_episodes(session: Session, citizen_id: int) -> tuple[int, int]:
    """How many episodes a citizen has, and how many of them are open; also those that the asker does not see."""
    everything, still_open = session.execute(_EPISODES_OF, {"citizen": citizen_id}).one()
    return everything, still_open


def last_told(session: Session, citizen_id: int, triggers: Iterable[str]) -> dict[str, datetime]:
    """When each of these last happened to a citizen, as far as it is in force; also in what the asker does not see."""
    rows = session.execute(_LAST_TOLD, {"citizen": citizen_id, "triggers": [*triggers]})
    return {trigger: at for trigger, at in rows}


def lock_citizen(session: Session, citizen_id: int) -> None:
    """Whoever opens an episode, or opens one again, goes one by one for each citizen."""
    session.execute(select(Citizen.id).where(Citizen.id == citizen_id).with_for_update(key_share=True))
