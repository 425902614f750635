"""A form whose sign-in ended while somebody typed: what they typed is carried through the sign-in, and sent again.

It travels encrypted in the page, so that it can neither be read nor forged on the way; nothing is kept on the server.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue

from web.ground import errors, identity, rules
from web.ground.forgery import FIELD
from web.ground.language import local_address
from workflow import clock, keys
from workflow.db import Session
from workflow.staff import sign_ins

CARRIED = "typed"  # the name of the hidden field
MOST = 200_000  # characters of it
LIFE = timedelta(hours=12)
SECRET = {*errors.SECRET, FIELD, CARRIED}


@dataclass(frozen=True)
class Late:
    """What was typed, by whom and in which role, and where it was to go."""

    person_id: int | None
    role_id: int | None
    address: str
    fields: list[list[str]]  # name and value, in order
    at: float

    def sealed(self) -> str:
        """As it is carried; empty when it is too much to carry."""
        sealed = base64.urlsafe_b64encode(keys.ring().encrypt(json.dumps(asdict(self)))).decode()
        return sealed if len(sealed) <= MOST else ""


def opened(carried: str) -> Late | None:
    """What `sealed` gave; None for nothing, for anything else, and for what is too old."""
    if not carried or len(carried) > MOST:
        return None
    try:
        late = Late(**json.loads(keys.ring().decrypt(base64.urlsafe_b64decode(carried))))
    except (keys.Unreadable, binascii.Error, ValueError, TypeError):
        return None
    return late if datetime.fromtimestamp(late.at, clock.real_now().tzinfo) > clock.real_now() - LIFE else None


def typed_now() -> str:
    """The form of this request, sealed, without secrets and files."""
    with Session() as session:
        whose = sign_ins.whose(session, identity.token()) if identity.token() else None
        person_id, role_id = (whose.person_id, whose.role_id) if whose else (None, None)
    fields = [[name, value] for name, value in request.form.items(multi=True) if name not in SECRET]
    late = Late(person_id, role_id, local_address(request.full_path.rstrip("?")), fields, clock.real_now().timestamp())
    return late.sealed()


def carried() -> str:
    """What this request carries on."""
    return request.form.get(CARRIED, "")


def page(late: Late) -> ResponseReturnValue:
    """The same person in the same role sends it again; anybody else gets it to copy."""
    found = identity.somebody()
    same = found.lacks is None and (found.person_id, found.role_id) == (late.person_id, late.role_id)
    return render_template("late.html", late=late, same=same)


def register(app: Flask) -> None:
    """The way on for who signed in elsewhere, in another tab."""

    @app.post("/typed")
    @rules.acting
    def typed_page() -> ResponseReturnValue:
        late = opened(carried())
        return page(late) if late else render_template("late.html", late=None, same=False)
