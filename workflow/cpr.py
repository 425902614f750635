"""A CPR number, or a replacement number with letters: read, masked, found, never shown by accident."""

import re
from dataclasses import dataclass, field

from workflow import keys
from workflow.errors import Invalid

_SHAPE = re.compile(r"(\d{6})-?([0-9A-ZÆØÅ]{4})")


@dataclass(frozen=True)
class Cpr:
    """Ten characters; `repr` and `str` show the mask. Modulus 11 was given up in 2007 and is not asked for."""

    value: str = field(repr=False)

    @classmethod
    def parse(cls, typed: str) -> "Cpr":
        """Read what a person or a message wrote. Raises Invalid, without repeating what was typed."""
        found = _SHAPE.fullmatch(typed.strip().upper())
        if found is None or not (1 <= int(found[1][:2]) <= 31 or 61 <= int(found[1][:2]) <= 91):
            raise Invalid("not_a_cpr")
        return cls(found[1] + found[2])

    @property
    def masked(self) -> str:
        return f"{self.value[:6]}-****"

    @property
    def is_replacement(self) -> bool:
        """Given by a region until the real number is known: it has letters, or a day from 61 on (erstatnings-CPR)."""
        return not self.value.isdigit() or int(self.value[:2]) > 60

    def __str__(self) -> str:
        return self.masked

    def encrypted(self) -> bytes:
        """As it lies in the database."""
        return keys.ring().encrypt(self.value)

    def fingerprint(self) -> bytes:
        """As it is looked up."""
        return keys.ring().fingerprint("cpr", self.value.encode())


def decrypt(stored: bytes) -> Cpr:
    """The number that `Cpr.encrypted` wrote. Raises keys.Unreadable."""
    return Cpr(keys.ring().decrypt(stored))
