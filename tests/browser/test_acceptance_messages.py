"""A15 to A17 of the acceptance scripts: what hospitals' messages do to a way: death, a cancelled discharge, leave."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from ops.demo import invented
from tests.browser.words import Scene, Somebody, at
from tests.medcom.hospital import HospitalStay, as_bytes
from workflow.db import Session, receive_messages
from workflow.medcom import receiving
from workflow.medcom.envelope import Party
from workflow.tables import Address, Unit

pytestmark = pytest.mark.xdist_group("browser")
BOERGE = invented.cpr(1)  # the second demo citizen
Tell = Callable[[str, datetime], None]


@pytest.fixture
def tell(play: Scene) -> Tell:
    """The medical ward tells Distrikt Syd about Børge, message by message."""
    with Session() as session:
        ward, district = (
            session.scalars(select(Address).join(Unit, Unit.id == Address.unit_id).where(Unit.name == name)).one()
            for name in ("Medicinsk afsnit", "Distrikt Syd")
        )
        stay = HospitalStay(
            cpr=BOERGE.value, family_name="Demo", sender=Party(ward.sor, ward.gln, ward.name),
            receiver=Party(district.sor, district.gln, district.name),
        )  # fmt: skip

    def told(code: str, when: datetime) -> None:
        play.clock_shows(when)
        with Session.begin() as session:
            receive_messages(session)
            receiving.receive(session, as_bytes(stay.tell(code, when)), received_from="test", at=when)

    return told


def opens_the_way(play: Scene) -> Somebody:
    """The district's nurse finds Børge."""
    distrikt = play.enters("distrikt")
    distrikt.searches("Børge")
    distrikt.page.locator("[data-episode] a").first.click()
    return distrikt


def test_a15_death(play: Scene, tell: Tell) -> None:
    tell("STIN", at(12, 8))
    tell("MORS", at(12, 9))
    distrikt = opens_the_way(play)
    # The way is closed, every task ended, and no reminder comes, not after three days either
    distrikt.reads("Død")
    distrikt.keeps_a_picture()
    assert play.count("select count(*) from tasks where state = 'open'") == 0
    raised = play.count("select count(*) from reminders")
    play.time_passes(hours=72)
    runs = play.count("select coalesce(max(runs), 0) from sweep_runs where sweep = 'raise_due'")
    play.until("select max(runs) >= :runs from sweep_runs where sweep = 'raise_due'", runs=runs + 2)
    assert play.count("select count(*) from reminders") == raised


def test_a16_a_discharge_that_is_cancelled(play: Scene, tell: Tell) -> None:
    tell("STIN", at(12, 8))
    tell("SLHJ", at(12, 10))
    assert play.count("select count(*) from tasks where kind = 'follow_up_call' and state = 'open'") == 1
    tell("AN_SLHJ", at(12, 11))
    distrikt = opens_the_way(play)
    # Admitted again; the call is not owed any more; both messages are shown
    distrikt.reads("Indlagt")
    assert play.count("select count(*) from tasks where kind = 'follow_up_call' and state = 'open'") == 0
    assert play.count("select count(*) from tasks where kind = 'follow_up_call' and state = 'withdrawn'") == 1
    messages = distrikt.page.locator("[data-messages] li")
    expect(messages).to_have_count(3)
    expect(distrikt.page.locator("[data-messages] [data-cancelled]")).not_to_have_count(0)


def test_a17_leave(play: Scene, tell: Tell) -> None:
    tell("STIN", at(12, 8))
    tell("STOR", at(12, 10))
    distrikt = opens_the_way(play)
    expect(distrikt.page.locator(".state-now")).to_have_text("Orlov")
    tell("SLOR", at(12, 18))
    distrikt.page.reload()
    expect(distrikt.page.locator(".state-now")).to_have_text("Indlagt")
    # No task of a discharge was made
    assert play.count("select count(*) from tasks where kind = 'follow_up_call'") == 0
