"""One HTTP address that takes letters to telephones: an SMS gateway, or a webhook that passes them on."""

import json
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from workflow.settings import MissingSettings
from workflow.telling.channels.channel import PATIENCE, NotDelivered, Reaches, Unreachable
from workflow.telling.channels.letter import Letter

_REFUSED = {400, 410, 413, 415, 422}  # the gateway has read this letter, and does not want it
_BROKEN = {500, 408, 409, 425}  # something went wrong with this letter, this time


class _NoDetour(HTTPRedirectHandler):
    """A redirected POST comes out as a GET, which delivers nothing, and the token goes to a stranger."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> None:
        return None


class Gateway:
    """POST of JSON with an `Idempotency-Key` header; any 2xx means taken."""

    name = "gateway"
    reaches = Reaches.MOBILE

    def __init__(self, url: str, token: str | None) -> None:
        """Raises MissingSettings for what is no web address."""
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise MissingSettings("OVERGANG_GATEWAY_URL is an http:// or https:// address")
        self._url, self._token = url, token
        self._opener = build_opener(_NoDetour)

    def send(self, letter: Letter) -> None:
        """See Channel."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(letter.key)}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = {
            "key": str(letter.key), "to": letter.address, "kind": letter.kind, "topic": letter.topic,
            "unit": letter.unit, "link": letter.link, "text": letter.text,
        }  # fmt: skip
        request = Request(self._url, json.dumps(content).encode(), headers, method="POST")
        try:
            self._opener.open(request, timeout=PATIENCE).close()
        except HTTPError as answer:
            answer.close()
            raise _refused(answer.code) from answer
        except (OSError, HTTPException) as silent:
            raise Unreachable("http no answer") from silent


def _refused(status: int) -> NotDelivered:
    """Whether this letter is at fault, or the gateway, or what we know of it (address, token)."""
    if status in _REFUSED:
        return NotDelivered(f"http {status}", permanent=True)
    return NotDelivered(f"http {status}") if status in _BROKEN else Unreachable(f"http {status}")
