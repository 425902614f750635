"""overgang medcom: import and replay, as a person or a judge uses them."""

import csv
import json
import zipfile
from collections.abc import Collection
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import SET_UP, serve
from tests.medcom.examples import FOLDER, KNOWN, OTHER, in_form
from tests.medcom.hospital import HEART, OURS, HospitalStay, as_bytes
from tests.medcom.test_stays import h
from tests.ops.verbs import overgang
from workflow import db
from workflow.medcom import addresses
from workflow.medcom.wire import Format
from workflow.tables import Citizen, Episode, Message

CITIZENS = ("--citizen", KNOWN, "--citizen", OTHER)


def rows(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        tables = connection.scalars(text("select relname from pg_stat_user_tables where schemaname = 'public'")).all()
        return {name: connection.scalar(text(f"select count(*) from {name}")) or 0 for name in tables}


def test_replay_shows_137_of_137_and_leaves_nothing(database: Database) -> None:
    with db.Session.begin() as session:  # others have open episodes, and the same row numbers
        world = worlds.build(session)
        for _ in CITIZENS:
            worlds.admit(session, world, SET_UP)
    before = rows(database)
    played = overgang("medcom", "replay", FOLDER, *CITIZENS, environ=database.environment)
    assert played.stdout.splitlines()[-1] == "137 of 137 steps as expected.", played.stdout + played.stderr
    assert played.returncode == 0
    assert rows(database) == before
    with database.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from pg_namespace where nspname = 'replay'")) == 0


def converted(folder: Path, form: Format, names: Collection[str]) -> Path:
    """These scenarios in one form, every message twice, and no expectation to read."""
    with (folder / "scenarios.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["scenario", "step", "file"])
        for name in names:
            for step in examples.scenarios()[name]:
                file = f"{name}-{step.number}.{form}"
                (folder / file).write_bytes(in_form(step.raw, form))
                writer.writerows([[name, step.number, file]] * 2)
    return folder


@pytest.mark.parametrize("form", Format)
def test_replay_tells_what_happened_in_either_form_and_with_every_message_twice(
    form: Format, database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    names = list(examples.scenarios())[:: 1 if request.config.getoption("--soak") else 3]
    folder = converted(tmp_path, form, names)
    played = overgang("medcom", "replay", folder, *CITIZENS, "--json", environ=database.environment)
    assert played.returncode == 0, played.stderr
    told = [json.loads(line) for line in played.stdout.splitlines()]
    steps = [step for name in names for step in examples.scenarios()[name]]
    expected = {(step.scenario, step.number): step for step in steps if step.state}
    assert len(told) == 2 * len(steps)
    for line in told:
        assert list(line) == ["scenario", "step", "file", "ack", "state", "followup_due_utc"]
        wanted = expected.get((line["scenario"], line["step"]))
        if wanted is not None:
            happened = (line["ack"], line["state"], line["followup_due_utc"] or "")
            assert happened == (wanted.ack, wanted.state, wanted.due)


def test_replay_shows_what_differs(database: Database, tmp_path: Path) -> None:
    raw = as_bytes(HospitalStay().tell("STIN", h(8)))
    (tmp_path / "one.json").write_bytes(raw)
    (tmp_path / "scenarios.csv").write_text(
        "scenario,step,file,expected_ack,expected_state_after,followup_due_utc\nA,1,one.json,ok,acute,\n"
    )
    played = overgang("medcom", "replay", tmp_path, *CITIZENS, environ=database.environment)
    assert played.returncode == 1
    assert "expected ok           acute" in played.stdout
    assert "0 of 1 steps as expected." in played.stdout


def test_of_an_unknown_citizen_nothing_is_known(database: Database, tmp_path: Path) -> None:
    folder = converted(tmp_path, Format.JSON, ["MC-A", "P01"])
    played = overgang("medcom", "replay", folder, "--json", environ=database.environment)
    assert {json.loads(line)["state"] for line in played.stdout.splitlines()} == {"none"}


def test_replay_is_refused_outside_a_demonstration(database: Database) -> None:
    keys = "a:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    secrets = {"OVERGANG_SECRET_KEY": "s", "OVERGANG_KEYS": keys, "OVERGANG_HASH_KEY": keys[2:]}
    environ = {**database.environment, **secrets, "OVERGANG_DEMO": "0"}
    played = overgang("medcom", "replay", FOLDER, *CITIZENS, environ=environ)
    assert (played.returncode, "demonstration only" in played.stderr) == (3, True)


def test_a_folder_without_scenarios_is_named(database: Database, tmp_path: Path) -> None:
    assert overgang("medcom", "replay", tmp_path, environ=database.environment).returncode == 3


@pytest.fixture
def municipality(database: Database) -> Database:
    """A municipality that serves Elmer, with its address and that of a ward."""
    with db.Session.begin() as session:
        world = worlds.build(session)
        addresses.register(session, world.district, OURS.sor or "", at=SET_UP)
        addresses.register(session, world.ward, HEART.sor or "", at=SET_UP)
        serve(session, world, KNOWN)
    return database


def counted(session: Session) -> tuple[int, ...]:
    return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Message, Episode, Citizen))


def test_files_folders_and_zips_are_imported_once(municipality: Database, tmp_path: Path) -> None:
    stay = HospitalStay()
    messages = [as_bytes(stay.tell(code, h(n))) for n, code in enumerate(("STIN", "STOR", "SLOR", "SLHJ"), start=8)]
    (tmp_path / "folder").mkdir()
    (tmp_path / "one.json").write_bytes(messages[0])
    (tmp_path / "folder" / "two.xml").write_bytes(in_form(messages[1], Format.XML))
    (tmp_path / "folder" / "notes.txt").write_text("not a message")
    with zipfile.ZipFile(tmp_path / "rest.zip", "w") as archive:
        archive.writestr("3.json", messages[2])
        archive.writestr("4.json", messages[3])
    paths = [tmp_path / name for name in ("one.json", "folder", "rest.zip")]
    first = overgang("medcom", "import", *paths, environ=municipality.environment)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [
        "one.json: ok STIN loaded", "two.xml: ok STOR loaded", "3.json: ok SLOR loaded", "4.json: ok SLHJ loaded",
        "4 ok",
    ]  # fmt: skip
    with db.Session.begin() as session:
        assert counted(session) == (4, 1, 1)
    again = overgang("medcom", "import", *paths, "--json", environ=municipality.environment)
    assert [json.loads(line)["fate"] for line in again.stdout.splitlines()] == ["again"] * 4
    with db.Session.begin() as session:
        assert counted(session) == (4, 1, 1)
        assert session.scalars(select(Episode.state)).all() == ["discharged"]


def test_what_is_refused_or_unreadable_is_told_and_the_rest_is_taken(municipality: Database, tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b"{")
    (tmp_path / "2.json").write_bytes(examples.raw("hn/derived/PX5_1_STIN.json"))
    (tmp_path / "3.json").write_bytes(as_bytes(HospitalStay().tell("STIN", h(8))))
    done = overgang("medcom", "import", tmp_path, environ=municipality.environment)
    assert done.returncode == 1
    assert [line.split(": ")[1].split()[0] for line in done.stdout.splitlines()[:3]] == ["-", "fatal-error", "ok"]
    assert KNOWN not in done.stdout + done.stderr


def test_a_key_is_made_and_taken_back_and_a_placeholder_gets_its_unit(municipality: Database, tmp_path: Path) -> None:
    environ = municipality.environment
    assert overgang("medcom", "key", "VANS", environ=environ).stdout.startswith("overgang_")
    assert overgang("medcom", "key", "VANS", "--revoke", environ=environ).stdout == "1 taken back.\n"
    with db.Session.begin() as session:
        unit = session.execute(text("select uuid from units where name = 'K2'")).scalar_one()
    said = overgang("medcom", "address", "502701000016000", unit, environ=environ)
    assert said.stdout == "502701000016000 is K2.\n"
    assert f"unit     {unit}  K2, Hospital Demo" in overgang("medcom", "addresses", environ=environ).stdout
