"""E-mail, by SMTP."""

import contextlib
import re
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from workflow.settings import MissingSettings
from workflow.telling.channels.channel import PATIENCE, NotDelivered, Reaches, Unreachable
from workflow.telling.channels.letter import Letter

_ADDRESS = re.compile(r"(?!.*=\?)[^@\s<>()\[\],;:\"\\]+@[^@\s<>()\[\],;:\"\\]+")
_FOOT = "Sendt automatisk af Overgang, uden personoplysninger. Svar på denne mail bliver ikke læst."


class Mail:
    """One mail server. `smtp://` encrypts where the server offers it, `smtps://` always."""

    name = "email"
    reaches = Reaches.EMAIL

    def __init__(self, url: str, sender: str) -> None:
        """`url` is smtp[s]://[user:password@]host[:port]. Raises MissingSettings for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise MissingSettings("OVERGANG_SMTP_URL is smtp://host:port or smtps://user:password@host:port")
        if not _ADDRESS.fullmatch(sender):
            raise MissingSettings("OVERGANG_MAIL_FROM is one e-mail address")
        self._encrypted = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, parts.port or (465 if self._encrypted else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender

    def send(self, letter: Letter) -> None:
        """See Channel. What only concerns this address or this letter is permanent when the server says so."""
        if not _ADDRESS.fullmatch(letter.address):
            raise NotDelivered("not an e-mail address", permanent=True)
        try:
            message = self._message(letter)
        except ValueError as unfit:  # the library takes an address or a heading apart, and finds no sense in it
            raise NotDelivered("no mail can be made of it", permanent=True) from unfit
        server = self._connect()
        try:
            server.send_message(message)
            with contextlib.suppress(OSError):  # the letter has been taken, however they part
                server.quit()
        except smtplib.SMTPRecipientsRefused as refused:
            raise _refused(*refused.recipients.values()) from refused
        except smtplib.SMTPDataError as refused:
            raise _refused((refused.smtp_code, b"")) from refused
        except (smtplib.SMTPNotSupportedError, ValueError) as unfit:
            raise NotDelivered("smtp cannot carry it", permanent=True) from unfit
        except OSError as silent:  # our own address refused, or the conversation broke off
            raise _unreachable(silent) from silent
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        try:
            if self._encrypted:
                server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=context)
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
        except OSError as silent:
            raise _unreachable(silent) from silent
        try:
            self._introduce(server, context)
        except OSError as silent:
            server.close()
            raise _unreachable(silent) from silent
        return server

    def _introduce(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        if not self._encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if self._user and not isinstance(server.sock, ssl.SSLSocket):
            raise smtplib.SMTPNotSupportedError("a password needs an encrypted connection")
        if self._user:
            server.login(self._user, self._password)

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self._sender, letter.address
        message["Subject"] = letter.subject
        message["Date"] = letter.sent_at
        message["Message-ID"] = f"<{letter.key}@{self._sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{letter.body}\n\n{_FOOT}\n")
        return message


def _unreachable(error: OSError) -> Unreachable:
    """Ours or the server's to mend, not the receiver's."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else "no answer"
    return Unreachable(f"smtp {code}")


def _refused(*answers: tuple[int, bytes]) -> NotDelivered:
    """5xx is for good, 4xx for now (RFC 5321 section 4.2.1); what else the server said may hold the address."""
    code = answers[0][0]
    return NotDelivered(f"smtp {code}", permanent=code >= 500)
