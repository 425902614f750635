"""No CPR number comes to rest where nothing is encrypted: every text that a person types is asked, and every code."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import VISIT
from tests.steps import ADMITTED, DISCHARGED, call_of, hours
from tests.world import ISBAR, World
from workflow import amendments, episodes, merging, obligations, observations, opening, places, tasks
from workflow.actor import Actor
from workflow.agreed import Agreed
from workflow.agreements import terms_for
from workflow.cpr import Cpr
from workflow.episodes import PhoneAgreement
from workflow.errors import Invalid
from workflow.handing import handovers
from workflow.seeing import access_log, break_glass, objections
from workflow.seeing.access_log import Visit
from workflow.tables import Citizen, Episode, Handover, Task
from workflow.vocabulary import LegalBasis, Look, Observed, Origin, Outcome, Party, PlaceKind

AT = DISCHARGED + hours(1)
NUMBERS = ("Som 011340-7777 sagde", "0113407777", "011340 7777", "011340–7777", "011340-ÆØ77")
MESSAGE = Actor(name="MedCom", origin=Origin.MESSAGE)
Says = Callable[[Session, World, Episode, str], Any]


def _phone(session: Session, world: World, text: str, **said: str) -> None:
    agreed = PhoneAgreement(**{"spoken_with": "Maja", "made_at": AT, "agreed": "Besøg", **said})  # type: ignore[arg-type]
    kept = worlds.admit(session, world, AT, needs=("same_day_action",))
    episodes.record_event(
        session, kept.uuid, "patient_discharged", by=world.ward_nurse, at=AT, reason=text, phone=agreed
    )


def _call(session: Session, world: World, episode: Episode, **said: Any) -> None:
    values = {"outcome": Outcome.COMPLETED, "spoken_with": "Anders Demo", **said}
    tasks.record_attempt(session, call_of(session, episode).uuid, by=world.facility_nurse, at=AT, **values)


def _glass(session: Session, world: World, episode: Episode, text: str) -> None:
    cpr = session.get_one(Citizen, episode.citizen_id).cpr
    break_glass.open(session, world.stranger, cpr, text, visit=VISIT, at=AT)


def _sent(session: Session) -> Handover:
    return session.scalars(select(Handover).order_by(Handover.id)).first() or pytest.fail("no handover")


def _owed(session: Session) -> Task:
    found = session.scalars(select(Task).where(Task.done_by == "record", Task.state == "open"))
    return found.first() or pytest.fail("no task")


TYPED: dict[str, Says] = {
    "a need": lambda s, w, e, t: amendments.record_need(s, e.uuid, t, by=w.nurse, at=AT),
    "needs at the opening": lambda s, w, e, t: worlds.admit(s, w, AT, needs=(t,)),
    "why an event is late": lambda s, w, e, t: episodes.record_event(
        s, e.uuid, "patient_arrived", by=w.facility_nurse, at=AT, reason=t
    ),
    "why an event never happened": lambda s, w, e, t: amendments.cancel_event(
        s, e.uuid, e.history_number, by=w.coordinator, at=AT, reason=t
    ),
    "why a time was wrong": lambda s, w, e, t: amendments.correct_time(
        s, e.uuid, e.history_number, DISCHARGED, by=w.coordinator, at=AT, reason=t
    ),
    "why another way": lambda s, w, e, t: amendments.reroute(s, e.uuid, "home", by=w.nurse, at=AT, reason=t),
    "an observation": lambda s, w, e, t: observations.record(s, e.uuid, Observed.WORRY, t, by=w.nurse, at=AT),
    "a call's note": lambda s, w, e, t: _call(s, w, e, note=t),
    "whom they spoke to": lambda s, w, e, t: _call(s, w, e, spoken_with=t),
    "an answer of the script": lambda s, w, e, t: _call(s, w, e, answers={"open": t}),
    "what was agreed": lambda s, w, e, t: _call(
        s, w, e, agreed=(Agreed(text=t, owner=Party.WARD, due_at=AT + hours(2)),)
    ),
    "what to ask": lambda s, w, e, t: tasks.prepare(s, call_of(s, e).uuid, t, by=w.facility_nurse, at=AT),
    "why a handover is not whole": lambda s, w, e, t: handovers.send(
        s, e.uuid, {}, by=w.ward_nurse, at=AT, override_reason=t
    ),
    "why it is sent against an objection": lambda s, w, e, t: handovers.send(
        s, e.uuid, ISBAR, by=w.ward_nurse, at=AT, legal_basis=LegalBasis.CONSENT, basis_reason=t
    ),
    "why a handover is rejected": lambda s, w, e, t: handovers.reject(
        s, _sent(s).uuid, by=w.facility_nurse, at=AT, reason=t
    ),
    "an objection": lambda s, w, e, t: objections.register(s, e.citizen_id, t, by=w.nurse, at=AT),
    "emergency access": _glass,
    "a merge": lambda s, w, e, t: merging.merge(
        s, worlds.citizen(s, w, replacement=True), worlds.citizen(s, w), by=w.ward_nurse, at=AT, reason=t
    ),
    "why a place is closed": lambda s, w, e, t: places.close(s, w.places[0].uuid, by=w.facility_nurse, at=AT, reason=t),
    "why there is an extra place": lambda s, w, e, t: places.overbook(
        s, w.facility.id, PlaceKind.ACUTE, e.uuid, by=w.facility_manager, at=AT, reason=t
    ),
    "what an episode is looked at for": lambda s, w, e, t: access_log.write(
        s, Look.READ, Visit(what="episode", at=AT, purpose=t), by=w.nurse
    ),
    "a name": lambda s, w, e, t: opening.open_for(
        s, Cpr("0119400199"), t, w.municipality.id, "home", "admission", by=w.ward_nurse, visit=VISIT, at=AT,
        ward=w.ward,
    ),
    "an agreement by phone": lambda s, w, e, t: _phone(s, w, "Det hastede", agreed=t),
    "with whom by phone": lambda s, w, e, t: _phone(s, w, "Det hastede", spoken_with=t),
}  # fmt: skip


@pytest.mark.parametrize("where", TYPED)
def test_no_number_is_kept_in_what_people_type(session: Session, world: World, discharged: Episode, where: str) -> None:
    for typed in NUMBERS:
        with pytest.raises(Invalid) as refused, session.begin_nested():
            TYPED[where](session, world, discharged, typed)
        assert refused.value.code in {"no_cpr_here", "no_such_need"}, typed
        assert "7777" not in str(refused.value)
        session.expire_all()


def test_a_need_is_one_that_the_agreement_asks_about(session: Session, world: World, admitted: Episode) -> None:
    asked = obligations.needs_asked_about(terms_for(session, admitted, at=ADMITTED), ADMITTED)
    assert "rehabilitation_plan" in asked
    assert obligations.REPORT_ASKED not in asked
    for other in ("interpreter", "", "stay_over_24_h", obligations.REPORT_ASKED):
        with pytest.raises(Invalid):
            amendments.record_need(session, admitted.uuid, other, by=world.ward_nurse, at=ADMITTED)
    for need in asked:
        amendments.record_need(session, admitted.uuid, need, by=world.ward_nurse, at=ADMITTED)
    assert admitted.needs == asked


def test_a_hospitals_message_is_not_refused_for_what_it_says(session: Session, world: World, admitted: Episode) -> None:
    amendments.record_need(session, admitted.uuid, obligations.REPORT_ASKED, by=MESSAGE, at=ADMITTED)
    episodes.record_event(
        session, admitted.uuid, "declared_ready", by=MESSAGE, at=ADMITTED + hours(1), reason="0113407777"
    )


def test_who_is_readmitted_keeps_what_messages_had_said(session: Session, world: World, discharged: Episode) -> None:
    amendments.record_need(session, discharged.uuid, obligations.REPORT_NOT_ASKED, by=MESSAGE, at=AT)
    new = episodes.readmit(session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=DISCHARGED + hours(6))
    assert new.needs == discharged.needs == [obligations.REPORT_NOT_ASKED]


def test_a_clinical_note_says_what_it_must(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    """The handover itself is a record of the citizen: its words are the nurse's."""
    content = {**ISBAR, "S.reason": "Ægtefællen 011340-7777 ligger på K2"}
    sent = handovers.send(session, to_tryghedshotel.uuid, content, by=world.ward_nurse, at=ADMITTED + hours(2))
    assert sent.version == 1
