"""What a calendar program reads: lines as RFC 5545 wants them."""

import re
from datetime import UTC, datetime
from uuid import UUID

from web.icalendar import Event, write

AT = datetime(2026, 3, 12, 7, 0, tzinfo=UTC)
UID = UUID("019ce0aa-0000-7000-8000-000000000001")


def unfolded(written: str) -> list[str]:
    """The lines as a reader puts them together again."""
    assert written.endswith("\r\n")
    assert "\n" not in written.replace("\r\n", "")
    return written.replace("\r\n ", "").split("\r\n")[:-1]


def test_one_deadline_is_one_event() -> None:
    event = Event(uid=UID, at=AT, summary="Opfølgende opkald", url="https://overgang.example/forloeb/x")
    assert unfolded(write("Frister: Distrikt Syd", [event], at=AT)) == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Overgang//Overgang//DA", "CALSCALE:GREGORIAN",
        "NAME:Frister: Distrikt Syd", "X-WR-CALNAME:Frister: Distrikt Syd",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M",
        "BEGIN:VEVENT", f"UID:{UID}", "DTSTAMP:20260312T070000Z", "DTSTART:20260312T070000Z",
        "SUMMARY:Opfølgende opkald", "URL:https://overgang.example/forloeb/x", "TRANSP:TRANSPARENT", "END:VEVENT",
        "END:VCALENDAR",
    ]  # fmt: skip


def test_what_would_end_a_value_is_escaped() -> None:
    event = Event(uid=UID, at=AT, summary="a,b;c\\d\r\nBEGIN:VEVENT", url="https://x")
    lines = unfolded(write("x", [event], at=AT))
    assert "SUMMARY:a\\,b\\;c\\\\d\\nBEGIN:VEVENT" in lines
    assert lines.count("BEGIN:VEVENT") == 1


def test_no_line_is_wider_than_75_octets_and_no_character_is_cut() -> None:
    said = "Æblegrød 🦔 " * 30
    written = write(said, [], at=AT)
    pieces = written.encode().split(b"\r\n")
    assert max(len(piece) for piece in pieces) == 75
    assert all(re.fullmatch(r"[^\r\n]*", piece.decode()) for piece in pieces)
    assert f"NAME:{said}" in unfolded(written)
