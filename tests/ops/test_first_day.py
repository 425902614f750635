"""The first day of an installation that is no demonstration, by its documents alone; and the day of an upgrade."""

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pyotp
import pytest
import requests
from alembic import command
from flask import Flask
from sqlalchemy import Engine

from ops import schema
from ops.processes import ROOT
from tests import provider as providers
from tests.conftest import Servers
from tests.medcom.hospital import HEART, OURS, HospitalStay, as_bytes
from tests.ops.installations import OWN_SECRETS
from tests.ops.verbs import background_work, overgang
from tests.provider import Provider
from tests.receivers import PostOffice, serve_mail
from tests.web.reader import Reader
from tests.world import ISBAR
from web.app import create_app
from workflow import clock, db, keys
from workflow.settings import Settings

CPR = "0113407311"
ELSE = "Else Første Demo"
HEADER = next(  # as docs/administration.md has it
    line
    for line in (ROOT / "docs/administration.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("region;")
)
REGION = f"""\
{HEADER}
;region;Region Prøve;1099;;;Systemforvaltning;forvaltning;;;;;;;;;
1099;kommune;Prøve Kommune;0730;;;Distrikt Syd;distrikt;{OURS.sor};{OURS.gln};87000001;87000002;;syd@p.example;ja;;
1099;hospital;Sygehus;;;;Medicinsk afsnit;afdeling;{HEART.sor};{HEART.gln};87000003;87000004;87000005;m@p.example;;;
"""
SERVICES = f"cpr;navn;kommunekode;ydelse;fra;til\n{CPR};{ELSE};0730;Hjemmesygepleje;2020-01-01;\n"
SOON = timedelta(seconds=25)  # until the call is owed: the handover is sent and answered meanwhile
PATIENCE = 90  # seconds until a test that waits has failed


@dataclass
class Installation:
    """What the operator has at hand: the environment, and the pages that go with it."""

    environ: dict[str, str]

    def says(self, *words: object, typed: str = "") -> str:
        """What a verb of the command line answers. It must be well."""
        said = overgang(*words, environ=self.environ, typed=typed)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    def found(self, query: str) -> str:
        """The one value that a query of the database's owner finds, as a word; empty where there is none."""
        with psycopg.connect(self.environ["DATABASE_OWNER_URL"]) as owner:
            row = owner.execute(query).fetchone()
        return "" if row is None else str(row[0])

    @contextmanager
    def pages(self) -> Iterator[Flask]:
        """The web process."""
        settings = Settings.from_environment(self.environ)
        keys.use(settings)
        engine = db.connect(settings.database_url)
        try:
            yield create_app(settings)
        finally:
            leave(engine)


def leave(engine: Engine) -> None:
    db.Session.configure(bind=None)
    engine.dispose()


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.running({"sub": "s1", "preferred_username": "maja", "name": "Maja Demo"}) as running:
        yield running


@pytest.fixture
def new(servers: Servers, office: PostOffice, provider: Provider, tmp_path: Path) -> Iterator[Installation]:
    """An empty database, the secrets made as docs/operations.md says, a mail server, an identity provider."""
    name = servers.copy(of="template0")
    file = tmp_path / "provider.json"
    file.write_text(json.dumps({"name": "Kommunelogin", "issuer": provider.issuer, "client_id": providers.CLIENT}))
    with serve_mail(office) as smtp:
        yield Installation(
            {
                **servers.environment(name), **secrets(), "OVERGANG_DEMO": "", "OVERGANG_SMTP_URL": smtp,
                "OVERGANG_MAIL_FROM": "overgang@proeve.example", "OVERGANG_PROVIDER": str(file),
                "OVERGANG_PROVIDER_SECRET": providers.SECRET,
            }
        )  # fmt: skip
    servers.drop(name)


def secrets() -> dict[str, str]:
    """What the commands of docs/operations.md print, under the names that stand beside them."""
    lines = re.findall(
        r"^python3 (-c '.+?') +# (OVERGANG_\w+)", (ROOT / "docs/operations.md").read_text(), re.MULTILINE
    )
    made = {
        name: subprocess.run(f"python3 {words}", shell=True, capture_output=True, text=True, check=True).stdout.strip()
        for words, name in lines
    }
    assert set(made) == {"OVERGANG_SECRET_KEY", "OVERGANG_KEYS", "OVERGANG_HASH_KEY"}
    return made


def has_account(new: Installation, app: Flask, username: str, *, administers: bool) -> Reader:
    """Somebody signs in for the first time with the password that the command line printed; sets up an app if asked."""
    printed = json.loads(new.says("people", "password", username, "--json"))["password"]
    reader, own = Reader(app.test_client()), f"{username} har tre grønne heste"
    page = reader.sends(reader.sees("/sign-in"), "/sign-in", username=username, password=printed)
    assert page.answer.request.path == "/account/password"
    page = reader.sends(page, "/account/password", old=printed, new=own, again=own)
    if administers:
        page = reader.sees("/account/second-factor")
        secret = next(text for text in page.texts if len(text) == 39 and text.isupper())
        reader.sends(page, "/account/second-factor", code=pyotp.TOTP(secret.replace(" ", "")).now())
        assert reader.sees("/admin/people").answer.request.path == "/admin/people"
    return reader


def gives(new: Installation, admins: tuple[Reader, Reader], username: str, name: str, role: str, unit: str) -> None:
    """An administrator adds somebody and gives them a role; it counts when the second has agreed."""
    first, second = admins
    first.sends(first.sees("/admin/people"), "/admin/people", name=name, username=username)
    person = new.found(f"select uuid from people where username = '{username}'")
    unit_id = new.found(f"select uuid from units where name = '{unit}'")
    address = f"/admin/people/{person}"
    page = first.sends(first.sees(address), f"{address}/roles", role=role, unit=unit_id)
    assert "venter på godkendelse" in page.text
    assert second.presses(second.sees("/admin/roles"), data_approve=username).answer.status_code == 200
    assert (
        new.found(f"select state from person_roles where person_id = (select id from people where uuid = '{person}')")
        == "in_force"
    )


def signs_in_by_provider(app: Flask) -> Reader:
    reader = Reader(app.test_client())
    asked = reader.client.get("/sign-in/provider")
    back = requests.get(asked.location, allow_redirects=False, timeout=5).headers["Location"]
    assert reader.client.get(back[back.index("/sign-in") :]).status_code == 303
    return reader


def until(holds: object, what: str) -> None:
    assert callable(holds)
    gives_up_at = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < gives_up_at, f"waited in vain until {what}"
        time.sleep(0.2)


@pytest.mark.xdist_group("first day")
def test_the_first_day(new: Installation, office: PostOffice, servers: Servers, tmp_path: Path) -> None:
    for name, text in (("region.csv", REGION), ("services.csv", SERVICES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    new.says("migrate")
    new.says("organisations", "import", tmp_path / "region.csv")
    new.says("organisations", "import", tmp_path / "region.csv", "--apply")
    new.says("citizens", "import", tmp_path / "services.csv")
    for username, name in (("asta", "Asta Hansen"), ("bent", "Bent Olsen")):
        new.says("people", "add", username, name, "--email", f"{username}@proeve.example")
        new.says("people", "roles", username, "--give", "administrator", "--unit", "Region Prøve/Systemforvaltning")
    gateway = {"Authorization": f"Bearer {new.says('medcom', 'key', 'VANS').split()[-1]}"}

    with new.pages() as app, background_work(new.environ):
        admins = (has_account(new, app, "asta", administers=True), has_account(new, app, "bent", administers=True))
        gives(new, admins, "maja", "Maja Demo", "municipal_nurse", "Distrikt Syd")
        gives(new, admins, "anders", "Anders Demo", "ward_nurse", "Medicinsk afsnit")
        nurse, ward = signs_in_by_provider(app), has_account(new, app, "anders", administers=False)

        # The hospital's system tells of an admission, and nobody types anything.
        stay = HospitalStay(cpr=CPR, family_name="Demo")
        now = clock.real_now()
        hospital_says(app, gateway, stay, "STIN", now - timedelta(days=3))
        episode = new.found("select uuid from episodes")
        assert ELSE in ward.sees(f"/forloeb/{episode}").text
        handover = f"/forloeb/{episode}/overlevering"
        ward.sends(ward.sees(handover), handover, **ISBAR, signed="nursing")
        assert new.found("select state from handovers") == "sent"
        nurse.presses(nurse.sees(handover), data_accept="")
        assert new.found("select state from handovers") == "accepted"

        # She goes home; the call is owed within 24 hours, and nobody makes it.
        hospital_says(app, gateway, stay, "SLHJ", clock.real_now() - timedelta(hours=24) + SOON)
        assert (
            new.found("select state || ' ' || kind from tasks where kind = 'follow_up_call'") == "open follow_up_call"
        )
        assert "Opfølgende opkald" in nurse.sees("/opgaver").text
        until(lambda: new.found("select count(*) from misses where code = 'M5'") == "1", "the call is missed")
        until(lambda: {to for _, tos, _ in office.received for to in tos} >= {"syd@p.example"}, "mail has come")
    for _, _, letter in office.received:
        assert not {"Else", "Demo", CPR[:6]} & set(re.findall(r"\w+", f"{letter['Subject']} {letter.get_content()}"))
    new.says("reconcile")
    new.says("audit", "verify")

    # The machine burns; on another one, with the keys that were kept apart, everything is there.
    new.says("backup", tmp_path / "night.dump")
    elsewhere = servers.copy(of="template0")
    other = Installation({**new.environ, **servers.environment(elsewhere), "OVERGANG_DEMO": ""})
    try:
        other.says("restore", tmp_path / "night.dump")
        assert other.says("migrate").endswith("\n")
        other.says("audit", "verify")
        other.says("reconcile")
        assert other.found("select count(*) from misses where code = 'M5'") == "1"
        with other.pages() as app:
            assert ELSE in has_account(other, app, "anders", administers=False).sees(f"/forloeb/{episode}").text

        # A new key: written anew with it, the old one leaves, and everybody is found again.
        old, made = other.environ["OVERGANG_KEYS"], secrets()["OVERGANG_KEYS"].replace("k1:", "k2:")
        other.environ["OVERGANG_KEYS"] = f"{made},{old}"
        assert "These may go from OVERGANG_KEYS: k1" in other.says("keys", "rotate")
        other.environ["OVERGANG_KEYS"] = made
        other.says("audit", "verify")
        with other.pages() as app:
            hospital_says(app, gateway, stay, "RE_SLHJ", clock.real_now() - timedelta(hours=24))
        assert other.found("select count(*) from citizens") == "1"
        assert other.found("select count(*) from episodes") == "1"
    finally:
        servers.drop(elsewhere)


def hospital_says(app: Flask, gateway: Mapping[str, str], stay: HospitalStay, code: str, at: datetime) -> None:
    """Deliver a message, as the gateway does; it is taken and acknowledged."""
    told = as_bytes(stay.tell(code, at, sent_at=clock.real_now()))
    answer = app.test_client().post(
        "/fhir/$process-message", data=told, headers={**gateway, "Content-Type": "application/fhir+json"}
    )
    assert answer.status_code == 200, answer.text
    assert '"code":"ok"' in answer.text.replace(" ", ""), answer.text


def test_the_day_of_an_upgrade(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the release before, which agreed on nothing: every citizen is kept, and owed what is agreed from now on."""
    name = servers.copy(of="template0")
    new = Installation({**servers.environment(name), **OWN_SECRETS})
    for variable, value in new.environ.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("DATABASE_URL", new.environ["DATABASE_OWNER_URL"])  # today's rights are for today's columns
    command.upgrade(schema.configuration(), "0015")
    with psycopg.connect(servers.postgres.url("admin", name)) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute((Path(__file__).parent / "data/release_0015.sql").read_text(encoding="utf-8"))
    new.says("migrate")
    assert new.found("select count(*) from agreements") == "2"
    assert new.found("select count(*) from tasks") == "0"
    with background_work(new.environ):
        until(lambda: new.found("select count(*) from tasks") != "0", "the open episode owes its admission report")
        until(lambda: overgang("reconcile", environ=new.environ).returncode == 0, "what was due is raised")
    new.says("audit", "verify")
    assert new.found("select count(*) from misses") == "0"  # what was over before anything was agreed is nobody's miss
    servers.drop(name)
