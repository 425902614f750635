"""A12 to A14 of the acceptance scripts: the call within 24 hours, reminded of, tried, made; or made too late."""

from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.looking import barriers
from tests.browser.words import Scene, Somebody, at

pytestmark = pytest.mark.xdist_group("browser")
CALL = (
    "select {} from tasks t join episodes e on e.id = t.episode_id where e.uuid = :agnes and t.kind = 'follow_up_call'"
)
RAISED = (
    "select count(*) from reminders r join deadlines d on d.id = r.deadline_id join tasks t on t.id = d.task_id "
    "where t.kind = 'follow_up_call'"
)


def opens_the_call(person: Somebody) -> None:
    """From the list of tasks, in one press."""
    person.goes_to("/opgaver")
    person.page.locator("tr[data-task]", has_text="Agnes Demo").locator("td.next a.button").click()


def tries_in_vain(tryghed: Somebody) -> None:
    """Nobody answers: one press, and the next try is planned."""
    opens_the_call(tryghed)
    tryghed.does("no-answer")


def speaks_with(tryghed: Somebody, name: str) -> None:
    """They spoke: what the form asks for, no doctor involved."""
    opens_the_call(tryghed)
    tryghed.page.locator("[id='call-outcome-completed']").check()
    tryghed.fills("call", spoken_with=name)
    for question in tryghed.page.locator("fieldset.script fieldset").all():
        question.get_by_role("radio").first.check()
    tryghed.page.locator("[id='call-doctor-no']").check()
    tryghed.does("record")


def missed(scene: Scene, agnes: UUID) -> int:
    """How often the call has been missed."""
    return scene.count(
        "select count(*) from misses m join episodes e on e.id = m.episode_id where e.uuid = :agnes and m.code = 'M5'",
        agnes=agnes,
    )


def test_a12_the_ladder_of_reminders(play: Scene) -> None:
    agnes = play.given_agnes_is_at_tryghedshotellet()
    play.until("select bool_and(routed_at is not null) from outbox")
    # The demonstration's clock to +18 h, +22 h, +24 h
    for rung, moment in enumerate((at(13, 7), at(13, 11), at(13, 13)), start=1):
        play.clock_shows(moment)
        play.until(f"select ({RAISED}) = :rung", rung=rung)
    play.until("select bool_and(routed_at is not null) from outbox")
    # To tryghed at 18, to the unit at 22; at 24 it is missed, by word, sign and colour
    tryghed = play.enters("tryghed")
    tryghed.goes_to("/opgaver")
    row = tryghed.page.locator("tr[data-task]", has_text="Agnes Demo")
    expect(row).to_contain_text("Opfølgende opkald")
    expect(row).to_have_class("late")
    expect(row.locator("svg").first).to_be_visible()
    tryghed.goes_to("/indbakke")
    tryghed.reads("Agnes Demo")
    tryghed.keeps_a_picture()
    # The manager is told once
    leder = play.enters("leder.kommune")
    leder.goes_to("/missede")
    expect(leder.page.locator("[data-miss]")).to_have_count(1)
    leder.reads("Opfølgende opkald")
    # Running the worker again raises nothing more
    runs = play.count("select coalesce(max(runs), 0) from sweep_runs where sweep = 'raise_due'")
    play.until("select max(runs) >= :runs from sweep_runs where sweep = 'raise_due'", runs=runs + 2)
    assert play.count(RAISED) == 3
    assert missed(play, agnes) == 1


def test_a13_tried_in_vain_and_then_made_in_time(play: Scene) -> None:
    agnes = play.given_agnes_is_at_tryghedshotellet()
    tryghed = play.enters("tryghed")
    # tryghed logs two "no answer", then at +23 h the contact with the ward
    for hour in (15, 16):
        play.clock_shows(at(12, hour))
        tries_in_vain(tryghed)
    play.clock_shows(at(13, 12))
    opens_the_call(tryghed)
    assert barriers(tryghed.page) == []
    tryghed.keeps_a_picture()
    speaks_with(tryghed, "Anders Demo, sygeplejerske")
    # Attempts 1 to 3 with their times; done in time
    expect(tryghed.page.locator("[data-attempt]")).to_have_count(3)
    tryghed.reads("Forsøg 1", "Forsøg 2", "Forsøg 3", "Intet svar", "Vi talte sammen", "Anders Demo, sygeplejerske")
    assert (
        play.count(CALL.format("count(*) filter (where t.state = 'done' and t.done_at <= t.due_at)"), agnes=agnes) == 1
    )
    assert missed(play, agnes) == 0
    # The ward sees it, and can confirm it
    afdeling = play.enters("afdeling")
    afdeling.goes_to(tryghed.page.url)
    afdeling.reads("Anders Demo, sygeplejerske")
    afdeling.does("confirm")
    afdeling.reads("Bekræftet af Anders Demo")


def test_a14_made_too_late(play: Scene) -> None:
    agnes = play.given_agnes_is_at_tryghedshotellet()
    # The task passes to +26 h, then it is completed
    play.clock_shows(at(13, 15))
    play.until(f"select ({RAISED}) = 3")
    tryghed = play.enters("tryghed")
    speaks_with(tryghed, "Anders Demo, sygeplejerske")
    # Allowed, and late
    tryghed.reads("for sent")
    assert (
        play.count(CALL.format("count(*) filter (where t.state = 'done' and t.done_at > t.due_at)"), agnes=agnes) == 1
    )
    # It stays among what was missed, and cannot be deleted
    leder = play.enters("leder.kommune")
    leder.goes_to("/missede")
    expect(leder.page.locator("[data-miss]")).to_have_count(1)
    assert leder.page.get_by_role("button", name="Slet").count() == 0
    assert missed(play, agnes) == 1
