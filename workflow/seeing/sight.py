"""Whose episodes a person sees as they act now: put into the transaction, asked by every list, obeyed by PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from workflow import db
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.errors import Missing, NotFound
from workflow.parties import pathway_of
from workflow.seeing import access_log
from workflow.seeing.access_log import Visit
from workflow.tables import Episode
from workflow.vocabulary import Look, Role

# One round trip: who it is, what they see, what they have broken the glass for, whose looks they answer for. What they
# have opened is theirs alone by row-level security, so that it is looked up (`lateral`) after who it is has been said.
_OPEN = """
with who as materialized (
    select set_config('overgang.person', %(who)s, true) as person, set_config('overgang.typed', '', true)
), mine as (
    select cast(%(unit)s as bigint) as id where %(sees)s and %(unit)s is not null
    union
    select id from units where %(coordinates)s and organisation_id = %(organisation)s and kind = 'ward'
    union
    select unit_id from person_roles
    where %(manages)s and person_id = %(person)s and role = 'manager' and state = 'in_force'
), audits as (
    select id from mine where %(manages)s
    union
    select id from units where %(administers)s and organisation_id = %(organisation)s
), opened as (
    select glass.* from who cross join lateral (
        select citizen_id as id, ends_at from break_glass
        where %(sees)s and person_id = nullif(who.person, '')::bigint and opened_at <= %(at)s and ends_at > %(at)s
        offset 0
    ) glass
)
select set_config('overgang.units', array(select id from mine order by id)::text, true),
       set_config('overgang.audits', array(select id from audits order by id)::text, true),
       set_config('overgang.opened', array(select id from opened order by id)::text, true),
       set_config('overgang.municipality', coalesce((
           select id::text from organisations where %(sees)s and id = %(organisation)s and kind = 'municipality'
       ), ''), true), (select min(ends_at) from opened), (select person from who)
"""
_PERSON = "select set_config('overgang.person', %(person)s, true), set_config('overgang.typed', '', true)"


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one actor sees in one transaction. Made by `open`."""

    actor: Actor
    units: frozenset[int]  # whose episodes they see
    audits: frozenset[int]  # whose looks they answer for: managers for their units, administrators for the house
    opened: frozenset[int]  # the citizens that they have broken the glass for
    opened_until: datetime | None  # when the first of those ends

    def sees(self, episode: Episode) -> bool:
        """Whether a unit of theirs has a relation to it, or they have broken the glass for its citizen."""
        return self.has_relation(episode) or episode.citizen_id in self.opened

    def has_relation(self, episode: Episode) -> bool:
        return not self.units.isdisjoint(episode.related)

    def visible(self) -> ColumnElement[bool]:
        """What every list of episodes is filtered by."""
        return or_(Episode.related.overlap(sorted(self.units)), Episode.citizen_id.in_(sorted(self.opened)))


def open(session: Session, actor: Actor, *, at: datetime) -> Sight:
    """Let this transaction see what the actor may see, and nothing else. Every door that a person uses begins so.

    They see the unit they act in; a discharge coordinator every ward of the hospital too; a manager every unit that
    they manage. Administrators and operators see no patients.
    """
    (found,) = db.driver(session).execute(
        _OPEN,
        {
            "who": _who(actor), "person": actor.person_id, "unit": actor.unit_id, "at": at,
            "organisation": actor.organisation_id,
            "sees": actor.sees_patients, "coordinates": Role.DISCHARGE_COORDINATOR in actor.roles,
            "manages": Role.MANAGER in actor.roles, "administers": Role.ADMINISTRATOR in actor.roles,
        },
    )  # fmt: skip
    units, audits, opened, _, until, _ = found
    return Sight(
        actor=actor, units=_numbers(units), audits=_numbers(audits), opened=_numbers(opened), opened_until=until
    )


def introduce(session: Session, actor: Actor) -> None:
    """Say who this is, and let them see nothing: enough to be written down, and to be told what they have open."""
    db.driver(session).execute(_PERSON, {"person": _who(actor)})


def _who(actor: Actor) -> str:
    return str(actor.person_id or "")


def _numbers(array: str) -> frozenset[int]:
    return frozenset(int(number) for number in array.strip("{}").split(",") if number)


def may_see(session: Session, sight: Sight, episode_id: UUID) -> Episode | None:
    """The episode, where it is there for this actor."""
    found = select(Episode).where(Episode.uuid == episode_id, sight.visible())
    return session.scalar(found.options(joinedload(Episode.citizen)))


def require(session: Session, sight: Sight, episode_id: UUID, *, visit: Visit, kind: Look = Look.READ) -> Episode:
    """The episode for who may see it, with the look written down in the same transaction.

    An episode on a sensitive pathway asks for a purpose first. Raises NotFound for whom it does not exist, Missing.
    """
    episode = may_see(session, sight, episode_id)
    if episode is None:
        raise NotFound("no_such_episode")
    admit(session, sight, episode, visit=visit, kind=kind)
    return episode


def admit(session: Session, sight: Sight, episode: Episode, *, visit: Visit, kind: Look = Look.READ) -> None:
    """As `require`, for an episode that has been read already."""
    if not sight.sees(episode):
        raise NotFound("no_such_episode")
    if pathway_of(episode).sensitive and not (visit.purpose or "").strip():
        raise Missing("purpose_needed", ("purpose",))
    record(session, sight, [episode], visit=visit, kind=kind)


def show_cpr(session: Session, seen: Sight, episode_id: UUID, *, visit: Visit) -> Cpr:
    """The number of the citizen, unmasked by its `value`; the asking is written down. Raises as `require`."""
    return require(session, seen, episode_id, visit=visit, kind=Look.CPR_SHOWN).citizen.cpr


def record(session: Session, sight: Sight, shown: Sequence[Episode], *, visit: Visit, kind: Look) -> None:
    """Write down that a page, a list, a print or a file shows these episodes: one row, however many they are."""
    access_log.write(
        session, kind, visit, by=sight.actor, citizens=[episode.citizen_id for episode in shown],
        episodes=[episode.id for episode in shown], related=all(map(sight.has_relation, shown)),
    )  # fmt: skip
