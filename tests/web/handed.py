"""Citizens on their way in the demonstration's cluster, for the tests of the pages of a handover."""

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster
from tests.world import ISBAR
from workflow import amendments, citizens, clock, episodes, handovers
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.tables import Episode, Handover, Organisation
from workflow.vocabulary import Role

NUMBERS = count(3000)
NAME = "Agnes O'Prøve 👵 Demo"


def background(session: OpenSession) -> None:
    """For the rest of the transaction, see everything."""
    session.execute(text(f"set local role {SWEEPS}"))


def admitted(*, to_hotel: bool = False, name: str = NAME) -> UUID:
    """In Medicinsk afsnit since five hours ago, of Distrikt Syd; the episode."""
    with Session.begin() as session:
        background(session)
        at = clock.now(session)
        here = cluster.read(session)
        municipality = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr(f"011340{next(NUMBERS)}"), name, municipality_id=municipality.id)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=here.named("Medicinsk afsnit", Role.WARD_NURSE),
            at=at - timedelta(hours=5), ward=here.units["Medicinsk afsnit"], district=here.units["Distrikt Syd"],
        )  # fmt: skip
        if to_hotel:
            amendments.reroute(
                session, episode.uuid, "tryghedshotel", facility=here.units["Tryghedshotellet"], at=at,
                by=here.named("Udskrivningskoordination", Role.DISCHARGE_COORDINATOR),
            )  # fmt: skip
        return episode.uuid


def sent(*, to_hotel: bool = False, **changes: str) -> UUID:
    """The same, and the ward's nurse has sent the handover; the episode."""
    episode_id = admitted(to_hotel=to_hotel)
    with Session.begin() as session:
        background(session)
        by = cluster.read(session).named("Medicinsk afsnit", Role.WARD_NURSE)
        handovers.send(session, episode_id, {**ISBAR, **changes}, by=by, at=clock.now(session))
    return episode_id


def discharged(episode_id: UUID) -> None:
    """The citizen leaves the hospital."""
    with Session.begin() as session:
        background(session)
        by = cluster.read(session).named("Udskrivningskoordination", Role.DISCHARGE_COORDINATOR)
        episodes.record_event(
            session, episode_id, "patient_discharged", by=by, at=clock.now(session), reason="Hjem i dag"
        )


def handover_of(episode_id: UUID) -> Handover:
    """Its newest handover, as it lies in the database."""
    with Session() as session:
        background(session)
        found = select(Handover).join(Episode, Episode.id == Handover.episode_id).where(Episode.uuid == episode_id)
        return session.scalars(found.order_by(Handover.id.desc())).first() or Handover()


def now() -> datetime:
    """By the demonstration's clock."""
    with Session() as session:
        return clock.now(session)
