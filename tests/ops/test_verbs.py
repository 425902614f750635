"""The verbs that look and mend: pathways, reconcile, audit, citizens, outbox."""

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, select, text

from tests import world as worlds
from tests.conftest import Database
from tests.ops.verbs import overgang
from workflow import clock, db
from workflow.actor import SYSTEM
from workflow.seeing import access_log
from workflow.seeing.access_log import Visit
from workflow.settings import DEMO_SECRETS
from workflow.tables import Citizen, Delivery, Episode, MunicipalService, Notice, Unit
from workflow.vocabulary import Look

MORNING = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
NOWHERE = {"OVERGANG_DEMO": "1"}


@pytest.fixture
def episode(database: Database) -> Episode:
    """One admission, on a demo clock that stands still."""
    with db.Session(expire_on_commit=False) as session, session.begin():
        world = worlds.build(session)
        clock.start_demo(session, MORNING)
        admitted = worlds.admit(session, world, MORNING)
        session.flush()
        session.execute(text("update outbox set routed_at = written_at"))
        session.execute(
            text("insert into inbox (notice_id, unit_id, received_at) select id, unit_id, now() from outbox")
        )
    return admitted


# --- pathways ---


def test_the_pathways_are_listed() -> None:
    listed = overgang("pathways", "list", "--json", environ=NOWHERE)
    assert listed.returncode == 0
    found = {one["key"]: one for one in json.loads(listed.stdout)}
    assert found.keys() >= {"home", "tryghedshotel"}
    assert "general_practice" in found["tryghedshotel"]["ways_in"]
    assert "tryghedshotel 1  Tryghedshotellet" in overgang("pathways", "list", environ=NOWHERE).stdout


def test_the_registered_pathways_hold_and_no_database_is_needed_to_say_so() -> None:
    checked = overgang("pathways", "check", environ=NOWHERE)
    assert checked.returncode == 0, checked.stderr
    assert "tryghedshotel 1: holds." in checked.stdout
    assert "not looked at: no database can be reached" in checked.stdout


def test_a_running_episode_on_a_version_that_is_gone_is_named(database: Database, episode: Episode) -> None:
    assert overgang("pathways", "check", environ=database.environment).returncode == 0
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("update episodes set pathway_version = 7")
    checked = overgang("pathways", "check", environ=database.environment)
    assert checked.returncode == 1
    assert "home 7: 1 running episodes" in checked.stdout


BAD = """
from datetime import timedelta
from workflow.pathway import Pathway, State, Transition, WayIn
from workflow.vocabulary import Language, Party, Role

OURS = Pathway(
    key="ours", version=1, title={language: "Ours" for language in Language}, receiver=Party.DISTRICT,
    ways_in=(WayIn("admission", "patient_admitted", "admitted", Party.WARD),),
    states=(State("admitted", owner=Party.WARD), State("lost", owner=None)),
    transitions=(Transition("leave_started", "admitted", "admitted", by=(Role.WARD_NURSE,)),),
    tasks=(),
)
"""


def test_a_bad_definition_is_explained_in_words(tmp_path: Path) -> None:
    file = tmp_path / "ours.py"
    file.write_text(BAD)
    checked = overgang("pathways", "check", file, environ=NOWHERE)
    assert checked.returncode == 1
    assert (
        "ours 1: 'admitted' needs a time: either within what time it is left, or how often it is reviewed."
        in checked.stdout
    )
    assert "ours 1: nothing leads to 'lost'." in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr


