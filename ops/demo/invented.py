"""Citizens who cannot exist: their CPR numbers are of a thirteenth month or later."""

from __future__ import annotations

from workflow.cpr import Cpr

FIRST_NAMES = (
    "Agnes", "Børge", "Else", "Svend", "Inger", "Poul", "Gerda", "Erik", "Ruth", "Knud", "Edith", "Viggo", "Karla",
    "Åge", "Ellen", "Holger", "Signe", "Evald", "Tove", "Otto", "Johanne", "Ejnar", "Esther", "Kaj", "Asta", "Aage",
    "Bodil", "Gunnar", "Grethe", "Henry", "Kirstine", "Ivan", "Lilly", "Jens", "Mary", "Karl", "Nanna", "Laurits",
    "Olga", "Martin", "Petra", "Niels", "Rigmor", "Oskar", "Sigrid", "Peder", "Thora", "Richard", "Ulla", "Søren",
    "Vera", "Tage", "Ærø", "Valdemar", "Øjvind", "Villy", "Solvej", "Herluf", "Dagmar", "Thorkild",
)  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÆØÅ"


def name(number: int) -> str:
    """The name of the invented citizen `number`, from 0; "Agnes Demo" is the first."""
    again, first = divmod(number, len(FIRST_NAMES))
    letter = f" {LETTERS[(again - 1) % len(LETTERS)]}." if again else ""
    return f"{FIRST_NAMES[first]}{letter} Demo"


def cpr(number: int) -> Cpr:
    """A number like a CPR number that nobody has: the month is 13 to 92."""
    month = 13 + number // 10_000 % 80
    return Cpr(f"{1 + number % 28:02d}{month:02d}{30 + number % 20:02d}{number % 10_000:04d}")


def phone(number: int) -> str:
    """A telephone number that nobody has: no Danish number begins with 0."""
    return f"+45 00 {number // 10_000 % 100:02d} {number // 100 % 100:02d} {number % 100:02d}"
