"""Misses: what a unit has not done in time."""

from uuid import UUID

from pydantic import Field

from web.api import shapes
from web.api.models import Instant
from web.api.paging import OfUnit, Page, page
from web.api.shapes import CitizenShown, MissStanding, UnitNamed
from web.api.verbs import Call, Interface
from workflow.lists import listing
from workflow.tables import Episode, Miss
from workflow.vocabulary import Outcome, Scope, Verdict


class MissListed(MissStanding):
    """A miss. Without a last outcome and attempts it was never tried."""

    episode: UUID
    responsible: UnitNamed | None = Field(description="Who had the responsibility at that moment.")
    recorded_at: Instant
    reminders: int
    attempts: int
    last_outcome: Outcome | None
    citizen: CitizenShown


def register(api: Interface) -> None:
    """`/misses`."""

    @api.read("/misses", Scope.MISSES_READ)
    def list_misses(call: Call, query: OfUnit) -> Page[MissListed]:
        """What a unit has missed, the latest first, with the verdict that counts."""
        unit = listing.unit_of(call.session, call.seen, query.unit)
        rows = listing.misses(call.session, call.seen, unit, before=query.time, most=query.one_more)
        call.shows(*(episode for _, episode, _ in rows[: query.limit]))
        known = shapes.units(call, unit.id, *(miss.responsible_unit_id for miss, _, _ in rows))

        def listed(row: tuple[Miss, Episode, Verdict]) -> MissListed:
            miss, episode, verdict = row
            return MissListed(
                **shapes.miss_fields(miss, verdict, known), episode=episode.uuid,
                responsible=shapes.maybe(known, miss.responsible_unit_id), recorded_at=miss.recorded_at,
                reminders=miss.reminders, attempts=miss.attempts, last_outcome=miss.last_outcome,
                citizen=shapes.citizen(call, episode.citizen),
            )  # fmt: skip

        return page(rows, query, listed, lambda row: (row[0].due_at, row[0].id))
