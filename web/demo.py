"""The buttons of the demo's bar: its clock, and a hospital that tells something. Only a demo has them."""

from datetime import timedelta

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue

from web.language import local_address
from workflow import clock
from workflow.db import Session
from workflow.medcom import receiving, rehearsal

STEPS = {"15", "60", "1440"}  # minutes, as the buttons send them


def register(app: Flask) -> None:
    """Move the clock on, or let a message come. The bar itself is in the base template, beside the time it shows."""

    @app.post("/demo/clock")
    def advance_clock() -> ResponseReturnValue:
        minutes = request.form.get("minutes", "")
        if minutes not in STEPS:
            abort(400)
        with Session.begin() as session:
            clock.advance(session, timedelta(minutes=int(minutes)))
        return redirect(local_address(request.form.get("back", "/")), code=303)

    @app.post("/demo/message")
    def send_message() -> ResponseReturnValue:
        with Session.begin() as session:
            at = clock.now(session)
            told = rehearsal.next_message(session, at=at)
            if told is not None:
                receiving.receive(session, told, received_from="demo", at=at)
        return redirect(local_address(request.form.get("back", "/")), code=303)
