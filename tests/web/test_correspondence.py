"""Correspondence on a citizen: begun, answered, read, with attachments as files; and the hospital's messages shown."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from tests.medcom.hospital import HospitalStay, as_bytes
from tests.web import handed
from tests.web.reader import Page, Reader
from tests.web.test_episode import acting, address, background, forges, now, seen
from workflow import clock, db
from workflow.calendar import local
from workflow.db import Session
from workflow.medcom import conversation, receiving
from workflow.medcom.communication import Segment as Said
from workflow.medcom.envelope import Party
from workflow.tables import Address, ClosedDay, Episode, Organisation, OutboundMessage, Task, Thread, Unit
from workflow.vocabulary import OrganisationKind, TaskState


@pytest.fixture
def sent(app: Flask) -> UUID:
    """Agnes, whose handover lies with Distrikt Syd."""
    return handed.sent()


def writes(reader: Reader, episode: UUID, **typed: str) -> Page:
    page = reader.sees(address(episode, "/korrespondance"))
    assert page.answer.status_code == 200, page.text
    said = {"text": "Hvornår er næste dosis?", "category": "medicine", "topic": "Insulin"}
    return reader.sends(page, address(episode, "/korrespondance"), **{**said, **typed})


def test_a_letter_is_begun_shown_with_its_state_and_completes_nothing(app: Flask, sent: UUID) -> None:
    handed.discharged(sent)
    page = writes(acting(app, "distrikt"), sent)
    assert page.answer.status_code == 200, page.text
    assert {"Medicin: Insulin", "Hvornår er næste dosis?"} <= set(page.texts)
    assert page.first("b", data_sending="queued")
    with background() as (session, _):
        assert session.scalars(select(OutboundMessage)).one().citizen_id is not None
        call = session.scalars(select(Task).where(Task.kind == "follow_up_call")).one()
        assert call.state == TaskState.OPEN


def test_who_writes_sees_when_the_ward_reads_again(app: Flask, sent: UUID) -> None:
    writer = acting(app, "distrikt")
    assert "data-read-at" not in writer.sees(address(sent, "/korrespondance")).html
    with background() as (session, at):
        ward = session.scalars(select(Unit).where(Unit.name == "Medicinsk afsnit")).one()
        session.add(ClosedDay(unit_id=ward.id, day=local(at).date(), added_at=at, added_by="Åse Demo"))
    page = writer.sees(address(sent, "/korrespondance"))
    assert "Medicinsk afsnit læser igen" in page.text
    assert "Ring, hvis det ikke kan vente" in page.text


@pytest.mark.parametrize(
    "wrong",
    [{"text": " "}, {"category": "nonsense"}, {"category": "other", "topic": ""}],
    ids=["text", "kind", "topic"],
)
def test_what_cannot_be_sent_comes_back_as_it_was_typed(app: Flask, sent: UUID, wrong: dict[str, str]) -> None:
    page = writes(acting(app, "distrikt"), sent, **{"topic": "Insulin i aften", **wrong})
    assert page.answer.status_code == 422
    assert ({"text": "Hvornår er næste dosis?", **wrong}["text"]) in page.html
    with background() as (session, _):
        assert session.scalars(select(Thread)).all() == []


def test_the_ward_does_not_begin_from_here(app: Flask, sent: UUID) -> None:
    reader = acting(app, "afdeling")
    page = reader.sees(address(sent, "/korrespondance"))
    assert "data-send-letter" not in page.html
    forged = forges(reader, sent, "/korrespondance", text="Hej", category="discharge")
    assert forged.answer.status_code == 409


def arrives(episode: UUID) -> UUID:
    """The ward has answered, with a file; the conversation."""
    with background() as (session, _):
        at = clock.advance(session, timedelta(minutes=10))
        thread = session.scalars(select(Thread)).one()
        said = Said(
            identifier="urn:uuid:1", written_at=at, text="Kl. 22", author="Anders Demo", contact="+45 00 00 05 00",
            organisation="Medicinsk afsnit",
        )  # fmt: skip
        file = Said(
            identifier="urn:uuid:2", written_at=at, title="<b>Skema</b>", content_type="text/html",
            content=b"<script>alert(1)</script>",
        )  # fmt: skip
        for one in (said, file):
            conversation.keep(session, thread, one, "reply-message")
        thread.heard_at, thread.last_number = at, "the ward's"
        return thread.uuid


def test_an_answer_is_read_its_file_is_only_kept_and_it_is_answered(app: Flask, sent: UUID) -> None:
    reader = acting(app, "distrikt")
    writes(reader, sent)
    thread = arrives(sent)
    page = reader.sees(address(sent, "/korrespondance"))
    assert page.first("b", data_unread="")
    assert page.first("b", data_sending="received")
    assert "<b>Skema" not in page.html
    file = reader.client.get(page.first("a", data_attachment="")["href"])
    assert file.data == b"<script>alert(1)</script>"
    assert file.headers["Content-Disposition"] == 'attachment; filename="bilag.bin"'
    assert file.content_type == "application/octet-stream"
    below = f"/korrespondance/{thread}/svar"
    page = reader.sends(page, address(sent, below), text="Tak, noteret")
    assert "Tak, noteret" in page.text
    assert 'class="mark" data-unread' not in page.html
    assert forges(acting(app, "nabokommune"), sent, below, text="Hej").answer.status_code == 404


def test_read_without_an_answer(app: Flask, sent: UUID) -> None:
    reader = acting(app, "distrikt")
    writes(reader, sent)
    arrives(sent)
    page = reader.presses(reader.sees(address(sent, "/korrespondance")), data_mark_read="")
    assert 'class="mark" data-unread' not in page.html


def test_a_file_of_another_citizen_is_not_there(app: Flask, sent: UUID) -> None:
    reader = acting(app, "distrikt")
    writes(reader, sent)
    arrives(sent)
    file = reader.sees(address(sent, "/korrespondance")).first("a", data_attachment="")["href"].rpartition("/")[2]
    other = handed.sent()
    assert reader.client.get(address(other, f"/korrespondance/fil/{file}")).status_code == 404


# --- the hospital's messages (standards 1.10) ---


def hospital(episode: UUID) -> HospitalStay:
    """The citizen's ward, as it tells of the stay."""
    with background() as (session, _):
        citizen = session.scalars(select(Episode).where(Episode.uuid == episode)).one().citizen
        ours = (
            select(Address)
            .join(Unit, Unit.id == Address.unit_id)
            .join(Organisation, Organisation.id == Unit.organisation_id)
        )
        receiver = session.scalars(
            ours.where(Organisation.kind == OrganisationKind.MUNICIPALITY, Unit.name == "Distrikt Syd")
        ).one()
        ward = session.scalars(ours.where(Unit.name == "Medicinsk afsnit")).one()
        return HospitalStay(
            cpr=citizen.cpr.value, sender=Party(ward.sor, ward.gln, "Regionshospitalet Demo"),
            receiver=Party(receiver.sor, receiver.gln, receiver.name),
            provider=Party(ward.sor, ward.gln, "Medicinsk afsnit"),
        )  # fmt: skip


