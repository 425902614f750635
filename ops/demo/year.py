"""The year behind the demonstration: who came, what became of them, and what the engine raised meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops.demo import scripts
from ops.demo.cluster import Cluster
from ops.demo.lives import BY_HOTEL, FROM_HOSPITAL, HOME, Life, Plan
from workflow import calendar, clock, deadlines
from workflow.rule import hours
from workflow.tables import Deadline

NOW = clock.DEMO_START
YESTERDAY = NOW - timedelta(days=1)
BEGINS = NOW - timedelta(days=365)
CLOSED = 500
OPEN = 60
# How many of a hundred follow-up calls come late: a usual half year, a winter that went badly, and better since.
WORSE_SINCE, BETTER_SINCE = NOW - timedelta(days=180), NOW - timedelta(days=90)
SEED = 2026
FIRST_NUMBER = 10  # the invented citizens before it have no episode yet

# What goes wrong, in how many of a thousand.
MISHAPS = {
    "": 530, "sent_late": 25, "sent_just_before": 20, "unanswered": 45, "rejected": 50, "rejected_not_resent": 25,
    "called_in_vain": 35, "late_report": 25, "late_plan": 25, "died_in_hospital": 20, "died_after": 20,
    "cancelled": 20, "worsened": 20, "leave": 15, "treated_at_home": 15, "back_within_4_h": 12, "readmitted": 45,
    "wrong_time": 20, "discharge_cancelled": 12, "heard_late": 12, "told_by_message": 20, "chosen_late": 14,
}  # fmt: skip
COMING = (1, 2, 4, 6, 8, 8, 8, 7, 7, 6, 5, 4, 3, 2)  # of the hours from 7 to 20
LEAVING = (2, 6, 9, 8, 9, 7, 4)  # of the hours from 9 to 15
WAYS = {"admission": 79, "acute_admission": 11, "general_practice": 4, "municipality": 3, "citizen": 3}
IN_HOSPITAL_ONLY = frozenset(MISHAPS) - {"", "cancelled"}


def over() -> list[Plan]:
    """The lives of `CLOSED` episodes, in the order in which they began; a readmission makes two episodes of a life."""
    rng = Random(SEED)
    made: list[Plan] = []
    while (closed := sum(2 if "readmitted" in plan.mishaps else 1 for plan in made)) < CLOSED:
        made.append(_closed(rng, FIRST_NUMBER + len(made), last=closed == CLOSED - 1))
    return sorted(made, key=lambda plan: plan.starts_at)


def here() -> list[Plan]:
    """The lives of the `OPEN` episodes."""
    return list(_open(FIRST_NUMBER + CLOSED))


def _closed(rng: Random, number: int, *, last: bool) -> Plan:
    way = rng.choices(list(WAYS), list(WAYS.values()))[0]
    (mishap,) = rng.choices(list(MISHAPS), list(MISHAPS.values()))
    if (way not in FROM_HOSPITAL and mishap in IN_HOSPITAL_ONLY) or (last and mishap == "readmitted"):
        mishap = ""
    to = BY_HOTEL if mishap == "chosen_late" or rng.random() < 0.28 else HOME
    over_by = 21 if to == BY_HOTEL or way not in FROM_HOSPITAL or mishap == "readmitted" else 14  # days
    came_on = _weekday(calendar.local(NOW).date() - timedelta(days=rng.randint(over_by, 365)), rng, at_most=0.75)
    starts_at = calendar.at_clock(came_on, time(rng.choices(range(7, 21), COMING)[0], rng.randint(0, 59)))
    soonest = came_on + timedelta(days=2 if mishap in {"leave", "worsened"} else 1)
    left_on = max(soonest, _weekday(came_on + timedelta(days=rng.randint(1, 3)), rng, at_most=0.35))
    leaves_at = calendar.at_clock(left_on, time(rng.choices(range(9, 16), LEAVING)[0], rng.randint(0, 59)))
    mishaps = {mishap}
    late = 0.06 if leaves_at >= BETTER_SINCE else 0.36 if leaves_at >= WORSE_SINCE else 0.18
    if rng.random() < late:
        mishaps.add("called_late")
    return Plan(
        number=number, way=way, to=to, starts_at=starts_at,
        leaves_at=leaves_at if way in FROM_HOSPITAL else starts_at + hours(rng.randint(3, 20)),
        hotel_days=rng.randint(2, 6), home_days=rng.randint(5, 6),  # before the review that at home is due after a week
        mishaps=frozenset(mishaps), until=NOW,
    )  # fmt: skip


def _weekday(day: date, rng: Random, *, at_most: float) -> date:
    """The day, or the Friday before it: of a weekend's days only so many are kept."""
    weekend = day.weekday() - 4
    return day - timedelta(days=weekend) if weekend > 0 and rng.random() >= at_most else day


