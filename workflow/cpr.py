"""A CPR number, or a replacement number with letters: read, masked, found, never shown by accident."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from workflow import keys, texts
from workflow.errors import Invalid

_SHAPE = re.compile("([0-9]{6})([0-9A-ZÆØÅ]{4})")
_LETTER = "[0-9A-Za-zÆØÅæøå]"
_DAY = r"(?:0[1-9]|[12]\d|3[01]|[678]\d|9[01])"
WITHIN = re.compile(rf"(?<!{_LETTER})({_DAY}\d{{4}}){texts.DASH}?[0-9A-ZÆØÅ]{{4}}(?!{_LETTER})")  # in a text
_SPACED = re.compile(rf"(?<!{_LETTER}){_DAY}\d{{4}}(?:\s|{texts.DASH})+\d{{4}}(?!{_LETTER})")  # as people write it too


def stands_in(text: str) -> bool:
    """Whether something in a text may be a CPR number, also with blanks, dashes or what cannot be seen within it."""
    seen = "".join(c for c in text if c.isprintable() or c.isspace())
    return bool(WITHIN.search(seen) or _SPACED.search(seen))


def require_none(*said: object) -> None:
    """Raises Invalid where a CPR number may stand in one of these texts, or among the values of one of these.

    For every text that a person types which is no clinical note: what only grows is never encrypted, nor taken back.
    """
    for one in said:
        if isinstance(one, str) and stands_in(one):
            raise Invalid("no_cpr_here")
        if isinstance(one, Mapping):
            require_none(*one.values())
        elif isinstance(one, list | tuple):
            require_none(*one)


@dataclass(frozen=True)
class Cpr:
    """Ten characters; `repr` and `str` show the mask. Modulus 11 was given up in 2007 and is not asked for."""

    value: str = field(repr=False)

    @classmethod
    def parse(cls, typed: str) -> "Cpr":
        """Read what was written, with any dash, dot or blank in it. Raises Invalid, without repeating it."""
        found = _SHAPE.fullmatch(texts.joined(texts.clean(typed)).upper())
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

    def age(self, on: date) -> int | None:
        """In whole years on a day; None where the number does not hold a date of birth.

        The century is in the seventh digit (CPR-kontoret, "Personnummeret i CPR-systemet"). Invented numbers count
        months from 13 on.
        """
        if self.is_replacement:
            return None
        day, month, year = (int(self.value[at : at + 2]) for at in (0, 2, 4))
        seventh = int(self.value[6])
        late = (seventh in {4, 9} and year <= 36) or (5 <= seventh <= 8 and year <= 57)
        century = 2000 if late else 1800 if 5 <= seventh <= 8 else 1900
        try:
            born = date(century + year, month - 12 if month > 12 else month, day)
        except ValueError:
            return None
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))

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
