"""The review of a miss: assigned, explained, closed and opened again; each step stays, and the miss still counts."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.access.conftest import Acting
from tests.steps import DISCHARGED, call_of, hours, raise_all
from tests.world import World
from workflow import amendments, tasks
from workflow.actor import SYSTEM, Actor
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, Stale
from workflow.lists import missed
from workflow.lists.missed import Show, Wanted
from workflow.seeing import reviews
from workflow.seeing.sight import Sight
from workflow.tables import Episode, Miss, Person
from workflow.vocabulary import Cause, MissCode, Outcome, Verdict

DUE = DISCHARGED + hours(24)
NOW = DUE + hours(2)
WEEK = Wanted(since=DUE - timedelta(days=7), until=NOW)
LEARNED = "Opkaldet lægges i vagtplanen, når pladsen reserveres"


@pytest.fixture
def missed_call(session: Session, discharged: Episode) -> Episode:
    """A follow-up call that Tryghedshotellet forgot; the ward had the responsibility, for nobody had accepted."""
    raise_all(session, NOW)
    return discharged


def the_miss(session: Session, code: MissCode = MissCode.CALL_NOT_MADE) -> Miss:
    return session.query(Miss).filter_by(code=code).one()


def listed(session: Session, seen: Sight, wanted: Wanted = WEEK) -> list[MissCode]:
    return [row.miss.code for row in missed.page(session, seen, wanted)]


def closes(session: Session, seen: Sight, *, after: int = 0, learning: str = LEARNED) -> None:
    reviews.write(
        session, seen, the_miss(session).uuid, after=after, assigned_to=None, cause=Cause.ORGANISATION,
        learning=learning, closed=True, at=NOW,
    )  # fmt: skip


def showing(show: Show) -> Wanted:
    return Wanted(since=WEEK.since, until=WEEK.until, show=show)


def test_who_owed_and_who_was_responsible_both_see_it_and_another_municipality_nothing(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    for manager, sees in (
        (world.facility_manager, [MissCode.CALL_NOT_MADE, MissCode.NOT_ANSWERED]),  # owed both
        (world.ward_manager, [MissCode.CALL_NOT_MADE, MissCode.NOT_ANSWERED]),  # was responsible all the time
        (world.municipal_manager, []),
        (world.stranger, []),
    ):
        with acting(manager, NOW) as seen:
            assert listed(session, seen) == sees, manager.name


def test_a_row_says_how_late_and_whether_anybody_tried(
    session: Session, world: World, discharged: Episode, acting: Acting
) -> None:
    call = call_of(session, discharged).uuid
    tasks.record_attempt(session, call, Outcome.NO_ANSWER, by=world.facility_nurse, at=DUE - hours(1))
    raise_all(session, DUE)
    with acting(world.facility_manager, NOW) as seen:
        row = missed.page(session, seen, WEEK)[0]
        assert (row.about, row.owing.name, row.owed_still) == ("follow_up_call", "Tryghedshotellet", True)
        assert row.responsible is not None
        assert row.responsible.name == "M3"
        assert (row.miss.reminders, row.miss.attempts, row.miss.last_outcome) == (3, 1, Outcome.NO_ANSWER)
        assert [step.raised_at for step in missed.ladder(session, row.miss)] == sorted(
            step.raised_at for step in missed.ladder(session, row.miss)
        )
        assert [attempt.outcome for attempt in missed.attempts(session, row.miss)] == [Outcome.NO_ANSWER]
    late = DUE + hours(2)
    tasks.record_attempt(session, call, Outcome.COMPLETED, spoken_with="Anders Demo", by=world.facility_nurse, at=late)
    with acting(world.facility_manager, NOW) as seen:
        (row, *_) = missed.page(session, seen, showing(Show.LATE))
        assert (row.made_good_at, row.owed_still) == (late, False)


def test_a_closed_review_leaves_what_is_open_and_stays_in_the_count(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        before = missed.count(session, seen, WEEK)
        assert MissCode.CALL_NOT_MADE in listed(session, seen, showing(Show.OPEN))
        closes(session, seen)
        assert MissCode.CALL_NOT_MADE not in listed(session, seen, showing(Show.OPEN))
        assert listed(session, seen, showing(Show.CLOSED)) == [MissCode.CALL_NOT_MADE]
        after = missed.count(session, seen, WEEK)
        assert sum(one.standing for one in before) == sum(one.standing for one in after) == 2
        assert {one.cause: one.shown[Show.CLOSED] for one in after} == {None: 0, Cause.ORGANISATION: 1}
        assert missed.one(session, the_miss(session)).verdict == Verdict.STANDS


def test_it_is_given_to_a_manager_of_the_other_sector_and_is_theirs(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        miss, episode = reviews.fetch(session, seen, the_miss(session).uuid)
        names = {(person.name, unit.name) for person, unit in reviews.reviewers(session, episode)}
        assert names >= {("Lene Demo", "M3"), ("Åse Demo", "Tryghedshotellet"), ("Ulla Demo", "Distrikt Syd")}
        ulla = session.get_one(Person, world.municipal_manager.person_id).uuid
        assign(session, seen, miss, ulla)
    with acting(world.municipal_manager, NOW) as seen:
        assert listed(session, seen, showing(Show.MINE)) == [MissCode.CALL_NOT_MADE]
        assert missed.page(session, seen, WEEK)[0].assigned_to == "Ulla Demo"


def assign(session: Session, seen: Sight, miss: Miss, person: object) -> None:
    reviews.write(
        session, seen, miss.uuid, after=0, assigned_to=person, cause=None, learning="", closed=False, at=NOW,  # type: ignore[arg-type]
    )  # fmt: skip


def test_nobody_is_given_it_who_takes_no_part(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    strangers = session.get_one(Person, world.stranger.person_id).uuid
    with acting(world.facility_manager, NOW) as seen, pytest.raises(NotAllowed, match="leder"):
        assign(session, seen, the_miss(session), strangers)


def test_every_step_stays_and_the_last_one_counts(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        miss = the_miss(session)
        closes(session, seen)
        reviews.say_reported(session, seen, miss.uuid, after=1, reported=True, at=NOW)
        reviews.write(
            session, seen, miss.uuid, after=2, assigned_to=None, cause=Cause.CULTURE, learning=LEARNED, closed=False,
            at=NOW,
        )  # fmt: skip
        steps = [(step.number, step.cause, step.closed, step.reported) for step in reviews.of_miss(session, miss)]
        assert steps == [
            (1, Cause.ORGANISATION, True, None), (2, Cause.ORGANISATION, True, True), (3, Cause.CULTURE, False, True),
        ]  # fmt: skip
        assert reviews.current(reviews.of_miss(session, miss)).reported is True
        assert MissCode.CALL_NOT_MADE in listed(session, seen, showing(Show.OPEN))


def test_of_two_at_once_the_second_is_told(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        closes(session, seen)
        with pytest.raises(Stale, match="imens"):
            closes(session, seen)


def test_it_is_not_closed_without_a_cause_and_what_was_learned(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        with pytest.raises(Missing, match="læring"):
            closes(session, seen, learning="  ")
        with pytest.raises(Invalid, match="CPR"):
            closes(session, seen, learning="Det var 010140-1234")


@pytest.mark.parametrize("who", ["facility_nurse", "stranger"])
def test_only_managers_with_a_relation_review(
    session: Session, world: World, missed_call: Episode, acting: Acting, who: str
) -> None:
    actor: Actor = getattr(world, who)
    known = the_miss(session).uuid
    with acting(actor, NOW) as seen, pytest.raises(NotFound if who == "stranger" else NotAllowed):
        reviews.say_reported(session, seen, known, after=0, reported=True, at=NOW)


def test_what_a_manager_says_counts_until_a_manager_says_something_else(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        miss = the_miss(session)
        with pytest.raises(Invalid, match="begrundelse"):
            reviews.judge(session, seen, miss.uuid, Verdict.EXCLUDED, " ", at=NOW)
        reviews.judge(session, seen, miss.uuid, Verdict.EXCLUDED, "Telefonerne var nede i begge huse", at=NOW)
        assert MissCode.CALL_NOT_MADE not in listed(session, seen, showing(Show.OPEN))
    amendments.record_need(session, session.query(Episode).one().uuid, "interpreter", by=SYSTEM, at=NOW)
    raise_all(session, NOW + hours(48))
    said = [(v.verdict, v.given_by) for v in missed.verdicts(session, the_miss(session))]
    assert said == [(Verdict.EXCLUDED, "Åse Demo")]
    with acting(world.ward_manager, NOW) as seen:
        reviews.judge(session, seen, the_miss(session).uuid, Verdict.STANDS, "Ikke hos os", at=NOW)
        assert MissCode.CALL_NOT_MADE in listed(session, seen, showing(Show.OPEN))


def test_the_pages_follow_one_another(
    session: Session, world: World, missed_call: Episode, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "PAGE", 1)
    with acting(world.facility_manager, NOW) as seen:
        first = missed.page(session, seen, WEEK)
        assert len(first) == 2  # one more is there
        second = missed.page(session, seen, WEEK, after=first[0].miss.uuid)
        assert [row.miss.code for row in second] == [MissCode.NOT_ANSWERED]
        assert missed.page(session, seen, WEEK, after=second[0].miss.uuid) == []


def test_what_is_older_than_the_period_and_open_is_not_forgotten(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    later = Wanted(since=NOW + hours(1), until=NOW + hours(2))
    with acting(world.facility_manager, NOW) as seen:
        assert listed(session, seen, later) == []
        assert missed.older_are_open(session, seen, later, back=timedelta(days=366))
        assert not missed.older_are_open(session, seen, later, back=timedelta(minutes=1))


def test_new_is_what_was_recorded_since(session: Session, world: World, missed_call: Episode, acting: Acting) -> None:
    with acting(world.facility_manager, NOW) as seen:
        for since, codes in ((NOW - hours(1), 2), (NOW, 0)):
            new = Wanted(since=WEEK.since, until=NOW, show=Show.NEW, new_since=since)
            assert len(listed(session, seen, new)) == codes
        assert listed(session, seen, showing(Show.NEW)) == []  # somebody's first visit


# ---- the second lock ----


def test_another_municipality_finds_no_review_and_writes_none(
    session: Session, world: World, missed_call: Episode, acting: Acting
) -> None:
    with acting(world.facility_manager, NOW) as seen:
        closes(session, seen)
    number = the_miss(session).id
    adds = text(
        "insert into miss_reviews (miss_id, number, learning, closed, written_at, written_by, written_by_id)"
        " values (:miss, 9, '', false, now(), 'x', :person)"
    )
    count = text("select count(*) from miss_reviews")
    for actor, sees in ((world.stranger, 0), (world.facility_nurse, 1), (world.ward_manager, 1)):
        with acting(actor, NOW):
            assert session.scalar(count) == sees, actor.name
            if actor != world.ward_manager:
                with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
                    session.execute(adds, {"miss": number, "person": actor.person_id})
    with acting(world.ward_manager, NOW):
        with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(adds, {"miss": number, "person": world.facility_manager.person_id})
        session.execute(adds, {"miss": number, "person": world.ward_manager.person_id})
