"""From a notice to the lists, mailboxes and phones of those who must know, once each, until it is there or given up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.conftest import Database
from tests.world import World
from workflow import db
from workflow.actor import SYSTEM, Actor
from workflow.errors import NotAllowed, NotFound, NotPossible
from workflow.tables import Delivery, Episode, InboxItem, Notice, Person, PersonRole, Unit
from workflow.telling import delivery, outbox, routing
from workflow.telling.channels.channel import Channel, NotDelivered, Reaches
from workflow.telling.channels.letter import Letter
from workflow.vocabulary import Audience, NoticeKind, Role, RoleState

NOON = datetime(2026, 3, 12, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 12, 22, 30, tzinfo=UTC)  # 23:30 in Copenhagen
REAL = datetime(2031, 5, 6, 3, 0, tzinfo=UTC)  # the wire goes by another clock than a demo
BASE = "https://overgang.example"


@dataclass
class Pigeon:
    """A channel that a hospital made for itself."""

    name: str = "pigeon"
    reaches: Reaches = Reaches.EMAIL
    carried: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> None:
        self.carried.append(letter)


MAIL, PHONE = Pigeon("email", Reaches.EMAIL), Pigeon("gateway", Reaches.MOBILE)
OPERATOR = Actor(name="Ole Demo", roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def episode(session: Session, world: World) -> Episode:
    """An episode whose own notices have been routed."""
    admitted = worlds.admit(session, world, NOON)
    routing.route(session, at=NOON, real_at=REAL, channels=())
    return admitted


def notify(session: Session, episode: Episode, unit: Unit, **other: object) -> Notice:
    values = {"kind": NoticeKind.REMINDER, "topic": "follow_up_call", "audience": Audience.UNIT, **other}
    notice = Notice(episode_id=episode.id, unit_id=unit.id, written_at=NOON, **values)
    session.add(notice)
    session.flush()
    return notice


def address(session: Session, actor: Actor, **addresses: object) -> Person:
    person = session.get_one(Person, actor.person_id)
    for name, value in addresses.items():
        setattr(person, name, value)
    session.flush()
    return person


def route(session: Session, *, at: datetime = NOON, channels: tuple[Channel, ...] = (MAIL, PHONE)) -> int:
    return routing.route(session, at=at, real_at=REAL, channels=channels)


def addressed(session: Session, notice: Notice) -> set[tuple[str, str]]:
    rows = session.execute(select(Delivery.channel, Delivery.address).where(Delivery.notice_id == notice.id))
    return {(channel, where) for channel, where in rows}


def _afresh(session: Session) -> None:
    """As another process finds it."""
    session.flush()
    session.expire_all()


def claim(session: Session, channel: Channel = MAIL, *, at: datetime = NOON, real_at: datetime = REAL) -> Letter | None:
    _afresh(session)
    return delivery.claim(session, channel, at=at, real_at=real_at, base_url=BASE)


def only_delivery(session: Session) -> Delivery:
    _afresh(session)
    return session.scalars(select(Delivery)).one()


class TestRouting:
    def test_a_notice_is_in_the_units_list_and_on_its_way_to_its_mailbox(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        notice = notify(session, episode, world.facility)
        assert route(session) == 1
        item = session.scalars(select(InboxItem).where(InboxItem.notice_id == notice.id)).one()
        assert (item.unit_id, item.received_at, item.read_at) == (world.facility.id, NOON, None)
        assert addressed(session, notice) == {("email", "tryghedshotellet@demo.example")}
        session.refresh(notice)
        assert notice.routed_at == NOON

    def test_it_is_routed_once(self, session: Session, world: World, episode: Episode) -> None:
        notify(session, episode, world.facility)
        assert [route(session), route(session)] == [1, 0]
        only_delivery(session)

    def test_who_took_the_task_is_told_instead_of_the_mailbox_and_it_is_in_the_list_all_the_same(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        tove = address(session, world.facility_nurse, email="tove@demo.example", mobile="+4520304050")
        notice = notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
        route(session)
        assert addressed(session, notice) == {("email", "tove@demo.example"), ("gateway", "+4520304050")}
        session.scalars(select(InboxItem).where(InboxItem.notice_id == notice.id)).one()

    @pytest.mark.parametrize(
        "reachable", [{"active": False, "email": "tove@demo.example"}, {"email": None}, {"email": ""}]
    )
    def test_where_that_reaches_nobody_the_mailbox_is_told(
        self, session: Session, world: World, episode: Episode, reachable: dict[str, object]
    ) -> None:
        tove = address(session, world.facility_nurse, **reachable)
        notice = notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
        route(session)
        assert addressed(session, notice) == {("email", "tryghedshotellet@demo.example")}

    def test_managers_are_told_by_mail_and_only_of_that_unit(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        address(session, world.facility_manager, email="aase@demo.example", mobile="+4520304050")
        address(session, world.ward_manager, email="lene@demo.example")
        notice = notify(session, episode, world.facility, audience=Audience.MANAGERS)
        route(session)
        assert addressed(session, notice) == {("email", "aase@demo.example")}

    def test_only_channels_that_there_are_are_used(self, session: Session, world: World, episode: Episode) -> None:
        tove = address(session, world.facility_nurse, email="tove@demo.example", mobile="+4520304050")
        notice = notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
        assert route(session, channels=(PHONE,)) == 1
        assert addressed(session, notice) == {("gateway", "+4520304050")}

    def test_a_third_channel_needs_nothing_but_itself(self, session: Session, world: World, episode: Episode) -> None:
        pigeon = Pigeon()
        notice = notify(session, episode, world.facility)
        route(session, channels=(MAIL, pigeon))
        assert addressed(session, notice) == {
            ("email", "tryghedshotellet@demo.example"), ("pigeon", "tryghedshotellet@demo.example"),
        }  # fmt: skip
        assert claim(session, pigeon) is not None

    def test_at_night_people_are_left_in_peace_and_the_list_is_not(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        tove = address(session, world.facility_nurse, mobile="+4520304050")
        personal = notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
        shared = notify(session, episode, world.facility)
        route(session, at=NIGHT)
        rows = session.execute(select(Delivery.notice_id, Delivery.next_try_at))
        due = {notice_id: next_try_at for notice_id, next_try_at in rows}
        assert due == {personal.id: REAL + timedelta(hours=7.5), shared.id: REAL}
        listed = select(InboxItem).where(InboxItem.notice_id.in_([personal.id, shared.id]))
        assert len(session.scalars(listed).all()) == 2

    def test_two_managers_with_one_mailbox_get_one_letter(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        for actor in (world.facility_manager, world.ward_manager):
            address(session, actor, email="ledelse@demo.example")
        lene = world.ward_manager.person_id
        session.add(PersonRole(person_id=lene, unit_id=world.facility.id, role=Role.MANAGER))
        notice = notify(session, episode, world.facility, audience=Audience.MANAGERS)
        assert route(session) == 1
        assert addressed(session, notice) == {("email", "ledelse@demo.example")}

    def test_people_are_told_what_they_want_where_they_want_it_and_the_unit_otherwise(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        tove = address(session, world.facility_nurse, email="tove@demo.example", mobile="+4520304050")
        tove.mail_about, tove.sms_about = ["miss"], ["reminder"]
        told = {}
        for kind in (NoticeKind.REMINDER, NoticeKind.MISS, NoticeKind.NOTICE):
            notice = notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
            notice.kind = kind
            session.flush()
            route(session)
            told[kind] = addressed(session, notice)
        assert told == {
            NoticeKind.REMINDER: {("gateway", "+4520304050")},
            NoticeKind.MISS: {("email", "tove@demo.example")},
            NoticeKind.NOTICE: {("email", "tryghedshotellet@demo.example")},
        }

    def test_managers_are_managers_only_while_the_role_is_in_force(
        self, session: Session, world: World, episode: Episode
    ) -> None:
        address(session, world.facility_manager, email="aase@demo.example")
        role = session.scalars(select(PersonRole).where(PersonRole.person_id == world.facility_manager.person_id)).one()
        role.state = RoleState.PROPOSED
        notice = notify(session, episode, world.facility, audience=Audience.MANAGERS)
        session.flush()
        route(session)
        assert addressed(session, notice) == {("email", "tryghedshotellet@demo.example")}


class TestTrying:
    @pytest.fixture(autouse=True)
    def due(self, session: Session, world: World, episode: Episode) -> Notice:
        notice = notify(session, episode, world.facility)
        route(session, channels=(MAIL,))
        return notice

    def test_a_letter_says_what_waits_and_where_and_not_about_whom(self, session: Session, episode: Episode) -> None:
        letter = claim(session)
        assert letter is not None
        assert letter.text == (
            f"Påmindelse: Opfølgende opkald (Tryghedshotellet). Log ind og læs: {BASE}/forloeb/{episode.uuid}"
        )
        assert (letter.address, letter.sent_at) == ("tryghedshotellet@demo.example", REAL)
        for secret in (*episode.citizen.name.split(), str(episode.citizen.cpr), str(episode.citizen.uuid)):
            assert secret not in repr(letter)

    def test_an_attempt_counts_before_it_is_made(self, session: Session) -> None:
        assert claim(session) is not None
        row = only_delivery(session)
        assert (row.attempts, row.next_try_at) == (1, REAL + timedelta(seconds=30))
        assert claim(session) is None

    def test_what_was_taken_is_not_sent_again(self, session: Session) -> None:
        letter = claim(session)
        assert letter is not None
        delivery.record_delivered(session, letter.key, real_at=REAL)
        row = only_delivery(session)
        assert (row.sent_at, row.next_try_at, row.error) == (REAL, None, None)
        delivery.record_failure(session, letter.key, NotDelivered("late echo", permanent=True), real_at=REAL)
        assert only_delivery(session).dead_at is None

    def test_the_pause_doubles_and_after_eight_attempts_it_is_given_up(self, session: Session) -> None:
        at, keys, pauses = REAL, set(), []
        while (letter := claim(session, real_at=at)) is not None:
            delivery.record_failure(session, letter.key, NotDelivered("http 500"), real_at=at)
            row = only_delivery(session)
            keys.add(letter.key)
            pauses.append((row.next_try_at - at).total_seconds() if row.next_try_at else None)
            at = row.next_try_at or at
        assert pauses == [30, 60, 120, 240, 480, 960, 1920, None]
        assert len(keys) == 1
        row = only_delivery(session)
        assert (row.dead_at, row.error) == (at, "http 500")

    def test_a_refusal_for_good_is_given_up_at_once(self, session: Session) -> None:
        letter = claim(session)
        assert letter is not None
        delivery.record_failure(session, letter.key, NotDelivered("smtp 550", permanent=True), real_at=REAL)
        row = only_delivery(session)
        assert (row.dead_at, row.next_try_at, row.error) == (REAL, None, "smtp 550")

    def test_a_letter_that_kills_its_sender_is_given_up(self, session: Session) -> None:
        at = REAL
        for _ in range(delivery.MOST_ATTEMPTS):
            assert claim(session, real_at=at) is not None
            at += timedelta(hours=2)
        assert claim(session, real_at=at) is None
        row = only_delivery(session)
        assert (row.attempts, row.dead_at, row.error) == (8, at, "interrupted")

    def test_a_second_try_does_not_wake_anybody_either(
        self, session: Session, world: World, episode: Episode, due: Notice
    ) -> None:
        tove = address(session, world.facility_nurse, email="tove@demo.example")
        notify(session, episode, world.facility, audience=Audience.CLAIMANT, person_id=tove.id)
        route(session, channels=(MAIL,))
        first = claim(session, at=NIGHT)
        assert first is not None
        assert first.address == "tryghedshotellet@demo.example"
        assert claim(session, at=NIGHT) is None
        morning = claim(session, real_at=REAL + timedelta(hours=7.5))
        assert morning is not None

    def test_the_rest_goes_on_beside_one_that_fails(self, session: Session, world: World, episode: Episode) -> None:
        notify(session, episode, world.ward)
        route(session, channels=(MAIL,))
        first = claim(session)
        assert first is not None
        delivery.record_failure(session, first.key, NotDelivered("smtp 450"), real_at=REAL)
        second = claim(session)
        assert second is not None
        assert second.address == "m3@demo.example"


class TestGivenUp:
    @pytest.fixture(autouse=True)
    def dead(self, session: Session, world: World, episode: Episode) -> Delivery:
        notify(session, episode, world.facility)
        route(session, channels=(MAIL,))
        letter = claim(session)
        assert letter is not None
        delivery.record_failure(session, letter.key, NotDelivered("smtp 550", permanent=True), real_at=REAL)
        return only_delivery(session)

    def test_a_person_sees_it(self, session: Session, dead: Delivery) -> None:
        (shown,) = delivery.dead_letters(session)
        assert (shown.key, shown.unit, shown.topic, shown.channel) == (
            dead.uuid, "Tryghedshotellet", "follow_up_call", "email",
        )  # fmt: skip
        assert (shown.error, shown.attempts, shown.dead_at) == ("smtp 550", 1, REAL)

    def test_and_sends_it_again_under_the_same_key(self, session: Session, dead: Delivery) -> None:
        later = REAL + timedelta(days=1)
        delivery.send_again(session, dead.uuid, by=OPERATOR, real_at=later)
        assert delivery.dead_letters(session) == []
        letter = claim(session, real_at=later)
        assert letter is not None
        assert letter.key == dead.uuid
        assert only_delivery(session).attempts == 1

    def test_or_to_another_address_as_another_letter(self, session: Session, dead: Delivery) -> None:
        key = dead.uuid
        delivery.send_again(session, key, by=OPERATOR, real_at=REAL, address="hotel@demo.example")
        letter = claim(session)
        assert letter is not None
        assert letter.address == "hotel@demo.example"
        assert letter.key != key

    def test_nurses_do_not(self, session: Session, world: World, dead: Delivery) -> None:
        with pytest.raises(NotAllowed):
            delivery.send_again(session, dead.uuid, by=world.facility_nurse, real_at=REAL)

    def test_only_what_was_given_up(self, session: Session, dead: Delivery) -> None:
        delivery.send_again(session, dead.uuid, by=OPERATOR, real_at=REAL)
        with pytest.raises(NotPossible):
            delivery.send_again(session, dead.uuid, by=OPERATOR, real_at=REAL)
        with pytest.raises(NotFound):
            delivery.send_again(session, uuid4(), by=OPERATOR, real_at=REAL)


def test_two_routers_share_the_work_and_a_stopped_one_leaves_it(database: Database) -> None:
    with db.Session.begin() as session:
        world = worlds.build(session)
        episode = worlds.admit(session, world, NOON)
        outbox.tell(session, episode, [world.facility.id], "rerouted", by=SYSTEM, at=NOON)
    with db.Session() as first, db.Session.begin() as second:
        written = len(first.scalars(select(Notice)).all())
        assert routing.route(first, at=NOON, real_at=REAL, channels=(MAIL,), batch=1) == 1
        assert route(second) == written - 1
        first.rollback()
    with db.Session.begin() as session:
        assert route(session) == 1
        assert len(session.scalars(select(InboxItem)).all()) == written
