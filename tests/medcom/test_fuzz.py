"""Real messages with something wrong in them: never a fault of ours, never half a write, always an answer."""

import copy
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Database
from tests.medcom import examples
from tests.medcom.conftest import settle
from tests.medcom.examples import in_form
from tests.medcom.test_stays import h
from workflow import db
from workflow.medcom import envelope, intake, receiving, structure, uris, wire
from workflow.medcom.acknowledgement import Code
from workflow.medcom.problems import Unreadable
from workflow.medcom.wire import Format
from workflow.tables import Citizen, Episode, HistoryEntry, Message
from workflow.vocabulary import Fate

SUITE = settings(
    derandomize=True, deadline=None, database=None, max_examples=100, suppress_health_check=list(HealthCheck)
)
SOAK = settings(SUITE, derandomize=False, print_blob=True, max_examples=20_000)
SECONDS = 5.0  # for one message, on a machine that is busy with others
REAL = [row["file"] for row in examples.index() if not row["file"].startswith("cc/v")]
LATER = h(24 * 400)

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.text(max_size=12), st.just([]), st.just({}),
    st.sampled_from([
        "", "0", "2024-02-30T25:00:00Z", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", "2024-01-01T00:00:00",
        "2409260999", "0113990001", "urn:uuid:", "MessageHeader/", "../../etc/passwd", "'; drop table messages; --",
        "x" * 5_000, "\u202e", "Organization/nobody", "admit-inpatient", "cancel-admit-inpatient", "entered-in-error",
        "2024-03-01T12:00:00+01:00", "finished", "onleave", "EMER",
    ]),
)  # fmt: skip


def _places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield from _places(value, (*path, key))


def _at(node: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real message in which a few things are gone, doubled, swapped or odd; or whose bytes are damaged."""
    tree = copy.deepcopy(examples.tree(draw(st.sampled_from(REAL))))
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(tree))
        path = draw(st.sampled_from(places))
        owner, key = _at(tree, path[:-1]), path[-1]
        match draw(st.sampled_from(["gone", "odd", "doubled", "swapped"])):
            case "gone":
                del owner[key]
            case "odd":
                owner[key] = draw(ODD)
            case "doubled" if isinstance(owner, list):
                owner.append(copy.deepcopy(owner[key]))  # type: ignore[index]
            case "doubled":
                owner[key] = [owner[key]] * 2
            case _:
                owner[key] = copy.deepcopy(_at(tree, draw(st.sampled_from(places))))
    try:
        raw = wire.write(tree, draw(st.sampled_from(Format)))
    except (TypeError, ValueError, KeyError, AttributeError):  # no such XML can be written
        raw = json.dumps(tree).encode()
    if draw(st.integers(0, 9)) == 0 and raw:
        start, length = draw(st.integers(0, len(raw))), draw(st.integers(0, 40))
        raw = raw[:start] + draw(st.binary(max_size=8)) + raw[start + length :]
    return raw


def count(session: Session) -> tuple[int, ...]:
    return tuple(session.scalar(select(func.count()).select_from(t)) or 0 for t in (Message, Episode, HistoryEntry))


@pytest.fixture
def how_many(request: pytest.FixtureRequest) -> settings:
    """How many messages are tried."""
    return SOAK if request.config.getoption("--soak") else SUITE


def test_every_readable_message_is_answered_and_none_is_a_fault_of_ours(database: Database, how_many: settings) -> None:
    with db.Session.begin() as session:
        settle(session, worlds.build(session))

    @how_many
    @given(mutated())
    def take_in(raw: bytes) -> None:
        with db.Session() as session:  # a transaction of its own: in one for all of them the locks ran out
            _take_in(session, raw)
            session.rollback()

    take_in()


def _take_in(session: Session, raw: bytes) -> None:
    @contextmanager
    def transaction() -> Iterator[tuple[Session, datetime]]:
        with session.begin_nested():
            yield session, LATER

    before, began = count(session), time.monotonic()
    try:
        receipt = intake.take_in(transaction, raw, received_from="fuzz", real_at=LATER)
    except Unreadable:
        assert count(session) == before
        return
    assert time.monotonic() - began < SECONDS
    assert receipt.fate != Fate.WAITING, "a fault of ours"
    assert (receipt.answer is None) == (receipt.outside.kind == uris.ACKNOWLEDGEMENT)
    if receipt.answer is not None:
        assert receipt.answer.code in {Code.OK, Code.FATAL}
        answer = receipt.acknowledgement()
        assert answer is not None
        tree = wire.read(answer)
        assert envelope.read(tree).kind == uris.ACKNOWLEDGEMENT
    assert count(session)[0] == before[0] + 1
    if receipt.fate in {Fate.REFUSED, Fate.UNKNOWN_CITIZEN}:
        assert count(session)[1:] == before[1:]
    again = receiving.receive(session, raw, received_from="fuzz", at=LATER)
    assert (again.answer, again.fate, again.again) == (receipt.answer, receipt.fate, True)


@pytest.mark.parametrize("form", Format)
def test_an_answer_to_a_broken_message_is_itself_in_order(session: Session, elmer: Citizen, form: Format) -> None:
    raw = in_form(examples.raw("hn/derived/PX2_1_STIN.json"), form)
    receipt = receiving.receive(session, raw, received_from="test", at=LATER)
    assert structure.problems(wire.read(receipt.acknowledgement() or b"")) == []
