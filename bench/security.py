"""What row-level security costs: the board and a transition as a person, against the same without policies."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from statistics import median
from typing import Protocol
from unittest.mock import patch

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import engine, pages, town
from bench.discharge import DISCHARGED_AT, discharge, ready_for_discharge
from bench.figure import Figure
from bench.filling import AT
from bench.server import AS_SWEEPS, Database, Server
from bench.size import Size
from ops.demo import cluster
from tests.world import World
from web.app import create_app
from workflow import db
from workflow.actor import Actor
from workflow.lists.board import picking, rows
from workflow.lists.board.filters import Filters, counts_for
from workflow.lists.board.rows import Row
from workflow.seeing import sight
from workflow.seeing.sight import Sight
from workflow.settings import Settings
from workflow.vocabulary import Role


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Milliseconds of one page and of one transition, the two sides in turns on one database."""
    with server.database("security_board") as database:
        town.fill_town(database, size.few * 10)
        yield from _boards(_as_people(database), size)
    with server.database("security_transition") as database:
        world = engine.build_world(database)
        yield _transitions(_as_people(database), database, world, size)


class Opens(Protocol):
    """`sight.open`."""

    def __call__(self, session: Session, actor: Actor, *, at: datetime) -> Sight: ...


def _as_people(database: Database) -> Database:
    return replace(database, url=database.url.removesuffix(AS_SWEEPS))


def _board(session: Session, seen: Sight) -> list[Row]:
    """What the board asks the database: its counts, which rows, and what is drawn in them."""
    units = sorted(seen.units)
    picking.count(session, units, [Filters(show=show) for show in counts_for(Role.MUNICIPAL_NURSE)], at=AT)
    return rows.rows(session, seen, picking.pick(session, units, Filters(), after=None, at=AT), at=AT)


def _boards(database: Database, size: Size) -> Iterator[Figure]:
    with pages.installed(database) as environment, engine.connected(database):
        token = pages.signed_in("distrikt", Role.MUNICIPAL_NURSE)
        browser = create_app(Settings.from_environment(environment)).test_client()
        browser.set_cookie(pages.COOKIE, token)
        with db.Session.begin() as session:
            nurse = cluster.read(session).named("Distrikt Syd", Role.MUNICIPAL_NURSE)
        shown: set[int] = set()

        def board(opens: Opens) -> float:
            with db.Session.begin() as session:
                seen = opens(session, nurse, at=AT)
                return _milliseconds(lambda: shown.add(len(_board(session, seen))))

        def page(opens: Opens) -> float:
            with patch.object(sight, "open", opens):
                return _milliseconds(lambda: shown.add(browser.get("/overgange").get_data(as_text=True).count("<tr ")))

        for name, what in (("board", board), ("page", page)):
            times = _in_turns(size, {"without": partial(what, _unlocked), "with": partial(what, _locked)})
            assert len(shown) == 1
            assert shown.pop() > 0
            yield _figure(f"row_security_{name}", times["with"], times["without"])


_locked: Opens = sight.open


def _unlocked(session: Session, actor: Actor, *, at: datetime) -> Sight:
    """The same sight, and then no policy any more."""
    seen = _locked(session, actor, at=at)
    session.execute(text(f"set local role {db.SWEEPS}"))
    return seen


def _transitions(database: Database, admin: Database, world: World, size: Size) -> Figure:
    """A discharge with sight opened and every policy asked, against the same discharge in the background's role."""
    waiting = iter(ready_for_discharge(admin, world, 4 * size.samples, size))

    def discharging(*, locked: bool) -> None:
        with db.Session.begin() as session:
            if locked:
                sight.open(session, world.coordinator, at=DISCHARGED_AT)
            else:
                session.execute(text(f"set local role {db.SWEEPS}"))
            discharge(session, world, next(waiting))

    with engine.connected(database, pool_size=1):
        times = _in_turns(
            size,
            {side: partial(_milliseconds, partial(discharging, locked=side == "with")) for side in ("without", "with")},
        )
    return _figure("row_security_transition", times["with"], times["without"])


def _in_turns(size: Size, sides: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each; another role has its statements planned anew, so that of two in a row the second counts."""
    took: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(size.samples):
        for side, one in sides.items():
            one()
            took[side].append(one())
    return {side: median(times) for side, times in took.items()}


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


def _figure(name: str, ours: float, ceiling: float) -> Figure:
    return Figure(bench=name, ours=ours, ceiling=ceiling, unit="ms", better="lower")
