"""A text as it is taken: composed letters, one kind of line end, nothing that cannot be seen, and within its bound."""

import re
import unicodedata
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import QueryableAttribute

from workflow.db import LONGEST_LINE, LONGEST_NOTE, Base
from workflow.errors import Invalid
from workflow.sentences import WORDS

_BREAKS = re.compile("\r\n?|\u2028|\u2029|\x85")
# Controls, halves of characters, marks that turn the reading direction, and the mark at the beginning of a file.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
DASH = "[-\u00ad\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]"
_BETWEEN = re.compile(f"(?:{DASH}|[.\u00b7\\s\u200b-\u200f\u2060])+")


def clean(typed: str) -> str:
    """The text in NFC, with \\n for every line end, without what cannot be seen; blanks around it stay."""
    if typed.isascii() and typed.isprintable():
        return str(typed)
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _BREAKS.sub("\n", typed)))


def taken(typed: str, most: int = LONGEST_NOTE, field: str = "text") -> str:
    """The text as it is kept: clean, without blanks around it, a line on one line. Raises Invalid beyond `most`."""
    kept = clean(typed).strip()
    if most <= LONGEST_LINE:
        kept = " ".join(kept.split("\n"))
    if len(kept) > most:
        raise Invalid("too_long", field=f"field:{field}" if f"field:{field}" in WORDS else "field:text", most=most)
    return kept


def all_taken(value: Any, field: str = "text") -> Any:
    """A JSON value with every text in it taken as a note. Raises Invalid."""
    if isinstance(value, str):
        return taken(value, field=field)
    if isinstance(value, dict):
        return {name: all_taken(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [all_taken(one, field) for one in value]
    return value


def cut(said: str, most: int = LONGEST_LINE) -> str:
    """A text of a message, which is not refused for its length: what is beyond `most` is left out."""
    kept = " ".join(clean(said).split())
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def username(typed: str) -> str:
    """A username as it is kept, looked up and counted: whatever is written alike is one account."""
    return clean(typed).strip().lower()


def joined(typed: str) -> str:
    """A number without what people put between its digits: any dash, dot, blank, or what cannot be seen."""
    return _BETWEEN.sub("", typed)


def spaced(typed: str) -> str:
    """A telephone number with one blank wherever there was a dash, dot or blank."""
    return _BETWEEN.sub(" ", typed).strip()


def hold_to_bounds(base: type[Base]) -> None:
    """Take every text that a row of these tables is given as its column says (`db.Line`, `db.Note`)."""
    for mapper in base.registry.mappers:
        for column in mapper.local_table.columns:
            if "most" in column.info:
                _hold(getattr(mapper.class_, column.key), column.info["most"])


def _hold(attribute: QueryableAttribute[Any], most: int) -> None:
    @event.listens_for(attribute, "set", retval=True)
    def take(row: Base, value: object, before: object, initiator: object) -> object:
        return taken(value, most, attribute.key) if isinstance(value, str) else value
