"""Letters through real servers on this machine: what arrives, and what is said of what does not."""

import datetime as dt
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ops import processes
from tests.receivers import PostOffice, TelephoneExchange, serve_http, serve_mail
from workflow.settings import MissingSettings
from workflow.telling.channels.channel import NotDelivered, Unreachable
from workflow.telling.channels.gateway import Gateway
from workflow.telling.channels.letter import Letter
from workflow.telling.channels.mail import Mail
from workflow.vocabulary import NoticeKind

SENDER = "overgang@hospital.example"
LETTER = Letter(
    key=UUID("0197f0c8-0000-7000-8000-000000000001"), address="m3@hospital.example", kind=NoticeKind.MISS,
    topic="handover_answer", unit="Medicinsk afsnit Ærø", link="https://overgang.example/forloeb/17",
    subject="Overgang – Ikke gjort i tide: overlevering venter på svar",
    body="Ikke gjort i tide: overlevering venter på svar\nMedicinsk afsnit Ærø\n\nLog ind og læs her",
    text="Ikke gjort i tide: overlevering venter på svar. Log ind",
    sent_at=dt.datetime(2026, 3, 12, 11, 0, tzinfo=dt.UTC),
)  # fmt: skip


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def smtp_url(office: PostOffice) -> Iterator[str]:
    with serve_mail(office) as url:
        yield url


class TestMail:
    def test_the_letter_arrives_with_its_key_and_nothing_about_anybody(self, smtp_url: str, office: PostOffice) -> None:
        Mail(smtp_url, SENDER).send(LETTER)
        ((sender, recipients, message),) = office.received
        assert (sender, recipients) == (SENDER, ["m3@hospital.example"])
        assert message["Message-ID"] == f"<{LETTER.key}@hospital.example>"
        assert message["Subject"] == "Overgang – Ikke gjort i tide: overlevering venter på svar"
        assert message["Date"].datetime == LETTER.sent_at
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content().splitlines() == [
            "Ikke gjort i tide: overlevering venter på svar", "Medicinsk afsnit Ærø", "",
            "Log ind og læs her", "",
            "Sendt automatisk af Overgang, uden personoplysninger. Svar på denne mail bliver ikke læst.",
        ]  # fmt: skip

    @pytest.mark.parametrize(("answer", "permanent"), [("550 No such mailbox", True), ("450 Busy", False)])
    def test_a_refused_address(self, smtp_url: str, office: PostOffice, answer: str, permanent: bool) -> None:
        office.to_recipient = answer
        with pytest.raises(NotDelivered) as failure:
            Mail(smtp_url, SENDER).send(LETTER)
        assert (failure.value.why, failure.value.permanent) == (f"smtp {answer[:3]}", permanent)
        assert not isinstance(failure.value, Unreachable)

    @pytest.mark.parametrize(("answer", "permanent"), [("554 Not wanted", True), ("451 Try later", False)])
    def test_a_refused_letter(self, smtp_url: str, office: PostOffice, answer: str, permanent: bool) -> None:
        office.to_content = answer
        with pytest.raises(NotDelivered) as failure:
            Mail(smtp_url, SENDER).send(LETTER)
        assert (failure.value.why, failure.value.permanent) == (f"smtp {answer[:3]}", permanent)

    @pytest.mark.parametrize("address", ["", "m3", "m3@a\nBcc: all@b", "a@b, c@d", "<m3@hospital.example>", "æ@b@c"])
    def test_what_is_no_address_is_never_sent(self, smtp_url: str, office: PostOffice, address: str) -> None:
        with pytest.raises(NotDelivered) as failure:
            Mail(smtp_url, SENDER).send(Letter(**{**vars(LETTER), "address": address}))
        assert failure.value.permanent
        assert office.received == []

    @pytest.mark.parametrize("can", [True, False])
    def test_an_address_with_danish_letters(self, office: PostOffice, can: bool) -> None:
        address = "lægehuset@hospital.example"
        with serve_mail(office, enable_SMTPUTF8=can) as url:
            if can:
                Mail(url, SENDER).send(Letter(**{**vars(LETTER), "address": address}))
            else:
                with pytest.raises(NotDelivered, match="smtp cannot carry it"):
                    Mail(url, SENDER).send(Letter(**{**vars(LETTER), "address": address}))
        assert [recipients for _, recipients, _ in office.received] == [[address]] * can

    def test_a_server_that_is_away(self) -> None:
        with pytest.raises(Unreachable, match="smtp no answer"):
            Mail(f"smtp://127.0.0.1:{processes.free_port()}", SENDER).send(LETTER)

    def test_a_password_never_goes_out_in_clear(self, smtp_url: str, office: PostOffice) -> None:
        with pytest.raises(Unreachable):
            Mail(smtp_url.replace("://", "://overgang:p%40ss%3Aword@"), SENDER).send(LETTER)
        assert office.users == []
        assert office.received == []

    @pytest.mark.parametrize(("password", "arrives"), [("p%40ss%3Aword", True), ("wrong", False)])
    def test_a_server_that_encrypts_and_asks_who_we_are(
        self, office: PostOffice, certificate: Path, monkeypatch: pytest.MonkeyPatch, password: str, arrives: bool
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        guarded = {"tls_context": context, "require_starttls": True, "authenticator": office.check}
        with serve_mail(office, auth_required=True, **guarded) as url:
            mail = Mail(url.replace("://", f"://overgang:{password}@"), SENDER)
            if arrives:
                mail.send(LETTER)
            else:
                with pytest.raises(Unreachable, match="smtp 535"):
                    mail.send(LETTER)
        assert b"overgang" in office.users
        assert len(office.received) == arrives

    @pytest.mark.parametrize("url", ["127.0.0.1:25", "http://127.0.0.1", "smtp://"])
    def test_what_is_no_mail_server_is_found_at_the_start(self, url: str) -> None:
        with pytest.raises(MissingSettings, match="OVERGANG_SMTP_URL"):
            Mail(url, SENDER)

    def test_nor_is_a_sender_without_an_address(self) -> None:
        with pytest.raises(MissingSettings, match="OVERGANG_MAIL_FROM"):
            Mail("smtp://127.0.0.1", "Overgang")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    encoding, secret = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, secret)
    path.write_bytes(private + made.public_bytes(encoding))
    return path


