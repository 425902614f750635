"""One task: taken, handed on, done with a record, confirmed by the other side, or agreed not to be relevant."""

from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from web.ground import confirmation, formats, looks, rules
from web.ground.language import local_address
from web.ground.looks import Desk
from web.ground.menu import PATIENTS
from workflow import tasks
from workflow.errors import NotFound
from workflow.lists import worklist
from workflow.lists.worklist import Row
from workflow.seeing import sight
from workflow.showing import phones
from workflow.tables import Person
from workflow.vocabulary import DoneBy, TaskState

for_patients = rules.only(*PATIENTS)


def looked_at(desk: Desk, task_id: UUID) -> Row:
    """The task, with the look at its episode written down. Raises NotFound."""
    row = worklist.one(desk.session, task_id)
    sight.admit(desk.session, desk.seen, row.episode, visit=desk.visit)
    return row


def _back() -> ResponseReturnValue:
    return redirect(local_address(request.form.get("back", "")) if "back" in request.form else "/", code=303)


def register(app: Flask) -> None:
    """The pages `/opgaver/<task>` that are no calls."""

    @app.get("/opgaver/<uuid:task_id>")
    @for_patients
    def task_page(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            row = looked_at(desk, task_id)
            if row.task.done_by == DoneBy.CONTACT:
                return redirect(url_for("call_page", task_id=task_id), code=303)
            if row.task.done_by == DoneBy.ANSWER and row.task.state == TaskState.OPEN:
                there = url_for(
                    "episode_page", episode_id=row.episode.uuid, _anchor=f"answer-{row.task.anchor_number}"
                )
                return redirect(there, code=303)
            return render_template(
                "task.html", at=desk.at, row=row, me=desk.by, mine=worklist.acts_for(desk.seen),
                may_answer=tasks.may_answer_claim(desk.by, row.episode, row.task), numbers=phones.numbers,
                colleagues=worklist.colleagues(desk.session, row.task.unit_id),
            )  # fmt: skip

    @app.post("/opgaver/<uuid:task_id>/tag")
    @for_patients
    def claim_task(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            over = request.form.get("over") == "1"
            taken = tasks.claim(desk.session, task_id, by=desk.by, at=desk.at, take_over=over)
            undo = "" if over else url_for("hand_on_task", task_id=task_id)
            confirmation.of(taken.episode, what=taken.kind, undo=undo)
        return _back()

    @app.post("/opgaver/<uuid:task_id>/videre")
    @for_patients
    def hand_on_task(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            note = request.form.get("note", "").strip()
            task = tasks.hand_on(desk.session, task_id, to=_colleague(desk), by=desk.by, at=desk.at, note=note)
            confirmation.of(task.episode, what=task.kind)
        return redirect(url_for("tasks_page"), code=303)

    @app.post("/opgaver/<uuid:task_id>/udfoert")
    @for_patients
    def complete_task(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            done_at = formats.from_input(request.form.get("effective_at", ""))
            record = request.form.get("record", "")
            task = tasks.complete(
                desk.session, task_id, by=desk.by, at=desk.at, done_at=done_at, record=record,
                reason=request.form.get("reason"),
            )  # fmt: skip
            confirmation.of(task.episode, what=task.kind)
        return redirect(url_for("tasks_page"), code=303)

    @app.post("/opgaver/<uuid:task_id>/bekraeft")
    @for_patients
    def confirm_task(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            task = tasks.confirm(desk.session, task_id, by=desk.by, at=desk.at)
            confirmation.of(task.episode, what=task.kind)
        return _back()

    @app.post("/opgaver/<uuid:task_id>/afvis")
    @for_patients
    def refuse_claim(task_id: UUID) -> ResponseReturnValue:
        """The time that was told is not agreed to: it stays late."""
        with looks.looking("task") as desk:
            reason = request.form.get("reason", "")
            task = tasks.refuse(desk.session, task_id, by=desk.by, at=desk.at, reason=reason)
            confirmation.of(task.episode, what=task.kind)
        return redirect(url_for("task_page", task_id=task_id), code=303)

    @app.post("/opgaver/<uuid:task_id>/ikke-relevant")
    @for_patients
    def confirm_not_relevant(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("task") as desk:
            task = tasks.confirm_not_relevant(desk.session, task_id, by=desk.by, at=desk.at)
            confirmation.of(task.episode, what=task.kind)
        return _back()


def _colleague(desk: Desk) -> Person | None:
    """Who was chosen; None gives it back to the unit. Raises NotFound."""
    chosen = request.form.get("to", "")
    if not chosen:
        return None
    try:
        person = desk.session.scalar(select(Person).where(Person.uuid == UUID(chosen)))
    except ValueError:
        person = None
    if person is None:
        raise NotFound("no_such_person")
    return person
