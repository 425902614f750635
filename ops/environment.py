"""Makes `.venv` from a lock file, with nothing but the Python and pip of this machine.

Run by the Makefile as `python3 ops/environment.py LOCK`, before any dependency is there: standard library only, and
no syntax newer than the Python that it must be able to refuse.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)


def say(sentence: str) -> None:
    print(sentence, flush=True)


def make_venv() -> None:
    """Create `.venv` with pip, unless a working one of this Python is there; a half-made or moved one is made anew."""
    python = VENV / "bin" / "python"
    asks_version = "import pip, sys; print(sys.prefix, sys.version_info[:2])"
    if python.exists():
        answer = subprocess.run([str(python), "-c", asks_version], capture_output=True, text=True)
        if answer.returncode == 0 and answer.stdout.strip() == f"{VENV} {sys.version_info[:2]}":
            return
        say("The old .venv does not work with this Python or in this folder; making it anew ...")
        shutil.rmtree(str(VENV))
    say("Making .venv with Python {}.{}.{} ...".format(*sys.version_info[:3]))
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise SystemExit(
            f"{(made.stdout + made.stderr).strip()}\nPython cannot make a virtual environment here. "
            "On Debian and Ubuntu: apt-get install python3-venv"
        )


def install(lock: Path) -> None:
    """Install what `lock` pins, hashes checked, and show how far it is."""
    wanted = sum("==" in line and not line.startswith((" ", "#")) for line in lock.read_text().splitlines())
    say(f"Installing up to {wanted} packages of {lock.name} (half a minute, once) ...")
    command = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar=off",
    ]
    started, shown, collected, lines = time.monotonic(), time.monotonic(), 0, []
    with subprocess.Popen(
        [*command, "--require-hashes", "-r", str(lock)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            collected += line.startswith(("Collecting ", "Processing ", "Requirement already satisfied: "))
            if line.startswith("Installing collected packages"):
                say(f"  all {collected} fetched, unpacking ...")
                shown = float("inf")
            elif time.monotonic() - shown > 2:
                say(f"  {collected} fetched ...")
                shown = time.monotonic()
    if pip.returncode != 0:
        raise SystemExit("".join(lines[-15:]) + f"The packages of {lock.name} could not be installed.")
    itself = subprocess.run(
        [*command, "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        capture_output=True,
        text=True,
    )
    if itself.returncode != 0:
        raise SystemExit(itself.stdout + itself.stderr + "Overgang itself could not be installed into .venv.")
    say(f"  installed in {time.monotonic() - started:.0f} s.")


def main() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(
            "Overgang needs Python {}.{} or newer; this is {}.{}. With another one: make PYTHON=python3.12 run".format(
                *OLDEST_PYTHON, *sys.version_info[:2]
            )
        )
    make_venv()
    install(ROOT / sys.argv[1])


if __name__ == "__main__":
    main()
