"""The table of docs/security.md has a row for every requirement, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

ROOT = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| V")
]
REQUIRED = [
    number
    for line in (ROOT / "tests" / "asvs.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for number in line.split()
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
STATES = ("met", "partly", "not met", "operator", "none")


def names_in(path: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_requirement_has_one_row_and_no_other_has() -> None:
    answered = [number for row in ROWS for number in row[0].split(", ")]
    assert sorted(answered) == sorted(REQUIRED)
    assert len(REQUIRED) == 253


def test_every_row_says_how_it_stands() -> None:
    assert [row[0] for row in ROWS if len(row) != 4 or not all(row) or row[2].split(":")[0] not in STATES] == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_test_that_is_named_is_there(document: Path) -> None:
    named = NAMED.findall(document.read_text(encoding="utf-8"))
    assert [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)] == []


def test_what_is_met_names_a_test_or_the_file_that_says_it() -> None:
    assert [row[0] for row in ROWS if row[2].startswith("met") and "`" not in row[2] + row[3]] == []


def test_the_query_for_a_breach_runs(session: Session) -> None:
    said = (ROOT / "docs" / "breach.md").read_text(encoding="utf-8")
    found = re.findall(r"```sql\nset role overgang_sweeps;\n(.*?)```", said, re.DOTALL)
    assert [session.execute(text(query.rstrip().rstrip(";"))).all() for query in found] == [[]]
