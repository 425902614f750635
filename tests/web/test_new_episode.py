"""Opening an episode: by whom, for whom, and what is refused with everything still filled in."""

from datetime import date, timedelta

from sqlalchemy import select, text

from tests.web.citizens import NUMBER
from tests.web.reader import Page, Reader
from web.ground.formats import for_input
from workflow import citizens, clock
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.tables import Citizen, Episode, MunicipalService, Organisation, Unit

AGNES = "0119400077"


def asks(somebody: Reader, who: str, cpr: str) -> Page:
    """The form, after the number was searched for and not found."""
    somebody.signs_in(who)
    page = somebody.sends(somebody.sees("/overgange"), "/soeg", find=cpr)
    return somebody.sends(page, "/forloeb/nyt")


def fields(page: Page, **typed: str) -> dict[str, str]:
    return next(form for form in page.forms if form.action == "/forloeb").fields | typed


def unit(name: str) -> str:
    with Session.begin() as session:
        return str(session.scalars(select(Unit.uuid).where(Unit.name == name)).one())


def home(name: str) -> str:
    with Session.begin() as session:
        return str(session.scalars(select(Organisation.uuid).where(Organisation.name == name)).one())


def opened() -> list[tuple[str, str, str]]:
    """Name, pathway and state of every episode."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        query = select(Citizen.name, Episode.pathway_key, Episode.state).join(Episode.citizen).order_by(Episode.id)
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_ward_admits_somebody_nobody_knew(somebody: Reader) -> None:
    page = asks(somebody, "afdeling", AGNES)
    assert page.first("input", id="new-name")
    answer = somebody.client.post(
        "/forloeb",
        data=fields(page, way="home:admission", name=" Agnes  Ny Demo ", municipality=home("Randers Kommune")),
    )
    assert answer.status_code == 303
    assert opened() == [("Agnes Ny Demo", "home", "admitted")]
    assert AGNES not in str(answer.headers)
    page = somebody.sees("/overgange")
    assert "Agnes Ny Demo" in page.text
    assert "011940-****" in page.text
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        uuid = session.scalars(select(Episode.uuid)).one()
    assert answer.location == f"/forloeb/{uuid}"


def test_a_known_citizen_is_shown_by_name_and_asked_nothing_twice(somebody: Reader) -> None:
    page = asks(somebody, "afdeling", AGNES)
    somebody.client.post(
        "/forloeb", data=fields(page, way="home:admission", name="Agnes Ny Demo", municipality=home("Randers Kommune"))
    )
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        session.execute(text("update deadlines set ended_at = now(), ended = 'met', next_at = null"))
        session.execute(text("update episodes set closed_at = now(), owner_unit_id = null, responsible_unit_id = null"))
    page = asks(somebody, "tryghed", AGNES)
    assert "Agnes Ny Demo" in page.text
    assert not any(values.get("id") in {"new-name", "new-municipality"} for _, values in page.tags)
    answer = somebody.client.post("/forloeb", data=fields(page, way="tryghedshotel:citizen"))
    assert answer.status_code == 303
    assert opened()[-1] == ("Agnes Ny Demo", "tryghedshotel", "planned")


def test_whom_the_municipality_helps_is_owed_an_admission_report(somebody: Reader) -> None:
    """Script A02: the deadline of rule R01 is there at once."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        randers = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr.parse(AGNES), "Agnes Demo", municipality_id=randers.id)
        session.add(
            MunicipalService(
                citizen_id=citizen.id, municipality_id=randers.id, service="hjemmepleje", from_on=date(2026, 1, 1)
            )
        )
    page = asks(somebody, "koordinator", AGNES)
    assert "Agnes Demo" in page.text
    typed = fields(page, way="home:admission", ward=unit("Medicinsk afsnit"))
    assert somebody.client.post("/forloeb", data=typed).status_code == 303
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        due = session.execute(text("select due_at - opened_at from tasks where rule = 'R01'")).scalar_one()
    assert due == timedelta(hours=24)
    somebody.signs_in("distrikt")
    page = somebody.sees("/overgange")
    assert "Indlæggelsesrapport" in page.text
    assert AGNES not in page.html


