"""The demo clock's buttons. Only a demo has them."""

from datetime import timedelta

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue

from web.language import local_address
from workflow import clock
from workflow.db import Session

STEPS = {"15", "60", "1440"}  # minutes, as the buttons send them


def register(app: Flask) -> None:
    """Move the clock on. The bar itself is in the base template, on every page that says what time it goes by."""

    @app.post("/demo/clock")
    def advance_clock() -> ResponseReturnValue:
        minutes = request.form.get("minutes", "")
        if minutes not in STEPS:
            abort(400)
        with Session.begin() as session:
            clock.advance(session, timedelta(minutes=int(minutes)))
        return redirect(local_address(request.form.get("back", "/")), code=303)
