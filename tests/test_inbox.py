"""What a unit has before it: what asks it to act empties itself, and what it was told is read by opening."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import steps
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import ISBAR, World
from workflow import amendments, observations
from workflow.actor import Actor
from workflow.handing import handovers
from workflow.lists import inbox
from workflow.seeing import sight
from workflow.tables import Episode, Handover, InboxItem
from workflow.telling import routing
from workflow.vocabulary import Language, Observed

AT = ADMITTED + hours(5)


def asked(session: Session, by: Actor) -> list[tuple[str, str]]:
    session.flush()
    seen = sight.open(session, by, at=AT)
    found = inbox.asking(session, seen)
    assert inbox.count(session, seen) == len(found)
    return [(one.what, one.from_unit.name if one.from_unit else "") for one in found]


def told(session: Session, by: Actor) -> list[str]:
    session.flush()
    routing.route(session, at=AT, real_at=AT, channels=())
    items, _ = inbox.page(session, sight.open(session, by, at=AT), Language.DANISH)
    return [item.notice.topic for item in items]


def test_a_handover_asks_its_receiver_until_it_is_answered_and_a_rejection_its_sender(
    session: Session, world: World, sent: Handover
) -> None:
    assert asked(session, world.facility_nurse) == [("answer", "M3")]
    assert asked(session, world.ward_nurse) == []
    handovers.read(session, sent.uuid, by=world.facility_nurse, at=AT)
    assert asked(session, world.facility_nurse) == [("answer", "M3")], "read is not answered"
    handovers.reject(session, sent.uuid, by=world.facility_nurse, at=AT, reason="Medicinlisten mangler")
    assert asked(session, world.facility_nurse) == []
    for actor in (world.ward_nurse, world.coordinator):
        assert asked(session, actor) == [("again", "Tryghedshotellet")]
    handovers.send(session, sent.episode.uuid, ISBAR, by=world.ward_nurse, at=AT, seen=1)
    assert asked(session, world.ward_nurse) == []
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=AT)
    assert asked(session, world.facility_nurse) == []
    assert "handover_sent" not in told(session, world.facility_nurse), "what asked to act is told no more"


def test_a_question_asks_who_was_asked_until_it_is_answered(session: Session, world: World, admitted: Episode) -> None:
    observations.record(
        session, admitted.uuid, Observed.AIDS, "Er der en seng?", by=world.nurse, at=AT, asks=world.ward
    )
    ((what, unit),) = asked(session, world.ward_nurse)
    assert (what, unit) == ("question", world.district.name)
    number = inbox.asking(session, sight.open(session, world.ward_nurse, at=AT))[0].question
    observations.answer(session, admitted.uuid, number or 0, "Ja", by=world.ward_nurse, at=AT)
    assert asked(session, world.ward_nurse) == []
    assert "question_answered" in told(session, world.nurse)


def test_own_acts_are_no_news_and_opening_reads_what_was_told(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    episode = to_tryghedshotel
    amendments.expect_discharge(session, episode.uuid, DISCHARGED, by=world.coordinator, at=AT)
    assert told(session, world.coordinator) == [], "who coordinates sees the wards, and has done it themselves"
    assert "discharge_expected" in told(session, world.ward_nurse)
    inbox.opened(session, sight.open(session, world.ward_nurse, at=AT), episode, at=AT)
    assert told(session, world.ward_nurse) == []
    assert "discharge_expected" in told(session, world.facility_nurse), "another unit reads for itself"
    read = session.scalars(select(InboxItem).where(InboxItem.read_at.is_not(None))).all()
    assert {(item.unit_id, item.read_by) for item in read} == {(world.ward.id, world.ward_nurse.name)}
