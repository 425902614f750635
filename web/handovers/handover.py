"""A handover: written and sent by who has the responsibility, read and answered by who takes over."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from flask import Flask, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.ground import again, confirmation, formats, looks, menu, rules
from web.ground.language import gettext, local_address
from web.ground.looks import Desk
from web.handovers import handover_form
from web.handovers.handover_form import Typed
from workflow import places
from workflow.errors import Missing, NotAllowed, NotFound, NotPossible, WorkflowError
from workflow.handing import ahead, drafts, handover_view, handovers, isbar
from workflow.handing.handover_view import HandoverView, Sent
from workflow.seeing import sight
from workflow.staff import reading
from workflow.tables import Episode
from workflow.vocabulary import HandoverState, LegalBasis

for_patients = rules.only(*menu.PATIENTS)
PARTS = {part: [key for key in isbar.FIELDS if key.startswith(part)] for part in "ISBAR"}
UNSENT = {HandoverState.OWED, HandoverState.REJECTED}


def register(app: Flask) -> None:
    """The page `/forloeb/<episode>/overlevering`, and what is done there."""

    @app.get("/forloeb/<uuid:episode_id>/overlevering")
    @for_patients
    def handover_page(episode_id: UUID) -> ResponseReturnValue:
        """What was sent, for who reads it; the form, for who writes. The receiver's first look is noted."""
        with looks.looking("handover") as desk:
            episode = sight.require(desk.session, desk.seen, episode_id, visit=desk.visit)
            looks.opened(desk, episode)
            view = handover_view.view(desk.session, episode, by=desk.by, at=desk.at)
            earlier = _earlier(view)
            if earlier is None and view.to_answer is not None and view.to_answer.version.read_at is None:
                handovers.read(desk.session, view.to_answer.handover.uuid, by=desk.by, at=desk.at)
            writes_as = view.writes_as if earlier is None and _is_to_write(view) else None
            return render_template(
                "handover.html", at=desk.at, view=view, bases=LegalBasis, parts=PARTS, professions=isbar.PROFESSIONS,
                shown=earlier or view.current or next(iter(view.sent), None),
                form=handover_form.shown(desk.session, view, writes_as) if writes_as is not None else None,
                read_at=_read_at(desk, view),
            )  # fmt: skip

    @app.post("/forloeb/<uuid:episode_id>/overlevering")
    @for_patients
    def send_handover(episode_id: UUID) -> ResponseReturnValue:
        _send(episode_id, handover_form.typed())
        return redirect(url_for("handover_page", episode_id=episode_id), code=303)

    @app.post("/forloeb/<uuid:episode_id>/overlevering/kladde")
    @for_patients
    def keep_draft(episode_id: UUID) -> ResponseReturnValue:
        """What was typed so far. A script is told the draft's new number; a reader sees the page again."""
        typed = handover_form.typed()
        with looks.looking("handover_draft") as desk:
            episode, writes_as = _to_write(desk, episode_id)
            draft = drafts.save(
                desk.session, episode, writes_as, typed.content, by=desk.by, at=desk.at, seen=typed.draft,
                signed_by=typed.signed_by,
            )  # fmt: skip
            said = gettext("Draft saved %(when)s.") % {"when": formats.when(draft.saved_at, desk.at)}
            if request.accept_mimetypes.best == "application/json":
                return jsonify(number=draft.number, said=said)
        return _back(episode_id)

    @app.post("/overlevering/<uuid:handover_id>/modtag")
    @for_patients
    def accept_handover(handover_id: UUID) -> ResponseReturnValue:
        """Take over; where a place was chosen, it is kept in the same breath."""
        place_id, version = request.form.get("place", ""), handover_form.number(request.form.get("version", ""))
        with looks.looking("handover_answer") as desk:
            accepted = handovers.accept(desk.session, handover_id, by=desk.by, at=desk.at, version=version)
            if place_id:
                places.give(desk.session, _uuid(place_id), accepted.episode, by=desk.by, at=desk.at)
            confirmation.of(accepted.episode)
            episode_id = accepted.episode.uuid
        return _back(episode_id)

    @app.post("/overlevering/<uuid:handover_id>/afvis")
    @for_patients
    def reject_handover(handover_id: UUID) -> ResponseReturnValue:
        """It cannot be taken over as it is: why, and which fields are asked for."""
        asked_for = tuple(item for item in request.form.getlist("asked_for") if item in isbar.ITEMS)
        with looks.looking("handover_answer") as desk:
            rejected = handovers.reject(
                desk.session, handover_id, by=desk.by, at=desk.at, reason=request.form.get("reason", "").strip(),
                asked_for=asked_for, version=handover_form.number(request.form.get("version", "")),
            )  # fmt: skip
            confirmation.of(rejected.episode)
            episode_id = rejected.episode.uuid
        return _back(episode_id)

    @app.post("/overlevering/<uuid:handover_id>/orienteret")
    @for_patients
    def inform_citizen(handover_id: UUID) -> ResponseReturnValue:
        """The citizen, or who is near to them, has been told who takes over."""
        with looks.looking("handover_informing") as desk:
            episode = handovers.inform(desk.session, handover_id, by=desk.by, at=desk.at).episode
            confirmation.of(episode)
            episode_id = episode.uuid
        return _back(episode_id)


