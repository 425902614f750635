"""Episodes: listed, searched, shown, opened."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import select

from web.api import shapes
from web.api.models import Given, Instant, Line, Taken
from web.api.paging import OfUnit, Page, page
from web.api.shapes import EpisodeListed, EpisodeStanding, HandoverStanding, MissStanding, TaskStanding, UnitNamed
from web.api.verbs import Call, Interface
from workflow import citizens, misses, opening
from workflow.cpr import Cpr
from workflow.errors import Invalid
from workflow.lists import listing
from workflow.parties import pathway_of
from workflow.pathways import PATHWAYS
from workflow.seeing import access, access_log, sight
from workflow.staff import staffing
from workflow.tables import Episode, Organisation, Unit
from workflow.vocabulary import Look, OrganisationKind, Scope


class CprTaken(Taken):
    """A full CPR number, in a body and never in an address."""

    cpr: Annotated[str, StringConstraints(max_length=11)]


class CitizenTaken(CprTaken):
    """A citizen by number; the rest is written down where we do not know them yet."""

    name: Line = Field(min_length=1)
    municipality: Line = Field(description="The number of the municipality of residence: 0730.")
    phone: Line | None = None


class EpisodeTaken(Taken):
    """How an episode begins. `way_in` is one of the pathway's; `effective_at` when it happened, now where absent."""

    citizen: CitizenTaken
    pathway: Line
    way_in: Line
    ward: UUID | None = None
    facility: UUID | None = None
    district: UUID | None = None
    practice: UUID | None = None
    needs: list[Line] = Field(default_factory=list, max_length=20)
    effective_at: Instant | None = None


class Next(Given):
    """Something that this token may say has happened, and what is asked for first."""

    trigger: str
    asks: list[str]


class EpisodeWhole(EpisodeListed):
    """An episode with all that hangs on it."""

    ward: UnitNamed | None
    facility: UnitNamed | None
    district: UnitNamed
    practice: UnitNamed | None
    needs: list[str]
    can_happen: list[Next]
    handovers: list[HandoverStanding]
    tasks: list[TaskStanding]
    misses: list[MissStanding]


class Episodes(Given):
    """The episodes of one citizen that the token sees, the newest first."""

    items: list[EpisodeListed]


def register(api: Interface) -> None:
    """`/episodes`."""

    @api.read("/episodes", Scope.EPISODES_READ)
    def list_episodes(call: Call, query: OfUnit) -> Page[EpisodeListed]:
        """The open episodes that a unit has a relation to, the newest first."""
        unit = listing.unit_of(call.session, call.seen, query.unit)
        rows = listing.episodes(call.session, call.seen, unit, before=query.number, most=query.one_more)
        shown = dict(zip(rows, shapes.episodes(call, rows[: query.limit], Look.LIST), strict=False))
        return page(rows, query, lambda row: shown[row], lambda row: (None, row.id))

    @api.search("/episodes/search", Scope.EPISODES_READ)
    def search_episodes(call: Call, body: CprTaken) -> Episodes:
        """The episodes of a citizen, by their full number. Nobody, and nobody for you, are the same empty list."""
        cpr = Cpr.parse(body.cpr)
        found = citizens.find(call.session, cpr)
        rows = listing.episodes_of(call.session, call.seen, found.id, most=listing.OF_EPISODE) if found else []
        access_log.write(
            call.session, Look.SEARCH, call.visit, by=call.by, citizens=[found.id] if rows and found else [],
            episodes=[row.id for row in rows], criterion=cpr.value,
        )  # fmt: skip
        return Episodes(items=shapes.episodes(call, rows, Look.LIST) if rows else [])

    @api.read("/episodes/<uuid:episode_id>", Scope.EPISODES_READ)
    def read_episode(call: Call, episode_id: UUID) -> EpisodeWhole:
        """One episode with all that hangs on it: handovers, tasks, misses, and what can happen next."""
        kind = call.kind(Look.READ)
        return _whole(call, sight.require(call.session, call.seen, episode_id, visit=call.visit, kind=kind))

    @api.change("/episodes", Scope.EPISODES_WRITE, status=201)
    def open_episode(call: Call, body: EpisodeTaken) -> EpisodeStanding:
        """Start a citizen on the newest version of a pathway, by one of its ways in."""
        if body.pathway not in {key for key, _ in PATHWAYS}:
            raise Invalid("no_such_pathway", pathway=body.pathway)
        citizen = body.citizen
        opened = opening.open_for(
            call.session, Cpr.parse(citizen.cpr), citizen.name, _home(call, citizen.municipality), body.pathway,
            body.way_in, by=call.by, visit=call.visit, at=call.at, effective_at=body.effective_at, phone=citizen.phone,
            ward=_unit(call, body.ward), facility=_unit(call, body.facility), district=_unit(call, body.district),
            practice=_unit(call, body.practice), needs=tuple(body.needs),
        )  # fmt: skip
        return shapes.episode(call, opened)


def _unit(call: Call, unit_id: UUID | None) -> Unit | None:
    return staffing.unit(call.session, unit_id) if unit_id is not None else None


def _home(call: Call, code: str) -> int:
    """The municipality with this number. Raises Invalid."""
    municipality = call.session.scalar(
        select(Organisation.id).where(
            Organisation.kind == OrganisationKind.MUNICIPALITY, Organisation.code == code.zfill(4)
        )
    )
    if municipality is None:
        raise Invalid("no_such_municipality")
    return municipality


def _whole(call: Call, row: Episode) -> EpisodeWhole:
    handed = listing.handovers_of(call.session, row)
    owed = listing.tasks_of(call.session, row)
    missed = misses.of_episode(call.session, row)
    known = shapes.units(
        call, row.owner_unit_id, row.responsible_unit_id, row.ward_id, row.facility_id, row.district_id,
        row.practice_id, *(number for one in handed for number in (one.from_unit_id, one.to_unit_id)),
        *(number for one in owed for number in (one.unit_id, one.counterpart_unit_id)),
        *(one.miss.owing_unit_id for one in missed),
    )  # fmt: skip
    leaving = pathway_of(row).leaving(row.state)
    return EpisodeWhole(
        **shapes.episode_fields(row, known), citizen=shapes.citizen(call, row.citizen),
        ward=shapes.maybe(known, row.ward_id), facility=shapes.maybe(known, row.facility_id),
        district=shapes.unit(known[row.district_id]), practice=shapes.maybe(known, row.practice_id), needs=row.needs,
        can_happen=[
            Next(trigger=one.trigger, asks=list(one.asks)) for one in leaving if access.may_report(call.by, row, one)
        ],
        handovers=[HandoverStanding(**shapes.handover_fields(one, row.uuid, known)) for one in handed],
        tasks=[TaskStanding(**shapes.task_fields(one, row.uuid, known, call.at)) for one in owed],
        misses=[MissStanding(**shapes.miss_fields(one.miss, one.verdict, known)) for one in missed],
    )  # fmt: skip
