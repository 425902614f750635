"""Tasks and the tries to reach somebody: listed by what is due first, shown, done."""

from uuid import UUID

from pydantic import Field

from web.api import shapes
from web.api.models import Given, Instant, Line, Nothing, Taken, Text
from web.api.paging import OfUnit, Page, page
from web.api.shapes import CitizenShown, TaskStanding
from web.api.verbs import Call, Interface
from workflow import tasks
from workflow.agreed import Agreed
from workflow.lists import listing
from workflow.seeing import sight
from workflow.tables import ContactAttempt, Task
from workflow.vocabulary import Look, Outcome, Party, Scope


class TaskListed(TaskStanding):
    """A task and whom it is about."""

    citizen: CitizenShown


class Attempt(Given):
    """One try to reach somebody."""

    number: int
    made_at: Instant
    recorded_at: Instant
    made_by: str
    outcome: Outcome
    spoken_with: str | None
    doctor_involved: bool | None
    next_try_at: Instant | None
    agreed: list[str]
    note: str | None


class TaskWhole(TaskListed):
    """A task with its tries, the newest first."""

    tries: list[Attempt]


class AgreedTaken(Taken):
    """One thing that was agreed: it is owed from then on, as a task of its own."""

    text: Text
    owner: Party
    due_at: Instant


class AttemptTaken(Taken):
    """One try. Only a completed one, which names the person spoken to, completes the task."""

    outcome: Outcome
    made_at: Instant | None = Field(default=None, description="When the call was made; now where absent.")
    spoken_with: Line | None = None
    doctor_involved: bool | None = None
    next_try_at: Instant | None = None
    agreed: list[AgreedTaken] = Field(default_factory=list, max_length=20)
    note: Text | None = None


class DoneTaken(Taken):
    """Where it can be seen that it was done, and when."""

    record: Text
    done_at: Instant | None = None
    reason: Text | None = Field(default=None, description="Why it is told later: from 15 minutes on.")


class ClaimTaken(Taken):
    """Whether to take it from a colleague who has it."""

    take_over: bool = False


class ReasonTaken(Taken):
    """Why."""

    reason: Text


class NoteTaken(Taken):
    """What the next one must know."""

    note: Text


def register(api: Interface) -> None:
    """`/tasks`."""
    _register_reading(api)
    _register_changes(api)


def _register_reading(api: Interface) -> None:
    @api.read("/tasks", Scope.TASKS_READ)
    def list_tasks(call: Call, query: OfUnit) -> Page[TaskListed]:
        """The open tasks of a unit, by when they are due."""
        unit = listing.unit_of(call.session, call.seen, query.unit)
        rows = listing.tasks(call.session, call.seen, unit, after=query.time, most=query.one_more)
        call.shows(*(row.episode for row in rows[: query.limit]))
        known = shapes.units(call, *(number for row in rows for number in (row.unit_id, row.counterpart_unit_id)))

        def listed(row: Task) -> TaskListed:
            citizen = shapes.citizen(call, row.episode.citizen)
            return TaskListed(**shapes.task_fields(row, row.episode.uuid, known, call.at), citizen=citizen)

        return page(rows, query, listed, lambda row: (row.due_at, row.id))

    @api.read("/tasks/<uuid:task_id>", Scope.TASKS_READ)
    def read_task(call: Call, task_id: UUID) -> TaskWhole:
        """One task and its tries."""
        row = listing.task(call.session, call.seen, task_id)
        sight.require(call.session, call.seen, row.episode.uuid, visit=call.visit, kind=call.kind(Look.READ))
        tries = listing.attempts(call.session, row, most=listing.OF_EPISODE)
        known = shapes.units(call, row.unit_id, row.counterpart_unit_id)
        return TaskWhole(
            **shapes.task_fields(row, row.episode.uuid, known, call.at),
            citizen=shapes.citizen(call, row.episode.citizen), tries=[_attempt(one) for one in tries],
        )  # fmt: skip


def _register_changes(api: Interface) -> None:
    @api.change("/tasks/<uuid:task_id>/attempts", Scope.TASKS_WRITE)
    def record_attempt(call: Call, body: AttemptTaken, task_id: UUID) -> TaskStanding:
        """Record one try; a `note` says why where it is told later. What is told after the limit is a `claim`."""
        tried = tasks.record_attempt(
            call.session, task_id, body.outcome, by=call.by, at=call.at, made_at=body.made_at,
            spoken_with=body.spoken_with, doctor_involved=body.doctor_involved, next_try_at=body.next_try_at,
            agreed=tuple(Agreed(text=a.text, owner=a.owner, due_at=a.due_at) for a in body.agreed), note=body.note,
        )  # fmt: skip
        return _standing(call, tried)

    @api.change("/tasks/<uuid:task_id>/completion", Scope.TASKS_WRITE)
    def complete_task(call: Call, body: DoneTaken, task_id: UUID) -> TaskStanding:
        """Record that a task that is no call was done. Late stays late."""
        done = tasks.complete(
            call.session, task_id, by=call.by, at=call.at, done_at=body.done_at, record=body.record, reason=body.reason
        )
        return _standing(call, done)

    @api.change("/tasks/<uuid:task_id>/confirmation", Scope.TASKS_WRITE)
    def confirm_task(call: Call, body: Nothing, task_id: UUID) -> TaskStanding:
        """The other side confirms what one side recorded; a claimed time counts from then on."""
        return _standing(call, tasks.confirm(call.session, task_id, by=call.by, at=call.at))

    @api.change("/tasks/<uuid:task_id>/refusal", Scope.TASKS_WRITE)
    def refuse_claim(call: Call, body: ReasonTaken, task_id: UUID) -> TaskStanding:
        """The other side, or a manager, does not agree to a claimed time: it stays late."""
        return _standing(call, tasks.refuse(call.session, task_id, by=call.by, at=call.at, reason=body.reason))

    @api.change("/tasks/<uuid:task_id>/irrelevance", Scope.TASKS_WRITE)
    def confirm_irrelevance(call: Call, body: Nothing, task_id: UUID) -> TaskStanding:
        """A second one agrees that it is not relevant, which somebody else's attempt proposed."""
        return _standing(call, tasks.confirm_not_relevant(call.session, task_id, by=call.by, at=call.at))

    @api.change("/tasks/<uuid:task_id>/claim", Scope.TASKS_WRITE)
    def claim_task(call: Call, body: ClaimTaken, task_id: UUID) -> TaskStanding:
        """Take a task of the unit."""
        return _standing(call, tasks.claim(call.session, task_id, by=call.by, at=call.at, take_over=body.take_over))

    @api.change("/tasks/<uuid:task_id>/release", Scope.TASKS_WRITE)
    def release_task(call: Call, body: NoteTaken, task_id: UUID) -> TaskStanding:
        """Give a claimed task back to the unit, with a note."""
        return _standing(call, tasks.hand_on(call.session, task_id, to=None, by=call.by, at=call.at, note=body.note))


def _standing(call: Call, row: Task) -> TaskStanding:
    known = shapes.units(call, row.unit_id, row.counterpart_unit_id)
    return TaskStanding(**shapes.task_fields(row, row.episode.uuid, known, call.at))


def _attempt(row: ContactAttempt) -> Attempt:
    return Attempt(
        number=row.number, made_at=row.made_at, recorded_at=row.recorded_at, made_by=row.made_by, outcome=row.outcome,
        spoken_with=row.spoken_with, doctor_involved=row.doctor_involved, next_try_at=row.next_try_at,
        agreed=[str(one) for one in row.agreed], note=row.note,
    )  # fmt: skip
