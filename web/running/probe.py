"""A question to a server that may hang, asked so that no page ever hangs with it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from workflow.clock import real_now

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[Value]):
    """What came back: a value, or None, and then since when at least (real time, as this process saw it)."""

    value: Value | None
    silent_since: datetime | None = None

    @property
    def came(self) -> bool:
        return self.silent_since is None


class Probe(Generic[Value]):
    """Asks `question` in a thread and waits `patience` seconds. While it hangs, nobody asks again: one thread at most.

    `faults` are the errors that mean the server is out of reach; any other is a bug, and logged as one.
    """

    def __init__(self, question: Callable[[], Value], *, patience: float, faults: tuple[type[Exception], ...]) -> None:
        self.question, self.patience, self.faults = question, patience, faults
        self.lock = threading.Lock()
        self.under_way: _Asking[Value] | None = None
        self.silent_since: datetime | None = None

    def begin(self) -> "_Asking[Value]":
        """Ask, without waiting for the answer."""
        with self.lock:
            self.under_way = self.under_way or _Asking(self.question, self.faults)
            return self.under_way

    def ask(self) -> Answer[Value]:
        """The answer, at the latest after `patience` seconds."""
        asking = self.begin()
        in_time = asking.done.wait(self.patience)
        with self.lock:
            if in_time and self.under_way is asking:
                self.under_way = None
            if in_time and asking.value is not None:
                self.silent_since = None
                return Answer(value=asking.value)
            self.silent_since = self.silent_since or real_now()
            return Answer(value=None, silent_since=self.silent_since)


class _Asking(Generic[Value]):
    """One question on its way."""

    def __init__(self, question: Callable[[], Value], faults: tuple[type[Exception], ...]) -> None:
        self.done = threading.Event()
        self.value: Value | None = None
        threading.Thread(target=self.run, args=(question, faults), daemon=True).start()

    def run(self, question: Callable[[], Value], faults: tuple[type[Exception], ...]) -> None:
        try:
            self.value = question()
        except faults:
            self.value = None
        finally:
            self.done.set()
