"""The form of a handover: what it shows before somebody types, and what it held when it was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import request
from sqlalchemy.orm import Session

from web.ground import again, formats
from workflow.handing import carrying, drafts, isbar, planned
from workflow.handing.carrying import Carried, Tobs
from workflow.handing.handover_view import HandoverView
from workflow.tables import HandoverDraft
from workflow.vocabulary import LegalBasis

NAME = "handover"  # of the form, on its page
VITAL_SIGNS = "A.vital_signs"
ANSWER = ":answer"  # after the name of a field: its yes, no or unknown


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What stands in the form."""

    content: Mapping[str, str]
    signed_by: list[str]
    missing: tuple[str, ...]  # of what is asked for
    draft: HandoverDraft | None
    theirs: Mapping[str, str]  # what a newer draft says otherwise than what was typed here
    carried: frozenset[str]  # fields that stand as they were said before
    carried_at: datetime | None
    contradicting: tuple[str, ...]  # fields that say otherwise than the plan
    confirmed: tuple[str, ...]  # and are to stand so

    stated, ticked = isbar.STATED, isbar.CONFIRMED

    def answer(self, key: str) -> str:
        """Of a stated field: yes, no, unknown, or nothing yet."""
        return isbar.parts_of(self.content[key])[0]

    def text(self, key: str) -> str:
        """What stands beside the answer."""
        return isbar.parts_of(self.content[key])[1] if key in isbar.STATED else self.content[key]

    def opened(self, key: str, requires: tuple[str, ...], asked_for: list[str]) -> bool:
        """Whether the field stands open: it is asked for, says something, or must always be answered."""
        always = key in isbar.STATED or key in isbar.CONFIRMED or key == planned.TO_CITIZEN
        return always or key in requires or key in asked_for or bool(self.content[key]) or key in self.theirs


def shown(session: Session, view: HandoverView, writes_as: int) -> Shown:
    """What was typed a moment ago and refused; else the draft; else what was said before and what is known."""
    said = view.sent[0].version if view.sent else None
    before = Carried(said.content, said.sent_at) if said is not None else carrying.before(session, view.episode)
    draft = drafts.standing(session, view.episode, writes_as)
    kept = draft.content if draft is not None else None
    plan, found = view.plan, view.ahead
    assert plan is not None  # somebody writes it
    assert found is not None
    start = plan.renewed({**plan.said(), **_known(view), **before.content} if kept is None else dict(kept))
    tobs, written_at = carrying.newest_tobs(session, view.episode), before.said_at
    if draft is not None and kept is not None:
        written_at = draft.saved_at
    if tobs is not None and (written_at is None or tobs.recorded_at > written_at):
        start[VITAL_SIGNS] = carrying.with_tobs(str(start.get(VITAL_SIGNS) or ""), _line(tobs))
    refused = again.refused()
    content = {key: str(start.get(key) or "") for key in isbar.FIELDS}
    if refused.form == NAME and refused.typed:
        content = {key: _field(lambda name: refused.value(NAME, name), key) for key in isbar.FIELDS}
    signed_before = draft.signed_by if draft is not None and kept is not None else []
    signed = [p for p in isbar.PROFESSIONS if refused.chosen(NAME, "signed", p, p in signed_before)]
    older = refused.form == NAME and draft is not None and refused.value(NAME, "draft") != str(draft.number)
    theirs = {key: str(kept.get(key) or "") for key in isbar.FIELDS} if older and kept is not None else {}
    first = found.version == 0
    return Shown(
        content=content, signed_by=signed, missing=view.lacking(content, signed), draft=draft,
        theirs={key: text for key, text in theirs.items() if text != content[key]},
        carried=frozenset(key for key in content if first and content[key] and content[key] == start.get(key) and (
            content[key] == before.content.get(key)
        )),
        carried_at=before.said_at, contradicting=plan.contradicted_by(content),
        confirmed=tuple(refused.typed.get("confirmed", ())) if refused.form == NAME else (),
    )  # fmt: skip


def _line(tobs: Tobs) -> str:
    """A score with its time, and what was written beside it."""
    said = f"{carrying.TOBS}{tobs.score} ({formats.instant(tobs.observed_at)})"
    return f"{said}: {' '.join(tobs.text.split())}" if tobs.text else said


def _known(view: HandoverView) -> dict[str, str]:
    """What the episode says of itself."""
    episode = view.episode
    if episode.practice_id is None:
        return {}
    practice = view.units[episode.practice_id]
    return {"I.general_practice": ", ".join(filter(None, (practice.name, practice.phone)))}


def _field(get: Callable[[str], str], key: str) -> str:
    """A field as it was typed; a stated one is put together from its answer and its text."""
    text = get(key).replace("\r\n", "\n").strip()
    return isbar.stated(get(key + ANSWER), text) if key in isbar.STATED else text


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form held."""

    content: dict[str, str]  # the fields that say something
    signed_by: tuple[str, ...]
    version: int  # of the handover, that the writer had before them
    draft: int  # its number
    override_reason: str | None
    legal_basis: LegalBasis | None
    basis_reason: str | None
    confirmed: tuple[str, ...]  # fields that are to stand though the plan says otherwise


def typed() -> Typed:
    """Read it from the request."""
    form = request.form
    fields = {key: _field(lambda name: form.get(name, ""), key) for key in isbar.FIELDS}
    bases = {basis.value: basis for basis in LegalBasis}
    return Typed(
        content={key: text for key, text in fields.items() if text},
        signed_by=tuple(p for p in isbar.PROFESSIONS if p in form.getlist("signed")),
        version=number(form.get("version", "")), draft=number(form.get("draft", "")),
        override_reason=form.get("override_reason", "").strip() or None,
        legal_basis=bases.get(form.get("legal_basis", "")),
        basis_reason=form.get("basis_reason", "").strip() or None, confirmed=tuple(form.getlist("confirmed")),
    )  # fmt: skip


def number(text: str) -> int:
    """A version or draft, as a page of ours wrote it into its form; what is no number is none of them."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
