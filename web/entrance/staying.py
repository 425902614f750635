"""A sign-in that is about to end because nobody used it: said in time, and kept by one press (WCAG 2.2.1)."""

from flask import Flask, g, redirect, request
from flask.typing import ResponseReturnValue

from web.ground import headers, rules
from web.ground.language import local_address
from workflow import clock
from workflow.staff.sign_ins import SignedIn


def seconds_left() -> int | None:
    """How long the sign-in of this browser lasts from now if nobody uses it; None where nobody is signed in."""
    found: SignedIn | None = g.get("signed_in")
    return max(0, int((found.lasts_until - clock.real_now()).total_seconds())) if found else None


def register(app: Flask) -> None:
    """`POST /stay`: to have asked is enough. The script of the page learns until when; without script, back."""
    app.add_template_global(seconds_left, "sign_in_seconds_left")

    @app.post("/stay")
    @rules.known
    def stay() -> ResponseReturnValue:
        if headers.wants_fragment():
            return {"seconds": seconds_left()}
        return redirect(local_address(request.form.get("back", "/")), code=303)
