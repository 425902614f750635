"""The numbers are rows: by region, municipality and pathway, from a date on; every kind of rule needs only a row."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, call_of, entries, hours, live, raise_all
from tests.world import ISBAR, World
from workflow import agreements, amendments, episodes, misses, moving, obligations, tasks
from workflow.actor import SYSTEM
from workflow.agreements import read_rule, write_rule
from workflow.casefile import fetch
from workflow.errors import Invalid
from workflow.handing import handovers
from workflow.pathways import PATHWAYS
from workflow.rule import Rule, Rung
from workflow.tables import AgreementMove, Episode, HistoryEntry, Task
from workflow.vocabulary import Audience, Concerns, DoneBy, MissCode, Outcome, Party, RuleKind, TaskState

LADDER = (Rung(timedelta(0), Audience.MANAGERS),)
Agree = Callable[..., object]


@pytest.fixture
def agree(session: Session, world: World) -> Agree:
    def add(*rules: Rule, **narrowed: object) -> object:
        terms = {"valid_from": ADMITTED - hours(1), "at": ADMITTED - hours(2), "region_id": world.region.id, **narrowed}
        return agreements.add(session, "Aftale", rules, by=SYSTEM, **terms)  # type: ignore[arg-type]

    return add


def task_rule(key: str, **said: object) -> Rule:
    terms = {
        "kind": RuleKind.AFTER_EVENT, "concerns": Concerns.TASK, "task": "acute_visit", "on": "patient_discharged",
        "owner": Party.DISTRICT, "ladder": LADDER, "miss": MissCode.TASK_NOT_DONE, "withdrawn_by": ("patient_died",),
    } | said  # fmt: skip
    return Rule(key=key, **terms)  # type: ignore[arg-type]


def discharge(session: Session, world: World, episode: Episode, at: datetime = DISCHARGED) -> Episode:
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=at - hours(1))
    return episodes.record_event(session, episode.uuid, "patient_discharged", by=world.ward_nurse, at=at)


def due_of(session: Session, episode: Episode, kind: str) -> datetime:
    return session.scalars(select(Task.due_at).where(Task.episode_id == episode.id, Task.kind == kind)).one()


def test_every_shipped_rule_survives_being_written_as_a_row() -> None:
    for pathway in PATHWAYS.values():
        for rule in pathway.rules():
            assert read_rule(write_rule(rule)) == rule


def test_the_shipped_rules_are_there_with_their_source(session: Session, world: World, admitted: Episode) -> None:
    terms = agreements.terms_for(session, admitted, at=ADMITTED).when(ADMITTED)
    for key in ("R01", "R02", "R05", "R06", "R07", "R12", "R15", "R17"):
        assert terms[key].source, key
    assert PATHWAYS["tryghedshotel", 1].tasks[-1].key == "R21"


def test_the_narrowest_agreement_wins(session: Session, world: World, agree: Agree, admitted: Episode) -> None:
    call = next(rule for rule in PATHWAYS["home", 1].tasks if rule.key == "R12")
    changed = {name: getattr(call, name) for name in call.__dataclass_fields__}
    agree(Rule(**changed | {"after": hours(12)}), municipality_id=world.municipality.id)
    agree(Rule(**changed | {"after": hours(48)}), region_id=world.region.id)
    agree(Rule(**changed | {"after": hours(6)}), municipality_id=world.other_district.organisation_id)
    discharge(session, world, admitted)
    assert call_of(session, admitted).due_at == DISCHARGED + hours(12)


def test_an_agreement_holds_for_what_happens_from_its_date_on(
    session: Session, world: World, agree: Agree, admitted: Episode
) -> None:
    agree(task_rule("R13", after=hours(8)), valid_from=DISCHARGED + timedelta(minutes=1))
    discharge(session, world, admitted)
    assert session.scalars(select(Task).where(Task.rule == "R13")).all() == []


def test_a_rule_can_be_taken_away_for_one_municipality(
    session: Session, world: World, agree: Agree, admitted: Episode
) -> None:
    agree(municipality_id=world.municipality.id, takes_away=("R12",))
    discharge(session, world, admitted)
    assert session.scalars(select(Task).where(Task.rule == "R12")).all() == []


def test_open_deadlines_move_only_where_the_agreement_says_so_and_that_is_written_down(
    session: Session, world: World, agree: Agree, admitted: Episode
) -> None:
    discharge(session, world, admitted)
    call = call_of(session, admitted)
    shorter = next(rule for rule in PATHWAYS["home", 1].tasks if rule.key == "R12")
    terms = {name: getattr(shorter, name) for name in shorter.__dataclass_fields__} | {"after": hours(20)}
    at = DISCHARGED + hours(2)
    agree(Rule(**terms), valid_from=at, at=at)
    assert moving.go_on(session, at=at) == 0
    amendments.record_need(session, admitted.uuid, "interpreter", by=SYSTEM, at=at)
    assert call.due_at == DISCHARGED + hours(24)
    agree(Rule(**terms), valid_from=at, at=at, moves_open_deadlines=True)
    assert [moving.go_on(session, at=at) for _ in range(3)] == [1, 0, 0]
    move = session.query(AgreementMove).one()
    assert (move.moved, move.done_at) == (1, at)
    session.refresh(call)
    assert call.due_at == DISCHARGED + hours(20)
    entry = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(1)).one()
    assert entry.kind == "agreement"
    due = [(DISCHARGED + hours(24)).isoformat(), (DISCHARGED + hours(20)).isoformat()]
    assert entry.facts["moved"] == [{"task": str(call.uuid), "due": due}]


def test_after_an_event(session: Session, world: World, agree: Agree, admitted: Episode) -> None:
    agree(task_rule("R13", after=hours(8)), task_rule("R16", task="discharge_letter", owner=Party.WARD, working_days=3))
    discharge(session, world, admitted)
    assert due_of(session, admitted, "acute_visit") == DISCHARGED + hours(8)
    # Thursday 12 March and three working days: Friday, Monday, Tuesday.
    assert due_of(session, admitted, "discharge_letter") == datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


def test_working_days_step_over_easter(session: Session, world: World, agree: Agree) -> None:
    agree(task_rule("R16", working_days=3))
    before_easter = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)  # Wednesday; Thursday to Monday are holidays
    episode = discharge(session, world, worlds.admit(session, world, before_easter - hours(8)), before_easter)
    assert due_of(session, episode, "acute_visit") == datetime(2026, 4, 9, 10, 0, tzinfo=UTC)


def test_at_a_clock_time(session: Session, world: World, agree: Agree, admitted: Episode) -> None:
    agree(
        task_rule("evening", kind=RuleKind.AT_CLOCK_TIME, clock=time(20)),
        task_rule("passed", kind=RuleKind.AT_CLOCK_TIME, clock=time(10), task="morning"),
    )
    discharge(session, world, admitted)
    assert due_of(session, admitted, "acute_visit") == datetime(2026, 3, 12, 19, 0, tzinfo=UTC)
    assert due_of(session, admitted, "morning") == datetime(2026, 3, 13, 9, 0, tzinfo=UTC)


def test_before_an_event(session: Session, world: World, agree: Agree) -> None:
    agree(
        task_rule(
            "R11", kind=RuleKind.BEFORE_EVENT, on="patient_admitted", before="patient_discharged", after=hours(2),
            task="training", owner=Party.DISTRICT,
        )
    )  # fmt: skip
    episode = worlds.admit(session, world, ADMITTED)
    expected = DISCHARGED + hours(10)
    amendments.expect_discharge(session, episode.uuid, expected, by=world.ward_nurse, at=ADMITTED + hours(1))
    assert due_of(session, episode, "training") == expected - hours(2)
    discharge(session, world, episode)
    assert due_of(session, episode, "training") == DISCHARGED - hours(2)
    assert [(m.miss.code, m.miss.due_at) for m in misses.of_episode(session, episode)] == [
        ("M6", DISCHARGED - hours(2))
    ]


def test_missing_at_an_event_is_nudged_before_and_missed_there_and_then(session: Session, world: World) -> None:
    episode = worlds.admit(session, world, ADMITTED, needs=("municipal_services",))
    plan = session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == "care_plan")).one()
    assert (plan.due_at, plan.unit_id) == (ADMITTED + hours(48), world.ward.id)
    raise_all(session, ADMITTED + hours(60))
    assert [m.miss.code for m in misses.of_episode(session, episode)] == ["M6"]  # R01, not the plan
    late = discharge(session, world, episode, datetime(2026, 3, 16, 9, 0, tzinfo=UTC))
    missed = [m.miss for m in misses.of_episode(session, late) if m.miss.task_id == plan.id]
    assert [(m.code, m.due_at) for m in missed] == [("M6", datetime(2026, 3, 16, 9, 0, tzinfo=UTC))]


def test_a_short_stay_needs_no_care_plan(session: Session, world: World) -> None:
    episode = worlds.admit(session, world, ADMITTED, needs=("municipal_services",))
    discharge(session, world, episode)
    plan = session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == "care_plan")).one()
    assert plan.state == TaskState.WITHDRAWN
    assert misses.of_episode(session, episode) == []


def test_same_day_action_is_phoned_unless_it_was_sent_by_noon(session: Session, world: World) -> None:
    before_noon = worlds.admit(session, world, ADMITTED, needs=("same_day_action",))
    handovers.send(session, before_noon.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(3))  # 11:00
    episodes.record_event(session, before_noon.uuid, "patient_discharged", by=world.ward_nurse, at=DISCHARGED)
    after_noon = worlds.admit(session, world, ADMITTED, needs=("same_day_action",))
    handovers.send(session, after_noon.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(4.5))  # 12:30
    with pytest.raises(Exception, match="telefonaftale"):
        episodes.record_event(session, after_noon.uuid, "patient_discharged", by=world.ward_nurse, at=DISCHARGED)


def test_a_review_comes_round_again(session: Session, world: World, agree: Agree, admitted: Episode) -> None:
    agree(task_rule("look", kind=RuleKind.REVIEW_EVERY, after=timedelta(days=5), task="review"))
    discharge(session, world, admitted)
    first = session.scalars(select(Task).where(Task.kind == "review")).one()
    done = DISCHARGED + timedelta(days=4)
    tasks.complete(session, first.uuid, by=world.nurse, at=done, record="Set")
    again = session.scalars(select(Task).where(Task.kind == "review", Task.state == TaskState.OPEN)).one()
    assert (again.occurrence, again.due_at) == (2, done + timedelta(days=5))


def test_rehabilitation_starts_within_seven_days_where_there_is_a_plan(
    session: Session, world: World, admitted: Episode
) -> None:
    discharge(session, world, admitted)
    amendments.record_need(session, admitted.uuid, "rehabilitation_plan", by=world.nurse, at=DISCHARGED + hours(1))
    assert due_of(session, admitted, "rehabilitation_start") == DISCHARGED + timedelta(days=7)


def test_the_72_hour_line_is_a_window_that_nobody_owes(session: Session, world: World) -> None:
    episode = worlds.admit(session, world, ADMITTED - timedelta(days=2))
    discharge(session, world, episode)
    case = fetch(session, episode.uuid, at=DISCHARGED)
    assert obligations.window_ends(case.terms, case.timeline, case.situation) == {"R15": DISCHARGED + hours(72)}
    assert "window" not in {d.concerns for d in live(session, episode)}


def test_a_second_call_after_leaving_tryghedshotellet_only_where_agreed(
    session: Session, world: World, agree: Agree, discharged: Episode
) -> None:
    agree(
        task_rule(
            "R12-home", on="departed_home", task="follow_up_call", done_by=DoneBy.CONTACT, after=hours(24),
            counterpart=Party.FACILITY, miss=MissCode.CALL_NOT_MADE,
        ),
        pathway_key="tryghedshotel",
    )  # fmt: skip
    at = DISCHARGED + hours(2)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=at)
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="Anders Demo",
        by=world.facility_nurse, at=at,
    )  # fmt: skip
    episodes.record_event(
        session, discharged.uuid, "departed_home", by=world.facility_nurse, at=at + hours(1), reason="Ville hjem"
    )
    call = call_of(session, discharged)
    assert (call.rule, call.unit_id, call.due_at) == ("R12-home", world.district.id, at + hours(25))


def test_sent_later_than_agreed_is_a_miss_of_its_own(
    session: Session, world: World, agree: Agree, admitted: Episode
) -> None:
    agree(
        Rule(
            key="sending:patient_discharged", kind=RuleKind.BEFORE_EVENT, concerns=Concerns.HANDOVER_SENDING,
            on="patient_discharged", before="patient_discharged", owner=Party.RESPONSIBLE, after=hours(2),
        )
    )  # fmt: skip
    discharge(session, world, admitted)
    assert [(m.miss.code, m.miss.due_at) for m in misses.of_episode(session, admitted)] == [
        ("M2", DISCHARGED - hours(2))
    ]


def test_a_miss_is_written_when_it_is_due_though_the_ladder_has_no_rung_there(
    session: Session, world: World, agree: Agree, to_tryghedshotel: Episode
) -> None:
    agree(task_rule("x", after=hours(2), ladder=(Rung(-hours(1), Audience.UNIT), Rung(hours(24), Audience.UNIT))))
    episode = discharge(session, world, to_tryghedshotel)
    raise_all(session, DISCHARGED + hours(2))
    missed = [judged.miss for judged in misses.of_episode(session, episode) if judged.miss.task_id]
    assert [(miss.code, miss.due_at) for miss in missed] == [(MissCode.TASK_NOT_DONE, DISCHARGED + hours(2))]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (task_rule("x", after=-hours(1)), "negative"),
        (task_rule("x"), "without saying how long"),
        (task_rule("x", after=hours(1), on="moon_rose"), "never happens"),
        (task_rule("x", after=hours(1), task=None), "without a name"),
        (task_rule("x", after=hours(1), ladder=()), "nobody would be told"),
        (task_rule("x", kind=RuleKind.AT_CLOCK_TIME), "without a clock time"),
        (task_rule("x", kind=RuleKind.MISSING_AT_EVENT, after=hours(1)), "before what"),
    ],
)
def test_a_bad_rule_is_refused_in_words(session: Session, world: World, agree: Agree, rule: Rule, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        agree(rule)


def test_an_agreement_cannot_hold_backwards(session: Session, world: World, agree: Agree) -> None:
    with pytest.raises(Invalid, match="bagud"):
        agree(valid_from=ADMITTED - hours(3))


def test_an_agreement_that_moves_open_deadlines_holds_from_now(session: Session, world: World, agree: Agree) -> None:
    with pytest.raises(Invalid, match="fra nu af"):
        agree(moves_open_deadlines=True)


def test_what_happened_on_the_stroke_keeps_its_old_terms(
    session: Session, world: World, agree: Agree, admitted: Episode
) -> None:
    discharge(session, world, admitted)
    agree(task_rule("R13", after=hours(8)), valid_from=DISCHARGED, at=DISCHARGED)
    amendments.record_need(session, admitted.uuid, "interpreter", by=SYSTEM, at=DISCHARGED)
    assert session.scalars(select(Task).where(Task.rule == "R13")).all() == []


def test_the_history_tells_of_the_agreement(session: Session, world: World, admitted: Episode) -> None:
    assert entries(session, admitted) == ["patient_admitted"]
