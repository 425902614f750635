"""`overgang backup` and `overgang restore`: every row back, all or nothing, and never over what somebody needs."""

import contextlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from ops.commands.backup import without_rows
from tests.conftest import Database, Servers
from tests.ops.verbs import overgang


def contents(url: str) -> dict[str, tuple[int, int]]:
    """Each table's number of rows, and the sum of their hashes."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public' order by 1").fetchall()
        return {
            table: connection.execute(
                SQL("select count(*), coalesce(sum(hashtext(t::text)), 0) from {} t").format(Identifier(table))
            ).fetchone()
            or (0, 0)
            for (table,) in tables
        }


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with something in it that only a full restore brings back: rows, a sequence, a privilege, a rule."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("create table letters (number bigint generated always as identity, word text check (word <> ''))")
        owner.execute("insert into letters (word) select 'ærø ' || n from generate_series(1, 5000) n")
        owner.execute("grant select on letters to overgang_app")
    return database


def test_every_row_comes_back_and_so_do_rules_and_privileges(
    filled: Database, tmp_path: Path, servers: Servers
) -> None:
    before = contents(filled.owner_url)
    file = tmp_path / "backup"
    assert overgang("backup", file, environ=filled.environment).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    elsewhere = servers.copy(of="template0")
    try:
        environ = servers.environment(elsewhere)
        restored = overgang("restore", file, environ=environ)
        assert restored.returncode == 0, restored.stderr
        assert contents(environ["DATABASE_OWNER_URL"]) == before
        assert before["letters"][0] == 5000
        with psycopg.connect(environ["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute("insert into letters (word) values ('ny') returning number").fetchone() == (5001,)
            with pytest.raises(psycopg.errors.CheckViolation):
                owner.execute("insert into letters (word) values ('')")
        with psycopg.connect(environ["DATABASE_URL"]) as app:
            assert app.execute("select count(*) from letters").fetchone() == (5000,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("delete from letters")
    finally:
        servers.drop(elsewhere)


def test_a_database_that_holds_something_is_left_alone(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    overgang("backup", file, environ=filled.environment)
    before = contents(filled.owner_url)
    refused = overgang("restore", file, environ=filled.environment)
    assert refused.returncode == 3
    assert "add --yes" in refused.stderr
    assert contents(filled.owner_url) == before


def test_with_yes_what_came_after_the_backup_is_gone(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    overgang("backup", file, environ=filled.environment)
    before = contents(filled.owner_url)
    with psycopg.connect(filled.owner_url) as owner:
        owner.execute("create table later as select 1 as one")
        owner.execute("delete from letters")
    restored = overgang("restore", file, "--yes", environ=filled.environment)
    assert restored.returncode == 0, restored.stderr
    assert contents(filled.owner_url) == before


def test_half_a_backup_restores_nothing(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    overgang("backup", file, environ=filled.environment)
    half = tmp_path / "half"
    half.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    before = contents(filled.owner_url)
    failed = overgang("restore", half, "--yes", environ=filled.environment)
    assert failed.returncode == 3
    assert "Nothing was restored" in failed.stderr
    assert contents(filled.owner_url) == before


def test_what_is_no_backup_restores_nothing(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Kære Randers")
    before = contents(filled.owner_url)
    failed = overgang("restore", tmp_path / "letter", "--yes", environ=filled.environment)
    assert failed.returncode == 3
    assert contents(filled.owner_url) == before


def test_a_backup_that_fails_leaves_no_file(database: Database, tmp_path: Path) -> None:
    nowhere = {**database.environment, "DATABASE_OWNER_URL": "postgresql://overgang_owner:x@127.0.0.1:1/overgang"}
    failed = overgang("backup", tmp_path / "backup", environ=nowhere)
    assert failed.returncode == 3
    assert "The backup could not be made" in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_private_from_its_first_byte_and_ends_with_who_makes_it(filled: Database, tmp_path: Path) -> None:
    file, unfinished = tmp_path / "backup", tmp_path / "backup.unfinished"
    with psycopg.connect(filled.owner_url) as holds:
        holds.execute("lock table letters")  # the dump waits for it
        before = os.umask(0o022)
        try:
            making = subprocess.Popen(
                [sys.executable, "-m", "ops.cli", "backup", str(file)], env={**os.environ, **filled.environment}
            )
        finally:
            os.umask(before)
        deadline = time.monotonic() + 30
        while not (dumps := dumping(filled.name)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert dumps
        assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
        making.kill()
        making.wait()
    deadline = time.monotonic() + 10
    while dumping(filled.name) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not dumping(filled.name)
    later = overgang("backup", tmp_path / "later", environ=filled.environment)
    assert f"A backup that was ended has left {unfinished}" in later.stderr
    assert overgang("backup", file, environ=filled.environment).returncode == 0
    assert sorted(one.name for one in tmp_path.iterdir()) == ["backup", "later"]


def dumping(database: str) -> bool:
    """Whether pg_dump runs on this database."""
    found = subprocess.run(["pgrep", "-f", "pg_dump"], capture_output=True, text=True).stdout.split()
    for number in found:
        with contextlib.suppress(OSError):
            if f"PGDATABASE={database}\0" in Path(f"/proc/{number}/environ").read_text(errors="replace"):
                return "pg_dump" in Path(f"/proc/{number}/cmdline").read_text().split("\0")[0]
    return False


def test_a_damaged_backup_prints_no_row(database: Database) -> None:
    said = """pg_restore: error: could not read from input file: end of file
psql:<stdin>:189: ERROR:  22P02
invalid command \\Hanne De4-14
psql:<stdin>:190: ERROR:  invalid input syntax for type bigint: "Hanne De4-14"
"""
    assert without_rows(said) == "pg_restore: error: could not read from input file: end of file; ERROR:  22P02"
    assert without_rows("x Hanne") == "it is damaged"


def test_a_restore_of_rows_that_do_not_fit_names_none(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with psycopg.connect(filled.owner_url) as owner:
        owner.execute("alter table letters add constraint none_of_hers check (word not like 'Hanne%') not valid")
        owner.execute("alter table letters drop constraint none_of_hers")
        owner.execute("insert into letters (word) values ('Hanne Demo')")
        owner.execute("alter table letters add constraint none_of_hers check (word not like 'Hanne%') not valid")
    overgang("backup", file, environ=filled.environment)
    with psycopg.connect(filled.owner_url) as owner:
        owner.execute("alter table letters drop constraint none_of_hers")
    refused = overgang("restore", file, "--yes", environ=filled.environment)
    assert "Hanne" not in refused.stdout + refused.stderr
