"""How often somebody may try to sign in: counted in PostgreSQL, so that no restart and no dead Redis forgets it."""

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from sqlalchemy import case, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from workflow import keys, texts
from workflow.errors import TooMany
from workflow.tables import SignInFailures

WINDOW = timedelta(minutes=15)
OF_ACCOUNT, OF_ADDRESS = 10, 100  # failures within the window; a hospital shares one address


def count(session: Session, username: str, address: str, *, at: datetime) -> None:
    """Count a try before it is known how it goes: many at once are counted too. Commit it before looking.

    `at` is real time. Raises TooMany when the account or the address has failed too often; that try is not counted.
    What was typed as username is kept as a keyed hash only: people type other things there.
    """
    for subject, most in ((_account(username), OF_ACCOUNT), (_address(address), OF_ADDRESS)):
        row = SignInFailures
        over = row.since < at - WINDOW
        failures, since = session.execute(
            insert(row)
            .values(subject=subject, since=at, failures=1)
            .on_conflict_do_update(
                index_elements=["subject"],
                set_={
                    "failures": case((over, 1), else_=row.failures + 1),
                    "since": case((over, at), else_=row.since),
                },
            )
            .returning(row.failures, row.since)
        ).one()
        if failures > most:
            raise TooMany("too_many_tries", until=since + WINDOW)


def forgive(session: Session, username: str, address: str) -> None:
    """It went well: the account's failures are forgotten, and this try is taken off the address."""
    session.execute(update(SignInFailures).where(SignInFailures.subject == _account(username)).values(failures=0))
    session.execute(
        update(SignInFailures)
        .where(SignInFailures.subject == _address(address))
        .values(failures=text("greatest(failures - 1, 0)"))
    )


def _account(username: str) -> bytes:
    return keys.ring().fingerprint("failures of account", texts.username(username).encode())


def _address(address: str) -> bytes:
    return keys.ring().fingerprint("failures of address", _network(address).encode())


def _network(address: str) -> str:
    """Who has one IPv6 address has the 2^64 of its network: they count as one."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Network((int(known) >> 64 << 64, 64)))
