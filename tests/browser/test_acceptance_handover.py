"""A05 to A09 of the acceptance scripts, played on: a handover is written, sent, read, rejected, sent anew, accepted."""

from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.looking import barriers
from tests.browser.words import AGNES, Scene, Somebody, at
from tests.world import ISBAR

pytestmark = pytest.mark.xdist_group("browser")
NO_AIDS = "Medicinlisten er ikke ført ajour"


def is_told(scene: Scene, somebody: Somebody, of: str) -> None:
    """The unit's inbox has it; the notice is routed by the running stack, and holds no number."""
    scene.until("select bool_and(routed_at is not null) from outbox")
    somebody.goes_to("/indbakke")
    somebody.reads(of)
    somebody.reads_nothing_of(AGNES.value)


def is_sent(scene: Scene, episode: UUID) -> int:
    """How many versions have been sent."""
    return scene.count(
        "select count(*) from handover_versions v join handovers h on h.id = v.handover_id "
        "join episodes e on e.id = h.episode_id where e.uuid = :episode", episode=episode,
    )  # fmt: skip


def test_a05_to_a09_a_handover_until_it_is_accepted(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    handover = f"/forloeb/{agnes}/overlevering"

    # A05: fill I-S-B-A-R, leave something unanswered; Send
    play.clock_shows(at(12, 12, 14))
    koordinator = play.enters("koordinator")
    koordinator.goes_to(handover)
    koordinator.fills("handover", **{name.replace(".", "__"): value for name, value in ISBAR.items()} | {"R__told": ""})
    koordinator.does("send")
    # Send refused; the focus is at the summary of what is missing, linked to the fields
    refused = koordinator.page.locator("[data-refused=handover]")
    expect(refused).to_be_focused()
    assert barriers(koordinator.page) == []
    koordinator.keeps_a_picture()
    refused.locator("a[href='#handover-R.told']").click()
    expect(koordinator.page.locator("[id='handover-R.told']")).to_be_focused()
    assert is_sent(play, agnes) == 0
    # After filling: sent 12.14, version 1
    koordinator.fills("handover", R__told=ISBAR["R.told"])
    sign(koordinator)
    koordinator.does("send")
    koordinator.reads("Sendt", "version 1", "12.14")
    assert is_sent(play, agnes) == 1

    # A06: distrikt sees one new; opening it records that it was read
    play.clock_shows(at(12, 12, 16))
    distrikt = play.enters("distrikt")
    distrikt.goes_to("/overgange")
    expect(distrikt.page.locator("[data-show=awaiting] b")).to_have_text("1")
    distrikt.goes_to(handover)
    koordinator.page.reload()
    koordinator.reads("Læst af Distrikt Syd", "12.16")

    # A07: reject: the medicine list is missing
    distrikt.page.locator(".answers summary", has_text="Afvis").click()
    distrikt.fills("reject", reason="mangler medicinliste")
    distrikt.does("reject")
    # koordinator is told without the number; the owner is still the hospital, and the clock runs
    is_told(play, koordinator, "Agnes Demo")
    koordinator.goes_to(handover)
    koordinator.reads("mangler medicinliste")
    assert play.count(
        "select count(*) from episodes e join units u on u.id = e.responsible_unit_id "
        "where u.name = 'Medicinsk afsnit' and e.uuid = :episode", episode=agnes,
    ) == 1  # fmt: skip

    # A08: koordinator corrects, and sends version 2: the changes are marked
    play.clock_shows(at(12, 12, 25))
    koordinator.fills("handover", R__medicine="FMK ajourført i dag; medicinlisten er vedlagt")
    sign(koordinator)
    koordinator.does("send")
    koordinator.reads("version 2", "12.25")
    distrikt.goes_to(handover)
    distrikt.reads("NYT", "medicinlisten er vedlagt")
    assert barriers(distrikt.page) == []
    distrikt.keeps_a_picture()
    # Version 1 can be read, and not accepted any more
    distrikt.follows("Version 1")
    distrikt.reads("FMK ajourført, medicin med til tre dage")
    expect(distrikt.page.locator("[data-accept]")).to_have_count(0)

    # A09: distrikt accepts version 2
    play.clock_shows(at(12, 12, 31))
    maja_opens_it_too = play.enters("maja", card=False)
    maja_opens_it_too.goes_to(handover)
    distrikt.goes_to(handover)
    distrikt.does("accept")
    distrikt.goes_to(handover)
    distrikt.reads("Accepteret", "12.31", "Randers Kommune har ansvaret fra udskrivelsen")
    distrikt.keeps_a_picture()
    # The second nurse is told who has accepted; the second click does nothing
    maja_opens_it_too.does("accept")
    maja_opens_it_too.reads("Dorthe Demo")
    assert play.count("select count(*) from history where kind = 'handover_accepted'") == 1


def sign(person: Somebody) -> None:
    """Every profession has filled in its part."""
    for tick in person.page.locator("[name=signed]").all():
        tick.check()