def test_a_good_definition_holds(tmp_path: Path) -> None:
    file = tmp_path / "ours.py"
    good = BAD.replace(
        'State("admitted", owner=Party.WARD)', 'State("admitted", owner=Party.WARD, review=timedelta(days=1))'
    )
    file.write_text(good.replace('"admitted", "admitted", by', '"admitted", "lost", by'))
    checked = overgang("pathways", "check", file, environ=NOWHERE)
    assert (checked.returncode, checked.stdout) == (0, "ours 1: holds.\n")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("x = (", "line 1: this is not Python"),
        ("x = 1", "defines no pathway"),
        ("import nothing_such", "cannot be read"),
    ],
)
def test_what_is_no_definition_is_refused_with_a_sentence(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "ours.py"
    file.write_text(written)
    checked = overgang("pathways", "check", file, environ=NOWHERE)
    assert checked.returncode == 3
    assert said in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_pathway_is_drawn() -> None:
    drawn = overgang("pathways", "draw", "home", "--format", "svg", "--language", "en", environ=NOWHERE)
    assert drawn.returncode == 0
    assert drawn.stdout.startswith("<svg ")
    assert "Ready for discharge" in drawn.stdout
    assert overgang("pathways", "draw", "home", environ=NOWHERE).stdout.startswith("stateDiagram-v2\n")
    assert overgang("pathways", "draw", "nowhere", environ=NOWHERE).returncode == 2


# --- reconcile and audit ---


def test_nought_is_told_and_what_is_not_is_named(database: Database, episode: Episode) -> None:
    well = overgang("reconcile", environ=database.environment)
    assert (well.returncode, well.stdout) == (0, "Everything is zero.\n")
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("delete from deadlines")
    ill = overgang("reconcile", environ=database.environment)
    assert ill.returncode == 1
    assert "1  episode without next step" in ill.stdout
    counted = json.loads(overgang("reconcile", "--json", environ=database.environment).stdout)
    assert counted["faults"]["episode_without_next_step"] == 1


def test_a_changed_entry_is_named(database: Database, episode: Episode) -> None:
    well = overgang("audit", "verify", environ=database.environment)
    assert well.returncode == 0
    assert well.stdout.splitlines() == [
        "1 entries read: every chain holds.",
        "0 looks read under 0 seals, up to number 0: the chain holds.",
        "0 rows of what only grows read under 0 seals: they hold.",
    ]
    engine = create_engine(database.owner_url)
    with engine.begin() as owner:
        owner.execute(text("alter table history disable trigger only_added_to"))
        owner.execute(text("update history set actor = 'Nobody Demo'"))
    engine.dispose()
    ill = overgang("audit", "verify", environ=database.environment)
    assert ill.returncode == 1
    assert f"episode {episode.uuid}: entry 1 is not as it was written" in ill.stdout
    told = json.loads(overgang("audit", "verify", "--json", environ=database.environment).stdout)
    assert told["broken"] == [{"episode": str(episode.uuid), "number": 1, "how": "changed"}]
    assert told["access_log"] == {"entries": 0, "seals": 0, "last_id": 0, "broken": []}


def test_a_changed_look_is_named(database: Database, episode: Episode) -> None:
    visit = Visit(what="episode", at=clock.real_now())
    with db.Session.begin() as session:
        access_log.write(session, Look.READ, visit, by=SYSTEM, citizens=[episode.citizen_id])
    with db.Session.begin() as session:
        access_log.mark(session)
    with db.Session.begin() as session:
        access_log.seal(session, at=visit.at)
    well = overgang("audit", "verify", environ=database.environment)
    assert "1 looks read under 1 seals, up to number 1" in well.stdout
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("alter table access_log disable trigger only_added_to")
        owner.execute("update access_log set person = 'Nobody Demo'")
    ill = overgang("audit", "verify", environ=database.environment)
    assert ill.returncode == 1
    assert "access log: the look with number 1 is not as it was sealed" in ill.stdout


# --- keys ---


def test_keys_are_rotated_and_the_verb_says_when_the_old_one_may_go(database: Database, episode: Episode) -> None:
    old = DEMO_SECRETS["OVERGANG_KEYS"]
    environ = {**database.environment, "OVERGANG_KEYS": f"2027:{'n' * 43}=,{old}"}
    said = overgang("keys", "rotate", environ=environ)
    assert said.returncode == 0, said.stderr
    assert "2 of 2 written anew" in said.stdout  # a citizen, and what tells whose database it is
    assert "These may go from OVERGANG_KEYS: demo" in said.stdout
    again = overgang("keys", "rotate", "--json", environ=environ | {"OVERGANG_KEYS": f"2027:{'n' * 43}="})
    assert json.loads(again.stdout) == {"written": 0, "left": 0, "may_go": []}


def test_a_schema_that_is_behind_is_told_in_a_sentence(database: Database) -> None:
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as owner:
        owner.execute("update alembic_version set version_num = '0000'")
    refused = overgang("reconcile", environ=database.environment)
    assert refused.returncode == 3
    assert "overgang migrate" in refused.stderr


# --- citizens ---

HEADER = "cpr;navn;kommunekode;ydelse;fra;til\n"


def test_the_register_is_read_and_bad_lines_are_named_by_number(
    database: Database, episode: Episode, tmp_path: Path
) -> None:
    file = tmp_path / "register.csv"
    file.write_text(
        HEADER
        + "011340-7001;Else Demo;0730;Hjemmesygepleje;2026-01-01;\n"
        + "011340-7002;Svend Demo;9999;Hjemmesygepleje;2026-01-01;\n"
        + "not a number;Inger Demo;0730;Hjemmesygepleje;2026-01-01;\n"
    )
    read = overgang("citizens", "import", file, environ=database.environment)
    assert read.returncode == 1
    assert read.stdout.splitlines() == [
        "line 3: Unknown municipality code.",
        "line 4: That is not a CPR number: six digits for the date of birth and four characters.",
        "1 lines used, 2 not. Read as UTF-8.",
    ]
    with db.Session() as session:
        known = session.scalars(select(MunicipalService)).one()
        assert session.get_one(Citizen, known.citizen_id).name == "Else Demo"


def test_another_header_reads_nothing(database: Database, episode: Episode) -> None:
    refused = overgang("citizens", "import", "-", environ=database.environment, typed="a;b\n1;2\n")
    assert refused.returncode == 1
    assert "must have these columns, in any order: cpr;navn;kommunekode;ydelse;fra;til." in refused.stderr


def test_a_danish_machine_is_answered_in_danish(database: Database, episode: Episode, tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    file.write_bytes(f"{HEADER}11940001;Åse Demo;0730;Hjemmesygepleje;2026-01-01;\n".encode("cp1252"))
    read = overgang("citizens", "import", file, environ={**database.environment, "LC_ALL": "da_DK.UTF-8"})
    assert read.stdout.splitlines()[0].startswith("linje 2: Det er ikke et CPR-nummer")
    assert "Windows-1252" in read.stdout


def test_a_unit_is_closed_at_the_machine(database: Database, episode: Episode) -> None:
    def close(*more: str) -> str:
        words = ("organisations", "close", "M3", "--successor", "K2", *more)
        done = overgang(*words, environ=database.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "1 episodes" in close()
    assert "closes" in close("--apply")
    with db.Session() as session:
        ward = session.scalars(select(Unit).where(Unit.name == "M3")).one()
        assert ward.successor_id is not None
    unknown = overgang("organisations", "close", "Nowhere", environ=database.environment)
    assert (unknown.returncode, unknown.stdout) == (3, "")


# --- outbox ---


def test_a_letter_that_was_given_up_is_listed_and_sent_again(database: Database, episode: Episode) -> None:
    assert overgang("outbox", "dead", environ=database.environment).returncode == 0
    with db.Session.begin() as session:
        notice = session.scalars(select(Notice).limit(1)).one()
        session.add(
            Delivery(
                notice_id=notice.id,
                channel="mail",
                address="syd@demo.example",
                attempts=8,
                dead_at=MORNING,
                error="refused",
            )
        )
    listed = overgang("outbox", "dead", "--json", environ=database.environment)
    assert listed.returncode == 1
    (letter,) = json.loads(listed.stdout)
    assert "refused after 8 attempts" in overgang("outbox", "dead", environ=database.environment).stdout
    again = overgang("outbox", "again", letter["key"], "--to", "nord@demo.example", environ=database.environment)
    assert again.returncode == 0, again.stderr
    with db.Session() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.address, delivery.attempts, delivery.dead_at) == ("nord@demo.example", 0, None)
    refused = overgang("outbox", "again", letter["key"], environ=database.environment)
    assert refused.returncode == 3
