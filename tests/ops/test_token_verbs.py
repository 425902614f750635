"""The verb tokens: a system is added, given a role and a token, works, and does not once the token is revoked."""

import json

from tests import world as worlds
from tests.conftest import Database
from tests.ops.verbs import Said, overgang
from web.app import create_app
from workflow.db import Session


def test_from_nothing_to_a_system_that_works(database: Database) -> None:
    with Session.begin() as session:
        worlds.build(session)

    def says(*words: object) -> Said:
        return overgang(*words, environ=database.environment)

    assert says("people", "add", "eoj", "EOJ Demo", "--system").returncode == 0
    without = says("tokens", "add", "eoj", "--scope", "tasks:read")
    assert (without.returncode, "overgang people roles eoj" in without.stderr) == (3, True)
    given = says("people", "roles", "eoj", "--give", "municipal_nurse", "--unit", "Distrikt Syd")
    assert given.returncode == 0, given.stderr
    made = says("tokens", "add", "eoj", "--scope", "tasks:read", "--scope", "units:read", "--days", "30")
    assert made.returncode == 0, made.stderr
    header = {"Authorization": f"Bearer {made.stdout.strip()}"}
    client = create_app(database.settings).test_client()
    assert client.get("/api/v1/tasks", headers=header).json == {"items": [], "next": None}
    assert client.get("/api/v1/episodes", headers=header).status_code == 403
    (listed,) = json.loads(says("tokens", "list", "--json").stdout)
    assert (listed["system"], listed["unit"], listed["scopes"]) == ("eoj", "Distrikt Syd", ["units:read", "tasks:read"])
    assert made.stdout.strip() not in says("tokens", "list").stdout
    assert says("tokens", "revoke", listed["id"]).returncode == 0
    assert client.get("/api/v1/tasks", headers=header).status_code == 401
    assert "revoked" in says("tokens", "list").stdout


def test_it_says_what_is_wrong(database: Database) -> None:
    with Session.begin() as session:
        worlds.build(session)

    def says(*words: object) -> Said:
        return overgang(*words, environ=database.environment)

    assert says("tokens", "add", "ingen", "--scope", "tasks:read").returncode == 3
    assert says("tokens", "add", "ingen", "--scope", "calendar:read").returncode == 2
    says("people", "add", "eoj", "EOJ Demo", "--system")
    for unit in ("Distrikt Syd", "M3"):
        says("people", "roles", "eoj", "--give", "manager", "--unit", unit)
    two = says("tokens", "add", "eoj", "--scope", "tasks:read")
    assert (two.returncode, "--unit" in two.stderr) == (3, True)
    assert says("tokens", "add", "eoj", "--scope", "tasks:read", "--unit", "M3").returncode == 0
    assert says("tokens", "add", "eoj", "--scope", "tasks:read", "--unit", "M3", "--days", "400").returncode == 3
    refused = says("people", "roles", "eoj", "--give", "administrator", "--unit", "M3")
    assert (refused.returncode, "A system cannot have that role" in refused.stderr) == (3, True)
