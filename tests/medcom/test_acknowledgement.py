"""What is answered, and how answers to us are read."""

from datetime import UTC, datetime

import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.medcom import examples
from workflow.medcom import acknowledgement, envelope, rules, structure, wire
from workflow.medcom.acknowledgement import Answer, Code
from workflow.medcom.problems import Problem
from workflow.medcom.tree import Tree, resources
from workflow.medcom.wire import Format

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
BAD = Problem("required", "MSG_PARAM_INVALID", "Encounter.class", "A class is required: EMER or IMP.")


def answered(file: str, answer: Answer) -> Tree:
    tree = examples.tree(file)
    outside = envelope.read(tree)
    own, _ = envelope.provenances(tree)
    return acknowledgement.write(outside, own, answer, at=AT)


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("answer", [Answer(Code.OK), Answer(Code.FATAL, (BAD,)), Answer(Code.TRANSIENT, (BAD,))])
def test_an_acknowledgement_is_built_as_the_standard_says(form: Format, answer: Answer) -> None:
    raw = wire.write(answered("hn/derived/P01_2_STOR.json", answer), form)
    tree = wire.read(raw)
    if form == Format.XML:
        Bundle.model_validate_xml(raw)
    assert structure.problems(tree) == []
    outside = envelope.read(tree)
    assert rules.problems(tree, outside.kind) == []
    asked = envelope.read(examples.tree("hn/derived/P01_2_STOR.json"))
    assert (outside.sender, outside.receiver) == (asked.receiver, asked.sender)
    read = acknowledgement.read(tree)
    assert (read.of, read.code) == (asked.header_id, answer.code)
    assert read.said == tuple(problem.text for problem in answer.problems)
    latest, own = resources(tree, "Provenance")
    assert latest["target"][0]["reference"].endswith(asked.header_id)
    assert own["entity"] == [{"role": "revision", "what": {"reference": f"MessageHeader/{asked.header_id}"}}]
    assert examples.KNOWN.encode() not in raw


def test_two_acknowledgements_of_one_message_have_numbers_of_their_own() -> None:
    first, second = (answered("hn/derived/P01_1_STIN.json", Answer(Code.OK)) for _ in range(2))
    assert first["id"] != second["id"]
    assert envelope.read(first).header_id != envelope.read(second).header_id


def test_an_acknowledgement_says_what_is_wrong_and_where() -> None:
    outcome = next(resources(answered("hn/derived/P01_1_STIN.json", Answer(Code.FATAL, (BAD,))), "OperationOutcome"))
    (issue,) = outcome["issue"]
    assert (issue["severity"], issue["code"], issue["expression"]) == ("error", "required", ["Encounter.class"])


def test_every_published_acknowledgement_is_read() -> None:
    for row in examples.index():
        if row["file"].startswith("ack/"):
            read = acknowledgement.read(examples.tree(row["file"]))
            assert (read.of, read.code) == (row["response_to"], row["response_code"]), row["file"]
