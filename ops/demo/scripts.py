"""What is planned for a life, written out as its acts in the order of their times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from ops.demo.lives import BY_HOTEL, CORRECTED, FROM_HOSPITAL, Act, Life
from workflow import calendar
from workflow.rule import days, hours
from workflow.vocabulary import Outcome


def acts(life: Life) -> list[Act]:
    """Every act of a life that has happened by now, in order; death and cancellation end it."""
    plan = life.plan
    told = sorted(_story(life), key=lambda act: act[0])
    ends_at = min([plan.until, *(at for at, _ in _endings(life))])
    return [(at, act) for at, act in told if at <= ends_at]


def _story(life: Life) -> Iterator[Act]:
    plan = life.plan
    yield plan.starts_at, life.begin
    yield from _endings(life)
    yield from _looks(life)
    if plan.way in FROM_HOSPITAL:
        yield from _in_hospital(life)
    else:
        yield from _planned_stay(life)


def _endings(life: Life) -> Iterator[Act]:
    """What ends a life's episode before its time."""
    plan = life.plan
    if "cancelled" in plan.mishaps:
        yield plan.starts_at + hours(2), life.event("episode_cancelled", reason="Registreret på en forkert borger")
    if "died_in_hospital" in plan.mishaps:
        yield plan.starts_at + hours(7), life.event("patient_died")
    if "died_after" in plan.mishaps:
        yield plan.leaves_at + hours(31), life.event("patient_died")


def _looks(life: Life) -> Iterator[Act]:
    """Rounds, every morning of these days, of those who are here now."""
    plan = life.plan
    if not plan.watched:
        return
    day = calendar.local(max(plan.starts_at, plan.until - days(3))).date() + timedelta(days=1)
    while (at := calendar.at_clock(day, time(7, 40))) <= plan.until:
        yield at, life.look
        day += timedelta(days=1)


def _in_hospital(life: Life) -> Iterator[Act]:
    plan, mishaps = life.plan, life.plan.mishaps
    starts_at, leaves_at = plan.starts_at, plan.leaves_at
    if plan.way == "acute_admission" and "only_acute" not in mishaps:
        yield starts_at + hours(5), life.event("patient_admitted")
    yield (
        starts_at + hours(31 if "late_report" in mishaps else 6),
        life.do("admission_report", "Notat i omsorgsjournalen"),
    )
    if plan.watched:
        yield max(leaves_at - hours(30), starts_at + hours(1.5)), life.expect
    yield leaves_at + hours(5 if "late_plan" in mishaps else -4), life.do("care_plan", "Plejeforløbsplan sendt")
    if plan.to == BY_HOTEL:
        chosen_at = (
            leaves_at + hours(0.5) if "chosen_late" in mishaps else max(leaves_at - hours(20), starts_at + hours(1))
        )
        yield chosen_at, life.choose_hotel
    if "treated_at_home" in mishaps:
        yield starts_at + hours(9), life.event("treatment_moved_home")
    elif "leave" in mishaps:
        yield leaves_at - hours(29), life.event("leave_started")
        yield leaves_at - hours(7), life.event("leave_ended")
    elif "worsened" in mishaps:
        yield leaves_at - hours(23), life.event("declared_ready")
        yield leaves_at - hours(8), life.event("condition_worsened")
    if plan.number % 4 == 0 or "ready" in mishaps:
        yield leaves_at - hours(5), life.event("declared_ready")
    yield from _leaving(life, leaves_at)


def _leaving(life: Life, leaves_at: datetime) -> Iterator[Act]:
    """The handover and the discharge, with what can go wrong there."""
    mishaps = life.plan.mishaps
    left_at = leaves_at
    if "heard_late" in mishaps:
        heard_at = leaves_at + hours(25.5)
        yield heard_at, life.discharge(told_by_message=heard_at - leaves_at)
        yield heard_at + hours(0.5), life.phone
        yield heard_at + hours(1), life.send()
        yield heard_at + hours(1.5), life.answer()
        yield heard_at + hours(2), life.arrive
        yield heard_at + hours(3), life.call(Outcome.COMPLETED)
        yield from _afterwards(life, leaves_at)
        return
    yield from _handover(life, leaves_at)
    if "told_by_message" in mishaps:
        yield leaves_at + timedelta(minutes=10), life.discharge(told_by_message=timedelta(minutes=10))
        yield leaves_at + hours(2.5), life.phone
    else:
        yield leaves_at, life.discharge()
    if "discharge_cancelled" in mishaps:
        left_at = leaves_at + days(1)
        yield leaves_at + hours(1), life.cancel_discharge
        yield left_at, life.discharge()
    elif "back_within_4_h" in mishaps:
        left_at = leaves_at + days(2)
        yield leaves_at + hours(1.5), life.come_back
        yield from _handover(life, left_at)
        yield left_at, life.discharge()
    elif "wrong_time" in mishaps:
        yield leaves_at + hours(1.5), life.correct_discharge(-timedelta(minutes=40))
    yield left_at + hours(2 if life.plan.to == BY_HOTEL else 3), life.arrive
    yield from _call(life, left_at)
    yield from _afterwards(life, left_at)


