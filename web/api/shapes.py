"""What several verbs show: units, citizens, episodes, handovers, tasks, and how each is written from its row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from web.api.models import Given, Instant
from web.api.verbs import Call
from workflow.lists import listing
from workflow.tables import Citizen, Episode, Handover, Miss, Task, Unit
from workflow.vocabulary import Claim, DoneBy, HandoverState, Look, MissCode, Outcome, TaskState, Verdict

Units = dict[int, Unit]


class UnitNamed(Given):
    """A unit, as others name it."""

    id: UUID
    name: str


class CitizenShown(Given):
    """A citizen. `cpr` is masked (010740-****) unless the token has the scope cpr:read; each whole number is logged."""

    id: UUID
    name: str
    cpr: str
    phone: str | None


class EpisodeStanding(Given):
    """How an episode stands. `entry` is the number of its newest entry: send it as `seen` with a change."""

    id: UUID
    pathway: str
    pathway_version: int
    state: str
    owner: UnitNamed | None = Field(description="Who must take the next step.")
    responsible: UnitNamed | None = Field(description="Who has the responsibility; only handovers move it.")
    opened_at: Instant
    closed_at: Instant | None
    expected_discharge_at: Instant | None
    entry: int


class EpisodeListed(EpisodeStanding):
    """An episode and whose it is."""

    citizen: CitizenShown


class HandoverStanding(Given):
    """How a handover stands. `version` is the newest that was sent; nought before the first."""

    id: UUID
    episode: UUID
    trigger: str
    state: HandoverState
    version: int
    sender: UnitNamed
    receiver: UnitNamed
    first_sent_at: Instant | None
    sent_at: Instant | None
    answered_at: Instant | None
    answered_by: str | None
    passed_at: Instant | None = Field(description="When the responsibility moved.")
    informed_at: Instant | None = Field(description="When citizen or relatives were told.")


class TaskStanding(Given):
    """How a task stands. `late` is worked out when it is asked."""

    id: UUID
    episode: UUID
    kind: str
    state: TaskState
    done_by: DoneBy
    unit: UnitNamed
    counterpart: UnitNamed | None
    opened_at: Instant
    due_at: Instant
    late: bool
    done_at: Instant | None = Field(description="When it counts as done.")
    said_done_at: Instant | None = Field(description="When the owing side said, after the limit, that it was done.")
    claim: Claim | None = Field(description="How that stands: it counts once the other side or a manager confirms it.")
    claimed: bool
    attempts: int
    last_outcome: Outcome | None
    confirmed_at: Instant | None
    miss: MissCode | None = Field(description="What it would be counted as.")


class MissStanding(Given):
    """Something that was not done in time, and the verdict that counts."""

    id: UUID
    code: MissCode
    due_at: Instant
    owing: UnitNamed
    verdict: Verdict


def units(call: Call, *numbers: int | None) -> Units:
    """The units with these numbers, in one question."""
    return listing.named(call.session, {number for number in numbers if number is not None})


def unit(row: Unit) -> UnitNamed:
    return UnitNamed(id=row.uuid, name=row.name)


def maybe(known: Units, number: int | None) -> UnitNamed | None:
    return unit(known[number]) if number is not None else None


def citizen(call: Call, row: Citizen) -> CitizenShown:
    return CitizenShown(id=row.uuid, name=row.name, cpr=call.cpr(row), phone=row.phone)


def episode_fields(row: Episode, known: Units) -> dict[str, Any]:
    """The fields of EpisodeStanding."""
    return {
        "id": row.uuid, "pathway": row.pathway_key, "pathway_version": row.pathway_version, "state": row.state,
        "owner": maybe(known, row.owner_unit_id), "responsible": maybe(known, row.responsible_unit_id),
        "opened_at": row.opened_at, "closed_at": row.closed_at, "expected_discharge_at": row.expected_discharge_at,
        "entry": row.history_number,
    }  # fmt: skip


def episode(call: Call, row: Episode) -> EpisodeStanding:
    """How it stands, as a change answers."""
    return EpisodeStanding(**episode_fields(row, units(call, row.owner_unit_id, row.responsible_unit_id)))


def episodes(call: Call, rows: Sequence[Episode], kind: Look) -> list[EpisodeListed]:
    """How they stand and whose they are, with the look written down."""
    call.shows(*rows, kind=kind)
    known = units(call, *(number for row in rows for number in (row.owner_unit_id, row.responsible_unit_id)))
    return [EpisodeListed(**episode_fields(row, known), citizen=citizen(call, row.citizen)) for row in rows]


def handover_fields(row: Handover, episode_id: UUID, known: Units) -> dict[str, Any]:
    """The fields of HandoverStanding."""
    return {
        "id": row.uuid, "episode": episode_id, "trigger": row.trigger, "state": row.state, "version": row.version,
        "sender": unit(known[row.from_unit_id]), "receiver": unit(known[row.to_unit_id]),
        "first_sent_at": row.first_sent_at, "sent_at": row.sent_at, "answered_at": row.answered_at,
        "answered_by": row.answered_by, "passed_at": row.passed_at, "informed_at": row.informed_at,
    }  # fmt: skip


def task_fields(row: Task, episode_id: UUID, known: Units, at: datetime) -> dict[str, Any]:
    """The fields of TaskStanding."""
    return {
        "id": row.uuid, "episode": episode_id, "kind": row.kind, "state": row.state, "done_by": row.done_by,
        "unit": unit(known[row.unit_id]), "counterpart": maybe(known, row.counterpart_unit_id),
        "opened_at": row.opened_at, "due_at": row.due_at, "late": row.state == TaskState.OPEN and row.due_at <= at,
        "done_at": row.done_at, "said_done_at": row.said_done_at,
        "claim": row.claim, "claimed": row.claimed_by_id is not None, "attempts": row.attempts,
        "last_outcome": row.last_outcome, "confirmed_at": row.confirmed_at, "miss": row.miss,
    }  # fmt: skip


def miss_fields(row: Miss, verdict: Verdict, known: Units) -> dict[str, Any]:
    """The fields of MissStanding."""
    return {
        "id": row.uuid, "code": row.code, "due_at": row.due_at, "owing": unit(known[row.owing_unit_id]),
        "verdict": verdict,
    }  # fmt: skip
