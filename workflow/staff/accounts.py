"""Local accounts: a password, and a second factor from an app that shows codes (TOTP, RFC 6238)."""

from datetime import datetime

import pyotp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import keys, texts
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.staff import passwords
from workflow.tables import Account, Person

STEP = 30  # seconds that a code lasts; the ones before and after count too, for clocks differ
ISSUER = "Overgang"


def person_with(session: Session, username: str, password: str) -> Person:
    """Whose username and password these are.

    Raises NotAllowed, always in the same words and after the same work: whether somebody has an account is not told.
    """
    row = session.execute(
        select(Person, Account)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(func.lower(Person.username) == texts.username(username), Person.active)
    ).one_or_none()
    person, account = row or (None, None)
    stored = account.password_hash if account else None
    if not passwords.matches(stored, password) or person is None:
        raise NotAllowed("wrong_sign_in")
    return person


def set_password(session: Session, person: Person, password: str, *, at: datetime, must_change: bool) -> None:
    """Give a person a password; makes the account where there is none. Raises Invalid.

    `must_change`: somebody else knows it too, so that it opens nothing but the page where they choose their own.
    The caller ends their sign-ins.
    """
    passwords.require_good(password, username=person.username)
    account = session.scalar(select(Account).where(Account.person_id == person.id).with_for_update())
    if account is None:
        account = Account(person_id=person.id)
        session.add(account)
    account.password_hash = passwords.hashed(password)
    account.password_set_at, account.must_change = at, must_change
    session.flush()


def change_password(session: Session, person_id: int, old: str, new: str, again: str, *, at: datetime) -> None:
    """The person changes their own. Raises NotAllowed when the old one is wrong, Invalid when the new one is poor."""
    if new != again:
        raise Invalid("passwords_differ")
    person, account = session.get_one(Person, person_id), account_of(session, person_id)
    if account is None or not passwords.matches(account.password_hash, old):
        raise NotAllowed("wrong_password")
    if passwords.matches(account.password_hash, new):
        raise Invalid("password_the_same")
    set_password(session, person, new, at=at, must_change=False)


def account_of(session: Session, person_id: int) -> Account | None:
    """The local account, where they have one."""
    return session.scalar(select(Account).where(Account.person_id == person_id))


def begin_second_factor(session: Session, person_id: int) -> tuple[str, str]:
    """The secret for the person's app, and the address that opens the app with it; counts once a code was given.

    The same until then, so that a page can be loaded again. Raises NotPossible when they have one already.
    """
    person = session.get_one(Person, person_id)
    account = _locked(session, person_id)
    if account.totp_confirmed_at is not None:
        raise NotPossible("has_second_factor")
    if account.totp_encrypted is None:
        account.totp_encrypted = keys.ring().encrypt(pyotp.random_base32())
    secret = keys.ring().decrypt(account.totp_encrypted)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)


def confirm_second_factor(session: Session, person_id: int, code: str, *, at: datetime) -> None:
    """The person's app shows the right codes: from now on one is asked for. Raises Invalid."""
    account = _locked(session, person_id)
    _use(account, code, at=at)
    account.totp_confirmed_at = account.totp_confirmed_at or at


def require_code(session: Session, person_id: int, code: str, *, at: datetime) -> None:
    """Raises Invalid unless this is a code of now; then it is used up, also for somebody who looked over a shoulder."""
    _use(_locked(session, person_id), code, at=at)


def forget_second_factor(session: Session, person: Person) -> None:
    """The app is lost: a new one is set up at the next sign-in, where one is asked for."""
    account = _locked(session, person.id)
    account.totp_encrypted = account.totp_confirmed_at = None


def _use(account: Account, code: str, *, at: datetime) -> None:
    if account.totp_encrypted is None:
        raise NotPossible("no_second_factor")
    app, now = pyotp.TOTP(keys.ring().decrypt(account.totp_encrypted)), int(at.timestamp()) // STEP
    typed = "".join(code.split())
    step = next((n for n in (now - 1, now, now + 1) if pyotp.utils.strings_equal(typed, app.at(n * STEP))), None)
    if step is None or step <= account.totp_step:
        raise Invalid("wrong_code")
    account.totp_step = step


def _locked(session: Session, person_id: int) -> Account:
    """Raises NotPossible without a local account."""
    account = session.scalar(
        select(Account)
        .where(Account.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotPossible("no_local_account")
    return account
