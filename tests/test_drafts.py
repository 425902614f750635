"""A draft is kept, and nothing of it is overwritten unseen."""

from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.access.conftest import (
    Acting,
    acting,  # noqa: F401 - a fixture
)
from tests.conftest import Database
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import ISBAR, World
from workflow import db, episodes
from workflow.errors import Missing, NotPossible, Stale
from workflow.handing import ahead, carrying, drafts, handovers
from workflow.tables import Episode, Handover, HandoverDraft
from workflow.vocabulary import HandoverState

AT = ADMITTED + hours(2)


def test_what_is_saved_is_found_with_who_wrote_it_and_when(session: Session, world: World, admitted: Episode) -> None:
    saved = drafts.save(
        session, admitted, world.ward.id, {"S.reason": "Faldt"}, by=world.ward_nurse, at=AT, seen=0,
        signed_by=("nursing",),
    )  # fmt: skip
    found = drafts.standing(session, admitted, world.ward.id)
    assert found is saved
    assert (found.number, found.content, found.signed_by) == (1, {"S.reason": "Faldt"}, ["nursing"])
    assert (found.saved_by, found.saved_at) == ("Anders Demo", AT)


def test_the_second_writer_is_told_and_the_first_text_stays(session: Session, world: World, admitted: Episode) -> None:
    ward = world.ward.id
    drafts.save(session, admitted, ward, {"S.reason": "Faldt"}, by=world.ward_nurse, at=AT, seen=0)
    for seen in (0, 2, -1):
        with pytest.raises(Stale) as refusal:
            drafts.save(session, admitted, ward, {"S.reason": "Svimmel"}, by=world.coordinator, at=AT, seen=seen)
        assert refusal.value.code == "newer_draft"
    session.expire_all()
    standing = drafts.standing(session, admitted, ward)
    assert standing is not None
    assert standing.content == {"S.reason": "Faldt"}
    drafts.save(session, admitted, ward, {"S.reason": "Begge dele"}, by=world.coordinator, at=AT, seen=1)
    assert (standing.number, standing.content) == (2, {"S.reason": "Begge dele"})


