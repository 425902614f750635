"""Which unit can be what to an episode, and who may say so: what is offered is what is taken, at every door."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, or_

from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed
from workflow.pathway import Pathway, WayIn
from workflow.tables import Episode, Organisation, Unit
from workflow.vocabulary import Origin, Party, Role, UnitKind

KINDS = {
    Party.WARD: UnitKind.WARD,
    Party.FACILITY: UnitKind.FACILITY,
    Party.DISTRICT: UnitKind.DISTRICT,
    Party.PRACTICE: UnitKind.PRACTICE,
}
NONE = 0  # the number of no unit and no organisation
_HOSPITAL = {Role.DISCHARGE_COORDINATOR, Role.WARD_NURSE}
_MUNICIPAL = {Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE}


@dataclass(frozen=True, kw_only=True)
class Among:
    """Units of one kind: of one organisation or of all in a region, or one alone, where that is said; and `also` one
    that is so already.
    """

    kind: UnitKind
    of: int | None = None
    region: int | None = None
    only: int | None = None
    also: int | None = None

    def holds(self, unit: Unit) -> bool:
        if unit.closed_at is not None or unit.kind != self.kind or self.only not in {None, unit.id}:
            return False
        own = unit.organisation_id == self.of or unit.id == self.also
        return own or self._is_near(unit)

    def _is_near(self, unit: Unit) -> bool:
        if self.region is None:
            return self.of is None
        return self.region in {unit.organisation_id, unit.organisation.parent_id}

    def found_by(self) -> ColumnElement[bool]:
        """The same, as a list asks for them that names an organisation."""
        near = or_(Unit.organisation_id == self.of, Unit.id == self.also)
        return and_(Unit.closed_at.is_(None), Unit.kind == self.kind, near)


def require(unit: Unit, among: Among) -> None:
    """Raises NotAllowed for a unit that is not among them; Invalid for a district of another municipality."""
    if among.holds(unit):
        return
    if unit.kind == among.kind == UnitKind.DISTRICT:
        raise Invalid("unit_is_elsewhere")
    raise NotAllowed("not_to_be_chosen")


HOUSES = Among(kind=UnitKind.FACILITY)


# ---- opening ----


def begins_as(by: Actor) -> set[Party]:
    """Whose episodes this person can begin: a ward's, or those that come to a municipality without a hospital."""
    parties = {Party.WARD} if by.roles & _HOSPITAL else set()
    return parties | ({Party.DISTRICT, Party.FACILITY, Party.PRACTICE} if by.roles & _MUNICIPAL else set())


def opens_for(by: Actor, home: int) -> bool:
    """Whether this person opens for citizens of that municipality: a hospital for all, a municipality for its own."""
    return by.origin != Origin.PERSON or bool(by.roles & _HOSPITAL) or home == by.organisation_id


def require_home(by: Actor, home: int) -> None:
    """Raises NotAllowed, in words that do not say where the citizen lives."""
    if not opens_for(by, home):
        raise NotAllowed("lives_in_another_municipality")


def to_open_with(by: Actor, party: Party, home: Organisation | None) -> Among:
    """Who can be `party` to an episode that this person opens for a citizen of the municipality `home`.

    A ward is their own, or any of the hospital that they coordinate for; a nurse of a facility opens for her own. Else
    a facility is one in the citizen's region.
    """
    kind = KINDS[party]
    if by.origin != Origin.PERSON:
        return Among(kind=kind)
    match party:
        case Party.WARD if Role.DISCHARGE_COORDINATOR in by.roles:
            return Among(kind=kind, of=by.organisation_id or NONE)
        case Party.WARD:
            return Among(kind=kind, only=by.unit_id or NONE)
        case Party.FACILITY if Role.FACILITY_NURSE in by.roles:
            return Among(kind=kind, only=by.unit_id or NONE)
        case Party.FACILITY if home is not None:
            return Among(kind=kind, of=home.id, region=home.parent_id)
        case Party.DISTRICT if home is not None:
            return Among(kind=kind, of=home.id)
        case _:
            return Among(kind=kind)


def require_opening(
    by: Actor, pathway: Pathway, way: WayIn, home: Organisation, units: Mapping[Party, Unit | None]
) -> None:
    """Raises NotAllowed for a way in, a citizen or a unit that is not theirs to choose; Invalid as `require`.

    A municipality makes no other responsible; it writes down what a general practice said, which does not sign in. A
    message is taken at its word, but for the kind of each unit.
    """
    responsible = pathway.receiver if way.responsible == Party.RECEIVER else way.responsible
    if by.origin == Origin.PERSON and responsible not in begins_as(by):
        raise NotAllowed("not_your_way_in")
    require_home(by, home.id)
    for party, unit in units.items():
        if unit is None:
            continue
        require(unit, to_open_with(by, party, home))
        theirs = by.origin != Origin.PERSON or party == Party.PRACTICE or unit.organisation_id == by.organisation_id
        if party == responsible and not theirs:
            raise NotAllowed("not_to_be_chosen")


# ---- afterwards ----


def houses_of(episode: Episode) -> Among:
    """The facilities of the citizen's municipality, and the one that they go to now: what is offered first."""
    return Among(kind=UnitKind.FACILITY, of=episode.municipality_id, also=episode.facility_id)


def houses_for(episode: Episode) -> Among:
    """Where the citizen can be sent, and have a place: in those, and in any other of their region."""
    return replace(houses_of(episode), region=episode.region_id)


def wards_of(episode: Episode) -> Among:
    """The wards of the hospital that the citizen lies in, or last lay in."""
    return Among(kind=UnitKind.WARD, of=episode.hospital_id or NONE)


def wards_for(by: Actor, episode: Episode) -> Among:
    """To which ward the citizen can be moved: another hospital says so itself, by a message."""
    return Among(kind=UnitKind.WARD) if by.is_message else wards_of(episode)
