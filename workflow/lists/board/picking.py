"""Which rows stand on a page of the board, and how many there are: by ordered indexes, however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row
from sqlalchemy.orm import Session

from workflow import calendar, db
from workflow.lists.board.filters import SOON, Cursor, Filters, Show
from workflow.lists.by_unit import of_units

PAGE = 20  # more than a screen shows
MOST = 100  # is counted no further


@dataclass(frozen=True, kw_only=True)
class Picked:
    """One row to be drawn: of a running deadline, or (`concerns` null) of something that was done.

    `changes` is the number of the episode's newest entry: with the time, all that a row can change by.
    """

    at: datetime
    number: int
    episode_id: int
    concerns: str | None
    unit_id: int  # who owes it, or did it
    task_id: int | None
    handover_id: int | None
    changes: int


# Of one unit, one side of its deadlines, in the order of an index. An episode stands at its most urgent deadline that
# concerns the reader's units, and nowhere else.
_UNITS = "%(units)s::bigint[]"
_RUNNING = f"""
    select d.due_at as at, d.id as number, d.episode_id, d.concerns, d.unit_id, d.task_id, d.handover_id
    from deadlines d
    where d.{{side}} = mine.id and d.ended_at is null and (d.due_at, d.id) > (%(after_at)s, %(after)s) {{where}} {{of}}
      and not exists (
          select from deadlines sooner
          where sooner.episode_id = d.episode_id and sooner.ended_at is null
            and (sooner.due_at, sooner.id) < (d.due_at, d.id) {{of_sooner}}
            and (sooner.unit_id = any ({_UNITS}) or sooner.other_unit_id = any ({_UNITS}))
      )
    order by d.due_at, d.id limit %(most)s
"""
_DONE = (
    """
    select t.done_at as at, t.id * 2 as number, t.episode_id, null::text as concerns, t.unit_id, t.id as task_id,
           null::bigint as handover_id
    from tasks t
    where t.unit_id = mine.id and (t.done_at, t.id * 2) < (%(before_at)s, %(before)s) and t.done_at >= %(today)s
    order by t.done_at desc, t.id desc limit %(most)s
    """,
    """
    select h.answered_at, h.id * 2 + 1, h.episode_id, null::text, h.to_unit_id, null::bigint, h.id
    from handovers h
    where h.to_unit_id = mine.id and h.state = 'accepted'
      and (h.answered_at, h.id * 2 + 1) < (%(before_at)s, %(before)s) and h.answered_at >= %(today)s
    order by h.answered_at desc, h.id desc limit %(most)s
    """,
)
# What a count asks of the deadline itself, and so of a more urgent one too ...
_OF = {
    Show.AWAITING: "and {0}.concerns = 'handover_answer'",
    Show.CALLS: (
        "and {0}.concerns = 'task' and "
        "exists (select from tasks t where t.id = {0}.task_id and t.kind = 'follow_up_call')"
    ),
}
# ... of the most urgent one ...
_WHERE = {
    Show.OVERDUE: "and d.due_at <= %(at)s",
    Show.SOON: "and d.due_at > %(at)s and d.due_at <= %(soon)s",
}
# ... and of the episode. Each is the condition of an index.
_IN_HOSPITAL = "e.state in ('acute', 'admitted', 'admitted_at_home', 'on_leave', 'ready_for_discharge')"
_EPISODES = {
    Show.LEAVING: f"e.ward_id = any ({_UNITS}) and {_IN_HOSPITAL} and e.expected_discharge_at < %(tomorrow)s",
    Show.ARRIVING: (
        f"e.facility_id = any ({_UNITS}) and e.state <> 'at_home' and e.state <> 'at_tryghedshotel' and "
        "(e.expected_discharge_at < %(tomorrow)s or e.state in ('planned', 'discharged'))"
    ),
}


def _episodes(show: Show) -> str:
    return f"select e.id from episodes e where e.closed_at is null and {_EPISODES[show]}"


def _rows(filters: Filters) -> str:
    if filters.show == Show.DONE:
        return of_units(*_DONE)
    of, where = _OF.get(filters.show, ""), _WHERE.get(filters.show, "")
    if filters.show in _EPISODES:
        where += f" and d.episode_id = any (array({_episodes(filters.show)} limit %(most_episodes)s))"
    asked = [f"and e.{name} = %({name})s" for name, value in _narrowing(filters).items() if value]
    if asked:
        # A scalar, so that it is looked up row by row in the order of the index, and never joined beforehand.
        where += f" and (select true from episodes e where e.id = d.episode_id {' '.join(asked)})"
    asked_of = {"of": of.format("d"), "of_sooner": of.format("sooner")}
    others = f"{where} and d.unit_id <> all ({_UNITS})"
    return of_units(
        _RUNNING.format(side="unit_id", where=where, **asked_of),
        _RUNNING.format(side="other_unit_id", where=others, **asked_of),
    )


def _narrowing(filters: Filters) -> dict[str, str]:
    return {"pathway_key": filters.pathway, "state": filters.state}


def pick(
    session: Session, units: Sequence[int], filters: Filters, *, after: Cursor | None, at: datetime
) -> list[Picked]:
    """The rows of one page for who sees these units, in their order, and one more where another page follows."""
    order = "at desc, number desc" if filters.show == Show.DONE else "at, number"
    statement = f"""
        with picked as materialized ({_rows(filters)} order by {order} limit %(most)s)
        select picked.*, e.history_number as changes from picked join episodes e on e.id = picked.episode_id
        order by {order}
    """
    values = {**_values(units, filters, after, at), "most": PAGE + 1}
    with db.driver(session).cursor(row_factory=class_row(Picked)) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()


def count(session: Session, units: Sequence[int], shows: Sequence[Show], *, at: datetime) -> dict[Show, int]:
    """How many rows each of these has, counted up to MOST."""
    counts = ", ".join(f"(select count(*) from ({_counted(show)}) counted)" for show in shows)
    values = {**_values(units, Filters(), None, at), "most": MOST}
    found = db.driver(session).execute(f"select {counts}".encode(), values).fetchone()
    return dict(zip(shows, found or (), strict=True))


def _counted(show: Show) -> str:
    """Without an order: it stops at the last that is counted, however many units there are."""
    return f"{_episodes(show) if show in _EPISODES else _rows(Filters(show=show))} limit %(most)s"


def _values(units: Sequence[int], filters: Filters, after: Cursor | None, at: datetime) -> dict[str, Any]:
    today = calendar.local(at).date()
    return {
        **_narrowing(filters), "units": sorted(units), "at": at, "soon": at + SOON, "most_episodes": MOST,
        "today": calendar.at_clock(today, calendar.MIDNIGHT),
        "tomorrow": calendar.at_clock(today + timedelta(days=2), calendar.MIDNIGHT),
        "after_at": after.at if after else "-infinity", "after": after.number if after else 0,
        "before_at": after.at if after else "infinity", "before": after.number if after else 0,
    }  # fmt: skip