def _handover(life: Life, leaves_at: datetime) -> Iterator[Act]:
    mishaps = life.plan.mishaps
    if "sent_late" in mishaps:
        yield leaves_at + hours(1.5), life.send()
        yield leaves_at + hours(1.9), life.answer()
        return
    sent_at = leaves_at - hours(0.5 if "sent_just_before" in mishaps else 3)
    yield sent_at, life.send()
    if "unanswered" in mishaps:
        yield leaves_at + hours(4.4), life.answer()
    elif "rejected" in mishaps:
        yield sent_at + hours(0.5), life.answer(accept=False)
        yield sent_at + hours(1.2), life.send(**CORRECTED)
        yield sent_at + hours(1.9), life.answer()
    elif "rejected_not_resent" in mishaps:
        yield sent_at + hours(0.5), life.answer(accept=False)
        yield leaves_at + hours(1), life.send(**CORRECTED)
        yield leaves_at + hours(1.4), life.answer()
    elif "chosen_late" in mishaps:
        yield sent_at + hours(1), life.answer()
        yield leaves_at + hours(0.8), life.send()
        yield leaves_at + hours(1.3), life.answer()
    else:
        yield (leaves_at if life.plan.number % 3 == 0 else sent_at) + hours(0.7), life.answer()


def _call(life: Life, left_at: datetime) -> Iterator[Act]:
    """The follow-up call, the next morning: or late, or after tries in vain, or not at all."""
    mishaps = life.plan.mishaps
    next_day = calendar.local(left_at).date() + timedelta(days=1)
    rung_at = calendar.at_clock(next_day, time(8, life.plan.number % 60))
    if "never_called" in mishaps:
        return
    if "never_reached" in mishaps:
        yield left_at + hours(19), life.call(Outcome.NO_ANSWER)
        yield left_at + hours(22.5), life.call(Outcome.BUSY)
        return
    if "called_late" in mishaps:
        if life.plan.number % 3:
            yield min(rung_at, left_at + hours(21)), life.call(Outcome.NO_ANSWER)
        if life.plan.number % 3 == 1:
            yield left_at + hours(23), life.call(Outcome.CALL_LATER if life.plan.number % 2 else Outcome.BUSY)
        rung_at = left_at + hours(25 + life.plan.number % 9)
    if "called_in_vain" in mishaps:
        yield rung_at - hours(0.5), life.call(Outcome.NO_ANSWER)
        yield rung_at, life.call(Outcome.BUSY)
        rung_at += hours(0.7)
    yield rung_at, life.call(Outcome.COMPLETED)
    if life.plan.number % 6 == 0:
        yield rung_at + hours(2), life.confirm_call


def _afterwards(life: Life, left_at: datetime) -> Iterator[Act]:
    """Home, by way of Tryghedshotellet or not, until the episode is closed, or back to hospital."""
    plan = life.plan
    back_at = left_at + days(5) + hours(3)
    yield min(back_at - hours(1), left_at + days(5)), life.do("rehabilitation_start", "Første træning holdt")
    if "readmitted" in plan.mishaps:
        yield back_at, life.come_back
        yield back_at + hours(6), life.do("admission_report", "Notat i omsorgsjournalen")
        leaves_at = calendar.at_clock(calendar.local(back_at).date() + timedelta(days=2), time(13))
        yield leaves_at - hours(4), life.do("care_plan", "Plejeforløbsplan sendt")
        yield leaves_at - hours(3), life.send()
        yield leaves_at - hours(2), life.answer()
        yield leaves_at, life.discharge()
        yield leaves_at + hours(3), life.arrive
        yield from _call(life, leaves_at)
        yield leaves_at + days(5), life.do("rehabilitation_start", "Første træning holdt")
        yield leaves_at + days(plan.home_days), life.event("episode_closed")
        return
    home_at = left_at
    if plan.to == BY_HOTEL:
        home_at = calendar.at_clock(calendar.local(left_at).date() + timedelta(days=plan.hotel_days), time(11))
        yield from _from_hotel(life, left_at, home_at)
    yield home_at + days(plan.home_days), life.event("episode_closed")


def _from_hotel(life: Life, came_at: datetime, home_at: datetime) -> Iterator[Act]:
    yield came_at + days(4), life.do("review_of_stay", "Opholdet er drøftet med visitationen")
    yield home_at - hours(20), life.send()
    yield home_at - hours(18), life.answer()
    yield home_at, life.event("departed_home")


def _planned_stay(life: Life) -> Iterator[Act]:
    """No hospital: a practice, the municipality or the citizen asks, and the citizen comes."""
    plan = life.plan
    yield plan.starts_at + hours(0.5), life.keep_place
    if plan.way != "citizen":
        yield plan.starts_at + hours(0.7), life.send()
        if "unanswered" not in plan.mishaps:
            yield plan.starts_at + hours(1.2), life.answer()
    yield plan.leaves_at, life.arrive
    home_at = calendar.at_clock(calendar.local(plan.leaves_at).date() + timedelta(days=plan.hotel_days), time(11))
    yield from _from_hotel(life, plan.leaves_at, home_at)
    yield home_at + days(plan.home_days), life.event("episode_closed")
