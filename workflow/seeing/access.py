"""Who may do what to an episode: by the unit they act in, and the role they have there."""

from workflow.actor import Actor
from workflow.errors import NotAllowed, NotFound
from workflow.parties import unit_as
from workflow.pathway import Transition
from workflow.tables import Episode
from workflow.vocabulary import Origin, Party, Role

# Who has the care of citizens, in which unit of an episode. A manager answers for a unit, and reports nothing.
CARES_FOR = {
    Role.DISCHARGE_COORDINATOR: Party.WARD,
    Role.WARD_NURSE: Party.WARD,
    Role.MUNICIPAL_NURSE: Party.DISTRICT,
    Role.FACILITY_NURSE: Party.FACILITY,
}


def acts_for(actor: Actor, unit_id: int | None, episode: Episode) -> bool:
    """Whether this person acts for that unit: it is theirs, or they coordinate discharges for its hospital."""
    if unit_id is None or not actor.sees_patients:
        return False
    if actor.unit_id == unit_id:
        return True
    coordinates = Role.DISCHARGE_COORDINATOR in actor.roles and actor.organisation_id == episode.hospital_id
    return coordinates and unit_id == episode.ward_id


def speaks_for_practice(actor: Actor, from_unit_id: int, to_unit_id: int, episode: Episode) -> bool:
    """Whether this person, who receives a handover, writes down what a general practice said: it does not sign in."""
    return from_unit_id == episode.practice_id and actor.unit_id == to_unit_id and actor.sees_patients


def has_relation(actor: Actor, episode: Episode) -> bool:
    """Whether a unit that this person acts for has a relation to the episode. Messages and the system need none."""
    return actor.origin != Origin.PERSON or any(acts_for(actor, unit_id, episode) for unit_id in episode.related)


def require_relation(actor: Actor, episode: Episode) -> None:
    """Raises NotFound: who has no relation is not told that there is anything."""
    if not has_relation(actor, episode):
        raise NotFound("no_such_episode")


def may_report(actor: Actor, episode: Episode, transition: Transition) -> bool:
    """Whether this person may say that this happened. Messages and the system always may."""
    return actor.origin != Origin.PERSON or any(_cares_as(actor, role, episode) for role in transition.by)


def _cares_as(actor: Actor, role: Role, episode: Episode) -> bool:
    return role in actor.roles and acts_for(actor, unit_as(episode, CARES_FOR[role]), episode)


def cares_for(actor: Actor, party: Party, episode: Episode) -> bool:
    """Whether this person has the care of citizens in the unit that is `party` to the episode."""
    return any(_cares_as(actor, role, episode) for role, theirs in CARES_FOR.items() if theirs == party)


def require_care(actor: Actor, party: Party, episode: Episode) -> None:
    """Raises NotAllowed. Messages and the system always may."""
    if actor.origin == Origin.PERSON and not cares_for(actor, party, episode):
        raise NotAllowed("not_your_unit")


def require_report(actor: Actor, episode: Episode, transition: Transition) -> None:
    """Raises NotAllowed."""
    if not may_report(actor, episode, transition):
        raise NotAllowed("not_yours_to_report", trigger=transition.trigger)


def is_party(actor: Actor, episode: Episode) -> bool:
    """Whether the unit in which this person acts takes part in the episode."""
    if actor.origin != Origin.PERSON:
        return True
    units = (episode.ward_id, episode.facility_id, episode.district_id, episode.practice_id)
    return any(acts_for(actor, unit_id, episode) for unit_id in units)


def require_party(actor: Actor, episode: Episode) -> None:
    """Raises NotAllowed."""
    if not is_party(actor, episode):
        raise NotAllowed("not_your_episode")


def require_unit(actor: Actor, unit_id: int | None, episode: Episode) -> None:
    """Raises NotAllowed unless the person acts for that unit."""
    if actor.origin == Origin.PERSON and not acts_for(actor, unit_id, episode):
        raise NotAllowed("not_your_unit")


def require_work_in(actor: Actor, unit_id: int) -> None:
    """Raises NotAllowed unless the person acts in that unit, in a role that is with citizens."""
    if actor.unit_id != unit_id or not actor.sees_patients:
        raise NotAllowed("not_your_unit")


def require_manager(actor: Actor) -> None:
    """Raises NotAllowed."""
    if Role.MANAGER not in actor.roles:
        raise NotAllowed("only_a_manager")
