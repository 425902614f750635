"""What the tests of receiving stand on: a municipality with an address on the wire, and a citizen whom it serves."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.medcom.examples import KNOWN
from tests.medcom.hospital import HEART, OURS, as_bytes
from tests.world import World
from workflow import citizens, db
from workflow.cpr import Cpr
from workflow.medcom import addresses, receiving
from workflow.medcom.receipt import Receipt
from workflow.medcom.tree import Tree
from workflow.tables import Citizen, MunicipalService

SET_UP = datetime(2020, 1, 1, tzinfo=UTC)
Deliver = Callable[..., Receipt]


def serve(session: Session, world: World, cpr: str) -> Citizen:
    """A citizen who gets help at home from the municipality."""
    citizen = citizens.register(session, Cpr.parse(cpr), "Elmer Demo", municipality_id=world.municipality.id)
    session.add(
        MunicipalService(
            citizen_id=citizen.id, municipality_id=world.municipality.id, service="hjemmepleje",
            from_on=date(2020, 1, 1),
        )
    )  # fmt: skip
    session.flush()
    return citizen


@pytest.fixture
def elmer(session: Session, world: World) -> Citizen:
    """MedCom's test person, as `settle` lets him be known."""
    return settle(session, world)


def settle(session: Session, world: World) -> Citizen:
    """MedCom's test person, known to the municipality, whose district has an address; so has the ward M3."""
    assert OURS.sor is not None
    assert HEART.sor is not None
    addresses.register(session, world.district, OURS.sor, gln=OURS.gln, at=SET_UP)
    addresses.register(session, world.ward, HEART.sor, gln=HEART.gln, at=SET_UP)
    return serve(session, world, KNOWN)


@pytest.fixture
def deliver(session: Session, elmer: Citizen) -> Deliver:
    """Hand in a message, as it is or as a tree, at a time; received in the role that the endpoint takes on."""

    def hand_in(message: Tree | bytes, at: datetime) -> Receipt:
        raw = message if isinstance(message, bytes) else as_bytes(message)
        session.flush()
        db.receive_messages(session)
        receipt = receiving.receive(session, raw, received_from="test", at=at)
        session.flush()
        session.execute(text(f"set local role {db.SWEEPS}"))
        return receipt

    return hand_in
