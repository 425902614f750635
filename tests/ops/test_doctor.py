"""`overgang doctor`: each thing that can be wrong is named, with what to do about it."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from ops import examination, processes
from ops.examination import Finding, examine
from tests.conftest import Database, Servers
from tests.ops.installations import home_folder
from tests.ops.verbs import overgang
from tests.world import agree
from workflow import clock


@pytest.fixture
def environ(database: Database) -> Iterator[dict[str, str]]:
    """An installation with nothing wrong."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("insert into heartbeats (part, at) values ('beat', %s)", [datetime.now(UTC)])
    agree(database.owner_url)
    with home_folder() as home:
        yield {**database.environment, "OVERGANG_HOME": str(home), "PORT": str(processes.free_port())}


def found(subject: str, environ: dict[str, str]) -> Finding:
    (finding,) = (finding for finding in examine(environ) if finding.subject == subject)
    return finding


def must_be_mended(finding: Finding, sentence: str, remedy: str) -> None:
    assert not finding.well
    assert sentence in finding.sentence
    assert finding.remedy is not None
    assert remedy in finding.remedy


def test_of_a_sound_installation_all_is_well(environ: dict[str, str]) -> None:
    assert [finding for finding in examine(environ) if not finding.well] == []
    assert {finding.subject for finding in examine(environ)} == {
        *("Python", "packages", "home folder", "disk", "address", "settings", "broker", "database"),
        *("PostgreSQL", "locale", "roles", "schema", "background work"),
        *("installation", "clock", "agreements"),
    }


def test_settings_that_are_missing(environ: dict[str, str]) -> None:
    del environ["OVERGANG_DEMO"]
    must_be_mended(found("settings", environ), "OVERGANG_SECRET_KEY", "set what is missing")


def test_a_database_that_does_not_answer(environ: dict[str, str]) -> None:
    environ["DATABASE_URL"] = f"postgresql://overgang_app:x@127.0.0.1:{processes.free_port()}/overgang"
    must_be_mended(found("database", environ), "does not answer", "DATABASE_URL")


def test_a_wrong_password_is_not_repeated(environ: dict[str, str], servers: Servers) -> None:
    environ["DATABASE_URL"] = f"postgresql://overgang_app:hemmelig@127.0.0.1:{servers.postgres.port}/overgang"
    finding = found("database", environ)
    must_be_mended(finding, "does not answer", "DATABASE_URL")
    assert "hemmelig" not in finding.sentence


def test_a_broker_that_does_not_answer(environ: dict[str, str]) -> None:
    environ["REDIS_URL"] = f"redis://127.0.0.1:{processes.free_port()}/0"
    must_be_mended(found("broker", environ), "does not answer", "REDIS_URL")


def test_a_schema_that_is_behind(environ: dict[str, str], database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("update alembic_version set version_num = '0000'")
    must_be_mended(found("schema", environ), "at 0000", "overgang migrate")


def test_pathways_that_nothing_is_agreed_for(environ: dict[str, str], database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("alter table agreements disable trigger user")
        owner.execute("update agreements set valid_from = now() + interval '1 day' where pathway_key = 'tryghedshotel'")
    must_be_mended(found("agreements", environ), "nothing is agreed for tryghedshotel", "overgang demo load")


def test_another_hash_key(environ: dict[str, str]) -> None:
    environ["OVERGANG_HASH_KEY"] = "B" * 43 + "="
    must_be_mended(found("installation", environ), "OVERGANG_HASH_KEY is not the one", "docs/operations.md")


def test_a_clock_that_is_not_the_databases(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    slow = clock.real_now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "real_now", lambda: slow)
    must_be_mended(found("clock", environ), "s from the database's", "NTP")


def test_an_application_that_connects_as_the_owner(environ: dict[str, str]) -> None:
    environ["DATABASE_URL"] = environ["DATABASE_OWNER_URL"]
    must_be_mended(found("roles", environ), "connects as overgang_owner", "ops/roles.sql")


def test_a_database_of_another_locale(environ: dict[str, str], servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("admin", "postgres"), autocommit=True) as admin:
        admin.execute("create database elsewhere template template0 locale_provider libc locale 'C'")
    try:
        environ["DATABASE_URL"] = servers.postgres.url("app", "elsewhere")
        must_be_mended(found("locale", environ), "provider c", "builtin_locale 'C.UTF-8'")
    finally:
        servers.drop("elsewhere")


def test_background_work_that_stopped(environ: dict[str, str], database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("update heartbeats set at = at - interval '5 minutes'")
    must_be_mended(found("background work", environ), "last ran 30", "start worker and beat")


def test_background_work_that_never_ran(environ: dict[str, str], database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("delete from heartbeats")
    must_be_mended(found("background work", environ), "never run", "start worker and beat")


def test_a_port_that_is_taken(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        environ["PORT"] = str(other.getsockname()[1])
        must_be_mended(found("address", environ), "is taken", "PORT=")


def test_a_home_that_everybody_may_read(environ: dict[str, str]) -> None:
    Path(environ["OVERGANG_HOME"]).chmod(0o755)
    must_be_mended(found("home folder", environ), "open to everybody", "chmod go-rw")


def test_a_disk_that_is_full(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "LEAST_SPACE", 1 << 60)
    must_be_mended(found("disk", environ), "GB free", "make room")


def test_packages_that_are_not_as_locked(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = (processes.ROOT / "requirements-prod.lock").read_text()
    (tmp_path / "requirements-prod.lock").write_text(lock.replace("flask==", "flask==0."))
    monkeypatch.setattr("ops.examination.ROOT", tmp_path)
    must_be_mended(found("packages", environ), "flask missing or not as in", ".venv")


def test_a_program_reads_the_findings_and_the_exit_code(environ: dict[str, str]) -> None:
    well = overgang("doctor", "--json", environ=environ)
    assert well.returncode == 0, well.stdout + well.stderr
    assert all(finding["well"] for finding in json.loads(well.stdout))
    environ["REDIS_URL"] = f"redis://127.0.0.1:{processes.free_port()}/0"
    ill = overgang("doctor", "--json", environ=environ)
    assert ill.returncode == 1
    assert [finding["subject"] for finding in json.loads(ill.stdout) if not finding["well"]] == ["broker"]
