"""What an invented hospital tells next: in a demonstration, which has no hospital."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from workflow.medcom import advis, uris, wire, writing
from workflow.medcom.codes import Event
from workflow.medcom.envelope import Party
from workflow.medcom.notification import Notification
from workflow.tables import Address, Citizen, Episode, Message, MunicipalService, Organisation, Unit
from workflow.vocabulary import OrganisationKind


def next_message(session: Session, *, at: datetime) -> bytes | None:
    """Discharge the citizen whom messages admitted last; where there is none, admit one whom the municipality serves.

    None when nobody is left, or nobody has an address.
    """
    receiver = _address(session, OrganisationKind.MUNICIPALITY)
    ward = _address(session, OrganisationKind.HOSPITAL)
    if receiver is None or ward is None:
        return None
    admitted = session.execute(
        select(Message.facts, Citizen)
        .join(Citizen, Citizen.id == Message.citizen_id)
        .join(Episode, (Episode.citizen_id == Citizen.id) & Episode.closed_at.is_(None))
        .where(Message.kind == uris.HOSPITAL_NOTIFICATION, Episode.state.in_(["acute", "admitted", "on_leave"]))
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    if admitted is not None:
        return _discharge(Notification.from_json(admitted.facts), admitted.Citizen, receiver, at=at)
    citizen = newcomer(session)
    return _admission(citizen, ward, receiver, at=at) if citizen is not None else None


def _address(session: Session, kind: OrganisationKind) -> Address | None:
    known = (
        select(Address)
        .join(Unit, Unit.id == Address.unit_id)
        .join(Organisation, Organisation.id == Unit.organisation_id)
        .where(Organisation.kind == kind, ~Address.placeholder)
    )
    return session.scalars(known.order_by(Address.id).limit(1)).first()


def newcomer(session: Session) -> Citizen | None:
    """Whom the receiving municipality serves and nobody has an episode of yet: the first of them."""
    receiver = _address(session, OrganisationKind.MUNICIPALITY)
    if receiver is None:
        return None
    served = exists().where(
        MunicipalService.citizen_id == Citizen.id, MunicipalService.municipality_id == receiver.unit.organisation_id
    )
    new = select(Citizen).where(served, ~exists().where(Episode.citizen_id == Citizen.id))
    return session.scalars(new.order_by(Citizen.id).limit(1)).first()


def _party(address: Address) -> Party:
    return Party(address.sor, address.gln, address.name)


def _admission(citizen: Citizen, ward: Address, receiver: Address, *, at: datetime) -> bytes:
    told = advis.write(
        Event.STIN, cpr=citizen.cpr.value, family_name=citizen.name.rpartition(" ")[2], sender=_party(ward),
        receiver=_party(receiver), episode_of_care=writing.unique(), start=at, sent_at=at, asks_for_report=True,
    )  # fmt: skip
    return wire.write(told, wire.Format.XML)


def _discharge(last: Notification, citizen: Citizen, receiver: Address, *, at: datetime) -> bytes:
    told = advis.write(
        Event.SLHJ, cpr=citizen.cpr.value, family_name=citizen.name.rpartition(" ")[2], sender=last.sender,
        receiver=_party(receiver), episode_of_care=last.episodes_of_care[0][1], start=last.started_at, end=at,
        sent_at=at, emergency=last.emergency, earlier=last.links, follows=last.number,
    )  # fmt: skip
    return wire.write(told, wire.Format.XML)
