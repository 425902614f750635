"""The last net: nothing that looks like a CPR number leaves by the log, or with the last words of a process."""

import os
import subprocess
import sys

import pytest

from workflow.seeing.masking import masked

SAYS = """
import logging, sys
from workflow.seeing import masking
masking.install()
logging.basicConfig(format="%(message)s")
logging.error("borger %s", "011340-1234")
logging.error("borger 0113401234 og 011340-Æ12B")
try:
    raise ValueError("nummer 0113401234")
except ValueError:
    logging.exception("fejl for %(cpr)s", {"cpr": "0113401234"})
raise RuntimeError("til sidst 011340-1234")
"""


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("ring til 011340-1234 nu", "ring til 011340-**** nu"),
        ("0113401234", "011340-****"),
        ("erstatning 611340-Æ12B.", "erstatning 611340-****."),
        ("episode 019b1d4c-1234-7abc-8def-0113401234ab", "episode 019b1d4c-1234-7abc-8def-0113401234ab"),
        ("kl. 2026-03-12 07:00", "kl. 2026-03-12 07:00"),
        ("99134012345 og 4513401234", "99134012345 og 4513401234"),
    ],
)
def test_what_has_the_shape_of_a_number_is_masked_and_nothing_else(said: str, left: str) -> None:
    assert masked(said) == left


def test_a_process_that_is_careless_writes_no_number() -> None:
    process = subprocess.run([sys.executable, "-c", SAYS], capture_output=True, text=True, check=False)
    written = process.stdout + process.stderr
    assert process.returncode == 1
    assert written.count("011340-****") == 6
    assert "1234" not in written.replace("011340-****", "")


COMMAND_LINE = "from ops import cli; sys.argv[1:] = ['-h']; cli.main()"


@pytest.mark.parametrize("door", ["import web.wsgi", "import tasks.app", COMMAND_LINE], ids=["web", "tasks", "ops"])
def test_every_door_installs_it(door: str) -> None:
    """Each in a process of its own, for the net is the whole process's."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}
    environ = {"OVERGANG_DEMO": "1", **nowhere}
    code = f"""
import atexit, logging, sys
atexit.register(lambda: print(logging.getLogRecordFactory().__module__, sys.excepthook.__module__))
{door}
"""
    started = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environ}
    )
    assert started.stdout.splitlines()[-1] == "workflow.seeing.masking workflow.seeing.masking"
