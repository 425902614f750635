"""What is kept alive: started again after a pause, given up after quick deaths, stopped last come first gone."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from ops.errors import CannotDo
from ops.supervisor import QUICK_DEATHS, Program, Supervisor

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]

HAS_CHILD = "import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid, flush=True); child.wait()"
SAYS_BYE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye")))
print("up", flush=True)
signal.pause()
"""


def program(name: str, command: list[str]) -> Program:
    return Program(name, command, {}, ())


def alive(program: Program) -> subprocess.Popen[str]:
    assert program.process is not None
    assert program.process.poll() is None
    return program.process


def test_its_lines_carry_its_name() -> None:
    said: list[str] = []
    speaks = program("web", [sys.executable, "-c", "print('one'); print('two')"])
    speaks.start(said.append)
    assert speaks.wait() == 0
    assert said == ["web      | one", "web      | two"]


def test_what_died_is_started_again_and_the_death_is_told() -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    worker = program("worker", SLEEPS)
    supervisor.start(worker)
    first = alive(worker)
    first.kill()
    first.wait()
    while worker.process is first:
        supervisor.look()
    alive(worker)
    assert "worker has died (killed by SIGKILL); starting it again ..." in said
    supervisor.stop()
    assert worker.process is not None
    assert worker.process.returncode == -signal.SIGTERM


def test_the_children_of_what_died_do_not_outlive_it() -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    main = program("web", [sys.executable, "-c", HAS_CHILD])
    supervisor.start(main)
    while not said:
        time.sleep(0.01)
    child = int(said[0].split("|")[1])
    first = alive(main)
    first.kill()
    first.wait()
    while main.process is first:
        supervisor.look()
    supervisor.stop()
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_what_only_dies_is_given_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.supervisor.LONGEST_PAUSE", 0.0)
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(program("beat", [sys.executable, "-c", "raise SystemExit(7)"]))

    def watch() -> None:
        while True:
            supervisor.look()

    with pytest.raises(CannotDo, match=f"beat died {QUICK_DEATHS + 1} times .* everything is stopped"):
        watch()
    assert said == ["beat has died (exit code 7); starting it again ..."] * QUICK_DEATHS
    supervisor.stop()


def test_the_last_started_is_stopped_first() -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    for name in ("postgres", "worker", "web"):
        supervisor.start(program(name, [sys.executable, "-c", SAYS_BYE]))
    while len(said) < 3:
        time.sleep(0.01)
    supervisor.stop()
    while len(said) < 6:
        time.sleep(0.01)
    assert said[3:] == ["web      | bye", "worker   | bye", "postgres | bye"]
