"""A02 to A04, A10, A11 and A20 of the acceptance scripts: a way begins, and leads to Tryghedshotellet."""

from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.looking import barriers
from tests.browser.test_acceptance_handover import sign
from tests.browser.words import AGNES, Scene, Somebody, at
from tests.world import ISBAR

pytestmark = pytest.mark.xdist_group("browser")
EVENTS = (
    "select count(*) from history h join episodes e on e.id = h.episode_id where e.uuid = :agnes and h.kind = 'event'"
)
MASKED = f"{AGNES.value[:6]}-****"


def opens(person: Somebody, agnes: UUID) -> None:
    """Her episode."""
    person.goes_to(f"/forloeb/{agnes}")


def test_a02_a_new_way(play: Scene) -> None:
    koordinator = play.enters("koordinator")
    # Search the number of Agnes: nobody yet; open an episode: admitted now
    koordinator.searches(AGNES.value)
    koordinator.does("open-episode")
    koordinator.page.locator("[id='new-ward']").select_option(label="Medicinsk afsnit")
    assert barriers(koordinator.page) == []
    koordinator.does("open")
    # Admitted; the report is due within 24 h; the number is masked, and in no address
    expect(koordinator.page.locator(".state-now")).to_have_text("Indlagt")
    koordinator.reads("Agnes Demo", MASKED)
    expect(koordinator.page.locator("[data-task=admission_report]")).to_contain_text("i morgen 08.00")
    koordinator.reads_nothing_of(AGNES.value)
    koordinator.keeps_a_picture()
    koordinator.goes_to("/overgange")
    koordinator.reads("Agnes Demo", MASKED)
    # Written down that it was opened, and that she was looked for
    assert play.count("select count(*) from history where kind = 'opened' and actor = 'Karen Demo'") == 1
    assert play.count("select count(*) from access_log where kind = 'search'") >= 1