def tells(stay: HospitalStay, code: str, hours: float) -> None:
    """A message, so many hours from now by the demonstration's clock."""
    at = now()
    with Session.begin() as session:
        db.receive_messages(session)
        happened = at + timedelta(hours=hours)
        receipt = receiving.receive(session, as_bytes(stay.tell(code, happened)), received_from="test", at=at)
        assert receipt.answer is not None
        assert receipt.answer.code == "ok", receipt


def test_the_messages_stand_as_certification_asks(app: Flask) -> None:
    episode = handed.admitted()
    stay = hospital(episode)
    tells(stay, "STIN", -4)
    reader = acting(app, "distrikt")
    page = seen(reader, episode)
    assert {"Advis om sygehusophold", "Start sygehusophold - indlagt", "Regionshospitalet Demo"} <= set(page.texts)
    tells(stay, "SLHJ", -3)
    tells(stay, "RE_SLHJ", -2)
    page = seen(reader, episode)
    assert page.first("b", data_corrected="")
    assert "Rettelse Slut sygehusophold - afsluttet til hjemmet/primær sektor" in page.texts
    tells(stay, "AN_SLHJ", 0)
    page = seen(reader, episode)
    assert len([1 for _, values in page.tags if "data-cancelled" in values]) >= 2
    assert page.texts[page.texts.index("Status for sygehusophold") + 1] == "Start sygehusophold - indlagt"
    assert page.first("div", data_state="admitted")


def test_leave_and_death_by_message(app: Flask) -> None:
    episode = handed.admitted()
    stay = hospital(episode)
    tells(stay, "STIN", -4)
    tells(stay, "STOR", -3)
    reader = acting(app, "distrikt")
    page = seen(reader, episode)
    assert page.first("div", data_state="on_leave")
    assert "<small>Advis om sygehusophold" in page.html
    tells(stay, "SLOR", -2)
    assert seen(reader, episode).first("div", data_state="admitted")
    tells(stay, "MORS", -1)
    page = seen(reader, episode)
    assert page.first("div", data_state="deceased")
    assert "data-event" not in page.html
    assert "data-next" not in page.html
