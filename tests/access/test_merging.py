"""A replacement number becomes somebody's, by a person, and can be two again."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.access.conftest import Acting
from tests.medcom import examples
from tests.medcom.conftest import SET_UP
from tests.medcom.hospital import HEART, OURS
from tests.steps import ADMITTED, entries, hours
from tests.world import World
from workflow import db, episodes, history, merging
from workflow.cpr import Cpr
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.medcom import addresses, letters, receiving, uris, wire
from workflow.medcom.tree import resources
from workflow.seeing import objections
from workflow.tables import Citizen, Episode, Message, MunicipalService, OutboundMessage, Thread
from workflow.vocabulary import Fate

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


# --- what was sent about them ---


@pytest.fixture
def letter(session: Session, world: World, unknown: Episode) -> Thread:
    """A letter about the citizen with the replacement number, and the answer to it."""
    addresses.register(session, world.district, OURS.sor or "", gln=OURS.gln, at=SET_UP)
    addresses.register(session, world.ward, HEART.sor or "", gln=HEART.gln, at=SET_UP)
    receive(session, about(unknown.citizen.cpr, number="first"))
    thread = session.scalars(select(Thread)).one()
    return letters.reply(session, thread.uuid, "Tak.", by=world.nurse, at=AT, real_at=AT)


def about(cpr: Cpr, *, number: str) -> bytes:
    """A letter about somebody with this number."""
    tree = examples.tree("cc/derived/CC-D1_1_new.json")
    patient, header = next(resources(tree, "Patient")), next(resources(tree, "MessageHeader"))
    patient["identifier"] = [{"system": uris.REPLACEMENT_CPR[0], "value": cpr.value}]
    old, header["id"], tree["id"] = header["id"], number, number
    for provenance in resources(tree, "Provenance"):
        if provenance["target"][0]["reference"].endswith(old):
            provenance["target"][0]["reference"] = f"MessageHeader/{number}"
    payload = next(resources(tree, "Communication"))["payload"][-1]
    payload["extension"][1]["valueIdentifier"]["value"] = f"urn:uuid:{number}"
    return wire.write(tree, wire.Format.JSON)


def receive(session: Session, raw: bytes) -> None:
    session.flush()
    db.receive_messages(session)
    assert receiving.receive(session, raw, received_from="test", at=AT).fate == Fate.LOADED
    session.flush()
    session.execute(text(f"set local role {db.SWEEPS}"))


def owners(session: Session) -> set[int | None]:
    tables = (Message, Thread, OutboundMessage)
    return {owner for table in tables for owner in session.scalars(select(table.citizen_id))}


def test_letters_move_whoever_sees_them_and_move_back(
    session: Session, world: World, unknown: Episode, letter: Thread, acting: Acting
) -> None:
    nobody, somebody = unknown.citizen, known(session, world)
    session.flush()
    replacement, real, ids = nobody.cpr, somebody.cpr, (nobody.id, somebody.id)
    assert owners(session) == {ids[0]}
    with acting(world.ward_nurse):
        merged = merging.merge(
            session, citizen_of(session, replacement), citizen_of(session, real), by=world.ward_nurse, at=AT, reason="x"
        )
        merge_id = merged.uuid
    assert owners(session) == {ids[1]}
    with acting(world.ward_nurse):
        merging.undo(session, merge_id, by=world.ward_nurse, at=AT + hours(1), reason="y")
    assert owners(session) == {ids[0]}


def test_a_letter_under_the_old_number_is_about_whom_it_was_found_to_be(
    session: Session, world: World, unknown: Episode, letter: Thread
) -> None:
    nobody, real = unknown.citizen, known(session, world)
    replacement = nobody.cpr
    merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="x")
    receive(session, about(replacement, number="second"))
    assert len(session.scalars(select(Thread)).all()) == 1
    assert owners(session) == {real.id}


def test_a_conversation_that_both_have_stays_with_each(
    session: Session, world: World, unknown: Episode, letter: Thread
) -> None:
    nobody, real = unknown.citizen, known(session, world)
    receive(session, about(real.cpr, number="third"))
    merging.merge(session, nobody, real, by=world.ward_nurse, at=AT, reason="x")
    assert sorted(session.scalars(select(Thread.citizen_id))) == sorted([nobody.id, real.id])
    assert set(session.scalars(select(Message.citizen_id))) == {real.id}
