"""One run of each sweep, on a database that others see."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tasks import runs
from tests import world as worlds
from tests.conftest import Database
from tests.test_delivery import Pigeon
from tests.world import World
from workflow import agreements, clock, seals
from workflow.actor import SYSTEM
from workflow.clock import DEMO_START
from workflow.db import Session
from workflow.pathways import PATHWAYS
from workflow.rule import hours
from workflow.seeing import access_log
from workflow.seeing.access_log import Visit
from workflow.tables import (
    AgreementMove,
    Deadline,
    Delivery,
    Episode,
    Heartbeat,
    InboxItem,
    Notice,
    Person,
    Reminder,
    SweepRun,
)
from workflow.telling import outbox
from workflow.telling.channels.channel import NotDelivered, Reaches, Unreachable
from workflow.telling.channels.letter import Letter
from workflow.vocabulary import Look

BASE = "https://overgang.example"


@dataclass
class Broken(Pigeon):
    """A channel that fails in one way, or does something in the middle of it."""

    fails: BaseException | None = None
    meanwhile: Callable[[], object] = lambda: None
    tried: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> None:
        self.tried.append(letter)
        self.meanwhile()
        if self.fails is not None:
            raise self.fails


@pytest.fixture
def world(database: Database) -> World:
    """The world of a demo at noon on a working day; what a test admits is committed."""
    with Session(expire_on_commit=False) as session:
        built = worlds.build(session)
        clock.start_demo(session, DEMO_START + timedelta(hours=4))
        session.commit()
        session.expunge_all()
    return built


def admit(world: World, times: int) -> None:
    with Session.begin() as session:
        for _ in range(times):
            worlds.admit(session, world, DEMO_START)


def notices() -> int:
    with Session() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def letters() -> list[Delivery]:
    with Session() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_everything_due_is_raised_whatever_the_batch(world: World) -> None:
    admit(world, 5)
    with Session.begin() as session:
        clock.advance(session, timedelta(hours=24))
        due = session.scalar(select(func.count()).where(Deadline.next_at <= clock.now(session)))
    assert runs.raise_due(batch=2) == due
    assert runs.raise_due() == 0
    with Session() as session:
        assert session.scalar(select(func.count()).select_from(Reminder)) == due


def test_everything_is_routed_whatever_the_batch(world: World) -> None:
    admit(world, 5)
    written = notices()
    assert runs.route([Pigeon()], batch=2) == written
    assert runs.route([Pigeon()]) == 0
    with Session() as session:
        assert session.scalar(select(func.count()).select_from(InboxItem)) == written


def test_each_channel_carries_its_own(world: World) -> None:
    admit(world, 2)
    first, second = Pigeon("first"), Pigeon("second")
    runs.route([first, second])
    sent = runs.send([first, second], base_url=BASE)
    assert len(first.carried) == len(second.carried) == sent / 2
    assert sent == len(letters())
    assert all(letter.sent_at is not None and letter.attempts == 1 for letter in letters())
    assert runs.send([first, second], base_url=BASE) == 0


def test_a_letter_that_fails_holds_up_no_other(world: World) -> None:
    admit(world, 3)
    broken, works = Broken("broken", fails=NotDelivered("http 500")), Pigeon("works")
    runs.route([broken, works])
    waiting = len(letters()) // 2
    assert runs.send([broken, works], base_url=BASE) == waiting
    assert len(broken.tried) == len(works.carried) == waiting
    assert {letter.error for letter in letters() if letter.channel == "broken"} == {"http 500"}


def test_a_channel_out_of_reach_rests_and_its_letters_keep_their_attempts(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    admit(world, 3)
    away, works = Broken("away", fails=Unreachable("smtp no answer")), Pigeon("works")
    runs.route([away, works])
    waiting = len(letters()) // 2
    with caplog.at_level(logging.WARNING):
        assert runs.send([away, works], base_url=BASE) == waiting
    assert [letter.attempts for letter in letters() if letter.channel == "away"] == [1] + [0] * (waiting - 1)
    assert caplog.messages == ["channel away is out of reach: smtp no answer"]


def test_a_sender_that_dies_has_counted_its_attempt_and_the_others_go_on(world: World) -> None:
    admit(world, 1)
    deadly = Broken("deadly", fails=SystemExit("killed"))
    runs.route([deadly])
    with pytest.raises(SystemExit):
        runs.send([deadly], base_url=BASE)
    assert letters()[0].attempts == 1
    deadly.fails = None
    assert runs.send([deadly], base_url=BASE) == len(letters()) - 1
    assert letters()[0].sent_at is None


def test_what_a_channel_did_not_foresee_costs_that_letter_an_attempt_and_no_other(world: World) -> None:
    admit(world, 1)
    bad, good = Broken("bad", fails=ValueError("0113400001@x.dk")), Pigeon("good")
    runs.route([bad, good])
    assert runs.send([bad, good], base_url=BASE) == len(good.carried) > 0
    assert {(one.attempts, one.error) for one in letters() if one.channel == "bad"} == {(1, "failed: ValueError")}


def test_one_at_a_time_sends_and_the_others_do_not_wait(world: World) -> None:
    admit(world, 1)
    second = Pigeon("first")
    seen: list[int] = []
    first = Broken("first", meanwhile=lambda: seen.append(runs.send([second], base_url=BASE)))
    runs.route([first])
    assert runs.send([first], base_url=BASE) == len(letters())
    assert seen == [0] * len(letters())
    assert second.carried == []


def test_routing_goes_on_while_somebody_sends(world: World) -> None:
    admit(world, 1)
    seen: list[int] = []

    def tell_more() -> None:
        with Session.begin() as session:
            episode = session.scalars(select(Episode)).one()
            outbox.tell(session, episode, [world.facility.id], "rerouted", by=SYSTEM, at=DEMO_START)
        seen.append(runs.route([first]))

    first = Broken("first", meanwhile=tell_more)
    runs.route([first])
    first.fails = Unreachable("enough")
    runs.send([first], base_url=BASE)
    assert seen == [1]


def test_people_sleep_and_mailboxes_do_not(world: World) -> None:
    admit(world, 1)
    with Session.begin() as session:
        clock.advance(session, timedelta(hours=11))
        episode = session.scalars(select(Episode)).one()
        person = session.get_one(Person, world.facility_nurse.person_id)
        person.mobile = "+4520304050"
        outbox.tell(session, episode, [world.facility.id], "rerouted", by=SYSTEM, at=DEMO_START)
        session.flush()
        session.scalars(select(Notice).order_by(Notice.id.desc())).first().person_id = person.id  # type: ignore[union-attr]
    mail, phone = Pigeon("email"), Pigeon("gateway", Reaches.MOBILE)
    runs.route([mail, phone])
    runs.send([mail, phone], base_url=BASE)
    assert mail.carried
    assert phone.carried == []


def test_what_was_forgotten_is_said_in_counts(world: World, caplog: pytest.LogCaptureFixture) -> None:
    admit(world, 1)
    runs.route([])
    assert runs.look() == 0
    assert caplog.messages == []
    with Session.begin() as session:
        clock.advance(session, timedelta(hours=24))
    with caplog.at_level(logging.WARNING):
        assert runs.look() > 0
    (said,) = caplog.messages
    assert said.startswith("not nought: due_not_raised ")
    assert "Agnes" not in said


def test_a_run_is_written_down_in_real_time(world: World) -> None:
    before = clock.real_now()
    runs.recorded("raise_due", lambda: 3)
    runs.recorded("raise_due", lambda: 4)
    with Session() as session:
        run = session.scalars(select(SweepRun)).one()
    assert (run.sweep, run.done, run.runs, run.total) == ("raise_due", 4, 2, 7)
    assert before <= run.started_at <= clock.real_now()
    assert run.seconds >= 0


def test_a_run_that_fails_is_not(world: World) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runs.recorded("raise_due", fail)
    with Session() as session:
        assert session.scalars(select(SweepRun)).all() == []


def test_signs_of_life_are_real_time(world: World) -> None:
    before = clock.real_now()
    runs.beat()
    runs.beat()
    with Session() as session:
        parts = {beat.part: beat.at for beat in session.scalars(select(Heartbeat))}
    assert set(parts) == {"beat", "worker"}
    assert all(before <= at <= clock.real_now() for at in parts.values())


def test_looks_are_sealed_within_two_runs_and_what_must_be_confirmed_is_found(database: Database) -> None:
    with Session.begin() as session:
        world = worlds.build(session)
        visit = Visit(what="episode", at=clock.real_now())
        access_log.write(session, Look.READ, visit, by=world.ward_nurse, citizens=[1], related=False)
    with Session() as session:
        records = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in seals.TABLES.values())
    assert [runs.seal_log(), runs.seal_log()] == [0, 1 + records]
    assert [runs.seal_log(), runs.seal_log()] == [1, 0]  # the seal of the look, which only grows too
    assert [runs.audit_log(), runs.audit_log()] == [1, 0]
    assert runs.keep_log(years=5) == 0


def test_an_agreement_that_moves_open_deadlines_is_applied_whatever_the_batch(world: World) -> None:
    admit(world, 3)
    with Session.begin() as session:
        at = clock.now(session)
        look = next(rule for rule in PATHWAYS["home", 1].rules() if rule.key == "state:admitted")
        shorter = replace(look, after=hours(12))
        agreements.add(
            session, "Aftale Demo", [shorter], by=SYSTEM, at=at, valid_from=at, municipality_id=world.municipality.id,
            moves_open_deadlines=True,
        )  # fmt: skip
    assert runs.apply_agreements(batch=2) == 3
    assert runs.apply_agreements() == 0
    with Session() as session:
        move = session.scalars(select(AgreementMove)).one()
        assert (move.moved, move.done_at) == (3, clock.now(session))
        due = session.scalars(select(Deadline.due_at).where(Deadline.ended_at.is_(None))).all()
        assert set(due) == {DEMO_START + hours(12)}
