"""Deadlines: what a unit owes, by when."""

from uuid import UUID

from pydantic import Field

from web.api.models import Given, Instant
from web.api.paging import OfUnit, Page, page
from web.api.verbs import Call, Interface
from workflow.lists import listing
from workflow.seeing import access_log
from workflow.tables import Deadline, Episode
from workflow.vocabulary import Concerns, Look, Scope


class DeadlineShown(Given):
    """What a unit owes, by when. It names nobody."""

    episode: UUID
    concerns: Concerns
    kind: str | None = Field(description="Of a task: which.")
    task: UUID | None
    handover: UUID | None
    due_at: Instant
    late: bool


def register(api: Interface) -> None:
    """`/deadlines`."""

    @api.read("/deadlines", Scope.TASKS_READ)
    def list_deadlines(call: Call, query: OfUnit) -> Page[DeadlineShown]:
        """What a unit owes, by when it is due. It names nobody."""
        unit = listing.unit_of(call.session, call.seen, query.unit)
        rows = listing.deadlines(call.session, call.seen, unit, after=query.time, most=query.one_more)
        access_log.write(
            call.session, Look.LIST, call.visit, by=call.by, episodes=[episode.id for _, episode in rows[: query.limit]]
        )
        return page(rows, query, lambda row: _deadline(*row, call), lambda row: (row[0].due_at, row[0].id))


def _deadline(row: Deadline, episode: Episode, call: Call) -> DeadlineShown:
    task, handover = row.task, row.handover
    return DeadlineShown(
        episode=episode.uuid, concerns=row.concerns, kind=task.kind if task is not None else None,
        task=task.uuid if task is not None else None, handover=handover.uuid if handover is not None else None,
        due_at=row.due_at, late=row.due_at <= call.at,
    )  # fmt: skip
