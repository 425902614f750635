"""What an opening gives to see: the new episode, and nothing that was before; and who is asked about it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.access.conftest import Acting
from tests.access.test_messages import LETTER, TABLES, addressed, receive, told
from tests.medcom import examples
from tests.medcom.test_stays import h
from tests.steps import ADMITTED, DISCHARGED
from tests.world import World
from workflow import episodes, opening
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.errors import NotAllowed, NotFound, NotPossible
from workflow.medcom import conversation, shown, threads
from workflow.seeing import audits, objections
from workflow.seeing.access_log import Visit
from workflow.seeing.audits import Span
from workflow.tables import AccessEntry, Citizen, Episode, LookToConfirm, Message, Segment, Thread
from workflow.vocabulary import LegalBasis, Look, WhyLook

__all__ = ["addressed", "told"]

VISIT = Visit(what="new_episode", at=ADMITTED)
FRESH = Cpr("0119400123")
SPAN = Span(since=ADMITTED - timedelta(days=1), until=ADMITTED + timedelta(days=1))


def asked_about(session: Session) -> int:
    """How many openings are new to managers. (Everybody here bears one surname, which is another question.)"""
    audits.find(session, SPAN)
    found = select(func.count()).where(LookToConfirm.why == WhyLook.OPENED_UNKNOWN)
    return session.scalar(found) or 0


def opens(session: Session, by: Actor, cpr: Cpr, way: str, **units: Any) -> Episode:
    pathway, way_in = way.split(":")
    return opening.open_for(
        session, cpr, "Ny Demo", by.organisation_id, pathway, way_in, by=by, visit=VISIT, **{"at": h(20), **units}
    )


def test_whoever_opens_sees_nothing_of_what_was_said_before(
    session: Session, world: World, told: None, acting: Acting
) -> None:
    """Messages, letters and objections go with their episode: a ward that opens anew reads none of them."""
    before = session.scalars(select(Episode)).one()
    citizen = before.citizen_id
    objections.register(session, citizen, "Intet til kommunen", by=world.nurse, at=h(6))
    before.state, before.closed_at, before.owner_unit_id, before.responsible_unit_id = "closed", h(10), None, None
    session.flush()
    world.other_ward.organisation_id = world.municipality.parent_id or 0  # a hospital that never had this citizen
    newcomer = Actor(
        name="Ny Demo", unit_id=world.other_ward.id, organisation_id=world.other_ward.organisation_id,
        person_id=world.second_nurse.person_id, roles=world.ward_nurse.roles,
    )  # fmt: skip
    again = episodes.open_episode(
        session, before.citizen, "home", "admission", by=newcomer, at=h(20), ward=world.other_ward
    )
    thread = session.scalars(select(Thread.uuid)).one()
    segment = session.scalars(select(Segment.uuid).limit(1)).first()
    with acting(newcomer) as seen:
        assert [e.uuid for e in session.scalars(select(Episode))] == [again.uuid]
        counted = {table: session.scalar(text(f"select count(*) from {table}")) for table in (*TABLES, "objections")}
        assert set(counted.values()) == {0}
        assert threads.of_citizen(session, seen, citizen) == []
        assert shown.of_citizen(session, seen, citizen).messages == []
        assert objections.standing(session, citizen) is None
        with pytest.raises(NotFound):
            conversation.mark_read(session, thread, by=newcomer, at=h(21))
        with pytest.raises(NotPossible, match="frabedt"):
            objections.require_none(session, citizen, None, None)
        assert "objection" in objections.require_none(session, citizen, LegalBasis.CONSENT, "Har sagt ja")
        with pytest.raises(NotPossible):  # it stands already
            objections.register(session, citizen, "Igen", by=newcomer, at=h(21))
        with pytest.raises(NotAllowed):  # and those to whom it was said withdraw it
            objections.withdraw(session, citizen, by=newcomer, at=h(21))
        mine = session.scalars(select(Episode)).one()
        with pytest.raises(NotFound):
            threads.attachment(session, seen, mine, segment or thread)
    with acting(world.nurse) as seen:  # the municipality had both, and has
        assert len(threads.of_citizen(session, seen, citizen)) == 1
        assert len(session.scalars(select(Message)).all()) == 3
        assert objections.standing(session, citizen) is not None


def test_the_engine_asks_itself_also_where_no_row_is_hidden(session: Session, world: World, told: None) -> None:
    """The first lock: a stranger of another house answers no letter, though PostgreSQL would show it."""
    thread = session.scalars(select(Thread)).one()
    for by in (world.stranger, world.ward_nurse):
        with pytest.raises((NotFound, NotAllowed)):
            conversation.mark_read(session, thread.uuid, by=by, at=h(12))
    with pytest.raises(NotAllowed):
        objections.register(session, thread.citizen_id, "Alt", by=world.stranger, at=h(12))


def test_a_letter_belongs_to_the_episode_in_which_it_began(session: Session, world: World, told: None) -> None:
    first = session.scalars(select(Episode)).one()
    receive(session, examples.raw(LETTER))
    assert session.scalars(select(Thread.episode_id)).all() == [first.id]
    assert set(session.scalars(select(Message.about_id))) == {first.id}


def test_opening_is_a_look_and_an_unknown_citizen_is_asked_about(
    session: Session, world: World, acting: Acting
) -> None:
    with acting(world.nurse):
        opens(session, world.nurse, FRESH, "tryghedshotel:municipality", facility=world.facility)
    (entry,) = session.scalars(select(AccessEntry).where(AccessEntry.kind == Look.OPENED))
    assert (entry.person, entry.what, len(entry.citizens)) == ("Maja Demo", "new_episode", 1)
    assert asked_about(session) == asked_about(session) == 1
    with acting(world.municipal_manager) as seen:
        assert WhyLook.OPENED_UNKNOWN in [look.why for look, _ in audits.to_confirm(session, seen)]
    with acting(world.ward_manager) as seen:
        assert audits.to_confirm(session, seen) == []


def test_whom_the_unit_knows_is_asked_about_by_nobody(
    session: Session, world: World, discharged: Episode, acting: Acting
) -> None:
    cpr = discharged.citizen.cpr
    discharged.state, discharged.owner_unit_id, discharged.responsible_unit_id = "closed", None, None
    discharged.closed_at = DISCHARGED
    with acting(world.nurse):
        opens(session, world.nurse, cpr, "tryghedshotel:municipality", facility=world.facility, at=DISCHARGED)
    assert asked_about(session) == 0


def test_nor_whom_the_hospital_has_told_of(session: Session, world: World, acting: Acting) -> None:
    with acting(world.ward_nurse):
        opened = opening.open_for(
            session, FRESH, "Ny Demo", world.municipality.id, "home", "admission", by=world.ward_nurse, visit=VISIT,
            at=h(1), ward=world.ward,
        ).id  # fmt: skip
    citizen = session.scalars(select(Citizen.id).join(Episode).where(Episode.id == opened)).one()
    session.execute(
        text("""insert into messages (sender, number, kind, received_at, received_from, fate, problems, citizen_id,
                                      about_id)
                values ('h', '1', 'hospital-notification-message', now(), 't', 'loaded', '[]', :citizen, :episode)"""),
        {"citizen": citizen, "episode": opened},
    )
    assert asked_about(session) == 0


@pytest.mark.parametrize(
    ("party", "unit"), [("ward_id", "facility"), ("facility_id", "ward"), ("district_id", "practice")]
)
def test_postgresql_knows_the_kinds_too(
    session: Session, world: World, admitted: Episode, party: str, unit: str
) -> None:
    change = update(Episode).where(Episode.id == admitted.id).values({party: getattr(world, unit).id})
    with pytest.raises(IntegrityError, match="not of its kind"), session.begin_nested():
        session.execute(change)
