"""A replacement number becomes somebody's, by a person, and can be two again."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import Acting
from tests.steps import ADMITTED, entries, hours
from tests.world import World
from workflow import episodes, history, merging, objections
from workflow.cpr import Cpr
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.tables import Citizen, Episode, MunicipalService

AT = ADMITTED + hours(3)


@pytest.fixture
def unknown(session: Session, world: World) -> Episode:
    """Somebody in the ward of whom only a replacement number is known."""
    nobody = worlds.citizen(session, world, name="Ukendt Demo", replacement=True)
    return episodes.open_episode(
        session, nobody, "home", "admission", by=world.ward_nurse, at=ADMITTED, ward=world.ward, district=world.district
    )


def known(session: Session, world: World) -> Citizen:
    return worlds.citizen(session, world)


def test_a_number_with_letters_or_a_late_day_is_a_replacement() -> None:
    assert [Cpr.parse(typed).is_replacement for typed in ("011340-Æ123", "6113401234", "0113401234")] == [
        True, True, False,
    ]  # fmt: skip


def test_everything_moves_and_moves_back(session: Session, world: World, unknown: Episode) -> None:
    nobody, real = unknown.citizen, known(session, world)
    session.add(
        MunicipalService(
            citizen_id=nobody.id, municipality_id=world.municipality.id, service="Hjemmepleje", from_on=ADMITTED.date()
        )
    )
    objections.register(session, nobody.id, "Intet", by=world.ward_nurse, at=AT)
    merged = merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="Pas fundet")
    assert unknown.citizen_id == real.id
    assert objections.standing(session, real.id) is not None
    assert session.scalars(select(MunicipalService.citizen_id)).all() == [real.id]
    merging.undo(session, merged.uuid, by=world.ward_nurse, at=AT + hours(1), reason="Ikke hans pas")
    assert unknown.citizen_id == nobody.id
    assert objections.standing(session, real.id) is None
    assert session.scalars(select(MunicipalService.citizen_id)).all() == [nobody.id]
    assert entries(session, unknown) == ["patient_admitted", "merged", "unmerged"]
    assert [found for found in history.verify(session) if not isinstance(found, int)] == []
    with pytest.raises(NotPossible):
        merging.undo(session, merged.uuid, by=world.ward_nurse, at=AT + hours(2), reason="Igen")
    merging.merge(session, nobody, real, by=world.ward_nurse, at=AT + hours(2), reason="Det var det dog")
    assert unknown.citizen_id == real.id


@pytest.mark.parametrize("replacements", [True, False], ids=["the replacement's", "the real one's"])
def test_of_two_open_episodes_the_person_says_which_goes_on_and_undoing_restores_both(
    session: Session, world: World, unknown: Episode, replacements: bool
) -> None:
    other = worlds.admit(session, world, ADMITTED)
    goes_on, ends = (unknown, other) if replacements else (other, unknown)
    nobody, real = unknown.citizen, other.citizen
    with pytest.raises(NotPossible) as asked:
        merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="Pas fundet")
    assert asked.value.code == "which_goes_on"
    merged = merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="Pas fundet", goes_on=goes_on.uuid)
    assert (goes_on.closed_at, ends.state) == (None, "cancelled")
    assert goes_on.citizen_id == ends.citizen_id == real.id
    merging.undo(session, merged.uuid, by=world.ward_nurse, at=AT + hours(1), reason="To alligevel")
    assert (ends.state, ends.closed_at, goes_on.closed_at) == ("admitted", None, None)
    assert (unknown.citizen_id, other.citizen_id) == (nobody.id, real.id)


def test_what_cannot_be_merged(session: Session, world: World, unknown: Episode) -> None:
    nobody, real = unknown.citizen, known(session, world)
    for one, other, reason in ((nobody, real, " "), (nobody, nobody, "x"), (real, nobody, "x")):
        with pytest.raises(Invalid):
            merging.merge(session, one, other, by=world.ward_nurse, at=AT, reason=reason)
    with pytest.raises(NotFound):
        merging.merge(session, nobody, real, by=world.stranger, at=AT, reason="x")
    merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="x")
    with pytest.raises(NotPossible):
        merging.merge(session, nobody, known(session, world), by=world.ward_nurse, at=AT, reason="x")


def test_who_does_not_see_every_episode_does_not_merge(
    session: Session, world: World, unknown: Episode, acting: Acting
) -> None:
    elsewhere = worlds.World(**{**world.__dict__, "ward": world.other_ward})
    hidden = episodes.open_episode(
        session, known(session, world), "home", "admission", by=world.coordinator, at=ADMITTED,
        ward=elsewhere.ward, district=world.district,
    )  # fmt: skip
    session.flush()
    replacement, real, goes_on = unknown.citizen.cpr, hidden.citizen.cpr, unknown.uuid
    with acting(world.ward_nurse):
        nobody = citizen_of(session, replacement)
        somebody = citizen_of(session, real)
        with pytest.raises(NotAllowed):
            merging.merge(session, nobody, somebody, by=world.ward_nurse, at=AT, reason="x", goes_on=goes_on)


def citizen_of(session: Session, cpr: Cpr) -> Citizen:
    from workflow import citizens

    return citizens.find(session, cpr) or pytest.fail("the full number shows the citizen")
