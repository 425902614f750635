"""MedCom's example messages, and the scenarios that they are steps of."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workflow.medcom import wire
from workflow.medcom.tree import Tree
from workflow.medcom.wire import Format

FOLDER = Path(__file__).parent / "examples"
RECEIVER = "953741000016009"  # Plejecenter Herlev
KNOWN, OTHER = "2509479989", "2103009996"  # MedCom's test persons


@dataclass(frozen=True)
class Step:
    """A message, and what is expected after it; `due` is the follow-up deadline, as it is written."""

    scenario: str
    number: int
    file: str
    code: str
    ack: str
    state: str
    due: str

    @property
    def raw(self) -> bytes:
        return raw(self.file)


def raw(file: str) -> bytes:
    """A message as it is published."""
    return (FOLDER / file).read_bytes()


def in_form(message: bytes, form: Format) -> bytes:
    """The same message in JSON or in XML."""
    return message if wire.format_of(message) == form else wire.write(wire.read(message), form)


def scenarios() -> dict[str, list[Step]]:
    """Every scenario, its steps in the order of arrival."""
    found: dict[str, list[Step]] = {}
    with (FOLDER / "scenarios.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            step = Step(
                row["scenario"], int(row["step"]), row["file"], row["code"], row["expected_ack"],
                row["expected_state_after"], row["followup_due_utc"],
            )  # fmt: skip
            found.setdefault(step.scenario, []).append(step)
    return found


def index() -> list[dict[str, str]]:
    """What is known of every file."""
    with (FOLDER / "index.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def by_folder(files: Iterable[str]) -> dict[str, list[str]]:
    """Files by the folder that they lie in: what is asked of every file is asked folder by folder."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(file.rpartition("/")[0], []).append(file)
    return folders


def tree(file: str) -> Tree:
    """A message as plain values."""
    return wire.read(raw(file))
