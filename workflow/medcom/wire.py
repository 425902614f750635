"""Bytes to values and back: JSON and XML, with limits on size, depth and count before anything is built from them."""

import json
import re
from enum import StrEnum
from typing import Any

from workflow.medcom import xmlform
from workflow.medcom.problems import Unreadable
from workflow.medcom.tree import Tree

MAX_BYTES = 30_000_000  # attachments come inside; a gateway carries at most 100 MB
MAX_DEPTH = 50
MAX_PARTS = 50_000  # objects, lists or elements

# One pass over whatever it is: a string that never ends ends with the text, and nothing is tried twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
# Every bracket as a round one; everything else is deleted.
_ROUND = bytes.maketrans(b"[{]}", b"(())")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))
_SURROGATE_OR_NUL = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")


class Format(StrEnum):
    JSON = "json"
    XML = "xml"

    @property
    def media_type(self) -> str:
        return f"application/fhir+{self.value}"


def format_of(raw: bytes) -> Format:
    """Which of the two it is, by its first sign."""
    return Format.XML if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" else Format.JSON


def read(raw: bytes) -> Tree:
    """The bundle as plain values in FHIR's JSON form, without narratives. Raises Unreadable."""
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES} bytes")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise Unreadable("not written in UTF-8") from None
    tree = _read_json(raw) if format_of(raw) == Format.JSON else _read_xml(raw)
    if tree.get("resourceType") != "Bundle":
        raise Unreadable("not a Bundle")
    return tree


def write(tree: Tree, form: Format) -> bytes:
    """A bundle whose elements stand in FHIR's order, as bytes."""
    if form == Format.XML:
        return xmlform.write(tree)
    return json.dumps(tree, ensure_ascii=False).encode()


def _read_json(raw: bytes) -> Tree:
    brackets = _STRING.sub(b"", raw).translate(_ROUND, _NO_BRACKETS)
    if len(brackets) > 2 * MAX_PARTS:
        raise Unreadable("too many parts")
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"()", b"")  # what is innermost goes
    if brackets:
        raise Unreadable("nested too deeply, or not JSON")
    try:
        read = json.loads(raw, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from (error if isinstance(error, Unreadable) else None)
    if not isinstance(read, dict):
        raise Unreadable("not a JSON object")
    if _SURROGATE_OR_NUL.search(raw) and not _storable(read):
        raise Unreadable("holds characters that are none")
    return read


def _object(pairs: list[tuple[str, Any]]) -> Tree:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Unreadable("an element stands twice in one object")
    if "resourceType" in made:
        made.pop("text", None)  # the narrative: for people, and full of them
    return made


def _no_constant(word: str) -> None:
    raise Unreadable("NaN and Infinity are no numbers")


def _storable(tree: Tree) -> bool:
    written = json.dumps(tree, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in written


def _read_xml(raw: bytes) -> Tree:
    if raw.count(b"<") > 2 * MAX_PARTS:
        raise Unreadable("too many parts")
    xmlform.require_plain(raw, max_depth=MAX_DEPTH)
    return xmlform.read(raw, max_depth=MAX_DEPTH)
