"""What row-level security costs: the board and a transition as a person, against the same without policies."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from statistics import median

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import engine, town
from bench.discharge import DISCHARGED_AT, discharge, ready_for_discharge
from bench.figure import Figure
from bench.filling import AT
from bench.server import AS_SWEEPS, Database, Server
from bench.size import Size
from ops.demo import cluster
from tests.world import World
from workflow import clock, db
from workflow.lists.board import picking, rows
from workflow.lists.board.filters import Filters, counts_for
from workflow.lists.board.rows import Row
from workflow.seeing import sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.vocabulary import Look, Role


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Milliseconds of one page and of one transition, the two sides in turns on one database."""
    with server.database("security_board") as database:
        town.fill_town(database, size.few * 10)
        yield from _boards(_as_people(database), size)
    with server.database("security_transition") as database:
        world = engine.build_world(database)
        yield _transitions(_as_people(database), database, world, size)


def _as_people(database: Database) -> Database:
    return replace(database, url=database.url.removesuffix(AS_SWEEPS))


def _board(session: Session, seen: Sight) -> list[Row]:
    """What the board asks the database: its counts, which rows, and what is drawn in them."""
    units = sorted(seen.units)
    picking.count(session, units, counts_for(Role.MUNICIPAL_NURSE), at=AT)
    return rows.rows(session, seen, picking.pick(session, units, Filters(), after=None, at=AT), at=AT)


def _boards(database: Database, size: Size) -> Iterator[Figure]:
    with engine.connected(database, pool_size=1):
        with db.Session.begin() as session:
            found = cluster.read(session)
            nurse = found.at_work(found.districts(found.municipalities[0])[0], Role.MUNICIPAL_NURSE)[0]
        shown: set[int] = set()

        def board(*, locked: bool) -> float:
            with db.Session.begin() as session:
                seen = sight.open(session, nurse, at=AT)
                if not locked:
                    session.execute(text(f"set local role {db.SWEEPS}"))
                return _milliseconds(lambda: shown.add(len(_board(session, seen))))

        def whole() -> float:
            with db.Session.begin() as session:
                return _milliseconds(partial(page, session))

        def page(session: Session) -> None:
            seen = sight.open(session, nurse, at=AT)
            drawn = _board(session, seen)
            visit = Visit(what="board", at=clock.real_now())
            sight.record(session, seen, [row.episode for row in drawn], visit=visit, kind=Look.LIST)

        times = _in_turns(
            size, {"without": partial(board, locked=False), "with": partial(board, locked=True), "whole": whole}
        )
    assert len(shown) == 1
    assert min(shown) > 0
    yield _figure("row_security_board", times["with"], times["without"])
    yield _figure("row_security_page", times["whole"], times["without"])


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
