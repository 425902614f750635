"""Which rows stand on a page of the board, and how many there are: by ordered indexes, however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row
from sqlalchemy.orm import Session

from workflow import calendar, db
from workflow.lists.board.filters import SOON, Cursor, Filters, Show, Turn
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


# Of one unit, one side of its deadlines, in the order of an index. An episode stands at the most urgent deadline of
# those that are asked for (`workflow.deadlines.most_urgent`), and nowhere else.
_UNITS = "%(units)s::bigint[]"
_RUNNING = """
    select d.due_at as at, d.id as number, d.episode_id, d.concerns, d.unit_id, d.task_id, d.handover_id
    from deadlines d
    where d.{side} = mine.id and d.ended_at is null and (d.due_at, d.id) > (%(after_at)s, %(after)s) {where} {of}
      and not exists (
          select from deadlines sooner
          where sooner.episode_id = d.episode_id and sooner.ended_at is null
            and (sooner.due_at, sooner.id) < (d.due_at, d.id) {of_sooner} and coalesce({asked_of_sooner}, false)
      )
    order by d.due_at, d.id limit %(most)s
"""
# What a ward owes before a discharge while the receiver has the handover: nothing that it could do but phone.
_AWAITS = "({0}.concerns = 'handover_sending' and {0}.handover_id is null and {0}.other_unit_id is null)"
_OWES = f"{{0}}.unit_id = any ({_UNITS})"
_WAITS = f"{{0}}.other_unit_id = any ({_UNITS})"
_THEIRS = f"{{0}}.unit_id <> all ({_UNITS})"
# Whose turn it is: of a more urgent deadline what makes it count too (asked so that no index of units answers it: those
# of an episode are few, those of a unit many), and which rows each side of the deadlines has.
_ASKED = {
    Turn.ALL: f"{_OWES} or {_WAITS}",
    Turn.OURS: f"{_OWES} and not {_AWAITS}",
    Turn.OTHERS: f"{_WAITS} and {_THEIRS} or {_OWES} and {_AWAITS}",
}
_SIDES = {
    Turn.ALL: {"unit_id": "", "other_unit_id": f"and {_THEIRS}"},
    Turn.OURS: {"unit_id": f"and not {_AWAITS}"},
    Turn.OTHERS: {"unit_id": f"and {_AWAITS}", "other_unit_id": f"and {_THEIRS}"},
}
# Who leaves or arrives, by when: each with the most urgent deadline that concerns the reader's units, else of all.
_BY_EXPECTED = f"""
    select {{expected}} as at, e.id as number, e.id as episode_id, d.concerns, d.unit_id, d.task_id, d.handover_id
    from episodes e
    cross join lateral (
        select d.concerns, d.unit_id, d.task_id, d.handover_id from deadlines d
        where d.episode_id = e.id and d.ended_at is null
        order by d.unit_id = any ({_UNITS}) or coalesce(d.other_unit_id = any ({_UNITS}), false) desc, d.due_at, d.id
        limit 1
    ) d
    where e.closed_at is null and {{episodes}} and ({{expected}}, e.id) > (%(after_at)s, %(after)s) {{where}}
    order by {{expected}}, e.id limit %(most)s
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
    Show.LEAVING: f"e.ward_id = mine.id and {_IN_HOSPITAL} and e.expected_discharge_at < %(tomorrow)s",
    Show.ARRIVING: (
        "e.facility_id = mine.id and e.state <> 'at_home' and e.state <> 'at_tryghedshotel' and "
        "(e.expected_discharge_at < %(tomorrow)s or e.state in ('planned', 'discharged'))"
    ),
}
_EXPECTED = {
    Show.LEAVING: "e.expected_discharge_at",
    Show.ARRIVING: "coalesce(e.expected_discharge_at, e.opened_at)",
}


def _rows(filters: Filters) -> str:
    if filters.show == Show.DONE:
        return of_units(*_DONE)
    asked = [f"and e.{name} = %({name})s" for name, value in _narrowing(filters).items() if value]
    if filters.show in _EPISODES:
        expected, episodes = _EXPECTED[filters.show], _EPISODES[filters.show]
        return of_units(_BY_EXPECTED.format(expected=expected, episodes=episodes, where=" ".join(asked)))
    of, where = _OF.get(filters.show, ""), _WHERE.get(filters.show, "")
    if asked:
        # A scalar, so that it is looked up row by row in the order of the index, and never joined beforehand.
        where += f" and (select true from episodes e where e.id = d.episode_id {' '.join(asked)})"
    turn = filters.whose_turn
    sooner = {"of_sooner": of.format("sooner"), "asked_of_sooner": _ASKED[turn].format("sooner")}
    return of_units(
        *(
            _RUNNING.format(side=side, where=f"{where} {which.format('d')}", of=of.format("d"), **sooner)
            for side, which in _SIDES[turn].items()
        )
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


def count(session: Session, units: Sequence[int], asked: Sequence[Filters], *, at: datetime) -> list[int]:
    """How many rows each of these has, counted up to MOST; of what they narrow to, only the part and the turn."""
    counts = ", ".join(f"(select count(*) from ({_counted(filters)}) counted)" for filters in asked)
    values = {**_values(units, Filters(), None, at), "most": MOST}
    found = db.driver(session).execute(f"select {counts}".encode(), values).fetchone()
    return list(found or ())


def _counted(filters: Filters) -> str:
    """Without an order: it stops at the last that is counted, however many units there are."""
    if filters.show in _EPISODES:
        found = f"select e.id from episodes e where e.closed_at is null and {_EPISODES[filters.show]} limit %(most)s"
        return f"{of_units(found)} limit %(most)s"
    return f"{_rows(Filters(show=filters.show, turn=filters.turn))} limit %(most)s"


def _values(units: Sequence[int], filters: Filters, after: Cursor | None, at: datetime) -> dict[str, Any]:
    today = calendar.local(at).date()
    return {
        **_narrowing(filters), "units": sorted(units), "at": at, "soon": at + SOON,
        "today": calendar.at_clock(today, calendar.MIDNIGHT),
        "tomorrow": calendar.at_clock(today + timedelta(days=2), calendar.MIDNIGHT),
        "after_at": after.at if after else "-infinity", "after": after.number if after else 0,
        "before_at": after.at if after else "infinity", "before": after.number if after else 0,
    }  # fmt: skip
