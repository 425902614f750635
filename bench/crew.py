"""Processes of four threads, as the web server has two of: a list of things is done by all of them at once."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

THREADS = 4

Hands = Mapping[str, Callable[[Any], object]]  # what the crew can do, by name


class Crew:
    """Processes that wait to be told what to do with what."""

    def __init__(self, ends: Sequence["Connection[Any, Any]"]) -> None:
        self._ends = ends

    def seconds(self, what: str, things: Sequence[object]) -> float:
        """Do `what` with each thing, all hands at once; from the first that began to the last that was done."""
        for place, end in enumerate(self._ends):
            end.send((what, things[place :: len(self._ends)]))
        answers: list[tuple[float, float] | Exception] = [end.recv() for end in self._ends]
        spans = []
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
            spans.append(answer)
        return max(done for _, done in spans) - min(began for began, _ in spans)


@contextmanager
def crew(processes: int, hands: Callable[..., Hands], *arguments: object) -> Iterator[Crew]:
    """A crew of so many processes, of which each calls `hands(*arguments)` once, to learn what it can do."""
    begun = multiprocessing.get_context("forkserver")  # a test lets it read the modules first
    ends, started = [], []
    for _ in range(processes):
        ours, theirs = begun.Pipe()
        process = begun.Process(target=_work, args=(theirs, hands, arguments), daemon=True)
        process.start()
        theirs.close()
        ends.append(ours)
        started.append(process)
    try:
        yield Crew(ends)
    finally:
        for end in ends:
            end.close()
        for process in started:
            process.join()


def _work(end: "Connection[Any, Any]", hands: Callable[..., Hands], arguments: Iterable[object]) -> None:
    able = hands(*arguments)
    with ThreadPoolExecutor(THREADS) as threads:
        while True:
            try:
                what, things = end.recv()
            except EOFError:
                return
            try:
                began = time.monotonic()
                for _ in threads.map(able[what], things):
                    pass
                end.send((began, time.monotonic()))
            except Exception as error:
                end.send(error)
