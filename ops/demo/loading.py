"""Fills an empty database with the demonstration, and empties it again. Never outside demo mode."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from ops.demo import cluster, invented, reviews, year
from ops.demo.lives import Plan
from ops.errors import CannotDo
from workflow import citizens, clock, db, installation, keys
from workflow.db import Base
from workflow.settings import Settings
from workflow.tables import DemoClock, Installation, MunicipalService, Organisation

Say = Callable[[str], None]

SAYS_EVERY = 2.0  # seconds
# The planner knows nothing of a table that was empty a moment ago, and a commit need not wait for the disk.
LOADING = f"-c role={db.SWEEPS} -c enable_seqscan=off -c synchronous_commit=off"
# Everybody was told at the time, and has read what is older than a day. Nobody's phone rings for it.
TOLD = (
    """
    insert into inbox (notice_id, unit_id, received_at, read_at, read_by)
    select id, unit_id, written_at, case when written_at < :yesterday then written_at + interval '40 minutes' end,
           case when written_at < :yesterday then 'Demo' end
    from outbox where routed_at is null order by written_at, id
    """,
    "update outbox set routed_at = written_at where routed_at is null",
)


def load_if_empty(settings: Settings, *, say: Say = print) -> bool:
    """Load the demonstration unless the database holds one, or begin anew where a loading broke off.

    Returns whether it did. Raises CannotDo when this is no demo.
    """
    _require_demo(settings)
    with _session(settings.database_url) as session:
        empty, shows = _is_empty(session), session.scalar(select(DemoClock.at))
    if empty:
        load(settings, say=say)
    elif shows is not None and shows < year.NOW:
        say("An earlier loading of the demonstration broke off; beginning anew ...")
        reset(settings, say=say)
    else:
        return False
    return True


def load(settings: Settings, *, say: Say = print) -> None:
    """Load the demonstration into an empty database. Raises CannotDo when it is not empty, or this is no demo.

    The demo clock shows the beginning of the year until all of it is there: a loading that broke off can be seen.
    """
    _require_demo(settings)
    keys.use(settings)
    with _session(settings.database_url, LOADING) as session:
        installation.require(session, settings)
        if not _is_empty(session):
            raise CannotDo("The database holds something already. To empty it and load anew: overgang demo reset")
        say("Loading the demonstration: a year of invented citizens (half a minute, once) ...")
        clock.start_demo(session, year.BEGINS)
        cluster.build(session)
        register_newcomers(session)
        session.commit()
        even, odd = ([plan for plan in year.over() if plan.number % 2 == half] for half in (0, 1))
        with _helper(settings, odd) as helped:
            _live(session, even, say)
            helped()
        everybody = cluster.read(session)
        year.live_now(session, everybody, year.here())
        reviews.write(session, everybody, now=year.NOW)
        _tell(session)
        clock.start_demo(session, year.NOW)
        session.commit()
    with _session(settings.owner_url) as session:
        session.execute(text("analyze"))
        session.commit()


def reset(settings: Settings, *, say: Say = print) -> None:
    """Empty every table, as the owner, and load anew. Raises CannotDo when this is no demo, or the database is none."""
    _require_demo(settings)
    keys.use(settings)
    with _session(settings.owner_url) as session:
        installation.require(session, settings)
        if not _is_empty(session) and session.scalar(select(DemoClock.at)) is None:
            raise CannotDo("This database has no demo clock, so it is not a demonstration's. Nothing was touched.")
        session.execute(text("set local lock_timeout = '10s'"))
        emptied = [name for name in Base.metadata.tables if name != Installation.__tablename__]  # it stays what it is
        session.execute(text(f"truncate {', '.join(emptied)} restart identity"))
        session.commit()
    load(settings, say=say)


def register_newcomers(session: Session) -> None:
    """Citizens without an episode, to begin one with; Agnes is the first."""
    randers = cluster.read(session).municipalities[0]
    for number in range(year.FIRST_NUMBER):
        citizen = citizens.register(
            session,
            invented.cpr(number),
            invented.name(number),
            municipality_id=randers.id,
            phone=invented.phone(number),
        )
        session.add(
            MunicipalService(
                citizen_id=citizen.id, municipality_id=randers.id, service="hjemmepleje", from_on=year.BEGINS.date()
            )
        )


@contextmanager
def _session(url: str, options: str = "") -> Iterator[Session]:
    engine = create_engine(url, connect_args={"options": options})
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
    finally:
        engine.dispose()


def _require_demo(settings: Settings) -> None:
    if not settings.demo:
        raise CannotDo("This is not a demonstration, so nothing was touched. OVERGANG_DEMO=1 says that it is one.")


def _is_empty(session: Session) -> bool:
    return session.scalar(select(Organisation.id).limit(1)) is None


def _tell(session: Session) -> None:
    """Put what was written into the units' inboxes, as at the time; a deliver sweep that runs finds nothing to send."""
    for statement in TOLD:
        session.execute(text(statement), {"yesterday": year.YESTERDAY})


def _live(session: Session, plans: Sequence[Plan], say: Say) -> None:
    """Live these lives, which are over; a transaction each."""
    said_at = time.monotonic()
    for done, _ in enumerate(year.live_over(session, cluster.read(session), plans), start=1):
        _tell(session)
        session.commit()
        if time.monotonic() - said_at > SAYS_EVERY:
            say(f"  {done / len(plans):.0%} ...")
            said_at = time.monotonic()


@contextmanager
def _helper(settings: Settings, plans: Sequence[Plan]) -> Iterator[Callable[[], None]]:
    """A second process that lives these lives; what is yielded waits for it, and raises CannotDo when it failed."""
    helper = multiprocessing.get_context("spawn").Process(target=_help, args=(settings, plans), daemon=True)
    helper.start()

    def wait() -> None:
        helper.join()
        if helper.exitcode != 0:
            raise CannotDo("The demonstration could not be loaded; the lines above say why.")

    try:
        yield wait
    finally:
        helper.terminate()
        helper.join()


def _help(settings: Settings, plans: Sequence[Plan]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us, which ends us
    keys.use(settings)
    with _session(settings.database_url, LOADING) as session:
        _live(session, plans, lambda _: None)