def test_the_facility_takes_a_referral_from_a_practice(somebody: Reader) -> None:
    page = asks(somebody, "tryghed", AGNES)
    typed = fields(page, way="tryghedshotel:general_practice", name="Ny Demo", municipality=home("Randers Kommune"))
    assert somebody.client.post("/forloeb", data=typed).status_code == 303
    assert opened() == [("Ny Demo", "tryghedshotel", "planned")]


def test_one_who_has_an_open_episode_is_shown_it_or_refused(somebody: Reader, arriving: Episode) -> None:
    mark = fields(asks(somebody, "afdeling", AGNES))
    page = Page(somebody.client.post("/forloeb/nyt", data=mark | {"cpr": NUMBER}))
    assert page.first("a", href=f"/forloeb/{arriving.uuid}")
    assert not any(form.action == "/forloeb" for form in page.forms)
    answer = somebody.client.post("/forloeb", data=mark | {"cpr": NUMBER, "way": "home:admission"})
    assert answer.status_code == 409
    assert "åbent forløb" in answer.text
    assert len(opened()) == 1


def test_whoever_is_known_to_live_elsewhere_is_for_their_own_municipality_to_open(
    somebody: Reader, arriving: Episode
) -> None:
    own = fields(asks(somebody, "nabokommune", AGNES))
    page = asks(somebody, "nabokommune", NUMBER)
    assert "hører til en anden kommune" in page.text
    assert not any(form.action == "/forloeb" for form in page.forms)
    typed = own | {"cpr": NUMBER, "way": "tryghedshotel:municipality", "facility": unit("Korttidspladserne Syddjurs")}
    answer = somebody.client.post("/forloeb", data=typed)
    assert answer.status_code == 403
    for told in ("Randers", "åbent forløb", str(arriving.uuid)):
        assert told not in answer.text, told
    assert len(opened()) == 1


def test_what_is_missing_is_pointed_at_and_what_was_typed_stays(somebody: Reader) -> None:
    page = asks(somebody, "koordinator", AGNES)
    answer = somebody.client.post("/forloeb", data=fields(page, way="home:acute_admission", name="Ny Demo"))
    assert answer.status_code == 422
    assert answer.text.count("Dette mangler.") == 2  # at each of the two fields
    for said in ('href="#new-ward"', 'href="#new-municipality"', 'value="Ny Demo"', f'name="cpr" value="{AGNES}"'):
        assert said in answer.text, said
    assert opened() == []


def test_a_time_to_come_is_refused(somebody: Reader) -> None:
    page = asks(somebody, "afdeling", AGNES)
    with Session.begin() as session:
        later = clock.now(session) + timedelta(hours=1)
    typed = fields(page, way="home:admission", name="Ny", municipality=home("Randers Kommune"))
    for wrong in (for_input(later), "i morgen", ""):
        assert somebody.client.post("/forloeb", data=typed | {"effective_at": wrong}).status_code == 422, wrong
    assert opened() == []


def test_nobody_opens_in_another_unit_or_another_ones_way(somebody: Reader) -> None:
    page = asks(somebody, "afdeling", AGNES)
    typed = fields(page, way="home:admission", name="Ny", municipality=home("Randers Kommune"))
    for wrong in (
        {"way": "tryghedshotel:citizen", "facility": unit("Tryghedshotellet")}, {"way": "home"},
        {"ward": unit("Kirurgisk afsnit")}, {"ward": unit("Distrikt Syd")},
    ):  # fmt: skip
        assert somebody.client.post("/forloeb", data=typed | wrong).status_code == 403, wrong
    elsewhere = typed | {"district": unit("Distrikt Ebeltoft")}
    assert somebody.client.post("/forloeb", data=elsewhere).status_code == 422
    assert opened() == []


def test_the_page_is_english_for_the_english_reader(somebody: Reader) -> None:
    somebody.client.set_cookie("overgang_language", "en")
    page = asks(somebody, "tryghed", AGNES)
    assert "How does the episode begin?" in page.text
    assert "The citizen's own request" in page.text
