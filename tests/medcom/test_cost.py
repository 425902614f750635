"""A hostile text costs what its size says: nothing that is sent stalls the process that reads it."""

import time

import pytest

from workflow.medcom import wire
from workflow.medcom.problems import Unreadable

NS = b'<Bundle xmlns="http://hl7.org/fhir"'
SLOWEST = 5.0  # seconds, on a machine that has much else to do; the faults of this kind took minutes


@pytest.mark.parametrize(
    "raw",
    [
        b'{"resourceType":"Bundle","data":"' + b'\\"' * 1_000_000,
        b'"\\' * 1_000_000,
        NS + b"".join(b' a%d="1"' % n for n in range(100_000)) + b"/>",
        b"<a " + b'b="' * 300_000,
        b"<a " + b"b='x" * 300_000,
        b"<!--" * 90_000,
        b"<![CDATA[" * 90_000,
        NS + b">" + b"<a>" * 45_000 + b"</a>" * 45_000 + b"</Bundle>",
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a' + b"".join(b" a%d=+ACI-+ACI-" % n for n in range(100_000)),
    ],
    ids=["cut json", "odd json", "attributes", "open", "open too", "comments", "cdata", "deep", "another code"],
)  # fmt: skip
def test_it_is_refused_at_once(raw: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        wire.read(raw)
    assert time.process_time() - began < SLOWEST
