"""Real servers that letters are sent to: a post office that speaks SMTP, a telephone exchange that speaks HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ops import processes


@dataclass
class PostOffice:
    """What an SMTP server was handed, and what it answers to the recipient and to the content."""

    to_recipient: str = "250 OK"
    to_content: str = "250 OK"
    received: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return self.to_content

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        return AuthResult(success=data.password == b"p@ss:word", handled=False)


@contextmanager
def serve_mail(office: PostOffice, **how: Any) -> Iterator[str]:
    """The URL of an SMTP server of this machine."""
    controller = Controller(office, hostname="127.0.0.1", port=processes.free_port(), **how)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@dataclass
class TelephoneExchange:
    """What an HTTP gateway was handed, what it answers."""

    status: int = 202
    location: str = ""
    received: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


def _handler(exchange: TelephoneExchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            exchange.received.append((self.path, dict(self.headers.items()), content))
            self.send_response(exchange.status)
            if exchange.location:
                self.send_header("Location", exchange.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            exchange.received.append((self.path, dict(self.headers.items()), None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Nothing."""

    return Handler


@contextmanager
def serve_http(exchange: TelephoneExchange) -> Iterator[str]:
    """The URL of an HTTP server of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(exchange))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sms"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