@pytest.fixture
def exchange() -> TelephoneExchange:
    return TelephoneExchange()


@pytest.fixture
def gateway_url(exchange: TelephoneExchange) -> Iterator[str]:
    with serve_http(exchange) as url:
        yield url


class TestGateway:
    def test_the_letter_arrives_with_its_key_and_our_token(self, gateway_url: str, exchange: TelephoneExchange) -> None:
        Gateway(gateway_url, "s3cret").send(Letter(**{**vars(LETTER), "address": "+4520304050"}))
        ((path, headers, content),) = exchange.received
        assert path == "/sms"
        assert headers["Idempotency-Key"] == str(LETTER.key)
        assert headers["Authorization"] == "Bearer s3cret"
        assert headers["Content-Type"] == "application/json"
        assert content == {
            "key": str(LETTER.key), "to": "+4520304050", "kind": "miss", "topic": "handover_answer",
            "unit": "Medicinsk afsnit Ærø", "link": "https://overgang.example/forloeb/17",
            "text": "Ikke gjort i tide: overlevering venter på svar. Log ind",
        }  # fmt: skip

    def test_without_a_token_none_is_shown(self, gateway_url: str, exchange: TelephoneExchange) -> None:
        Gateway(gateway_url, None).send(LETTER)
        ((_, headers, _),) = exchange.received
        assert "Authorization" not in headers

    @pytest.mark.parametrize(
        ("status", "permanent", "unreachable"),
        [(400, True, False), (422, True, False), (500, False, False), (409, False, False), (401, False, True),
         (404, False, True), (429, False, True), (503, False, True)],
    )  # fmt: skip
    def test_a_refusal(
        self, gateway_url: str, exchange: TelephoneExchange, status: int, permanent: bool, unreachable: bool
    ) -> None:
        exchange.status = status
        with pytest.raises(NotDelivered) as failure:
            Gateway(gateway_url, None).send(LETTER)
        assert (failure.value.why, failure.value.permanent) == (f"http {status}", permanent)
        assert isinstance(failure.value, Unreachable) == unreachable

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_detour_is_not_taken_for_the_goal(
        self, gateway_url: str, exchange: TelephoneExchange, status: int
    ) -> None:
        exchange.status, exchange.location = status, gateway_url + "/elsewhere"
        with pytest.raises(Unreachable, match=f"http {status}"):
            Gateway(gateway_url, "s3cret").send(LETTER)
        assert [path for path, _, _ in exchange.received] == ["/sms"]

    def test_a_server_that_is_away(self) -> None:
        with pytest.raises(Unreachable, match="http no answer"):
            Gateway(f"http://127.0.0.1:{processes.free_port()}/", None).send(LETTER)

    @pytest.mark.parametrize("url", ["gateway.example/sms", "file:///etc/hosts", "https://"])
    def test_what_is_no_web_address_is_found_at_the_start(self, url: str) -> None:
        with pytest.raises(MissingSettings, match="OVERGANG_GATEWAY_URL"):
            Gateway(url, None)
