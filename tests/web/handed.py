"""Citizens on their way in the demonstration's cluster, for the tests of the pages of a handover."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster
from tests.web.routes import enter
from tests.world import ISBAR
from workflow import amendments, citizens, clock, episodes
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.handing import handovers
from workflow.staff import people, sign_ins
from workflow.tables import Episode, Handover, Organisation, SignIn
from workflow.vocabulary import Origin, Role

NUMBERS = count(3000)
NAME = "Agnes O'Prøve 👵 Demo"


def now() -> datetime:
    """By the demonstration's clock."""
    with Session() as session:
        return clock.now(session)


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


def referred() -> UUID:
    """By their own doctor, from home to Tryghedshotellet; the episode."""
    with Session.begin() as session:
        background(session)
        at, here = clock.now(session), cluster.read(session)
        municipality = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr(f"011340{next(NUMBERS)}"), NAME, municipality_id=municipality.id)
        practice = here.units[cluster.PRACTICE]
        by = Actor(name=practice.name, origin=Origin.MESSAGE, unit_id=practice.id)
        return episodes.open_episode(
            session, citizen, "tryghedshotel", "general_practice", by=by, at=at, practice=practice,
            facility=here.units["Tryghedshotellet"], district=here.units["Distrikt Syd"],
        ).uuid  # fmt: skip


def cancelled(episode_id: UUID) -> None:
    """Nothing came of it."""
    with Session.begin() as session:
        background(session)
        episodes.record_event(
            session, episode_id, "episode_cancelled", by=ward_nurse(session), at=clock.now(session), reason="Fejl"
        )


def sent(*, to_hotel: bool = False, **changes: str) -> UUID:
    """The same, and the ward's nurse has sent the handover; the episode."""
    episode_id = admitted(to_hotel=to_hotel)
    with Session.begin() as session:
        background(session)
        by = ward_nurse(session)
        handovers.send(session, episode_id, {**ISBAR, **changes}, by=by, at=clock.now(session))
    return episode_id


def sent_without_telling() -> UUID:
    """The same, sent in a hurry: nobody has told the citizen."""
    episode_id = admitted()
    with Session.begin() as session:
        background(session)
        untold = {key: text for key, text in ISBAR.items() if key != "R.told"}
        by = ward_nurse(session)
        handovers.send(session, episode_id, untold, by=by, at=clock.now(session), override_reason="Fortælles i aften")
    return episode_id


def sent_by_the_temp() -> UUID:
    """Sent by somebody who works in the ward, and at Tryghedshotellet, which receives it."""
    episode_id = admitted(to_hotel=True)
    with Session.begin() as session:
        background(session)
        temp = people.named(session, "vikar")
        by = replace(ward_nurse(session), name=temp.name, person_id=temp.id)
        handovers.send(session, episode_id, ISBAR, by=by, at=clock.now(session))
    return episode_id


def to_the_hotel(episode_id: UUID) -> None:
    """They go to Tryghedshotellet after all."""
    with Session.begin() as session:
        background(session)
        here = cluster.read(session)
        amendments.reroute(
            session, episode_id, "tryghedshotel", facility=here.units["Tryghedshotellet"], at=clock.now(session),
            by=here.named("Udskrivningskoordination", Role.DISCHARGE_COORDINATOR),
        )  # fmt: skip


def ward_nurse(session: OpenSession) -> Actor:
    """Who acts in Medicinsk afsnit."""
    return cluster.read(session).named("Medicinsk afsnit", Role.WARD_NURSE)


def enters(client: FlaskClient, username: str, unit: str) -> None:
    """Let this browser be theirs, in one of the units where they work."""
    enter(client, username)
    with Session.begin() as session:
        person = people.named(session, username)
        role = next(one for one in sign_ins.roles_of(session, person.id) if one.unit.name == unit)
        found = session.scalars(select(SignIn).where(SignIn.person_id == person.id)).one()
        sign_ins.choose(session, found.id, role.uuid)


def let_sign_ins_end() -> None:
    """Nobody has used theirs for too long."""
    with Session.begin() as session:
        session.execute(text("update sign_ins set used_at = used_at - interval '31 minutes'"))


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
