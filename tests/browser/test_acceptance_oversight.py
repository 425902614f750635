"""A18, A19, A21 and A24 of the acceptance scripts: full places, another municipality, what was missed, a bad day."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from ops.demo import cluster, invented
from tests.browser.looking import barriers
from tests.browser.words import AGNES, Scene, at
from workflow import citizens, clock, episodes, places
from workflow.db import Session
from workflow.vocabulary import PlaceKind, Role

pytestmark = pytest.mark.xdist_group("browser")


def given_every_acute_place_is_taken_and_one_waits() -> None:
    """Eighteen citizens reserve the eighteen acute places; the nineteenth is admitted."""
    with Session.begin() as session:
        people, now = cluster.read(session), clock.now(session)
        house, sanne = people.units[cluster.ACUTE], people.named(cluster.ACUTE, Role.FACILITY_NURSE)
        nurse = people.named("Distrikt Syd", Role.MUNICIPAL_NURSE)
        for number in range(100, 119):
            citizen = citizens.register(
                session, invented.cpr(number), invented.name(number), municipality_id=people.municipalities[0].id
            )
            episode = episodes.open_episode(
                session, citizen, "tryghedshotel", "municipality", by=nurse, at=now,
                district=people.units["Distrikt Syd"], facility=house,
            )  # fmt: skip
            if number < 118:
                places.reserve_any(session, house.id, PlaceKind.ACUTE, episode.uuid, by=sanne, at=now)


def test_a18_every_place_is_taken(play: Scene) -> None:
    given_every_acute_place_is_taken_and_one_waits()
    # The nineteenth is refused: 0 free, put on the waiting list
    leder = play.enters("leder.kommune", unit="Akutpladserne")
    leder.goes_to("/pladser")
    leder.reads("0 ledige")
    nineteenth = leder.page.locator("tr[data-waiting]", has_text=invented.name(118))
    expect(nineteenth).to_contain_text("0 ledige")
    assert barriers(leder.page) == []
    leder.keeps_a_picture()
    # A manager's override asks for a reason, and is kept
    nineteenth.get_by_role("button", name="ekstra plads").click()
    assert play.count("select count(*) from places where extra") == 0
    nineteenth.get_by_label("Hvorfor").fill("Ingen andre steder i natten")
    nineteenth.get_by_role("button", name="ekstra plads").click()
    expect(leder.page.locator("tr[data-waiting]", has_text=invented.name(118))).to_have_count(0)
    assert play.count("select count(*) from places where extra") == 1
    play.until("select exists (select from history where facts::text like '%Ingen andre steder i natten%' "
               "or reason = 'Ingen andre steder i natten')")  # fmt: skip


def test_a19_another_municipality(play: Scene) -> None:
    play.given_agnes_is_admitted()
    nabokommune = play.enters("nabokommune")
    # nabokommune searches Agnes: not found without a relation
    nabokommune.goes_to("/overgange")
    nabokommune.searches(AGNES.value)
    expect(nabokommune.page.locator("[data-nothing-found]")).to_be_visible()
    nabokommune.reads_nothing_of("Agnes Demo")
    assert AGNES.value not in nabokommune.page.url
    # Emergency access asks for a reason; a banner says until when
    nabokommune.page.locator("main").get_by_role("link", name="Nødadgang").click()
    nabokommune.writes(AGNES.value, into="CPR-nummer")
    nabokommune.presses("Åbn i fire timer")
    expect(nabokommune.page.locator("[data-glass-open]")).to_have_count(0)
    nabokommune.writes("Faldet på gaden i Ebeltoft", into="Begrundelse")
    nabokommune.presses("Åbn i fire timer")
    banner = nabokommune.page.locator("[data-glass-open]")
    expect(banner).to_contain_text("12.00")  # four hours from 08:00
    nabokommune.goes_to("/overgange")
    expect(banner).to_be_visible()
    nabokommune.keeps_a_picture()
    # The log marks it; who answers for the ward where Agnes is gets it on the next day's review
    assert play.count("select count(*) from access_log where purpose = 'Faldet på gaden i Ebeltoft'") >= 1
    play.time_passes(hours=24)
    leder = play.enters("leder.hospital", unit="Medicinsk afsnit")
    leder.goes_to("/noed-adgang")
    leder.reads("Nina Demo", "Faldet på gaden i Ebeltoft")


def test_a21_what_was_missed_is_reviewed(play: Scene) -> None:
    play.given_agnes_is_at_tryghedshotellet()
    play.clock_shows(at(13, 14))
    play.until("select count(*) = 1 from misses where code = 'M5'")
    # leder.kommune: Missed, open, cause, learning, closed
    leder = play.enters("leder.kommune", unit="Tryghedshotellet")
    leder.goes_to("/overgange")
    leder.follows("Missede")
    leder.page.locator("[data-miss] a.button").first.click()
    assert barriers(leder.page) == []
    leder.page.locator("[id='review-cause']").select_option(label="Kommunikation")
    leder.fills("review", learning="Vi ringer, når borgeren er kommet")
    address = leder.page.url
    leder.does("review='close'")  # and back to the list, where it is no longer open
    leder.page.goto(address)
    leder.reads("lukket", "Vi ringer, når borgeren er kommet")
    leder.keeps_a_picture()
    # Adverse events: dpsd.dk in a new tab, and whether it was reported
    expect(leder.page.locator("[data-report]")).to_have_attribute("target", "_blank")
    expect(leder.page.locator("[data-report]")).to_have_attribute("rel", "noopener noreferrer")
    leder.does("reported='no'")
    # The row leaves what is open, and stays in the count
    leder.goes_to("/missede")
    leder.page.locator("[data-show=open]").click()
    expect(leder.page.locator("[data-miss]")).to_have_count(0)
    leder.page.locator("[data-show=closed]").click()
    expect(leder.page.locator("[data-miss]")).to_have_count(1)


def test_a24_paper_and_a_worker_that_is_down(play: Scene) -> None:
    play.given_agnes_is_at_tryghedshotellet()
    # tryghed prints the tasks: A4, without menus
    tryghed = play.enters("tryghed")
    tryghed.goes_to("/opgaver")
    tryghed.follows("Print listen")
    tryghed.page.emulate_media(media="print")
    for part in ("header", "footer", "nav"):
        assert tryghed.page.locator(part).filter(visible=True).count() == 0
    tryghed.reads("Agnes Demo", "Opfølgende opkald")
    assert tryghed.page.pdf(format="A4").count(b"/Type /Page\n") == 1
    tryghed.page.emulate_media(media="screen")
    # The worker stands still for six minutes: every page says so
    play.stack.worker.kill()
    play.stack.beat.kill()
    with Session.begin() as session:
        session.execute(text("update heartbeats set at = :at"), {"at": clock.real_now() - timedelta(minutes=6)})
    play.clock_shows(at(13, 13))
    tryghed.goes_to("/opgaver")
    expect(tryghed.page.locator("[data-out-of-order]")).to_contain_text("Påmindelser er ude af drift - brug listen")
    tryghed.keeps_a_picture()
    # The list is right all the same
    expect(tryghed.page.locator("tr[data-task]", has_text="Agnes Demo")).to_have_class("late")
    assert play.count("select count(*) from reminders") == 0
    # After the restart every due reminder is sent once, none twice
    play.stack.worker.start()
    play.stack.beat.start()
    play.until(
        "select count(*) = 3 from reminders r join deadlines d on d.id = r.deadline_id where d.task_id is not null"
    )
    runs = play.count("select coalesce(max(runs), 0) from sweep_runs where sweep = 'raise_due'")
    play.until("select max(runs) >= :runs from sweep_runs where sweep = 'raise_due'", runs=runs + 2)
    assert play.count("select count(*) - count(distinct (deadline_id, rung)) from reminders") == 0
    tryghed.goes_to("/opgaver")
    expect(tryghed.page.locator("[data-out-of-order]")).to_have_count(0)
