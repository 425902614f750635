"""What one guide says."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Guide:
    """The help of one screen, in English: who shows it translates. `words` are words and their meanings, `whens`
    situations and what to do in them."""

    title: str
    purpose: str
    words: tuple[tuple[str, str], ...] = ()
    whens: tuple[tuple[str, str], ...] = ()


def to_translate(text: str) -> str:
    """The text as it is; that it is written so shows it to who collects what must be translated."""
    return text
