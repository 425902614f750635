"""Which messages are in order, what they are, and what is said of those that are not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.medcom import examples
from tests.medcom.hospital import HospitalStay, as_values
from workflow.medcom import envelope, notification, rules, structure, wire
from workflow.medcom.problems import Problem
from workflow.medcom.rules import CATEGORIES
from workflow.medcom.tree import Tree, resources

FILES = {row["file"]: row for row in examples.index()}
JUDGED = examples.by_folder(file for file in FILES if "PX4" not in file)  # PX4 is for somebody else
ADVIS = examples.by_folder(
    file for file, row in FILES.items() if file.startswith("hn/") and row["expected_ack"] == "ok"
)
KINDS = ("MessageHeader", "Encounter", "Patient", "Communication", "Provenance", "Organization")
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def problems(tree: Tree) -> list[Problem]:
    return structure.problems(tree) or rules.problems(tree, envelope.read(tree).kind)


@pytest.mark.parametrize("files", JUDGED.values(), ids=JUDGED)
def test_every_example_is_judged_as_expected(files: list[str]) -> None:
    refused = {file for file in files if FILES[file]["expected_ack"].startswith("fatal-error")}
    assert {file for file in files if problems(examples.tree(file))} == refused


@pytest.mark.parametrize("files", ADVIS.values(), ids=ADVIS)
def test_every_advis_is_decoded_stored_and_read_again(files: list[str]) -> None:
    for file in files:
        row, read = FILES[file], notification.read(examples.tree(file))
        assert read.code == row["code"].replace("RE_MORS", "MORS"), file  # only the chain tells them apart
        assert read.happened_at == notification.instant(row["event_time"]), file
        assert read.asks_for_report == (row["report_flag"] == "true"), file
        assert set(row["episode_of_care"].split(";")) <= {value for _, value in read.episodes_of_care}, file
        stored = json.dumps(read.as_json())
        assert notification.Notification.from_json(json.loads(stored)) == read, file
        assert row["cpr"] not in stored, file
        assert "Elmer" not in stored, file


def test_a_death_after_a_cancelled_discharge_is_undone_by_what_looks_like_another_cancelled_discharge() -> None:
    stay = HospitalStay()
    codes = ["STIN", "SLHJ", "AN_SLHJ", "MORS", "AN_MORS"]
    assert [as_values(stay.tell(code, NOON)).code for code in codes] == codes


def changed(change: Callable[[dict[str, Any]], None], file: str = "hn/derived/P01_5_SLHJ.json") -> list[Problem]:
    tree = examples.tree(file)
    change({**{kind: next(resources(tree, kind), {}) for kind in KINDS}, "Bundle": tree})
    return problems(tree)


def without(kind: str, element: str) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts[kind].pop(element)


def having(kind: str, **elements: Any) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts[kind].update(elements)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (without("Bundle", "timestamp"), "Bundle.timestamp"),
        (without("Bundle", "id"), "Bundle.id"),
        (having("Bundle", type="collection"), "Bundle.type"),
        (having("Bundle", timestamp="2024-03-01T12:00:00"), "Bundle.timestamp"),
        (without("MessageHeader", "focus"), "MessageHeader.focus"),
        (having("MessageHeader", sender={"reference": "Organization/nobody"}), "MessageHeader.sender"),
        (without("MessageHeader", "destination"), "MessageHeader.destination"),
        (without("Encounter", "class"), "Bundle.entry[2].resource.class"),
        (having("Encounter", status="planned"), "Encounter.status"),
        (without("Encounter", "subject"), "Encounter.subject"),
        (without("Encounter", "episodeOfCare"), "Encounter.episodeOfCare"),
        (without("Encounter", "serviceProvider"), "Encounter.serviceProvider"),
        (having("Encounter", period={"start": "2024-03-01"}), "Encounter.period.start"),
        (having("Encounter", period={"start": "2024-03-01T12:00:00Z"}), "Encounter.period.end"),
        (having("Encounter", length={"value": 1}), "Encounter.length"),
        (having("Encounter", nonsense=True), "Bundle.entry"),
        (having("Patient", identifier=[]), "Patient.identifier"),
        (having("Patient", identifier=[{"system": "urn:oid:1.2.208.176.1.6.1.1", "value": "0703921VJ4"}]), "Patient"),
        (having("Organization", identifier=[{"system": "urn:oid:1.2.208.176.1.1", "value": "1"}]), "MessageHeader"),
        (having("Provenance", recorded="2024-03-01T12:00:00"), "Bundle.entry"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_place(change: Callable[[dict[str, Any]], None], where: str) -> None:
    found = changed(change)
    assert found
    assert any(problem.where.startswith(where) for problem in found), found
    assert examples.KNOWN not in str(found)
    assert "Elmer" not in str(found)


@pytest.mark.parametrize(
    "change",
    [
        having("Encounter", status="in-progress"),
        having("MessageHeader", id="i50fc5fe-not-a-uuid"),
        having("Encounter", meta={"profile": ["http://medcomfhir.dk/fhir/unknown"]}),
        having("Bundle", timestamp="2024-12-01T12:00:00+02:00"),
    ],
)
def test_what_senders_do_is_borne_with(change: Callable[[dict[str, Any]], None]) -> None:
    tree = examples.tree("hn/derived/P01_1_STIN.json")
    number = next(resources(tree, "MessageHeader"))["id"]
    parts = {kind: next(resources(tree, kind)) for kind in ("MessageHeader", "Encounter")} | {"Bundle": tree}
    change(parts)
    for provenance in resources(tree, "Provenance"):
        if provenance["target"][0]["reference"].endswith(number):
            provenance["target"][0]["reference"] = "MessageHeader/" + parts["MessageHeader"]["id"]
    assert problems(tree) == []


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_every_category_of_the_list_is_received(category: str) -> None:
    coded = [{"coding": [{"code": category}]}]
    change = having("Communication", category=coded, topic={"text": "Emne"})
    assert changed(change, "cc/derived/CC-D1_1_new.json") == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (having("Communication", category=[{"coding": [{"code": "assessment"}]}]), "Communication.category"),
        (having("Communication", category=[{"text": "discharge"}]), "Communication.category"),
        (having("Communication", identifier=[]), "Communication.identifier"),
        (having("Communication", payload=[]), "Communication.payload"),
        (having("Communication", priority="asap"), "Communication.priority"),
        (having("Communication", payload=[{"contentString": "Hej"}]), "Communication.payload[0]"),
    ],
)
def test_a_correspondence_without_what_it_needs_is_refused(
    change: Callable[[dict[str, Any]], None], where: str
) -> None:
    found = changed(change, "cc/derived/CC-D1_1_new.json")
    assert any(problem.where.startswith(where) for problem in found), found


def test_a_kind_of_message_that_is_not_received_here_is_named() -> None:
    tree = examples.tree("hn/derived/P01_1_STIN.json")
    next(resources(tree, "MessageHeader"))["eventCoding"]["code"] = "homecareobservation-message"
    (found,) = problems(tree)
    assert found.detail == "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE"


def test_numbers_and_times_of_a_foreign_form_are_no_surprise() -> None:
    for odd in ("", "2024", "2024-03-01T12:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", None, 5, "T"):
        assert notification.instant(odd) is None
    assert notification.same("urn:uuid:82873E50-325e-4016-8a68-2934bdb2f66d") == "82873e50325e40168a682934bdb2f66d"
    assert wire.format_of(b"  <a/>") == wire.Format.XML
