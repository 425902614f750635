"""What row-level security costs: a hot list and a transition as a person, against the same without policies."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import median

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench import engine
from bench.discharge import DISCHARGED_AT, discharge, ready_for_discharge
from bench.figure import Figure
from bench.filling import AT, Calls, fill, ground_of
from bench.server import AS_SWEEPS, Database, Server
from bench.size import Size
from tests.world import World
from workflow import clock, db
from workflow.actor import Actor
from workflow.seeing import access_log, sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.tables import Citizen, Deadline, Episode, Task
from workflow.vocabulary import Look

UNITS = 20  # of which one is ours: what the others see, we do not
PAGE = 50


def measure(server: Server, size: Size) -> Iterator[Figure]:
    """Milliseconds of one page and of one transition, the two sides in turns on one database."""
    with server.database("security_list") as database:
        world = engine.build_world(database)
        fill(database, [ground_of(world)], size.few * 10, closed=size.few * 5, calls=Calls.NOT_DUE)
        _spread(database, world)
        yield from _pages(_as_people(database), world, size)
    with server.database("security_transition") as database:
        world = engine.build_world(database)
        yield _transitions(_as_people(database), database, world, size)


def _as_people(database: Database) -> Database:
    return replace(database, url=database.url.removesuffix(AS_SWEEPS))


def _spread(database: Database, world: World) -> None:
    """Of twenty episodes, nineteen are other units'."""
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(
            "update episodes set related = array[1000000 + id %% %s, 2000000 + id %% %s] where id %% %s <> 0",
            (UNITS, UNITS, UNITS),
        )
        admin.execute("vacuum full episodes")
    database.settle_down()


def the_page(session: Session, seen: Sight) -> list[tuple[object, ...]]:
    """What must be done next in our episodes: the query of the list that everybody has open all day."""
    rows = session.execute(
        select(Episode.uuid, Episode.id, Citizen.name, Episode.state, Deadline.due_at, Task.kind)
        .join(Deadline, Deadline.episode_id == Episode.id)
        .join(Citizen, Citizen.id == Episode.citizen_id)
        .outerjoin(Task, Task.id == Deadline.task_id)
        .where(Deadline.ended_at.is_(None), Episode.closed_at.is_(None), seen.visible())
        .order_by(Deadline.due_at, Deadline.id)
        .limit(PAGE)
    )
    return [tuple(row) for row in rows]


def _pages(database: Database, world: World, size: Size) -> Iterator[Figure]:
    actor, shown = world.facility_nurse, []

    def page(seen: Sight, session: Session) -> None:
        shown.append(len(the_page(session, seen)))

    def whole(session: Session, actor: Actor) -> None:
        """Sight, list and log: what a page adds to its query."""
        seen = sight.open(session, actor, at=AT)
        rows = the_page(session, seen)
        visit = Visit(what="list", at=clock.real_now())
        numbers = [int(str(row[1])) for row in rows]
        access_log.write(session, Look.LIST, visit, by=actor, citizens=numbers, episodes=numbers, related=True)

    times: dict[str, list[float]] = {"without": [], "with": [], "whole": []}
    with engine.connected(database, pool_size=1):
        for _ in range(size.samples):
            for side in times:
                with db.Session.begin() as session:
                    if side == "without":
                        session.execute(text(f"set local role {db.SWEEPS}"))
                    if side == "whole":
                        times[side].append(_milliseconds(partial(whole, session, actor)))
                        continue
                    seen = sight.open(session, actor, at=AT)
                    times[side].append(_milliseconds(partial(page, seen, session)))
    assert min(shown) == max(shown) > 0
    base = median(times["without"])
    yield _figure("row_security_list", median(times["with"]), base)
    yield _figure("row_security_page", median(times["whole"]), base)


def _transitions(database: Database, admin: Database, world: World, size: Size) -> Figure:
    """A discharge with sight opened and every policy asked, against the same discharge in the background's role."""
    waiting = iter(ready_for_discharge(admin, world, 2 * size.samples + 4))
    times: dict[str, list[float]] = {"without": [], "with": []}
    with engine.connected(database, pool_size=1):
        for _ in range(size.samples + 2):  # the first two prepare statements

            def in_the_background(session: Session) -> None:
                session.execute(text(f"set local role {db.SWEEPS}"))
                discharge(session, world, next(waiting))

            def as_a_person(session: Session) -> None:
                sight.open(session, world.coordinator, at=DISCHARGED_AT)
                discharge(session, world, next(waiting))

            times["without"].append(_milliseconds(partial(_commit, in_the_background)))
            times["with"].append(_milliseconds(partial(_commit, as_a_person)))
    return _figure("row_security_transition", median(times["with"][2:]), median(times["without"][2:]))


def _commit(act: Callable[[Session], None]) -> None:
    with db.Session.begin() as session:
        act(session)


def _milliseconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1_000


def _figure(name: str, ours: float, ceiling: float) -> Figure:
    return Figure(bench=name, ours=ours, ceiling=ceiling, unit="ms", better="lower")
