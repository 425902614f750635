"""How it goes in both sectors of a cluster, for its managers: numbers about nobody."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.seeing import access
from workflow.vocabulary import MissCode

FEW = 5  # of others, a number below this and above nought could point at somebody

_FIGURES = text("""
select o.id as organisation_id, o.name as organisation, u.name as unit, u.uuid, f.*
from cluster_figures(:organisation, :at) f
join units u on u.id = f.unit_id join organisations o on o.id = u.organisation_id
order by o.id <> :organisation, o.name, o.id, u.name
""")

Number = int | None  # None: some, but fewer than FEW


@dataclass(frozen=True, kw_only=True)
class UnitFigures:
    """One unit. Calls are those whose time ran out in the last 30 days, and so are the misses, which stand."""

    unit_id: UUID
    name: str
    owned: Number  # open episodes in which it must take the next step
    unanswered: Number  # handovers that wait for its answer
    late: Number  # its open tasks whose time has passed, raised or not
    calls_in_time: Number
    calls_missed: Number  # made late or not at all; what was heard of too late is nobody's fault, and not here
    misses: dict[MissCode, Number]


@dataclass(frozen=True, kw_only=True)
class OrganisationFigures:
    """The units of one organisation. No sums: they would give away what is hidden."""

    name: str
    own: bool
    units: tuple[UnitFigures, ...]


def read(session: Session, *, by: Actor, at: datetime) -> list[OrganisationFigures]:
    """The cluster of the organisation that a manager acts in, their own first. Asks for their sight to be open.

    The cluster is who shared an episode with that organisation that was opened in the last year: its municipalities,
    or its hospitals. Small numbers of others are hidden. Raises NotAllowed for who is no manager.

    `cluster_figures` probes `ix_episodes_hospital_id` once for each organisation, and then for each unit of the cluster
    `ix_episodes_related` (open episodes only), `ix_handovers_to_unit_id`, `ix_tasks_unit_id`, `ix_tasks_calls` and
    `ix_misses_owing_unit_id`: what is closed and old costs nothing.
    """
    access.require_manager(by)
    rows = session.execute(_FIGURES, {"organisation": by.organisation_id, "at": at}).all()
    return [
        OrganisationFigures(
            name=name,
            own=organisation_id == by.organisation_id,
            units=tuple(_unit(row, own=organisation_id == by.organisation_id) for row in units),
        )
        for (organisation_id, name), units in groupby(rows, key=lambda row: (row.organisation_id, row.organisation))
    ]


def _unit(row: Row[Any], *, own: bool) -> UnitFigures:
    return UnitFigures(
        unit_id=row.uuid, name=row.unit, owned=_shown(row.owned, own), unanswered=_shown(row.unanswered, own),
        late=_shown(row.late, own), calls_in_time=_shown(row.calls_in_time, own),
        calls_missed=_shown(row.calls_missed, own),
        misses={code: _shown(row.misses.get(code, 0), own) for code in MissCode},
    )  # fmt: skip


def _shown(number: int, own: bool) -> Number:
    return number if own or number == 0 or number >= FEW else None