def test_two_at_the_same_moment_are_one_draft_and_one_refusal(database: Database) -> None:
    with db.Session.begin() as session:
        world = worlds.build(session)
        episode_id, ward_id = worlds.admit(session, world, ADMITTED).id, world.ward.id
    told: list[str] = []

    def write(word: str) -> None:
        try:
            with db.Session.begin() as session:
                episode = session.get_one(Episode, episode_id)
                drafts.save(session, episode, ward_id, {"S.reason": word}, by=world.ward_nurse, at=AT, seen=0)
            told.append("kept")
        except Stale:
            told.append("told")

    writers = [Thread(target=write, args=(word,)) for word in ("Faldt", "Svimmel")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(told) == ["kept", "told"]
    with db.Session() as session:
        assert session.scalar(text("select number from handover_drafts")) == 1


def test_a_sent_draft_holds_nothing_and_no_late_saving_wakes_it(
    session: Session, world: World, admitted: Episode
) -> None:
    ward = world.ward.id
    drafts.save(session, admitted, ward, ISBAR, by=world.ward_nurse, at=AT, seen=0)
    drafts.spend(session, admitted, ward, by=world.ward_nurse, seen=1)
    session.flush()
    assert session.scalar(text("select content is null from handover_drafts"))
    with pytest.raises(Stale):
        drafts.save(session, admitted, ward, ISBAR, by=world.ward_nurse, at=AT, seen=1)
    drafts.spend(session, admitted, ward, by=world.ward_nurse, seen=1)  # a second click


def test_what_a_colleague_saved_meanwhile_is_not_thrown_away_by_sending(
    session: Session, world: World, admitted: Episode
) -> None:
    ward = world.ward.id
    drafts.save(session, admitted, ward, {"S.reason": "Faldt"}, by=world.ward_nurse, at=AT, seen=0)
    drafts.save(session, admitted, ward, {"S.reason": "Svimmel"}, by=world.coordinator, at=AT, seen=1)
    with pytest.raises(Stale):
        drafts.spend(session, admitted, ward, by=world.ward_nurse, seen=1)
    drafts.save(session, admitted, ward, {"S.reason": "Faldt"}, by=world.ward_nurse, at=AT, seen=2)
    drafts.spend(session, admitted, ward, by=world.ward_nurse, seen=2)  # what the own page saved as it was sent
    standing = drafts.standing(session, admitted, ward)
    assert standing is not None
    assert standing.content is None


def test_only_who_writes_sees_a_draft(session: Session, world: World, discharged: Episode, acting: Acting) -> None:  # noqa: F811
    episode_id = discharged.id
    drafts.save(session, discharged, world.ward.id, {"S.reason": "Faldt"}, by=world.ward_nurse, at=DISCHARGED, seen=0)
    sees = {}
    for who in (world.ward_nurse, world.coordinator, world.facility_nurse, world.nurse, world.stranger):
        with acting(who):
            sees[who.name] = session.scalar(text("select count(*) from handover_drafts"))
    assert sees == {"Anders Demo": 1, "Karen Demo": 1, "Tove Demo": 0, "Maja Demo": 0, "Nina Demo": 0}
    with acting(world.ward_nurse):
        episode = session.get_one(Episode, episode_id)
        drafts.save(session, episode, world.ward.id, {"S.reason": "Ny"}, by=world.ward_nurse, at=DISCHARGED, seen=1)
    assert session.query(HandoverDraft).one().number == 2


def test_who_comes_back_brings_what_lasts_and_nothing_else(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    lasting = {"I.relatives": "Lis, datter", "B.allergies": "Penicillin"}
    handovers.send(session, discharged.uuid, {**ISBAR, **lasting}, by=world.ward_nurse, at=DISCHARGED)
    again = episodes.readmit(session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=DISCHARGED + hours(5))
    assert carrying.before(session, again).content == lasting
    assert carrying.before(session, discharged).content == {}


def test_ahead_is_what_comes_next_and_who_writes_it(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    found = ahead.of_episode(session, to_tryghedshotel)
    assert found is not None
    assert (found.from_unit_id, found.to_unit_id, found.version) == (world.ward.id, world.facility.id, 0)
    assert [found.writer(by) for by in (world.ward_nurse, world.coordinator, world.facility_nurse, world.nurse)] == [
        world.ward.id, world.ward.id, None, None,
    ]  # fmt: skip


def test_once_it_has_passed_the_next_is_ahead(session: Session, world: World, sent: Handover) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=ADMITTED + hours(4.5))
    episode = episodes.record_event(
        session, sent.episode.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED
    )
    found = ahead.of_episode(session, episode)
    assert found is not None
    assert (found.handover, found.from_unit_id, found.to_unit_id) == (None, world.facility.id, world.district.id)


def test_sending_the_same_twice_is_sending_once(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    sent = handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT, seen=0)
    again = handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT + hours(1), seen=0)
    assert (again.id, again.version, again.sent_at, again.state) == (sent.id, 1, AT, HandoverState.SENT)
    for by, content in ((world.ward_nurse, {**ISBAR, "A.risks": "Fald"}), (world.coordinator, ISBAR)):
        with pytest.raises(Stale):
            handovers.send(session, to_tryghedshotel.uuid, content, by=by, at=AT, seen=0)
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=AT + hours(2), reason="Medicinlisten mangler")
    with pytest.raises(Stale):
        handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT + hours(3), seen=0)


def test_to_another_municipality_than_the_citizen_lives_in_asks_why(
    session: Session, world: World, admitted: Episode
) -> None:
    admitted.citizen.municipality_id = world.other_district.organisation_id
    session.flush()
    with pytest.raises(Missing) as refusal:
        handovers.send(session, admitted.uuid, ISBAR, by=world.ward_nurse, at=AT)
    assert (refusal.value.code, refusal.value.items) == ("lives_elsewhere", ("override_reason",))
    sent = handovers.send(
        session, admitted.uuid, ISBAR, by=world.ward_nurse, at=AT, override_reason="Bor hos datteren en måned"
    )
    assert sent.documented_at == AT


def test_nothing_lies_ahead_of_who_is_home(session: Session, world: World, admitted: Episode) -> None:
    handovers.send(session, admitted.uuid, ISBAR, by=world.ward_nurse, at=AT)
    sent = ahead.of_episode(session, admitted)
    assert sent is not None
    assert sent.handover is not None
    steps.receive(session, sent.handover.uuid, by=world.nurse, at=AT)
    episodes.record_event(session, admitted.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)
    assert ahead.of_episode(session, admitted) is None
    with pytest.raises(NotPossible):
        handovers.send(session, admitted.uuid, ISBAR, by=world.nurse, at=DISCHARGED)
