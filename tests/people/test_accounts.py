"""Local accounts: good passwords, no hint of who has one, no code used twice, no guessing on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

import pyotp
import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Database
from tests.people.conftest import IDLE, NOW, PASSWORD, Staff, signed_in
from workflow import db
from workflow.actor import SYSTEM
from workflow.errors import Invalid, NotAllowed, TooMany, WorkflowError
from workflow.staff import accounts, passwords, people, sign_ins, throttle
from workflow.staff.sign_ins import Lacks
from workflow.tables import Person
from workflow.vocabulary import SignInBy

NEW = "en helt ny og lang en"


@pytest.fixture
def nurse(session: Session, staff: Staff) -> Person:
    """Somebody with a password."""
    person = staff.person(session, staff.nurse)
    accounts.set_password(session, person, PASSWORD, at=NOW, must_change=False)
    return person


# --- passwords ---


@pytest.mark.parametrize(
    "password",
    ["tolv tegn!!!", "kun små bogstaver her", "1 2 3 4 5 6 7 8 9 10", "🐎🐄🐖🐓🦆🐑🐈🐕🐇🐁🐝🦔", "åge1b" * 40],
)
def test_length_counts_and_not_what_it_is_made_of(password: str) -> None:
    passwords.require_good(password, username="maja")
    assert passwords.matches(passwords.hashed(password), password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elleve tegn", "password_too_short"),
        ("å" * 201, "password_too_long"),
        ("aaaaaaaaaaaaaaaa", "password_obvious"),
        ("Password12345678", "password_obvious"),
        ("majademo-majademo", "password_obvious"),
        ("Overgang2026", "password_obvious"),
    ],
)
def test_what_everybody_tries_first_will_not_do(password: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.require_good(password, username="majademo")
    assert refused.value.code == why


def test_the_same_letters_count_however_they_were_typed() -> None:
    stored = passwords.hashed("p\u00e5 den anden side")
    assert passwords.matches(stored, "pa\u030a den anden side")


def test_it_is_kept_as_argon2id_with_salt() -> None:
    assert passwords.hashed(PASSWORD).startswith("$argon2id$")
    assert passwords.hashed(PASSWORD) != passwords.hashed(PASSWORD)


# --- who has an account is not told ---


def failure(session: Session, username: str, password: str) -> WorkflowError:
    with pytest.raises(NotAllowed) as refused:
        accounts.person_with(session, username, password)
    return refused.value


def test_a_wrong_password_and_no_such_person_get_the_same_answer(session: Session, nurse: Person, staff: Staff) -> None:
    without = staff.person(session, staff.manager).username
    gone = people.add(session, "borte", "Borte Demo", by=staff.first)
    accounts.set_password(session, gone, PASSWORD, at=NOW, must_change=False)
    people.deactivate(session, gone, by=staff.first, at=NOW)
    answers = {
        (failure(session, name, word).code, tuple(failure(session, name, word).facts))
        for name, word in ((nurse.username, "forkert"), ("ingen", PASSWORD), (without, PASSWORD), ("borte", PASSWORD))
    }
    assert answers == {("wrong_sign_in", ())}
    assert accounts.person_with(session, nurse.username.upper(), PASSWORD) == nurse


def test_and_after_the_same_work(session: Session, nurse: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[Parameters] = []

    class Counting(PasswordHasher):
        def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
            worked.append(extract_parameters(str(stored)))
            return super().verify(stored, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    for username in (nurse.username, "ingen"):
        failure(session, username, "en forkert adgangskode")
    known, unknown = worked
    assert known == unknown


# --- guessing ---


def test_after_ten_failures_an_account_waits_even_from_elsewhere(session: Session) -> None:
    for n in range(throttle.OF_ACCOUNT):
        throttle.count(session, "maja", f"10.0.0.{n}", at=NOW)
    with pytest.raises(TooMany):
        throttle.count(session, "MAJA", "10.1.1.1", at=NOW + throttle.WINDOW)
    throttle.count(session, "niels", "10.1.1.1", at=NOW)
    throttle.count(session, "maja", "10.1.1.1", at=NOW + throttle.WINDOW + timedelta(seconds=1))


def test_an_address_that_tries_many_accounts_waits(session: Session) -> None:
    for n in range(throttle.OF_ADDRESS):
        throttle.count(session, f"nurse{n}", "10.0.0.1", at=NOW)
    with pytest.raises(TooMany):
        throttle.count(session, "another", "10.0.0.1", at=NOW)
    throttle.count(session, "another", "10.0.0.2", at=NOW)


def test_signing_in_wipes_the_account_and_not_the_address(session: Session) -> None:
    for n in range(throttle.OF_ADDRESS):
        throttle.count(session, f"nurse{n}", "10.0.0.1", at=NOW)
    throttle.forgive(session, "nurse0", "10.0.0.1")
    throttle.count(session, "nurse0", "10.0.0.1", at=NOW)
    with pytest.raises(TooMany):
        throttle.count(session, "nurse0", "10.0.0.1", at=NOW)


def test_tries_at_once_are_all_counted(database: Database) -> None:
    def attempt(n: int) -> bool:
        try:
            with db.Session.begin() as session:
                throttle.count(session, "maja", f"10.0.0.{n}", at=NOW)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(40))) == throttle.OF_ACCOUNT


def test_what_was_typed_as_username_is_not_kept(session: Session) -> None:
    throttle.count(session, "0113404321", "10.0.0.1", at=NOW)
    kept = session.execute(text("select encode(subject, 'escape') from sign_in_failures")).scalars().all()
    assert len(kept) == 2
    assert not any("0113404321" in row or "10.0.0.1" in row for row in kept)


# --- the second factor ---


def code(secret: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(NOW, counter_offset=steps)


@pytest.fixture
def secret(session: Session, nurse: Person) -> str:
    """The nurse's app, set up."""
    shown, _ = accounts.begin_second_factor(session, nurse.id)
    accounts.confirm_second_factor(session, nurse.id, code(shown, steps=-1), at=NOW)
    return shown


