"""The line that says what was just done: on the page that comes next, with whom it was about, and an undo where it can.

A change that answers 303 is followed by its line. What travels there (`web/ground/carried.py`) names the deed and the
episode, never the citizen: whose name it is, the next page asks for, and writes the look down.
"""

from dataclasses import dataclass
from uuid import UUID

from flask import Flask, Response, g, request, url_for

from web.ground.carried import Carried
from web.ground.formats import word
from web.ground.language import gettext
from web.ground.looks import Desk
from workflow.errors import Missing, NotFound
from workflow.seeing import sight
from workflow.tables import Episode

_CARRIED = Carried("done", 60)


def sentences() -> dict[str, str]:
    """What is said after each change, by its route."""
    saved, handover, place = gettext("Saved"), gettext("Handover accepted"), gettext("The place is free again")
    arrived, looked_at = gettext("Arrived"), gettext("Seen – no change")
    return {
        "accept_handover": handover,
        "accept_on_board": handover,
        "add_person": gettext("The person has been created"),
        "add_system": gettext("The system has been created"),
        "add_unit": gettext("The unit has been created"),
        "answer_letter": gettext("Answer sent"),
        "answer_question": gettext("Answer sent"),
        "approve_role": gettext("The role has been approved"),
        "arrive_on_board": arrived,
        "begin_letter": gettext("Message sent"),
        "call_closing_off": gettext("The unit does not close after all"),
        "cancel_event": gettext("Cancelled"),
        "change_shift": gettext("Tasks handed on to the next shift"),
        "change_unit": saved,
        "chase_on_board": gettext("Chased noted"),
        "claim_task": gettext("You have taken the task"),
        "close_for_good": gettext("The closing is saved"),
        "close_place": gettext("The place is closed"),
        "close_unit": gettext("Closed days saved"),
        "complete_task": gettext("Task done"),
        "confirm_arrival": arrived,
        "confirm_look": gettext("Reviewed"),
        "confirm_not_relevant": gettext("Agreed: not relevant"),
        "confirm_roles": gettext("Roles confirmed"),
        "confirm_task": gettext("Confirmed"),
        "correct_time": gettext("The time has been corrected"),
        "end_role": gettext("The role has ended"),
        "end_sign_in": gettext("Signed out"),
        "expect_discharge": gettext("Expected discharge saved"),
        "expect_departure": gettext("Expected departure saved"),
        "furnish_places": gettext("The number of places has been changed"),
        "give_role": gettext("The role has been given"),
        "go_back_to_text": gettext("The text is as it was before"),
        "hand_on_task": gettext("Task handed on"),
        "hand_unit_over": saved,
        "inform_citizen": gettext("The citizen or relatives have been informed"),
        "judge_miss": gettext("Assessment saved"),
        "keep_draft": gettext("The draft is saved"),
        "keep_view": gettext("View saved"),
        "leave_place": place,
        "let_person_go": saved,
        "mark_letter_read": gettext("Marked as read"),
        "mark_read": gettext("Marked as read"),
        "merge_numbers": gettext("The numbers have been joined"),
        "move_place": gettext("Moved to another place"),
        "open_episode": gettext("Episode created"),
        "open_unit_again": gettext("Closed days removed"),
        "overbook_place": gettext("Extra place reserved"),
        "prepare_call": gettext("The questions are saved"),
        "readmit": gettext("Readmission recorded"),
        "record_arrival": arrived,
        "record_call": gettext("Call recorded"),
        "record_event": gettext("Recorded"),
        "record_need": gettext("Need recorded"),
        "record_observation": gettext("Observation recorded"),
        "record_task": gettext("Task done"),
        "refuse_claim": gettext("Not confirmed"),
        "register_objection": gettext("Objection recorded"),
        "reject_handover": gettext("Handover rejected"),
        "remove_view": gettext("View removed"),
        "reopen_place": gettext("The place is open again"),
        "report_miss": saved,
        "reserve_place": gettext("Place reserved"),
        "review_emergency": gettext("Reviewed"),
        "review_episode": looked_at,
        "review_miss": gettext("The review is saved"),
        "review_on_board": looked_at,
        "revoke_calendar": gettext("The calendar has been revoked"),
        "revoke_token": gettext("The token has been revoked"),
        "save_agreement": gettext("The agreement is saved"),
        "say_what_to_be_told": saved,
        "send_message": gettext("Message from the hospital"),
        "send_citizen_to": gettext("The destination is saved"),
        "send_handover": gettext("Handover sent"),
        "stop_waiting": gettext("Removed from the waiting list"),
        "transfer": gettext("Moved to another ward"),
        "undo_event": gettext("Undone"),
        "undo_merge": gettext("The numbers have been separated"),
        "undo_units": gettext("The import has been undone"),
        "wait_for_place": gettext("Put on the waiting list"),
        "withdraw_objection": gettext("Objection withdrawn"),
        "word_text": gettext("The text is saved"),
        "write_units": gettext("The units have been imported"),
    }


@dataclass(frozen=True)
class Done:
    """What was just done, as the page says it."""

    text: str
    name: str  # of the citizen, where the reader may see them; else empty
    episode: str  # where that name leads
    undo: str  # where the form leads that takes it back; empty where nothing can


def of(episode: Episode, *, what: str = "", undo: str = "") -> None:
    """Say whom this change is about, what of several it was, and where it can be undone."""
    g.confirms = {"episode": str(episode.uuid), "what": what, "undo": undo}


def of_event(episode: Episode, *, what: str = "") -> None:
    """The same of an event that was recorded just now: the engine can cancel it."""
    of(episode, what=what, undo=url_for("undo_event", episode_id=episode.uuid, number=episode.history_number))


def _line() -> Done | None:
    """For the frame of a page: the line, once. The name is shown where a page looks at citizens anyway."""
    carried = _CARRIED.get() if g.get("signed_in") else {}
    said = sentences().get(carried.get("done", ""))
    if said is None:
        return None
    g.confirmed = True
    what = carried.get("what", "")
    return Done(
        text=f"{said}: {word(what)}" if what else said, name=_name(carried.get("episode", "")),
        episode=carried.get("episode", ""), undo=carried.get("undo", ""),
    )  # fmt: skip


def _name(episode_id: str) -> str:
    desk: Desk | None = g.get("desk")
    if desk is None or not episode_id:
        return ""
    try:
        return sight.require(desk.session, desk.seen, UUID(episode_id), visit=desk.visit).citizen.name
    except (NotFound, Missing):
        return ""


def register(app: Flask) -> None:
    """Let a change's line travel to the next page, and let that page show it."""
    app.add_template_global(_line, "just_done")

    @app.after_request
    def carry(answer: Response) -> Response:
        changed = request.method == "POST" and answer.status_code == 303 and request.endpoint in sentences()
        if changed and g.get("signed_in"):
            named = {"episode": str((request.view_args or {}).get("episode_id", ""))}
            _CARRIED.put(answer, {"done": request.endpoint or "", **named, **g.get("confirms", {})})
        elif "confirmed" in g:
            _CARRIED.drop(answer)
        return answer
