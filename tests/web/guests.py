"""Citizens on their way to Tryghedshotellet, among the people of the demonstration; and what a page asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster
from ops.demo.cluster import HOTEL
from tests import steps
from tests.world import ISBAR
from workflow import amendments, citizens, clock, episodes, places
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.handing import handovers
from workflow.tables import Episode, Task
from workflow.vocabulary import PlaceKind, Role

WARD, DISTRICT = "Medicinsk afsnit", "Distrikt Syd"
_numbers = count(1)


@dataclass(frozen=True)
class Guest:
    """Whom it is about: the name, the full number, the episode, and the call that is owed (None before a discharge)."""

    name: str
    number: str
    episode: UUID
    call: UUID | None


@contextmanager
def behind_the_pages() -> Iterator[OpenSession]:
    """A transaction that sees everybody."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        yield session


def admitted(name: str = "Agnes Demo", *, place: bool = False, to_hotel: bool = True) -> Guest:
    """In the ward for a day, and to go to Tryghedshotellet, where a place may be kept."""
    number = f"0121400{next(_numbers):03d}"
    with behind_the_pages() as session:
        people, at = cluster.read(session), clock.now(session) - timedelta(days=1)
        nurse = people.named(WARD, Role.WARD_NURSE)
        municipality = next(m for m in people.municipalities if m.name == "Randers Kommune")
        citizen = citizens.register(
            session, Cpr.parse(number), name, municipality_id=municipality.id, phone="+45 00 99 00 01"
        )
        ward, district, hotel = (people.units[unit] for unit in (WARD, DISTRICT, HOTEL))
        opened = episodes.open_episode(
            session, citizen, "home", "admission", by=nurse, at=at, ward=ward, district=district
        ).uuid
        if to_hotel:
            amendments.reroute(session, opened, "tryghedshotel", facility=hotel, by=nurse, at=at)
        if place:
            places.reserve_any(session, hotel.id, PlaceKind.TRYGHEDSHOTEL, opened, by=nurse, at=at)
    return Guest(name, number, opened, None)


def discharged(name: str = "Agnes Demo", *, place: bool = True, accepted: bool = True, hours: float = 0) -> Guest:
    """Discharged so many hours ago, the handover sent and accepted."""
    guest = admitted(name, place=place)
    with behind_the_pages() as session:
        people, at = cluster.read(session), clock.now(session) - timedelta(hours=hours)
        ward, house = people.named(WARD, Role.WARD_NURSE), people.named(HOTEL, Role.FACILITY_NURSE)
        sent = handovers.send(session, guest.episode, ISBAR, by=ward, at=at - timedelta(hours=1))
        if accepted:
            steps.receive(session, sent.uuid, by=house, at=at - timedelta(minutes=30))
        episodes.record_event(session, guest.episode, "patient_discharged", by=ward, at=at)
        call = session.scalars(
            select(Task.uuid).join(Task.episode).where(Episode.uuid == guest.episode, Task.kind == "follow_up_call")
        ).one()
    return Guest(guest.name, guest.number, guest.episode, call)


def later(**span: float) -> datetime:
    """Let the clock of the demonstration go on; returns what it shows then."""
    with Session.begin() as session:
        clock.advance(session, timedelta(**span))
        return clock.now(session)
