"""A form that is refused comes back on the page it was sent from: what was wrong, and what was typed still there.

A form takes part by sending `back` (the page) and `form` (its own name on that page); its fields have the ids
`<form>-<name>`. The page is asked for anew by its own door, so that it shows what is so now, to whom may see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from web.ground.language import gettext, local_address
from workflow import sentences
from workflow.errors import Missing, WorkflowError

_CARRIED = "overgang.refused"
# Which field of a form an error speaks of; of several, those that the form has.
_FIELDS = {
    "not_a_cpr": "cpr",
    "citizen_objects": "legal_basis",
    "no_destination": "destination",
    "no_such_need": "need",
    "has_passed": "until expected_at from_at",
    "too_far_ahead": "until expected_at from_at",
    "view_needs_name": "name",
    "not_so_many_places": "count",
    "no_such_category": "topic",
    "place_not_free": "place",
    "reason_needed": "reason",
    "purpose_needed": "purpose",
    "who_did_you_speak_to": "spoken_with",
    "no_cpr_here": "learning text reason note record questions purpose override_reason basis_reason spoken_with",
    "wording_needed": "wording",
    "text_too_long": "wording",
    "no_such_blank": "wording",
    "blank_needed": "wording",
    "cpr_in_wording": "wording",
    "closed_in_the_past": "closed_on from_on",
    "successor_needed": "successor",
    "cannot_follow": "successor",
    "kind_is_used": "enhedsart",
    "too_many_closed_days": "closed_on",
    "text_needed": "text",
    "not_a_score": "score",
    "not_to_be_asked": "asks",
    "title_needed": "title",
    "valid_from_in_the_past": "valid_from",
    "moves_only_from_now": "valid_from",
    "when_to_call_again": "next_try_at",
    "in_the_future": "effective_at done_at",
    "not_a_time": "effective_at expected_at done_at until",
    "record_needed": "record",
    "not_in_the_unit": "to",
    "what_was_agreed": "agreed_text_1",
    "agreed_for_the_past": "agreed_due_1",
    "before_what_came_before": "effective_at expected_at",
    "after_what_came_after": "effective_at",
    "no_such_citizen": "cpr",
    "no_such_person": "username to",
    "bad_username": "username",
    "username_taken": "username",
    "not_an_email": "email",
    "not_a_phone_number": "mobile",
    "bad_sor": "enhed_sor",
    "bad_gln": "enhed_gln",
    "bad_time": "læses_fra",
    "later_change_exists": "from_on",
    "not_a_date": "from_on closed_on valid_from",
    "name_needed": "name enhed",
    "scope_needed": "scope",
    "lives_too_long": "days",
    "no_file": "file",
    "not_a_text_file": "file",
    "not_a_table": "file",
    "bad_header": "file",
}


@dataclass(frozen=True)
class Refused:
    """What was wrong with which form, and what it held."""

    sentence: str = ""
    form: str = ""
    fields: tuple[str, ...] = ()  # those to look at
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    heading: str = ""
    listed: bool = False  # the sentence names the fields, as the links do
    kept: bool = False  # what was typed is saved all the same: as a draft
    asks: bool = False  # it asked to be shown something, and would have saved nothing

    def value(self, form: str, name: str, otherwise: str = "") -> str:
        """What the field of the form shows: what was typed before it was refused, else `otherwise`."""
        return self.typed.get(name, [""])[0] if self.form == form and self.typed else otherwise

    def chosen(self, form: str, name: str, value: str, otherwise: bool = False) -> bool:
        """Whether this choice is marked."""
        return value in self.typed.get(name, []) if self.form == form and self.typed else otherwise

    def points_at(self, form: str, name: str) -> bool:
        """Whether the error speaks of this field."""
        return self.form == form and name in self.fields


def page(error: WorkflowError, sentence: str, status: int) -> Response | None:
    """The page that the form was on, saying so; None where there is none to show, or the form names none."""
    try:
        back, form = local_address(request.form.get("back", "")), request.form.get("form", "")
    except RequestEntityTooLarge:
        return None
    if not form:
        return None
    fields = error.items if isinstance(error, Missing) else _spoken_of(error)
    refusal = Refused(
        sentence, form, fields, typed=request.form.to_dict(flat=False), asks=request.form.get("asks") == "1",
        heading=_heading(), listed="{items}" in sentences.ERRORS[error.code][0], kept=g.get("kept_as_draft", False),
    )  # fmt: skip
    asked = EnvironBuilder(
        path=back, base_url=request.host_url, headers=list(_headers().items()),
        environ_base={"REMOTE_ADDR": request.remote_addr or ""},
        environ_overrides={_CARRIED: refusal},
    )  # fmt: skip
    with current_app.request_context(asked.get_environ()):
        answer = current_app.full_dispatch_request()
    if answer.status_code != 200:
        return None
    answer.status_code = status
    return answer


def keep_as_draft() -> None:
    """Say that what this form held is saved, though it is refused."""
    g.kept_as_draft = True


def _heading() -> str:
    """What did not happen, for the changes that people would not call saving."""
    accepted = gettext("The handover has not been accepted")
    arrived = gettext("The arrival has not been recorded")
    said = {
        "accept_handover": accepted,
        "accept_on_board": accepted,
        "arrive_on_board": arrived,
        "confirm_arrival": arrived,
        "keep_draft": gettext("The draft has not been saved"),
        "record_arrival": arrived,
        "record_call": gettext("The call has not been saved"),
        "record_event": gettext("The event has not been recorded"),
        "record_observation": gettext("The observation has not been recorded"),
        "reject_handover": gettext("The handover has not been rejected"),
        "send_handover": gettext("The handover has not been sent"),
    }
    return said.get(request.endpoint or "", gettext("This has not been saved"))


def _spoken_of(error: WorkflowError) -> tuple[str, ...]:
    if error.code == "too_long":  # it names the field itself, as the engine calls it
        return tuple(name for name in (str(error.facts["field"]).removeprefix("field:"),) if name in request.form)
    names = _FIELDS.get(error.code, "").split()
    return tuple(names) if len(names) < 2 else tuple(name for name in names if name in request.form)


def _headers() -> dict[str, str]:
    kept = ("Cookie", "User-Agent", "Accept-Language")
    return {name: request.headers[name] for name in kept if name in request.headers}


def refused() -> Refused:
    """What was refused on this page a moment ago; an empty one where nothing was."""
    found: Refused = request.environ.get(_CARRIED, Refused())
    return found


def register(app: Flask) -> None:
    """Let every template ask what was refused, and which of its fields the engine has a word for."""
    app.context_processor(lambda: {"refused": refused(), "words_of_items": sentences.WORDS})
