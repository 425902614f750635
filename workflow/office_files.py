"""Files as offices save them: the code page found out, columns by name in any order, every line with its number."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from workflow import texts
from workflow.errors import Invalid, NotAllowed

SEPARATORS = (";", ",", "\t")
LONGEST_CELL = 10_000_000  # characters: more than any file has, so that a long cell is a bad line and no fault
_SHORTENED = re.compile(r"\d+([.,]\d+)?E\+?\d+", re.IGNORECASE)  # 5,79E+12: what Excel shows of a long number
_YEAR_FIRST, _DAY_FIRST = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)"), re.compile(r"(\d\d?)[-./ ](\d\d?)[-./ ](\d{4})")
csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be used, and why: a code of `workflow.sentences` with what fills its blanks.

    It repeats nothing of the line.
    """

    line: int
    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    """The text of a file, and the code page that it was written in."""

    text: str
    code_page: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)


def decode(raw: bytes) -> Decoded:
    """What the bytes say: UTF-8 or UTF-16, with its mark or without, else Windows-1252, as Excel's "CSV" is.

    Raises Invalid for what is no text, such as a workbook.
    """
    for page, name in (("utf-8-sig", "UTF-8"), (_utf16(raw), "UTF-16"), ("cp1252", "Windows-1252")):
        if page is None:
            continue
        try:
            text = raw.decode(page)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return Decoded(text, name)
    raise Invalid("not_a_text_file")


def _utf16(raw: bytes) -> str | None:
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    noughts = (raw[:200:2].count(0), raw[1:200:2].count(0))  # of the letters that most of a file is, one byte is 0
    return None if max(noughts) < 10 else "utf-16-le" if noughts[1] > noughts[0] else "utf-16-be"


def cells(lines: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line that says something: its number, and its cells by column, without blanks around them.

    The first line names the columns in any order, with any of `SEPARATORS` between them; case and blanks in a name
    count for nothing. A line with more cells than columns comes as an empty dict. Raises Invalid for another first
    line.
    """
    given = list(lines)
    separator, names, skipped = _header(given, columns)
    reader = csv.reader(given[skipped:], delimiter=separator)
    next(reader)
    try:
        for row in reader:
            said = [texts.clean(cell).strip() for cell in row]
            if not any(said):
                continue
            beyond = any(said[len(names) :]) or any(cell for cell, name in zip(said, names, strict=False) if not name)
            said += [""] * (len(names) - len(said))
            found = {name: cell for name, cell in zip(names, said, strict=False) if name}
            yield reader.line_num + skipped, {} if beyond else found
    except csv.Error:
        raise Invalid("not_a_table") from None


def read_lines(
    lines: Iterable[str], columns: Sequence[str], use: Callable[[dict[str, str]], None]
) -> tuple[int, list[BadLine]]:
    """Use each line; returns how many could be used, and which not, and why."""
    used, bad = 0, list[BadLine]()
    for number, said in cells(lines, columns):
        try:
            if not said:
                raise Invalid("too_many_cells")
            use(said)
            used += 1
        except (Invalid, NotAllowed) as error:
            bad.append(BadLine(number, error.code, error.facts))
    return used, bad


def _header(given: list[str], columns: Sequence[str]) -> tuple[str, list[str], int]:
    skipped = 1 if given and texts.clean(given[0]).strip().lower().startswith("sep=") else 0  # a line that Excel reads
    known = {_folded(column): column for column in columns}
    for separator in SEPARATORS:
        first = next(csv.reader(given[skipped : skipped + 1], delimiter=separator), [])
        names = [known.get(_folded(name), name) for name in first]
        if sorted(name for name in names if name) == sorted(columns):
            return separator, names, skipped
    raise Invalid("bad_header", expected=";".join(columns))


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-.\ufeff\"]", "", texts.clean(name)).casefold()


def number(cell: str) -> str:
    """A number that a register gave, as digits. Raises Invalid for one that a spreadsheet has shortened."""
    if _SHORTENED.fullmatch(cell):
        raise Invalid("number_shortened")
    joined = texts.joined(cell)
    return joined if joined.isdigit() else cell


def restored(cell: str, digits: int, *, lost: int = 1) -> str:
    """A number of so many digits, with the leading noughts that a spreadsheet took: at most `lost`. Raises Invalid."""
    found = number(cell)
    return found.zfill(digits) if found.isdigit() and digits - lost <= len(found) < digits else found


def day(cell: str) -> date:
    """A day, as it is written in a register or as a Danish spreadsheet shows it. Raises Invalid."""
    found, turned = _YEAR_FIRST.fullmatch(cell), _DAY_FIRST.fullmatch(cell)
    numbers = found.groups() if found else turned.groups()[::-1] if turned else ()
    try:
        return date(*map(int, numbers))
    except (TypeError, ValueError):
        raise Invalid("not_a_date") from None
