"""No CPR number is in anything that a whole installation writes: logs, what its processes say, or the database."""

import subprocess
import urllib.parse
import urllib.request
from urllib.error import HTTPError

import psycopg
import pytest

from ops import postgres
from tests.ops.installations import OWN_SECRETS, Installation, note
from tests.ops.verbs import overgang

pytestmark = pytest.mark.xdist_group("launcher")  # on the installation that is up there

GOOD, REPLACEMENT, NOWHERE, BAD_LINE = "0123401001", "012340Æ77B", "0123401002", "0123401003"
NUMBERS = (GOOD, REPLACEMENT, NOWHERE, BAD_LINE)
REGISTER = f"""cpr;navn;kommunekode;ydelse;fra;til
{GOOD};Agnes Demo;0730;Hjemmepleje;2026-01-01;
{REPLACEMENT};Ukendt Demo;0730;Hjemmepleje;2026-01-01;
{BAD_LINE};Bo Demo;0730;Hjemmepleje;in April;
"""


def test_no_number_is_left_anywhere(running: Installation) -> None:
    running.until_it_answers()
    environ = {**OWN_SECRETS, **note(running.home)["environment"], "OVERGANG_HOME": str(running.home)}
    with psycopg.connect(environ["DATABASE_OWNER_URL"]) as owner:
        municipality = "insert into organisations (name, kind, code) values (%s, %s, %s)"
        owner.execute(municipality, ("Demo Kommune", "municipality", "0730"))
    said = overgang("citizens", "import", "-", environ=environ, typed=REGISTER)
    assert "2 lines used, 1 not" in said.stdout
    for address, typed in (
        ("/sign-in", {"username": "nobody", "password": NOWHERE}),
        ("/noed-adgang", {"cpr": NOWHERE, "reason": "Vagt"}),
        ("/revision/citizen", {"cpr": f"{NOWHERE[:6]}-{NOWHERE[6:]}"}),
    ):
        body = urllib.parse.urlencode(typed).encode()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{running.port}{address}", data=body, timeout=10).close()
        except HTTPError as refused:
            refused.close()
    dump = [str(postgres.program("pg_dump")), "--inserts", environ["DATABASE_OWNER_URL"]]
    database = subprocess.run(dump, capture_output=True, check=True).stdout
    logs = [file.read_bytes() for file in running.home.rglob("*log*") if file.is_file()]
    written = [running.output.encode(), database, *logs, said.stdout.encode(), said.stderr.encode()]
    assert b"citizens" in database
    for number in NUMBERS:
        for shape in (number, f"{number[:6]}-{number[6:]}"):
            assert not any(shape.encode() in one for one in written), shape