def _leaves(at: datetime) -> datetime:
    """When somebody who is still here leaves: by day, between nine and half past three."""
    on = calendar.local(at).date()
    if at <= NOW or calendar.at_clock(on, time(9)) <= at <= calendar.at_clock(on, time(15, 30)):
        return at
    return calendar.at_clock(on, time(9 + at.toordinal() % 6, 15 * (at.hour % 4)))


def _open(number: int) -> Iterator[Plan]:
    """Those who are here now, in every state there is; times in hours from now."""
    for way, to, came, leaves, hotel_days, mishaps, how_many in HERE:
        for one in range(how_many):
            yield Plan(
                number=number, way=way, to=to, starts_at=NOW + hours(came - 1.7 * one),
                leaves_at=_leaves(NOW + hours(leaves + 0.4 * one)), hotel_days=hotel_days, home_days=14,
                mishaps=frozenset(mishaps.split()), until=NOW, watched=True,
            )  # fmt: skip
            number += 1


# way in, destination, came (hours from now), leaves or left, days at Tryghedshotellet, mishaps, how many
HERE = (
    ("general_practice", BY_HOTEL, -16, 3, 5, "", 1),
    ("general_practice", BY_HOTEL, -18, 4, 5, "unanswered", 1),
    ("municipality", BY_HOTEL, -15, 5, 5, "", 1),
    ("citizen", BY_HOTEL, -14, 2, 5, "", 1),
    ("acute_admission", HOME, -2, 50, 0, "only_acute", 2),
    ("acute_admission", HOME, -25, 30, 0, "only_acute", 1),
    ("admission", HOME, -20, 52, 0, "", 7),
    ("admission", BY_HOTEL, -45, 16, 4, "", 1),
    ("admission", BY_HOTEL, -45, 30, 4, "", 3),
    ("admission", HOME, -50, 60, 0, "treated_at_home", 3),
    ("admission", HOME, -90, 26, 0, "leave", 3),
    ("admission", HOME, -70, 2.5, 0, "ready", 1),
    ("admission", BY_HOTEL, -72, 2, 4, "ready", 2),
    ("admission", BY_HOTEL, -75, 1, 4, "ready rejected_not_resent", 1),
    ("admission", HOME, -76, 1.5, 0, "ready unanswered", 2),
    ("admission", HOME, -96, 4, 0, "ready", 2),
    ("admission", HOME, -60, -0.9, 0, "", 2),
    ("admission", HOME, -60, -0.8, 0, "unanswered", 1),
    ("admission", BY_HOTEL, -60, -0.7, 4, "", 2),
    ("admission", BY_HOTEL, -70, -0.5, 4, "sent_late", 1),
    ("admission", BY_HOTEL, -90, -20, 5, "never_called", 3),
    ("admission", BY_HOTEL, -96, -25, 6, "never_reached", 1),
    ("admission", BY_HOTEL, -120, -68, 7, "", 3),
    ("municipality", BY_HOTEL, -60, -50, 9, "", 3),
    ("admission", HOME, -100, -21, 0, "never_called", 3),
    ("admission", HOME, -110, -44, 0, "never_reached", 1),
    ("admission", HOME, -160, -70, 0, "", 6),
    ("admission", BY_HOTEL, -240, -188, 4, "", 2),
)


def live_over(session: Session, cluster: Cluster, plans: Iterable[Plan]) -> Iterator[Plan]:
    """Live each life that is over by itself, from its first act to its last; yields it then, to be committed.

    What falls due meanwhile is raised when it falls due: nobody else's is there, for all who came before have closed.
    """
    for plan in plans:
        _live(session, [Life(session, cluster, plan)])
        yield plan


def live_now(session: Session, cluster: Cluster, plans: Iterable[Plan]) -> None:
    """Live the lives that are not over, act by act in the order of time, and raise what has fallen due by now."""
    _live(session, [Life(session, cluster, plan) for plan in plans])
    _raise_until(session, NOW)


def _live(session: Session, lives: list[Life]) -> None:
    agenda = sorted(
        ((at, life.plan.number, act) for life in lives for at, act in scripts.acts(life)), key=lambda item: item[:2]
    )
    for at, _, act in agenda:
        _raise_until(session, at)
        act(at)


def _raise_until(session: Session, at: datetime) -> None:
    session.flush()
    while (next_at := session.scalar(select(func.min(Deadline.next_at)))) is not None and next_at <= at:
        deadlines.raise_due(session, at=next_at)
