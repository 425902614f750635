"""The six figures of a manager, to the digit, in a small world that was counted by hand."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.access.conftest import Acting
from tests.access.test_cluster import NOW, discharge, lived, to_the_hotel
from tests.steps import ADMITTED, DISCHARGED, hours
from tests.world import World
from workflow import cluster, places, tasks
from workflow.actor import Actor
from workflow.handing import handovers
from workflow.lists import overview
from workflow.lists.overview import PERIOD, Overview
from workflow.share import Share
from workflow.tables import Handover
from workflow.vocabulary import Outcome

__all__ = ["lived"]


@pytest.mark.parametrize(
    ("part", "of", "percent"),
    [(92, 104, 88), (0, 5, 0), (5, 5, 100), (199, 200, 99), (1, 1000, 1), (1, 8, 13), (0, 0, None)],
)
def test_only_all_is_a_hundred_percent_and_only_nothing_is_none(part: int, of: int, percent: int | None) -> None:
    assert Share(part, of).percent == percent


def read(session: Session, acting: Acting, manager: Actor, at: datetime = NOW) -> Overview:
    """What a manager is shown, through the role that people have."""
    with acting(manager, at) as seen:
        return overview.read(session, sorted(seen.units), own=manager.organisation_id, at=at)


def test_what_the_small_world_says_to_both_sides_of_it(session: Session, lived: World, acting: Acting) -> None:
    hotel, ward = read(session, acting, lived.facility_manager), read(session, acting, lived.ward_manager)
    # Nine were called or forgotten: two in time, one late, five forgotten; one was heard of too late. Nobody answered.
    assert (hotel.calls, hotel.answers) == (ward.calls, ward.answers) == (Share(2, 8), Share(0, 11))
    assert hotel.calls_before == Share(0, 0)
    assert (hotel.ownerless, ward.ownerless) == (Share(0, 11), Share(0, 12))  # the ward has one more, just admitted
    assert hotel.free == ward.free == Share(3, 3)  # a hospital has none of its own: those of its region


def test_what_was_a_month_ago_is_the_month_before(session: Session, lived: World, acting: Acting) -> None:
    later = read(session, acting, lived.facility_manager, NOW + PERIOD)
    assert (later.calls, later.calls_before, later.answers) == (Share(0, 0), Share(2, 8), Share(0, 0))


def test_an_answer_counts_when_it_was_given_and_one_that_waits_when_its_time_is_over(
    session: Session, lived: World, acting: Acting
) -> None:
    sent = [to_the_hotel(session, lived) for _ in range(2)]
    first = session.scalars(select(Handover).where(Handover.episode_id == sent[0].id)).one()
    before = ADMITTED + hours(5)
    handovers.read(session, first.uuid, by=lived.facility_nurse, at=before)
    handovers.accept(session, first.uuid, by=lived.facility_nurse, at=before, version=1)
    session.flush()
    assert read(session, acting, lived.facility_manager).answers == Share(1, 13)  # though no sweep has written the last


def test_a_call_that_both_sides_found_not_relevant_is_neither_in_time_nor_missed(
    session: Session, lived: World, acting: Acting
) -> None:
    task = discharge(session, lived, to_the_hotel(session, lived))
    said = DISCHARGED + hours(1)
    tasks.record_attempt(
        session, task.uuid, Outcome.NOT_RELEVANT, by=lived.facility_nurse, at=said, note="Genindlagt"
    )
    tasks.confirm_not_relevant(session, task.uuid, by=lived.ward_nurse, at=said + hours(1))
    assert read(session, acting, lived.facility_manager).calls == Share(2, 8)
    with acting(lived.facility_manager, NOW):
        ours = cluster.read(session, by=lived.facility_manager, at=NOW)[0]
    assert ours.together.calls == Share(2, 8)


def test_a_place_that_is_kept_is_not_free(session: Session, lived: World, acting: Acting) -> None:
    episode = to_the_hotel(session, lived)
    places.reserve(session, lived.places[0].uuid, episode.uuid, by=lived.coordinator, at=NOW)
    assert read(session, acting, lived.facility_manager).free == Share(2, 3)
