"""Conversations with the ward: received in any order, answered, begun from a call or handover, and followed up."""

import base64
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.medcom import examples
from tests.medcom.conftest import SET_UP, Deliver
from tests.medcom.examples import KNOWN
from tests.medcom.hospital import ELDERLY, HEART, OURS, HospitalStay
from tests.medcom.test_stays import h
from tests.steps import call_of
from tests.world import ISBAR, World
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.handing import handovers
from workflow.medcom import (
    acknowledgement,
    addresses,
    communication,
    conversation,
    envelope,
    letters,
    outbound,
    rules,
    wire,
)
from workflow.medcom import structure as fhir
from workflow.medcom.acknowledgement import Answer, Code
from workflow.medcom.posting import Against, Attachment
from workflow.medcom.tree import Tree, each, resources, word
from workflow.seeing import objections
from workflow.tables import Address, Citizen, Episode, Message, Notice, OutboundMessage, Segment, Task, Thread
from workflow.vocabulary import Fate, LegalBasis, Sending, TaskState

NEW, REPLY = "cc/derived/CC-D1_1_new.json", "cc/derived/CC-D1_2_reply.json"
REAL = datetime(2026, 3, 12, 8, tzinfo=h(0).tzinfo)
PNG = Attachment(title="Sår", content_type="image/png", content=b"\x89PNG\r\n\x1a\n" + b"0" * 20)
FILES = {row["file"]: row for row in examples.index()}
PUBLISHED = examples.by_folder(file for file in FILES if file.startswith("cc/"))


def readdressed(file: str) -> Tree:
    """The message as if it were for us."""
    tree = examples.tree(file)
    header = next(resources(tree, "MessageHeader"))
    receiver = envelope.party(tree, word(header, "destination", 0, "receiver", "reference"))
    for organisation in resources(tree, "Organization"):
        for identifier in organisation["identifier"]:
            if identifier["value"] == receiver.sor:
                identifier["value"] = OURS.sor
    header["destination"][0]["endpoint"] = f"https://sor2.sum.dsdn.dk/#id={OURS.sor}"
    return tree


@pytest.mark.parametrize("files", PUBLISHED.values(), ids=PUBLISHED)
def test_every_published_correspondence_is_answered_as_expected(
    session: Session, deliver: Deliver, files: list[str]
) -> None:
    for file in files:
        row = FILES[file]
        with session.begin_nested() as scene:
            receipt = deliver(wire.write(readdressed(file), wire.Format.XML), h(9))
            assert receipt.answer is not None
            assert row["expected_ack"].startswith(receipt.answer.code), file
            if receipt.answer.code == Code.OK:
                (thread,) = session.scalars(select(Thread)).all()
                said = conversation.segments(session, thread, with_contents=True)
                assert said, file
                assert [s.written_at for s in said] == sorted(s.written_at for s in said), file
                assert thread.category == row["category"], file
            scene.rollback()
        session.expire_all()


