"""The verbs organisations and people: from an empty database to an administrator who can sign in."""

import json
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.ops.verbs import Said, overgang
from tests.people.test_registry import GOOD
from workflow import db
from workflow.errors import NotAllowed
from workflow.staff import accounts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A region's file."""
    path = tmp_path / "region.csv"
    path.write_text("\n".join(GOOD), encoding="utf-8-sig")
    return path


def test_from_nothing_to_the_first_administrator(database: Database, file: Path) -> None:
    def says(*words: object, typed: str = "") -> Said:
        return overgang(*words, environ=database.environment, typed=typed)

    looked = says("organisations", "import", file)
    assert looked.returncode == 0, looked.stderr
    assert "new unit: Forvaltning" in looked.stdout
    assert "Nothing was written yet" in looked.stdout
    assert says("organisations", "import", file, "--apply").stdout.endswith("Written.\n")
    assert says("people", "add", "asta", "Asta Demo", "--email", "asta@demo.example").returncode == 0
    given = says("people", "roles", "asta", "--give", "administrator", "--unit", "Region Prøve/Forvaltning", "--json")
    assert json.loads(given.stdout)["roles"] == [
        {"role": "administrator", "unit": "Forvaltning", "organisation": "Region Prøve", "state": "in_force"}
    ]
    made = json.loads(says("people", "password", "asta", "--json").stdout)
    with db.Session() as session:
        assert accounts.person_with(session, "asta", made["password"]).name == "Asta Demo"
    chosen = says("people", "password", "asta", "--stdin", typed="tre blå heste sover\n")
    assert "heste" not in chosen.stdout
    with db.Session() as session:
        assert accounts.person_with(session, "asta", "tre blå heste sover").username == "asta"
        with pytest.raises(NotAllowed):
            accounts.person_with(session, "asta", made["password"])
    for last in (("deactivate", "asta"), ("roles", "asta", "--take", "administrator", "--unit", "Forvaltning")):
        refused = says("people", *last)
        assert (refused.returncode, "last administrator" in refused.stderr) == (3, True)


def test_an_import_is_undone(database: Database, file: Path) -> None:
    overgang("organisations", "import", file, "--apply", environ=database.environment)
    undone = overgang("organisations", "undo", environ=database.environment)
    assert (undone.returncode, "5 rows are as they were" in undone.stdout) == (0, True)
    assert overgang("organisations", "undo", environ=database.environment).returncode == 3


def test_bad_lines_are_named_and_nothing_is_written(database: Database, file: Path) -> None:
    file.write_text("\n".join([*GOOD, "1099;amt;Prøve;;;;;;;;;;;;;;"]))
    bad = overgang("organisations", "import", file, "--apply", "--json", environ=database.environment)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["bad"] == [{"line": 5, "code": "not_a_kind_of_organisation", "facts": {}}]
    looked = overgang("organisations", "import", file, environ=database.environment)
    assert "line 5: Unknown kind of organisation." in looked.stdout
    assert "new unit: Plejehjemmet" in looked.stdout  # nothing of it had been written


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("people", "roles", "nobody"), 3),
        (("people", "add", "0107401234", "Ny Demo"), 3),
        (("people", "roles", "nobody", "--give", "manager"), 2),
        (("people", "roles", "nobody", "--give", "king", "--unit", "x"), 2),
        (("people", "deactivate", "nobody"), 3),
    ],
)
def test_what_cannot_be_done_is_said(database: Database, words: tuple[str, ...], code: int) -> None:
    said = overgang(*words, environ=database.environment)
    assert (said.returncode, bool(said.stderr), "Traceback" in said.stderr) == (code, True, False)
