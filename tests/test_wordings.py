"""What people are told, in the words of their organisation: checked, dated, and used by every door."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import workflow
from tests import world as worlds
from tests.test_delivery import BASE, MAIL, NOON, REAL, notify
from tests.world import World
from workflow import rewording
from workflow.actor import Actor
from workflow.errors import Invalid, NotAllowed, NotFound
from workflow.lists import inbox
from workflow.seeing import sight
from workflow.tables import Episode, Organisation, Unit, Wording
from workflow.telling import delivery, outbox, routing, texts, wordings
from workflow.telling.channels.letter import Letter
from workflow.vocabulary import Language, Role

DANISH, ENGLISH = Language.DANISH, Language.ENGLISH
BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
SENT, SMS = texts.fetch("handover_sent"), texts.fetch("sms")


@pytest.fixture
def episode(session: Session, world: World) -> Episode:
    admitted = worlds.admit(session, world, NOON)
    routing.route(session, at=NOON, real_at=REAL, channels=())
    return admitted


def administrator(organisation: Organisation) -> Actor:
    return Actor(name="Asta Demo", organisation_id=organisation.id, roles=frozenset({Role.ADMINISTRATOR}))


def worded(session: Session, organisation: Organisation, code: str, said: str, at: datetime = BEFORE) -> None:
    by = administrator(organisation)
    rewording.write(session, organisation, texts.fetch(code), DANISH, said, by=by, at=at)


def told(session: Session, episode: Episode, unit: Unit, topic: str = "handover_sent") -> Letter:
    """A unit is told at noon; the letter that its mailbox gets."""
    outbox.tell(session, episode, [unit.id], topic, by=Actor(name="Anders Demo"), at=NOON)
    routing.route(session, at=NOON, real_at=REAL, channels=(MAIL,))
    letter = delivery.claim(session, MAIL, at=NOON, real_at=REAL, base_url=BASE)
    assert letter is not None
    return letter


def said_to(session: Session, by: Actor, language: Language = DANISH) -> str:
    """The newest line in the inbox."""
    items, _ = inbox.page(session, sight.open(session, by, at=AFTER), language)
    return items[0].said


def rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Wording)) or 0


# --- which texts there are ---


@pytest.mark.parametrize("one", texts.EVERY.values(), ids=lambda one: one.code)
def test_what_overgang_came_with_is_a_wording_that_it_would_take(one: texts.Text) -> None:
    for language in one.languages:
        assert one.checked(one.shipped(language), language) == one.shipped(language)


def test_everything_that_the_engine_tells_has_a_text() -> None:
    told = set(topics_of_the_code())
    assert told > {"handover_sent", "time_corrected", "tried_in_vain", "message_not_received", "correspondence"}
    assert told - texts.LINES.keys() == set()


def topics_of_the_code() -> Iterator[str]:
    """Every topic that stands as such in a call of the engine."""
    for path in Path(workflow.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                is_tell = isinstance(node.func, ast.Attribute) and node.func.attr == "tell" and len(node.args) == 4
                said = [node.args[3]] if is_tell else [word.value for word in node.keywords if word.arg == "topic"]
                yield from (one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_a_text_that_is_not_there_and_a_language_in_which_it_is_not_told() -> None:
    for code, language in (("nothing", None), ("sms", ENGLISH)):
        with pytest.raises(NotFound):
            texts.fetch(code, language)


# --- what another wording must keep to ---


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "wording_needed"),
        (" \t\u00a0\u200b\x00", "wording_needed"),
        ("x" * 301, "text_too_long"),
        ("{besked} {link} {navn}", "no_such_blank"),
        ("{besked} {link} {unit}", "no_such_blank"),  # its name in the other language
        ("{besked} {link} {}", "no_such_blank"),
        ("{besked} {link} }{", "no_such_blank"),
        ("{besked} {link} {0.__class__}", "no_such_blank"),
        ("{besked} {{link}}", "no_such_blank"),
        ("{besked}", "blank_needed"),
        ("Log ind: {link}", "blank_needed"),
        ("{besked} {link} 011340-1234", "cpr_in_wording"),
        ("{besked} {link} 0113401234", "cpr_in_wording"),
        ("{besked} {link} 011340 1234", "cpr_in_wording"),
        ("{besked} {link} 011340 – 1234", "cpr_in_wording"),
        ("{besked} {link} 0113\u200b401234", "cpr_in_wording"),
        ("{besked} {link} 011340-Æ123", "cpr_in_wording"),
    ],
)
def test_a_wording_that_cannot_be_used_is_told_why(typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        SMS.checked(typed, DANISH)
    assert refused.value.code == code


def test_the_sentence_names_the_blanks_as_they_are_typed() -> None:
    with pytest.raises(Invalid) as refused:
        SENT.checked("{navn} fra {unit}", DANISH)
    assert refused.value.say(DANISH) == (
        "Teksten kan ikke udfylde {navn}, {unit}. Den kan udfylde: {enhed}, {tidspunkt}."
    )
    with pytest.raises(Invalid) as lacking:
        SMS.checked("Ring", DANISH)
    assert lacking.value.say(ENGLISH) == "The text must hold {besked}, {link}."


def test_a_line_stays_one_line_and_a_mail_keeps_its_lines() -> None:
    assert SENT.checked("  Ny \r\n overlevering\u202e\x07 ", DANISH) == "Ny overlevering"
    body = texts.fetch("mail_body").checked("\r\n{besked}  her\r\n\r\n {link} \r\n", DANISH)
    assert body == "{besked} her\n\n{link}"


def test_a_phone_number_is_no_cpr_number() -> None:
    assert SENT.checked("Ring +45 00 12 34 56 eller 87 42 20 00", DANISH)


# --- whose they are, and where they are used ---


def test_an_organisation_is_told_in_its_own_words_and_no_other_is(
    session: Session, world: World, episode: Episode
) -> None:
    worded(session, world.municipality, "transferred", "Der er en overlevering til {enhed}")
    assert told(session, episode, world.district, "transferred").subject == (
        "Overgang – Besked: Der er en overlevering til Distrikt Syd"
    )
    assert said_to(session, world.nurse) == "Der er en overlevering til Distrikt Syd"
    assert said_to(session, world.nurse, ENGLISH) == "the citizen has moved to another ward"
    told(session, episode, world.ward, "transferred")
    assert said_to(session, world.ward_nurse) == "borgeren er flyttet til en anden afdeling"


def test_every_part_of_a_letter_can_be_worded(session: Session, world: World, episode: Episode) -> None:
    worded(session, world.municipality, "mail_subject", "{enhed}: {besked}")
    worded(session, world.municipality, "mail_body", "Kære {enhed}\n\n{slags} {tidspunkt}: {besked}\n{link}")
    worded(session, world.municipality, "sms", "{besked} {link}")
    letter = told(session, episode, world.district)
    link = f"{BASE}/forloeb/{episode.uuid}"
    assert (letter.subject, letter.text) == ("Distrikt Syd: overlevering sendt", f"overlevering sendt {link}")
    assert letter.body == f"Kære Distrikt Syd\n\nBesked 12.03.2026 kl. 12.00: overlevering sendt\n{link}"


def test_a_notice_keeps_the_words_it_was_written_with(session: Session, world: World, episode: Episode) -> None:
    worded(session, world.municipality, "transferred", "Først sådan")
    letter = told(session, episode, world.district, "transferred")
    worded(session, world.municipality, "transferred", "Så sådan", at=AFTER)
    assert said_to(session, world.nurse) == "Først sådan"
    again = delivery.claim(session, MAIL, at=AFTER, real_at=REAL + timedelta(minutes=1), base_url=BASE)
    assert again is not None
    assert (again.key, again.text) == (letter.key, letter.text)


def test_what_only_an_agreement_knows_is_told_with_its_word(session: Session, world: World, episode: Episode) -> None:
    notice = notify(session, episode, world.facility)
    notice.topic = "phone:day"
    book = wordings.read(session, [world.municipality.id], [notice.topic], [DANISH])
    assert book.line(notice, world.facility, DANISH) == "dag"


def test_what_is_filled_in_is_only_text(session: Session, world: World, episode: Episode) -> None:
    worded(session, world.municipality, "handover_sent", "{enhed}")
    worded(session, world.municipality, "mail_subject", "{enhed} {besked}")
    world.district.name = "Syd {link}\r\nBcc: x@demo.example {0}"
    once = "Syd {link} Bcc: x@demo.example {0}"
    assert told(session, episode, world.district).subject == f"{once} {once}"


# --- how they are changed ---


def test_every_change_is_a_row_of_its_own(session: Session, world: World) -> None:
    home, by = world.municipality, administrator(world.municipality)
    worded(session, home, "handover_sent", "Først sådan", at=BEFORE)
    worded(session, home, "handover_sent", "Først  sådan ", at=NOON)  # the same form, sent twice
    worded(session, home, "handover_sent", "Så sådan", at=NOON)
    rewording.go_back(session, home, SENT, DANISH, by=by, at=AFTER)
    rewording.go_back(session, home, SENT, DANISH, by=by, at=AFTER)
    book = wordings.read(session, [home.id], [SENT.code], [DANISH, ENGLISH])
    said = [(row.text, row.written_at, row.written_by) for row in book.of(home.id, SENT, DANISH)]
    assert said == [
        ("Først sådan", BEFORE, "Asta Demo"), ("Så sådan", NOON, "Asta Demo"), (None, AFTER, "Asta Demo"),
    ]  # fmt: skip
    spoken = [book.says(home.id, SENT, DANISH, at=at) for at in (datetime(2026, 1, 1, tzinfo=UTC), BEFORE, NOON, AFTER)]
    assert spoken == ["overlevering sendt", "Først sådan", "Så sådan", "overlevering sendt"]


def test_overgangs_own_words_are_no_wording(session: Session, world: World) -> None:
    worded(session, world.municipality, "sms", SMS.shipped(DANISH))
    assert rows(session) == 0
    worded(session, world.municipality, "sms", "{besked} {link}")
    worded(session, world.municipality, "sms", SMS.shipped(DANISH))
    book = wordings.read(session, [world.municipality.id], ["sms"], [DANISH])
    assert book.own(world.municipality.id, SMS, DANISH) is None


def test_only_who_administers_the_organisation_words_its_texts(session: Session, world: World) -> None:
    neighbour = world.other_district.organisation
    for by in (administrator(neighbour), administrator(world.hospital), world.municipal_manager):
        with pytest.raises(NotAllowed):
            rewording.write(session, world.municipality, SENT, DANISH, "Hej", by=by, at=NOON)
        with pytest.raises(NotAllowed):
            rewording.go_back(session, world.municipality, SENT, DANISH, by=by, at=NOON)
    assert rows(session) == 0
    assert [one.name for one in rewording.organisations(session, by=administrator(neighbour))] == ["Nabo Demo Kommune"]
    assert rewording.organisations(session, by=world.municipal_manager) == []
    there = rewording.organisations(session, by=administrator(world.region))  # what lies in it; nobody tells itself
    assert [one.name for one in there] == [
        "Demo Kommune", "Hospital Demo", "Lægehuset Demo", "Nabo Demo Kommune",
    ]  # fmt: skip


def test_a_row_is_never_changed(session: Session, world: World) -> None:
    worded(session, world.municipality, "handover_sent", "Sådan")
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("update wordings set text = 'Anderledes'"))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("insert into wordings (organisation_id, code, language, text, written_at, written_by)"
                             " select organisation_id, code, language, '', written_at, '' from wordings"))  # fmt: skip
