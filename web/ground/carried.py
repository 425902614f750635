"""What a browser carries from one page to the next: in a cookie, encrypted, for this sign-in, and not for long."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from web.ground import headers, identity
from workflow import clock, keys
from workflow.cpr import Cpr
from workflow.errors import Invalid


@dataclass(frozen=True)
class Carried:
    """One such cookie: what it is for, and how long it holds, in seconds."""

    name: str
    life: int

    @property
    def _cookie(self) -> str:
        tls = headers.behind_tls(identity.settings())
        return f"__Host-overgang-{self.name}" if tls else f"overgang_{self.name}"

    def put(self, answer: Answer, values: Mapping[str, str]) -> None:
        """Let the browser carry these on."""
        sealed = {"values": dict(values), "whose": identity.somebody().id, "at": clock.real_now().timestamp()}
        answer.set_cookie(
            self._cookie, base64.urlsafe_b64encode(keys.ring().encrypt(json.dumps(sealed))).decode(),
            max_age=self.life, secure=headers.behind_tls(identity.settings()), httponly=True, samesite="Strict",
        )  # fmt: skip

    def get(self) -> dict[str, str]:
        """What this sign-in carries; empty for anybody else's, and for what is too old."""
        try:
            sealed = json.loads(keys.ring().decrypt(base64.urlsafe_b64decode(request.cookies.get(self._cookie, ""))))
        except (keys.Unreadable, binascii.Error, ValueError):
            return {}
        fresh = clock.real_now().timestamp() - sealed["at"] < self.life
        values: dict[str, str] = sealed["values"]
        return values if fresh and sealed["whose"] == identity.somebody().id else {}

    def drop(self, answer: Response) -> None:
        """Take it from the browser."""
        secure = headers.behind_tls(identity.settings())
        answer.delete_cookie(self._cookie, secure=secure, httponly=True, samesite="Strict")


SEARCH = Carried("search", 15 * 60)


def searched_number() -> Cpr | None:
    """The full CPR number that this sign-in searched for last, so that nobody types it twice."""
    try:
        return Cpr.parse(SEARCH.get().get("typed", ""))
    except Invalid:
        return None