def test_new_and_reply_are_one_thread_in_whatever_order(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    seen = []
    for order in permutations((NEW, REPLY)):
        with session.begin_nested() as scene:
            for file in order:
                deliver(examples.raw(file), h(9))
            (thread,) = session.scalars(select(Thread)).all()
            texts = [said.text for said in conversation.segments(session, thread)]
            seen.append((texts, thread.category, thread.last_number, thread.episode_of_care))
            scene.rollback()
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 2
    assert seen[0][3] == "10baa894-758a-499d-8a94-5c498ec6b46c"


def test_a_forward_is_a_thread_of_its_own(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    for file in ("cc/ig-5.0.2/new-message_add5e7e2.json", "cc/ig-5.0.2/forward-message_c0426e3e.json"):
        deliver(wire.write(readdressed(file), wire.Format.JSON), h(9))
    assert len(session.scalars(select(Thread)).all()) == 2


def test_parallel_replies_stand_in_one_thread_by_their_times(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(examples.raw(NEW), h(9))
    other = examples.tree(REPLY)
    header = next(resources(other, "MessageHeader"))
    old, header["id"], other["id"] = header["id"], "another-reply", "another-bundle"
    for provenance in resources(other, "Provenance"):
        if provenance["target"][0]["reference"].endswith(old):
            provenance["target"][0]["reference"] = "MessageHeader/another-reply"
    payload = next(resources(other, "Communication"))["payload"][-1]
    payload["contentString"] = "Et svar til"
    payload["extension"][0]["valueDateTime"] = "2024-03-06T15:00:00+01:00"
    payload["extension"][1]["valueIdentifier"]["value"] = "urn:uuid:another-segment"
    deliver(examples.raw(REPLY), h(10))
    deliver(wire.write(other, wire.Format.JSON), h(11))
    (thread,) = session.scalars(select(Thread)).all()
    assert [s.text for s in conversation.segments(session, thread)][1] == "Et svar til"


def test_a_letter_is_told_of_encrypted_and_completes_nothing(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    stay = HospitalStay()
    deliver(stay.tell("STIN", h(1)), h(2))
    deliver(stay.tell("SLHJ", h(5)), h(6))
    deliver(examples.raw(NEW), h(9))
    call = session.scalars(select(Task).where(Task.kind == "follow_up_call")).one()
    assert call.state == TaskState.OPEN
    assert world.district.id in set(session.scalars(select(Notice.unit_id).where(Notice.topic == "correspondence")))
    (segment,) = session.scalars(select(Segment)).all()
    assert segment.text is not None
    assert b"Tryghedshotel" not in segment.text
    (thread,) = session.scalars(select(Thread)).all()
    assert thread.read_by is None
    read = conversation.mark_read(session, thread.uuid, by=world.nurse, at=h(10))
    assert (read.read_at, read.read_by) == (h(10), "Maja Demo")
    with pytest.raises(NotAllowed):
        conversation.mark_read(session, thread.uuid, by=world.stranger, at=h(10))


def test_an_invalid_letter_is_refused_each_time_and_not_shown(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    for _ in range(2):
        receipt = deliver(wire.write(readdressed("cc/v5-receive/R-Tek-M.json"), wire.Format.JSON), h(9))
        assert receipt.answer is not None
        assert receipt.answer.code == Code.FATAL
    assert session.scalars(select(Thread)).all() == []


def with_attachment(content: bytes, content_type: str = "image/png") -> bytes:
    tree = examples.tree(NEW)
    said = next(resources(tree, "Communication"))
    attached = {"contentType": content_type, "data": base64.b64encode(content).decode(), "title": "Bilag"}
    extensions = [dict(e) for e in said["payload"][0]["extension"]]
    extensions[1] = {**extensions[1], "valueIdentifier": {"value": "urn:uuid:bilag"}}
    said["payload"].append({"extension": extensions, "contentAttachment": attached})
    return wire.write(tree, wire.Format.JSON)


def test_an_attachment_that_is_not_what_it_says_is_only_bytes(
    session: Session, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(with_attachment(b"<script>alert(1)</script>"), h(9))
    (thread,) = session.scalars(select(Thread)).all()
    kept = next(s for s in conversation.segments(session, thread, with_contents=True) if s.title == "Bilag")
    assert (kept.content_type, kept.content) == ("application/octet-stream", b"<script>alert(1)</script>")


@pytest.mark.parametrize("raw", [with_attachment(b"GIF8", "text/html"), with_attachment(PNG.content * 400_000)])
def test_an_attachment_of_another_kind_or_size_is_refused(deliver: Deliver, raw: bytes) -> None:
    receipt = deliver(raw, h(9))
    assert receipt.answer is not None
    assert receipt.answer.code == Code.FATAL
    assert "contentAttachment" in receipt.answer.problems[0].where


def test_a_letter_about_somebody_we_do_not_know_is_not_thrown_away(session: Session, deliver: Deliver) -> None:
    receipt = deliver(wire.write(readdressed("cc/v5-receive/R-Tek-CPR-3.json"), wire.Format.JSON), h(9))
    assert receipt.fate == Fate.LOADED
    assert session.scalars(select(Thread)).one().citizen.name


# --- what we write ---


@pytest.fixture
def call(session: Session, elmer: Citizen, deliver: Deliver) -> Task:
    """Elmer's follow-up call, after a stay that messages told of."""
    stay = HospitalStay(episode_of_care="10baa894-758a-499d-8a94-5c498ec6b46c")
    deliver(stay.tell("STIN", h(1)), h(2))
    deliver(stay.tell("SLHJ", h(5)), h(6))
    return call_of(session, session.scalars(select(Episode)).one())


def write(session: Session, world: World, call: Task, **more: object) -> Thread:
    return letters.begin(
        session, call, "Hvem ringer vi til?", by=world.nurse, at=h(7), real_at=REAL,
        **{"topic": "Opfølgning", **more},  # type: ignore[arg-type]
    )  # fmt: skip


PATIENCE = timedelta(minutes=30)


def claimed(session: Session, real_at: datetime = REAL, *, resends: int = 3) -> outbound.Transmission | None:
    return outbound.claim(session, at=h(7), real_at=real_at, patience=PATIENCE, resends=resends)


def sent(session: Session, real_at: datetime = REAL) -> tuple[outbound.Transmission, Tree]:
    transmission = claimed(session, real_at)
    assert transmission is not None
    return transmission, wire.read(transmission.raw)


def test_a_letter_from_the_call_goes_to_the_ward_with_the_identifier_of_the_stay(
    session: Session, world: World, call: Task
) -> None:
    thread = write(session, world, call, attachments=(PNG,))
    _, tree = sent(session)
    assert fhir.problems(tree) == []
    assert rules.problems(tree, envelope.read(tree).kind) == []
    said = communication.read(tree)
    assert (said.activity, said.category, said.citizens) == ("new-message", "discharge", (KNOWN,))
    assert said.episode_of_care == ("https://sor2.sum.dsdn.dk/#id=265161000016000", thread.episode_of_care)
    assert (said.sender.sor, said.receiver.sor) == (OURS.sor, HEART.sor)
    assert [s.content for s in said.segments] == [PNG.content, None]
    assert call.state == TaskState.OPEN


def test_a_reply_repeats_what_was_said_without_old_attachments(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(with_attachment(PNG.content), h(6))
    thread = session.scalars(select(Thread)).one()
    later = h(7) + timedelta(days=9)
    letters.reply(session, thread.uuid, "Tak, vi ringer.", by=world.nurse, at=later, real_at=REAL)
    _, tree = sent(session)
    assert fhir.problems(tree) == []
    said = communication.read(tree)
    assert (said.activity, said.thread) == ("reply-message", thread.identifier)
    assert said.follows == envelope.read(examples.tree(NEW)).header_id
    assert said.episode_of_care is not None
    assert said.episode_of_care[1] == "10baa894-758a-499d-8a94-5c498ec6b46c"
    assert all(s.content is None for s in said.segments)
    assert said.segments[-1].text == "Tak, vi ringer."
    assert thread.read_by == "Maja Demo"


def test_a_conversation_is_passed_on_with_its_attachments_as_one_of_its_own(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    addresses.register(session, world.other_ward, ELDERLY.sor or "", gln=ELDERLY.gln, at=SET_UP)
    deliver(with_attachment(PNG.content), h(6))
    old = session.scalars(select(Thread)).one()
    said_before = conversation.segments(session, old)
    thread = letters.forward(
        session, old.uuid, world.other_ward, "Kender I til dette?", by=world.nurse, at=h(8), real_at=REAL,
        category="nursing", attachments=(PNG,),
    )  # fmt: skip
    _, tree = sent(session)
    assert fhir.problems(tree) == []
    assert rules.problems(tree, envelope.read(tree).kind) == []
    said = communication.read(tree)
    assert (said.activity, said.category, said.receiver.sor) == ("forward-message", "nursing", ELDERLY.sor)
    assert said.thread == thread.identifier != old.identifier
    assert said.follows == envelope.read(examples.tree(NEW)).header_id
    assert [s.content for s in said.segments].count(PNG.content) == 2  # the one that came, and the new one
    assert {s.identifier for s in said_before} <= {s.identifier for s in said.segments}
    own, _ = envelope.provenances(tree)
    assert len([e for e in each(own, "entity") if e["role"] == "source"]) == 2
    assert len(conversation.segments(session, thread)) == len(said_before) + 2
    deliver(wire.write(tree, wire.Format.JSON), h(9))  # whoever gets it can read it
    assert (old.last_number, len(conversation.segments(session, old))) == (said.follows, len(said_before))


def test_a_part_of_a_conversation_is_passed_on(
    session: Session, world: World, elmer: Citizen, deliver: Deliver
) -> None:
    deliver(with_attachment(b"<script>"), h(6))
    old = session.scalars(select(Thread)).one()
    texts = {said.identifier for said in conversation.segments(session, old) if said.text is not None}

    def forward(only: set[str] | None) -> Thread:
        return letters.forward(
            session, old.uuid, world.ward, "Se her.", by=world.nurse, at=h(8), real_at=REAL, only=only
        )

    for refused in (None, {"nothing of that name"}):  # what is not what it says does not go on
        with session.begin_nested() as scene:
            with pytest.raises(Invalid):
                forward(refused)
            scene.rollback()
    forward(texts)
    _, tree = sent(session)
    assert [s.text is not None for s in communication.read(tree).segments] == [True, True]


def test_a_forward_that_came_shows_who_said_what(session: Session, elmer: Citizen, deliver: Deliver) -> None:
    deliver(wire.write(readdressed("cc/ig-5.0.2/forward-message_c0426e3e.json"), wire.Format.JSON), h(9))
    thread = session.scalars(select(Thread)).one()
    assert set(session.scalars(select(Segment.activity))) == {"forward-message"}
    assert all(said.author for said in conversation.segments(session, thread) if said.text is not None)


def test_what_a_citizen_objects_to_is_written_on_a_legal_basis_only(session: Session, world: World, call: Task) -> None:
    objections.register(session, session.scalars(select(Citizen.id)).one(), "Alt", by=world.nurse, at=h(6))
    with session.begin_nested() as scene:
        with pytest.raises(NotPossible) as objects:
            write(session, world, call)
        scene.rollback()
    assert objects.value.code == "citizen_objects"
    against = Against(legal_basis=next(iter(LegalBasis)), reason="Fare for liv")
    thread = write(session, world, call, against=against)
    with pytest.raises(NotPossible):
        letters.reply(session, thread.uuid, "Og så?", by=world.nurse, at=h(8), real_at=REAL)
    letter = session.scalars(select(OutboundMessage)).one()
    assert letter.legal_basis == against.legal_basis
    assert letter.basis_reason is not None
    assert b"Fare" not in letter.basis_reason


def test_a_letter_from_a_handover(session: Session, world: World, call: Task) -> None:
    episode = session.scalars(select(Episode)).one()
    handover = handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=h(7))
    thread = letters.begin(
        session, handover, "Hvilken dosis?", by=world.nurse, at=h(8), real_at=REAL, category="medicine"
    )
    assert (thread.category, thread.task_id) == ("medicine", None)


@pytest.mark.parametrize(
    "more",
    [
        {"category": "assessment"},
        {"category": "other", "topic": None},
        {"attachments": (Attachment(title="x", content_type="image/png", content=b"MZ"),)},
        {"attachments": (Attachment(title="x", content_type="text/html", content=b"<a>"),)},
    ],
)
def test_what_the_standard_does_not_take_is_not_written(
    session: Session, world: World, call: Task, more: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        write(session, world, call, **more)


def test_a_ward_without_an_address_is_phoned(session: Session, world: World, call: Task) -> None:
    call.counterpart_unit_id = world.other_ward.id
    with pytest.raises(NotPossible, match="ring"):
        write(session, world, call)
    assert session.scalar(select(func.count()).select_from(Address)) == 2
    assert addresses.placeholders(session) == []


# --- until it is acknowledged ---


def answer(session: Session, deliver: Deliver, tree: Tree, code: Code, at: datetime, *, again: bool = False) -> None:
    outside = envelope.read(tree)
    own, _ = envelope.provenances(tree)
    raw = wire.write(acknowledgement.write(outside, own, Answer(code), at=at), wire.Format.XML)
    for _ in range(2 if again else 1):
        assert deliver(raw, at).answer is None


def state(session: Session) -> tuple[Sending, int]:
    row = session.scalars(select(OutboundMessage), execution_options={"populate_existing": True}).one()
    return row.state, row.transmissions


def test_acknowledged_is_the_end_of_it(session: Session, world: World, call: Task, deliver: Deliver) -> None:
    write(session, world, call)
    assert state(session) == (Sending.QUEUED, 0)
    _, tree = sent(session)
    assert state(session) == (Sending.AWAITING, 1)
    answer(session, deliver, tree, Code.OK, h(8), again=True)
    assert state(session) == (Sending.ACKNOWLEDGED, 1)
    assert claimed(session, REAL + timedelta(days=1)) is None
    fates = session.scalars(select(Message.fate).where(Message.kind == "acknowledgement-message")).all()
    assert fates == [Fate.ANSWER]


def test_without_an_answer_it_is_sent_again_three_times_and_then_a_person_is_told(
    session: Session, world: World, call: Task
) -> None:
    write(session, world, call)
    numbers, bundles = set(), set()
    for n in range(4):
        transmission, tree = sent(session, REAL + n * PATIENCE)
        assert claimed(session, REAL + n * PATIENCE) is None
        numbers.add(transmission.number)
        bundles.add(tree["id"])
    assert (len(numbers), len(bundles)) == (1, 4)
    assert claimed(session, REAL + 4 * PATIENCE) is None
    assert state(session) == (Sending.FAILED, 4)
    told = session.scalars(select(Notice).where(Notice.topic == "message_not_received")).one()
    assert told.unit_id == world.district.id


def test_how_often_it_is_sent_again_is_a_setting(session: Session, world: World, call: Task) -> None:
    write(session, world, call)
    assert claimed(session, resends=1) is not None
    assert claimed(session, REAL + PATIENCE, resends=1) is not None
    assert claimed(session, REAL + 2 * PATIENCE, resends=1) is None
    assert state(session) == (Sending.FAILED, 2)


def test_refused_is_told_to_the_unit(session: Session, world: World, call: Task, deliver: Deliver) -> None:
    write(session, world, call)
    _, tree = sent(session)
    answer(session, deliver, tree, Code.FATAL, h(8))
    assert state(session)[0] == Sending.FAILED
    assert "message_not_received" in set(session.scalars(select(Notice.topic)))


@pytest.mark.parametrize(("then", "ends"), [(Code.OK, Sending.ACKNOWLEDGED), (Code.FATAL, Sending.FAILED)])
def test_transient_is_sent_again_and_the_latest_answer_counts(
    session: Session, world: World, call: Task, deliver: Deliver, then: Code, ends: Sending
) -> None:
    write(session, world, call)
    _, tree = sent(session)
    answer(session, deliver, tree, Code.TRANSIENT, h(8), again=True)
    assert state(session) == (Sending.RESENDING, 1)
    _, again = sent(session)
    assert envelope.read(again).header_id == envelope.read(tree).header_id
    assert again["id"] != tree["id"]
    answer(session, deliver, tree, then, h(9))
    assert state(session) == (ends, 2)


def test_a_transport_that_fails_costs_no_sending(session: Session, world: World, call: Task) -> None:
    write(session, world, call)
    transmission, _ = sent(session)
    outbound.not_delivered(session, transmission, real_at=REAL)
    assert state(session) == (Sending.QUEUED, 0)
    assert claimed(session) is None
    assert claimed(session, REAL + timedelta(minutes=1)) is not None


def test_an_answer_to_something_that_we_did_not_send_is_kept_and_changes_nothing(
    session: Session, deliver: Deliver
) -> None:
    receipt = deliver(wire.write(readdressed("ack/IG_ok.json"), wire.Format.JSON), h(9))
    assert (receipt.answer, receipt.fate, receipt.code) == (None, Fate.ANSWER, "unknown")