def test_a03_the_wrong_order_is_refused(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    koordinator = play.enters("koordinator")
    opens(koordinator, agnes)
    before = play.count(EVENTS, agnes=agnes)
    # The destination is asked for before the discharge can be recorded
    discharge = koordinator.page.locator("[data-event=patient_discharged]")
    discharge.locator("summary").click()
    expect(discharge).to_contain_text("Udskrives til")
    expect(discharge.locator("[data-not-yet]")).to_be_disabled()
    expect(discharge).to_contain_text("Vælg først, hvor borgeren skal hen.")
    expect(discharge.locator("[data-record-event]")).to_be_hidden()
    # A request past the page is refused in Danish, and nothing is logged as an event
    mark = koordinator.page.locator("[name=form_mark]").first.get_attribute("value")
    answer = koordinator.page.request.post(
        f"/forloeb/{agnes}/haendelse", form={"form_mark": mark or "", "trigger": "patient_discharged"}
    )
    assert answer.status == 409
    assert 'lang="da"' in answer.text()
    assert play.count(EVENTS, agnes=agnes) == before


def test_a04_after_twelve_the_municipality_is_phoned(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    koordinator = play.enters("koordinator")
    # Expected today, with something to be done the same day; 12.05, and no plan is sent
    opens(koordinator, agnes)
    koordinator.fills("expected", expected_at="2026-03-12T14:00")
    koordinator.does("expect")
    koordinator.page.locator("[data-plan=need] summary").click()
    koordinator.page.locator("[id='need-need-same_day_action']").check()
    koordinator.does("need")
    play.clock_shows(at(12, 12, 5))
    opens(koordinator, agnes)
    # Discharge asks for the phone agreement: name and time
    discharge = koordinator.page.locator("[data-event=patient_discharged]")
    discharge.locator("summary").click()
    expect(discharge.locator(".phone-agreement")).to_be_visible()
    koordinator.keeps_a_picture()
    discharge.get_by_role("radio").first.check()
    koordinator.fills(
        "event-patient_discharged", reason="Sengen skal bruges nu", spoken_with="Dorthe, Distrikt Syd",
        agreed="Aftenbesøg i dag kl. 19",
    )  # fmt: skip
    koordinator.does("record-event='patient_discharged'")
    # Saved on the way
    expect(koordinator.page.locator(".state-now")).to_have_text("Udskrevet")
    koordinator.reads("Dorthe, Distrikt Syd")


def test_a10_and_a11_to_tryghedshotellet_and_the_arrival_there(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    koordinator = play.enters("koordinator")
    # koordinator changes the destination: 20 free places, one is kept
    opens(koordinator, agnes)
    koordinator.page.locator("[data-plan=way] summary").click()
    koordinator.page.locator("[data-plan=way]").get_by_role("radio", name="Tryghedshotellet").check()
    koordinator.fills("way", reason="Kan ikke være alene endnu")
    koordinator.does("choose-way")
    koordinator.does("keep-place")
    # The system demands a handover to that unit; tryghed accepts
    koordinator.does("handover-link")
    koordinator.fills("handover", **{name.replace(".", "__"): value for name, value in ISBAR.items()})
    sign(koordinator)
    koordinator.does("send")
    koordinator.reads("Tryghedshotellet", "version 1")
    tryghed = play.enters("tryghed")
    tryghed.goes_to("/pladser")
    expect(tryghed.page.locator("[data-headline]")).to_contain_text("1 reserveret")
    expect(tryghed.page.locator("[data-headline]")).to_contain_text("19 ledige")
    tryghed.goes_to(f"/forloeb/{agnes}/overlevering")
    tryghed.does("accept")
    # Discharge at 13.00: the call is due tomorrow at 13.00, the 72-hour line ends on the 15th
    play.clock_shows(at(12, 13))
    opens(koordinator, agnes)
    koordinator.does("record-event='patient_discharged'")
    expect(koordinator.page.locator(".state-now")).to_have_text("Udskrevet")
    tryghed.goes_to("/pladser")
    expect(tryghed.page.locator("[data-awaited]")).to_contain_text("Agnes Demo")
    opens(tryghed, agnes)
    tryghed.reads("Opfølgende opkald", "i morgen 13.00")
    assert play.count(
        "select count(*) from tasks where kind = 'follow_up_call' and due_at = '2026-03-13 13:00+01' and state = 'open'"
    ) == 1  # fmt: skip
    # A11: tryghed confirms the arrival at 13.40
    play.clock_shows(at(12, 13, 40))
    opens(tryghed, agnes)
    assert barriers(tryghed.page) == []
    tryghed.keeps_a_picture()
    tryghed.does("confirm-arrival")
    expect(tryghed.page.locator(".state-now")).to_have_text("På Tryghedshotellet")
    tryghed.goes_to("/pladser")
    expect(tryghed.page.locator("[data-use=taken]")).to_contain_text("Agnes Demo")
    tryghed.keeps_a_picture()
    # The hospital's bed day ends at 13.00, not at 13.40
    assert play.count(
        "select count(*) from history where trigger = 'patient_discharged' and effective_at = '2026-03-12 13:00+01'"
    ) == 1  # fmt: skip


def test_a20_the_citizen_objects(play: Scene) -> None:
    agnes = play.given_agnes_is_admitted()
    koordinator = play.enters("koordinator")
    opens(koordinator, agnes)
    koordinator.page.locator("summary", has_text="frabedt sig videregivelse").last.click()
    koordinator.page.locator("[id='objection-reason']").fill("Kommunen skal ikke vide noget om drikkeriet")
    koordinator.does("register-objection")
    expect(koordinator.page.locator("[data-objection]")).to_contain_text("Kommunen skal ikke vide")
    # Sending asks for a legal basis and a reason
    koordinator.does("handover-link")
    koordinator.fills("handover", **{name.replace(".", "__"): value for name, value in ISBAR.items()})
    sign(koordinator)
    koordinator.does("send")
    expect(koordinator.page.locator("[data-refused=handover]")).to_be_visible()
    assert play.count("select count(*) from handover_versions") == 0
    koordinator.keeps_a_picture()
    koordinator.page.locator("[name=legal_basis]").first.check()
    koordinator.fills("handover", basis_reason="Liv og helbred: skal have insulin i aften")
    sign(koordinator)
    koordinator.does("send")
    koordinator.reads("version 1")
    assert play.count("select count(*) from history where facts::text like '%skal have insulin%' "
                      "or reason like '%skal have insulin%'") >= 1  # fmt: skip
