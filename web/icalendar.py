"""A calendar as other programs read it: iCalendar (RFC 5545), as few lines of it as a list of times needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

MEDIA_TYPE = "text/calendar"
WIDEST = 75  # octets of a line, without its end (RFC 5545, 3.1)
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})  # 3.3.11


@dataclass(frozen=True, kw_only=True)
class Event:
    """A moment at which something must have been done. `uid` is the same each time that the calendar is read."""

    uid: UUID
    at: datetime
    summary: str
    url: str


def write(name: str, events: Iterable[Event], *, at: datetime, refresh: str = "PT15M") -> str:
    """The calendar of this name, written at `at`; programs are asked to read it again after `refresh`."""
    return "".join(f"{folded}\r\n" for line in _lines(name, events, at, refresh) for folded in _folded(line))


def _lines(name: str, events: Iterable[Event], at: datetime, refresh: str) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Overgang//Overgang//DA", "CALSCALE:GREGORIAN")
    yield from (f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}")  # RFC 7986, and what came before it
    yield from (f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}", f"X-PUBLISHED-TTL:{refresh}")
    for event in events:
        yield from ("BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTAMP:{_instant(at)}", f"DTSTART:{_instant(event.at)}")
        yield from (f"SUMMARY:{_text(event.summary)}", f"URL:{event.url}")
        yield from ("TRANSP:TRANSPARENT", "END:VEVENT")  # nobody is busy because something is due
    yield "END:VCALENDAR"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(said: str) -> str:
    return said.translate(ESCAPES)


def _folded(line: str) -> Iterator[str]:
    """The line in pieces that are narrow enough, each but the first begun with a space; no character is cut in two."""
    piece = ""
    for sign in line:
        if len((piece + sign).encode()) > WIDEST:
            yield piece
            piece = " "
        piece += sign
    yield piece
