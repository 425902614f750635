"""How it goes in both sectors of a cluster, for its managers: numbers about nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.seeing import access
from workflow.share import Share
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

    @property
    def calls(self) -> Share | None:
        """Those in time, of all; None where a part of it is hidden."""
        if self.calls_in_time is None or self.calls_missed is None:
            return None
        return Share(self.calls_in_time, self.calls_in_time + self.calls_missed)


@dataclass(frozen=True, kw_only=True)
class OrganisationFigures:
    """The units of one organisation, and all of them together; a sum that tells a small number is hidden too."""

    name: str
    own: bool
    units: tuple[UnitFigures, ...]
    together: UnitFigures


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
            units=tuple(_figures([row], own=organisation_id == by.organisation_id) for row in units),
            together=_figures(units, own=organisation_id == by.organisation_id),
        )
        for (organisation_id, name), found in groupby(rows, key=lambda row: (row.organisation_id, row.organisation))
        for units in [list(found)]
    ]


def _figures(units: Sequence[Row[Any]], *, own: bool) -> UnitFigures:
    """Of one unit, or of several together under the name of the first."""

    def together(name: str) -> Number:
        return _shown([getattr(row, name) for row in units], own)

    return UnitFigures(
        unit_id=units[0].uuid, name=units[0].unit, owned=together("owned"), unanswered=together("unanswered"),
        late=together("late"), calls_in_time=together("calls_in_time"), calls_missed=together("calls_missed"),
        misses={code: _shown([row.misses.get(code, 0) for row in units], own) for code in MissCode},
    )  # fmt: skip


def _shown(numbers: Sequence[int], own: bool) -> Number:
    """Their sum. Of others neither a small one, nor one that tells what a small number among them is."""
    together, small = sum(numbers), [number for number in numbers if 0 < number < FEW]
    told = bool(small) and (len(small) == 1 or sum(small) in {len(small), (FEW - 1) * len(small)})
    return together if own or together == 0 or (together >= FEW and not told) else None
