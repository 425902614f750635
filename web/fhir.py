"""The endpoint where message gateways deliver: `POST /fhir/$process-message`. The acknowledgement is the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask, Response, abort, current_app, request
from sqlalchemy.orm import Session as OpenSession

from web.ground import rules
from web.ground.forgery import own_credential
from web.ground.outcome import refusal
from workflow import clock
from workflow.db import Session, receive_messages
from workflow.medcom import intake, senders, wire
from workflow.medcom.problems import Unreadable
from workflow.settings import Settings

TAKEN = {"application/fhir+json", "application/json", "application/fhir+xml", "application/xml", "text/xml"}


def register(app: Flask) -> None:
    """Receive messages from who has a key, or a certificate that the proxy has checked."""

    @app.post("/fhir/$process-message")
    @own_credential
    @rules.public
    def process_message() -> Response:
        settings: Settings = current_app.config["OVERGANG"]
        request.max_content_length = wire.MAX_BYTES
        if request.mimetype not in TAKEN:
            abort(415)
        sender = _sender(settings)
        if sender is None:
            abort(401)
        raw = request.get_data(cache=False)
        try:
            receipt = intake.take_in(_transaction, raw, received_from=sender, real_at=clock.real_now())
        except Unreadable as why:
            return refusal(400, f"Unreadable: {why}.")
        answer = receipt.acknowledgement() if settings.medcom_type != "C" else None
        if answer is None:  # an acknowledgement is not acknowledged, and a receiver of type C acknowledges nothing
            return Response(status=202)
        return Response(answer, content_type=f"{receipt.form.media_type}; charset=utf-8")


@contextmanager
def _transaction() -> Iterator[tuple[OpenSession, datetime]]:
    with Session.begin() as session:
        receive_messages(session)
        yield session, clock.now(session)


def _sender(settings: Settings) -> str | None:
    """Under what name the caller delivers."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    named = settings.medcom_certificate_header
    certificate = request.headers.get(named) if named is not None else None
    with Session.begin() as session:
        receive_messages(session)
        if scheme.lower() == "bearer" and key:
            return senders.name_of(session, key=key)
        return senders.name_of(session, certificate=certificate)
