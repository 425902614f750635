"""Reading, judging and answering messages leaves nothing behind in the process."""

import gc

import psutil
import pytest

from tests.medcom import examples
from tests.medcom.examples import in_form
from tests.medcom.test_stays import DAY
from workflow.medcom import acknowledgement, communication, envelope, notification, rules, structure, uris, wire
from workflow.medcom.acknowledgement import Answer, Code
from workflow.medcom.wire import Format

GROWTH = 25_000_000  # bytes, between a fifth of the messages and all of them


@pytest.fixture
def how_many(request: pytest.FixtureRequest) -> int:
    """Messages."""
    return 100_000 if request.config.getoption("--soak") else 400


def test_memory_is_flat_over_many_messages(how_many: int) -> None:
    files = [row["file"] for row in examples.index()]
    messages = [in_form(examples.raw(file), form) for file in files[::4] for form in Format]
    process, early = psutil.Process(), 0
    for n in range(how_many):
        _handle(messages[n % len(messages)])
        if n == how_many // 5:
            gc.collect()
            early = process.memory_info().rss
    gc.collect()
    assert process.memory_info().rss - early < GROWTH


def _handle(raw: bytes) -> None:
    tree = wire.read(raw)
    outside = envelope.read(tree)
    bad = structure.problems(tree) or rules.problems(tree, outside.kind)
    if not bad and outside.kind == uris.HOSPITAL_NOTIFICATION:
        notification.read(tree)
    elif not bad and outside.kind == uris.CARE_COMMUNICATION:
        communication.read(tree)
    own, _ = envelope.provenances(tree)
    answer = Answer(Code.FATAL if bad else Code.OK, tuple(bad))
    wire.write(acknowledgement.write(outside, own, answer, at=DAY), wire.format_of(raw))