def test_a_code_counts_once(session: Session, nurse: Person, secret: str) -> None:
    accounts.require_code(session, nurse.id, code(secret), at=NOW)
    for used in (code(secret), code(secret, steps=-1)):
        with pytest.raises(Invalid):
            accounts.require_code(session, nurse.id, used, at=NOW)
    accounts.require_code(session, nurse.id, code(secret, steps=1), at=NOW)


@pytest.mark.parametrize("typed", ["", "000000", "12345", "æøå", "1" * 400])
def test_another_does_not(session: Session, nurse: Person, secret: str, typed: str) -> None:
    with pytest.raises(Invalid):
        accounts.require_code(session, nurse.id, typed, at=NOW)


def test_one_of_long_ago_does_not(session: Session, nurse: Person, secret: str) -> None:
    with pytest.raises(Invalid):
        accounts.require_code(session, nurse.id, code(secret, steps=-2), at=NOW)


def test_the_secret_lies_encrypted(session: Session, nurse: Person, secret: str) -> None:
    stored = session.execute(text("select totp_encrypted from accounts")).scalar_one()
    assert secret.encode() not in stored


def test_a_password_alone_is_half_a_sign_in(session: Session, nurse: Person, secret: str) -> None:
    token = signed_in(session, nurse, by=SignInBy.PASSWORD)
    half = sign_ins.living(session, token, at=NOW, idle=IDLE)
    assert half is not None
    assert half.lacks == Lacks.CODE
    whole = sign_ins.confirm(session, half.id, at=NOW, replaces=token)
    session.expire_all()
    assert sign_ins.living(session, token, at=NOW, idle=IDLE) is None
    found = sign_ins.living(session, whole, at=NOW, idle=IDLE)
    assert found is not None
    assert found.lacks is None


def test_an_administrator_must_set_one_up_before_anything_else(session: Session, staff: Staff) -> None:
    person = staff.person(session, staff.first)
    accounts.set_password(session, person, PASSWORD, at=NOW, must_change=False)
    found = sign_ins.living(session, signed_in(session, person, by=SignInBy.PASSWORD), at=NOW, idle=IDLE)
    assert found is not None
    assert found.lacks == Lacks.SECOND_FACTOR


# --- changing it ---


def test_a_password_that_somebody_else_knows_opens_nothing(session: Session, nurse: Person) -> None:
    accounts.set_password(session, nurse, PASSWORD, at=NOW, must_change=True)
    token = signed_in(session, nurse, by=SignInBy.PASSWORD)
    found = sign_ins.living(session, token, at=NOW, idle=IDLE)
    assert found is not None
    assert found.lacks == Lacks.PASSWORD
    with pytest.raises(NotAllowed):
        accounts.change_password(session, nurse.id, "forkert", NEW, NEW, at=NOW)
    with pytest.raises(Invalid):
        accounts.change_password(session, nurse.id, PASSWORD, PASSWORD, PASSWORD, at=NOW)
    accounts.change_password(session, nurse.id, PASSWORD, NEW, NEW, at=NOW)
    session.expire_all()
    found = sign_ins.living(session, token, at=NOW, idle=IDLE)
    assert found is not None
    assert found.lacks is None


@pytest.mark.parametrize("typed", ["maja ", "\tmaja", "maja\u2003", "MAJA", "\ufeffmaja", " Maja\x00"])
def test_whatever_the_sign_in_takes_for_the_same_name_is_counted_as_the_same(session: Session, typed: str) -> None:
    for n in range(throttle.OF_ACCOUNT):
        throttle.count(session, "maja", f"10.0.0.{n}", at=NOW)
    with pytest.raises(TooMany):
        throttle.count(session, typed, "10.1.1.1", at=NOW)


def test_a_network_of_ipv6_is_one_address(session: Session) -> None:
    for n in range(throttle.OF_ADDRESS):
        throttle.count(session, f"nurse{n}", f"2001:db8:1:2::{n:x}", at=NOW)
    with pytest.raises(TooMany):
        throttle.count(session, "another", "2001:db8:1:2:ffff::1", at=NOW)
    throttle.count(session, "another", "2001:db8:1:3::1", at=NOW)
    throttle.count(session, "another", "::ffff:10.0.0.1", at=NOW)


@pytest.mark.parametrize("address", ["==?utf-8?q?a=0ab?=@x.dk", "=?utf-8?q?a?=@x.dk", "åse@x.dk", "a\r\nb@x.dk"])
def test_what_a_mail_program_would_take_apart_is_no_address(session: Session, address: str) -> None:
    with pytest.raises(Invalid):
        people.add(session, "ida", "Ida Demo", by=SYSTEM, email=address)
