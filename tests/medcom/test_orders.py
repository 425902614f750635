"""Invented stays told in any order, some messages twice or never: the episode ends where the hospital says."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.medcom.conftest import Deliver
from tests.medcom.hospital import ELDERLY, HEART, HospitalStay, as_values
from tests.medcom.test_receiving import episode_of, fits, state_now
from tests.medcom.test_stays import h
from tests.properties.promises import check_chains
from workflow.medcom import journey, stays, stored
from workflow.medcom.stays import State
from workflow.medcom.tree import Tree
from workflow.tables import Citizen, Episode

FOLLOW = {
    "acute": ("STIN", "SLHJ", "MORS", "RE_STAA"),
    "admitted": ("STOR", "SLHJ", "MORS", "RE_STIN"),
    "on_leave": ("SLOR", "SLHJ", "MORS", "RE_STOR", "AN_STOR"),
    "discharged": ("RE_SLHJ", "AN_SLHJ"),
    "deceased": ("RE_MORS", "AN_MORS"),
    "void": (),
}
SENDERS = (HEART, ELDERLY)


def invent(chance: random.Random) -> list[Tree]:
    """One or two stays of a citizen, one after the other, each message a few hours after the one before."""
    told, hour = [], 1.0
    for _ in range(chance.choice((1, 1, 2))):
        stay = HospitalStay(sender=chance.choice(SENDERS))
        own = [stay.tell(chance.choice(("STIN", "STAA")), h(hour), flag=True)]
        for _ in range(chance.randrange(6)):
            state = journey.travel(stays.fold([as_values(m) for m in own])).state
            if not FOLLOW[state] or (state == State.DECEASED and chance.random() < 0.5):
                break
            hour += chance.choice((1, 3, 9))
            own.append(stay.tell(chance.choice(FOLLOW[state]), h(hour)))
        hour += chance.choice((1, 6, 30))
        told += own
        if journey.travel(stays.fold([as_values(m) for m in own])).state == State.DECEASED:
            break
    return told


def seeds(request: pytest.FixtureRequest) -> Iterator[int]:
    yield from range(1_000 if request.config.getoption("--soak") else 10)


def test_the_episode_ends_where_the_hospital_says_in_whatever_order_it_is_told(
    session: Session, elmer: Citizen, deliver: Deliver, request: pytest.FixtureRequest
) -> None:
    for seed in seeds(request):
        chance = random.Random(seed)
        messages = invent(chance)
        ends = []
        for shuffled in (False, True):
            order = list(messages)
            if shuffled:
                chance.shuffle(order)
                order += chance.sample(order, 1)
            with session.begin_nested() as scene:
                for message in order:
                    receipt = deliver(message, h(500))
                    assert receipt.answer is not None
                    assert receipt.answer.code == "ok", (seed, shuffled)
                codes = [as_values(message).code for message in order]
                assert fits(session, elmer), (seed, shuffled, codes, _episodes(session))
                ends.append((*state_now(session, elmer), _next(session, elmer)))
                check_chains(session)
                scene.rollback()
            session.expire_all()
        assert ends[0] == ends[1], (seed, [as_values(message).code for message in order], ends)


def _next(session: Session, citizen: Citizen) -> str:
    if stored.journey_of(session, citizen).state == State.VOID:
        return "cancelled"
    state = episode_of(session, citizen).state
    return "in hospital" if state in {"acute", "admitted"} else state  # a transfer keeps what the old stay was


def _episodes(session: Session) -> list[str]:
    return list(session.scalars(select(Episode.state).order_by(Episode.id)))
