"""Citizens of the demonstration whose rows the tests of lists look for."""

from datetime import timedelta

from sqlalchemy import text

from ops.demo import cluster
from tests.world import ISBAR
from workflow import amendments, citizens, clock, episodes, places
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.handing import handovers
from workflow.tables import Episode
from workflow.vocabulary import Role

NUMBER, NAME, MASKED = "0119400001", "Agnes Prøve Demo", "011940-****"


def discharged_to_the_hotel(number: int = 1) -> Episode:
    """Discharged an hour ago to Tryghedshotellet, the handover sent, not answered; the first has a place kept."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        at, there = clock.now(session) - timedelta(hours=1), cluster.read(session)
        ward, hotel = there.units["Medicinsk afsnit"], there.units[cluster.HOTEL]
        nurse, coordinator = there.at_work(ward, Role.WARD_NURSE)[0], there.named(
            "Udskrivningskoordination", Role.DISCHARGE_COORDINATOR
        )  # fmt: skip
        citizen = citizens.register(
            session, Cpr.parse(f"011940{number:04}"), NAME, municipality_id=there.municipalities[0].id,
            phone="+45 00 12 34 56",
        )  # fmt: skip
        episode = episodes.open_episode(session, citizen, "home", "admission", by=nurse, at=at, ward=ward)
        amendments.reroute(session, episode.uuid, "tryghedshotel", facility=hotel, by=coordinator, at=at)
        if number == 1:
            places.reserve(session, there.places[hotel.name][0].uuid, episode.uuid, by=coordinator, at=at)
        handovers.send(session, episode.uuid, ISBAR, by=nurse, at=at)
        episodes.record_event(session, episode.uuid, "patient_discharged", by=coordinator, at=at)
        session.flush()
        session.expunge(episode)
        return episode
