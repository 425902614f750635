"""Passwords: length over composition (NIST SP 800-63B 5.1.1), kept as argon2id hashes, checked in the same time."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workflow.errors import Invalid

SHORTEST, LONGEST = 12, 200  # characters
FEWEST_DIFFERENT = 5
OBVIOUS = ("password", "adgangskode", "kodeord", "overgang", "sommer20", "vinter20", "12345678", "qwertyui")

# OWASP's second choice of argon2id (19 MiB, two passes): 20 ms, so that eight at once do not stop a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS = _HASHER.hash("the work of looking, where there is no account")


def require_good(password: str, *, username: str) -> None:
    """Raises Invalid. Any characters will do; what everybody tries first will not."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise Invalid("password_too_short", shortest=SHORTEST)
    if len(plain) > LONGEST:
        raise Invalid("password_too_long", longest=LONGEST)
    rest = plain.casefold()
    for known in (username.casefold(), *OBVIOUS):
        rest = rest.replace(known, "")
    if len(rest) < SHORTEST // 2 or len(set(plain)) < FEWEST_DIFFERENT:
        raise Invalid("password_obvious")


def hashed(password: str) -> str:
    """As it lies in the database."""
    return _HASHER.hash(_plain(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Without an account (`stored` is None) it takes as long to say no."""
    try:
        _HASHER.verify(stored or _NOBODYS, _plain(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _plain(password: str) -> str:
    """The same characters, however the keyboard put them together."""
    return unicodedata.normalize("NFKC", password)