def _send(episode_id: UUID, typed: Typed) -> None:
    """Send what stands in the form. Where something is missing it is kept as a draft, and Missing is raised."""
    try:
        with looks.looking("handover_sending") as desk:
            episode, writes_as = _to_write(desk, episode_id)
            handovers.send(
                desk.session, episode_id, typed.content, by=desk.by, at=desk.at, signed_by=typed.signed_by,
                override_reason=typed.override_reason, legal_basis=typed.legal_basis,
                basis_reason=typed.basis_reason, seen=typed.version, confirmed=typed.confirmed,
            )  # fmt: skip
            drafts.spend(desk.session, episode, writes_as, by=desk.by, seen=typed.draft)
    except Missing:
        _keep(episode_id, typed)
        raise


def _keep(episode_id: UUID, typed: Typed) -> None:
    """The draft of what was not sent; where somebody has saved a newer one, that stays."""
    with suppress(WorkflowError), looks.looking("handover_draft") as desk:
        episode, writes_as = _to_write(desk, episode_id)
        drafts.save(
            desk.session, episode, writes_as, typed.content, by=desk.by, at=desk.at, seen=typed.draft,
            signed_by=typed.signed_by,
        )  # fmt: skip
        again.keep_as_draft()


def _read_at(desk: Desk, view: HandoverView) -> datetime | None:
    """For who writes the handover: when the receiver reads next, where that is not now."""
    if view.ahead is None or view.writes_as is None:
        return None
    return reading.reads_again(desk.session, view.units[view.ahead.to_unit_id], at=desk.at)


def _earlier(view: HandoverView) -> Sent | None:
    """The version that the address names. Raises NotFound."""
    name = request.args.get("of", ""), request.args.get("version", "")
    if name == ("", ""):
        return None
    found = next((s for s in view.sent if (str(s.handover.uuid), str(s.version.version)) == name), None)
    if found is None:
        raise NotFound("no_such_handover")
    return found


def _is_to_write(view: HandoverView) -> bool:
    """Whether the next thing is to write: nothing waits for an answer, or a new version was asked for."""
    return view.current is None or view.current.handover.state in UNSENT or request.args.get("new", "") != ""


def _to_write(desk: Desk, episode_id: UUID) -> tuple[Episode, int]:
    """The episode, and the unit for which this person writes. Raises NotFound, NotPossible, NotAllowed."""
    episode = sight.may_see(desk.session, desk.seen, episode_id)
    if episode is None:
        raise NotFound("no_such_episode")
    found = ahead.of_episode(desk.session, episode)
    if found is None:
        raise NotPossible("nothing_to_hand_over", state=episode.state)
    writes_as = found.writer(desk.by)
    if writes_as is None:
        raise NotAllowed("not_your_unit")
    return episode, writes_as


def _back(episode_id: UUID) -> ResponseReturnValue:
    """The page that the form was on; a form that names none goes to the handover."""
    back = request.form.get("back", "")
    return redirect(local_address(back) if back else url_for("handover_page", episode_id=episode_id), code=303)


def _uuid(text: str) -> UUID:
    """Raises NotFound: what is no number at all is no place."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("no_such_place") from None
