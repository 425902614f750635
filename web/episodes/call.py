"""The call from nurse to nurse: whom to ring, what was tried, what to ask, how it went, and what was agreed."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import confirmation, formats, looks, rules
from web.ground.menu import PATIENTS
from web.work.task import looked_at
from workflow import tasks
from workflow.agreed import OWNERS, Agreed
from workflow.errors import Invalid, Missing
from workflow.lists import worklist
from workflow.lists.worklist import Row
from workflow.parties import unit_as
from workflow.showing import phones
from workflow.showing.script import QUESTIONS
from workflow.vocabulary import Outcome, Party

for_patients = rules.only(*PATIENTS)
PAUSE = timedelta(minutes=30)  # between two tries
AGREEMENTS = 3  # rows of the form
SCRIPTED = "follow_up_call"


def next_try(row: Row, at: datetime) -> datetime:
    """When to try again: in half an hour, or before the time runs out where it does so earlier."""
    wanted = at + PAUSE
    if at < row.task.due_at < wanted + PAUSE:
        wanted = max(at + (row.task.due_at - at) / 2, at + timedelta(minutes=1))
    return wanted.replace(second=0, microsecond=0) + timedelta(minutes=1)


def register(app: Flask) -> None:
    """The page `/opgaver/<task>/opkald`."""

    @app.get("/opgaver/<uuid:task_id>/opkald")
    @for_patients
    def call_page(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("call") as desk:
            row = looked_at(desk, task_id)
            until = phones.line_until(desk.session, row.episode, at=desk.at)
            mine = worklist.acts_for(desk.seen)
            ours = row.task.unit_id in mine
            recorder = row.attempt.unit_id if row.attempt is not None else None
            ring = row.other if ours or row.other is None else row.unit
            return render_template(
                "call.html", at=desk.at, row=row, me=desk.by, mine=mine, ring=ring, line_until=until,
                may_answer=tasks.may_answer_claim(desk.by, row.episode, row.task),
                may_confirm=tasks.may_confirm(desk.by, row.episode, row.task, recorder),
                numbers=phones.numbers(ring, at=desk.at, line_until=until) if ring is not None else (),
                next_try=next_try(row, desk.at),
                owners=_owners(row), outcomes=Outcome, agreements=range(1, AGREEMENTS + 1),
                questions=QUESTIONS if row.task.kind == SCRIPTED else (),
                colleagues=worklist.colleagues(desk.session, row.task.unit_id) if ours else (),
            )  # fmt: skip

    @app.post("/opgaver/<uuid:task_id>/opkald")
    @for_patients
    def record_call(task_id: UUID) -> ResponseReturnValue:
        outcome = _outcome()
        with looks.looking("call") as desk:
            row = looked_at(desk, task_id)
            done = outcome == Outcome.COMPLETED
            again = outcome.vain and request.form.get("next_try_at")
            tasks.record_attempt(
                desk.session, task_id, outcome, by=desk.by, at=desk.at, made_at=_instant("effective_at"),
                spoken_with=_text("spoken_with") or None, doctor_involved=_doctor() if done else None,
                next_try_at=_instant("next_try_at") if again else None, note=_text("reason") or None,
                agreed=_agreed() if done else (), answers=_answers(row) if done else {},
            )  # fmt: skip
            confirmation.of(row.episode, what=f"outcome:{outcome}")
        address = url_for("call_page", task_id=task_id) if done else url_for("tasks_page")
        return redirect(address, code=303)

    @app.post("/opgaver/<uuid:task_id>/spoergsmaal")
    @for_patients
    def prepare_call(task_id: UUID) -> ResponseReturnValue:
        with looks.looking("call") as desk:
            task = tasks.prepare(desk.session, task_id, request.form.get("questions", ""), by=desk.by, at=desk.at)
            confirmation.of(task.episode)
        return redirect(url_for("call_page", task_id=task_id), code=303)


def _owners(row: Row) -> list[tuple[Party, str]]:
    """Who can take something on, by the names of their units; each unit once."""
    units = {unit_as(row.episode, party): party for party in reversed(OWNERS)}
    return [(party, row.units[unit].name) for unit, party in reversed(units.items()) if unit is not None]


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


def _instant(name: str) -> datetime | None:
    """What a field of time says; None where it is empty. Raises Missing, which points at it."""
    if not _text(name):
        return None
    try:
        return formats.from_input(_text(name))
    except Invalid:
        raise Missing("not_a_time", (name,)) from None


def _outcome() -> Outcome:
    try:
        return Outcome(_text("outcome"))
    except ValueError:
        raise Missing("which_outcome", ("outcome",)) from None


def _doctor() -> bool | None:
    return {"yes": True, "no": False}.get(_text("doctor"))


def _answers(row: Row) -> dict[str, str]:
    """What was answered to the script. Raises Missing for what a conversation must have an answer to."""
    if row.task.kind != SCRIPTED:
        return {}
    given = {question.key: _text(question.key) for question in QUESTIONS}
    for question in QUESTIONS:
        if question.choices and given[question.key] not in question.choices:
            given[question.key] = ""
    needed = [question.key for question in QUESTIONS if question.asked_for and not given[question.key]]
    needed += [] if _doctor() is not None else ["doctor"]
    if _text("spoken_with") and needed:
        raise Missing("script_unanswered", tuple(needed))
    given["doctor_who"] = _text("doctor_who")
    return {key: answer for key, answer in given.items() if answer}


def _agreed() -> tuple[Agreed, ...]:
    """What was agreed; a row that is empty is none. Raises Missing."""
    found = []
    for number in range(1, AGREEMENTS + 1):
        text = _text(f"agreed_text_{number}")
        if not text:
            continue
        due_at = _instant(f"agreed_due_{number}")
        try:
            owner = Party(_text(f"agreed_owner_{number}"))
        except ValueError:
            raise Missing("agreed_by_whom", (f"agreed_owner_{number}",)) from None
        if due_at is None:
            raise Missing("agreed_by_when", (f"agreed_due_{number}",))
        found.append(Agreed(text=text, owner=owner, due_at=due_at))
    return tuple(found)
