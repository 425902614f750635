"""Bytes to values: JSON and XML alike, nothing that explodes, and no word of a person in what is refused."""

import json

import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.medcom import examples
from tests.medcom.examples import in_form
from workflow.medcom import envelope, wire
from workflow.medcom.problems import Unreadable
from workflow.medcom.wire import Format

STIN = "hn/derived/P01_1_STIN.json"
EVERY = examples.by_folder(row["file"] for row in examples.index())
IN_XML = examples.by_folder(row["file"] for row in examples.index() if row["file"].endswith(".xml"))


@pytest.mark.parametrize("files", EVERY.values(), ids=EVERY)
def test_a_message_is_the_same_in_both_forms(files: list[str]) -> None:
    for file in files:
        read = examples.tree(file)
        for form in Format:
            assert wire.read(in_form(examples.raw(file), form)) == read, file


@pytest.mark.parametrize("files", IN_XML.values(), ids=IN_XML)
def test_xml_is_read_as_the_fhir_library_reads_it(files: list[str]) -> None:
    for file in files:
        theirs = json.loads(Bundle.model_validate_xml(examples.raw(file)).model_dump_json())
        ours = json.loads(Bundle.model_validate(examples.tree(file)).model_dump_json())
        for entry in theirs["entry"]:
            entry["resource"].pop("text", None)
        assert ours == theirs, file


BILLION = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Bundle xmlns="http://hl7.org/fhir"><id value="&b;"/></Bundle>"""
OUTSIDE = b"""<!DOCTYPE b SYSTEM "file:///etc/passwd"><Bundle xmlns="http://hl7.org/fhir"/>"""


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"null", b"<", b"<a/>", b"\xff\xfe", b'{"resourceType": "Patient"}',
        b'{"resourceType": "Bundle", "id": "a", "id": "b"}',
        b'{"resourceType": "Bundle", "total": NaN}',
        b'{"resourceType": "Bundle", "id": "\\ud800"}',
        b'{"resourceType": "Bundle", "id": "\\u0000"}',
        b'{"resourceType": "Bundle", "a": ' + b"[" * 60 + b"]" * 60 + b"}",
        b'{"resourceType": "Bundle", "a": [' + b"{}," * 100_001 + b"{}]}",
        b'<Bundle xmlns="http://hl7.org/fhir">' + b"<entry>" * 100 + b"</entry>" * 100 + b"</Bundle>",
        b'<Bundle xmlns="http://hl7.org/fhir"><id value="a"/><id value="b"/></Bundle>',
        '<?xml version="1.0" encoding="UTF-16"?><Bundle xmlns="http://hl7.org/fhir"/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><Bundle xmlns="http://hl7.org/fhir"/>',
        BILLION, OUTSIDE,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_before_anything_is_built_from_it(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(raw)


def test_a_message_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(Unreadable, match="larger"):
        wire.read(b"{" + b" " * wire.MAX_BYTES)


def test_narratives_are_left_out_and_headings_are_not() -> None:
    read = json.dumps(examples.tree("cc/derived/CC-D1_1_new.json"))
    assert "div" not in read
    assert "Opfølgning" in json.loads(read)["entry"][2]["resource"]["topic"]["text"]


def test_brackets_inside_texts_do_not_count() -> None:
    many = examples.raw(STIN).replace(b'"Elmer"', b'"' + b"[{" * 200_000 + b'\\""')
    assert wire.read(many)["resourceType"] == "Bundle"


def test_a_byte_order_mark_does_not_matter() -> None:
    assert wire.read(b"\xef\xbb\xbf" + examples.raw(STIN)) == examples.tree(STIN)


def test_what_must_be_known_is_known_of_a_message_that_is_broken() -> None:
    outside = envelope.read(examples.tree("hn/receive/TEK_FCC_1_TEK_FCC.json"))
    assert outside.kind == "hospital-notification-message"
    assert (outside.sender.sor, outside.receiver.sor) == ("265161000016000", examples.RECEIVER)
    assert outside.sender.gln == "5790000209354"


def test_without_a_number_nobody_can_be_answered() -> None:
    with pytest.raises(Unreadable):
        envelope.read({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MessageHeader"}}]})
