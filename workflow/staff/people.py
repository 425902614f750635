"""People at work: who they are, how they are reached, and that they are gone at once when they leave."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import texts
from workflow.actor import Actor
from workflow.errors import Invalid, NotFound, NotPossible
from workflow.staff import administrators, sign_ins, tokens
from workflow.tables import Person
from workflow.vocabulary import NoticeKind, SignInEnd

_USERNAME = re.compile(r"[a-zæøå0-9][a-zæøå0-9._@-]{1,63}")
# Plain ASCII, without the marks of an encoded word: what a mail program would take apart is no address here.
_MAIL = re.compile(r"(?!.*=\?)[!-?A-~]{1,64}@[!-?A-~]{1,190}\.[!-?A-~]{2,63}")
_PHONE = re.compile(r"\+?[0-9 ]{8,20}")
_CPR = re.compile(rf"\d{{6}}{texts.DASH}?\d{{4}}")  # a citizen's number must not become a name here (promise 10)


def add(
    session: Session, username: str, name: str, *, by: Actor, email: str | None = None, mobile: str | None = None,
    is_system: bool = False,
) -> Person:  # fmt: skip
    """A new person, without roles; or a system, which gets roles as people do, acts by tokens, and never signs in.

    Raises Invalid, NotAllowed, and NotPossible when the username is taken.
    """
    administrators.require_administrator(by)
    username, name = texts.username(username), " ".join(texts.clean(name).split())
    if not _USERNAME.fullmatch(username) or _CPR.fullmatch(username):
        raise Invalid("bad_username")
    if not name or _CPR.search(name):
        raise Invalid("name_needed")
    if session.scalar(select(Person.id).where(func.lower(Person.username) == username)) is not None:
        raise NotPossible("username_taken")
    person = Person(username=username, name=name, active=True, is_system=is_system)
    _reach(person, email, mobile)
    session.add(person)
    session.flush()
    return person


def tell(
    session: Session, person_id: int, *, email: str | None, mobile: str | None, mail_about: Iterable[NoticeKind],
    sms_about: Iterable[NoticeKind],
) -> Person:  # fmt: skip
    """The person says where they are reached, and about what. Their unit's list has it all. Raises Invalid."""
    person = session.get_one(Person, person_id)
    _reach(person, email, mobile)
    person.mail_about = sorted({NoticeKind(kind).value for kind in mail_about})
    person.sms_about = sorted({NoticeKind(kind).value for kind in sms_about})
    return person


def close_tour(session: Session, person_id: int) -> None:
    """The person has seen the first tour, or does not want to: it never comes again."""
    session.get_one(Person, person_id).toured = True


def use_shortcuts(session: Session, person_id: int, on: bool) -> None:
    """Whether single keys do something for this person (WCAG 2.1.4 lets them switch that off)."""
    session.get_one(Person, person_id).shortcuts = on


def deactivate(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """The person leaves: every sign-in ends at once, what they hold of tokens and calendars is revoked for good, and
    their reminders go to others. `at` is real time.

    Their roles stay on paper, and open nothing. Raises NotAllowed, NotPossible for the last administrator.
    """
    administrators.require_administrator_over(session, person, by=by)
    administrators.require_another(session, than=person)
    person.active = False
    sign_ins.end_all(session, person.id, because=SignInEnd.DEACTIVATED, at=at)
    tokens.revoke_all(session, person, by=by, at=at)


def reactivate(session: Session, person: Person, *, by: Actor) -> None:
    """The person is back, with the roles that nobody took away. Raises NotAllowed."""
    administrators.require_administrator_over(session, person, by=by)
    person.active = True


def fetch(session: Session, person_id: UUID) -> Person:
    """Raises NotFound."""
    person = session.scalar(select(Person).where(Person.uuid == person_id))
    if person is None:
        raise NotFound("no_such_person")
    return person


def named(session: Session, username: str) -> Person:
    """The person with this username. Raises NotFound."""
    person = session.scalar(select(Person).where(func.lower(Person.username) == texts.username(username)))
    if person is None:
        raise NotFound("no_such_person")
    return person


def _reach(person: Person, email: str | None, mobile: str | None) -> None:
    person.email, person.mobile = (email or "").strip() or None, texts.spaced(mobile or "") or None
    if person.email is not None and not _MAIL.fullmatch(person.email):
        raise Invalid("not_an_email")
    if person.mobile is not None and not _PHONE.fullmatch(person.mobile):
        raise Invalid("not_a_phone_number")
