"""Which unit an organisation on the wire is; and a place for one that nobody has entered yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from workflow import db, parties, texts
from workflow.medcom.envelope import Party
from workflow.tables import Address, Organisation, Unit
from workflow.vocabulary import OrganisationKind, UnitKind

_OURS = """
    select u.id, u.organisation_id, o.kind
    from addresses a join units u on u.id = a.unit_id join organisations o on o.id = u.organisation_id
    where a.{} = %(number)s order by a.id limit 1
"""
_BY_SOR, _BY_GLN = _OURS.format("sor"), _OURS.format("gln")
_WITH_UNIT = joinedload(Address.unit).joinedload(Unit.organisation)


@dataclass(frozen=True)
class Ours:
    """A unit of one of our municipalities, as the receiver of a message."""

    unit_id: int
    municipality_id: int


def register(
    session: Session, unit: Unit, sor: str, *, at: datetime, gln: str | None = None, placeholder: bool = False
) -> Address:
    """Say which unit a SOR number is. It takes the place of a placeholder, or of what was said before."""
    values = {
        "sor": sor, "gln": gln, "name": unit.name, "unit_id": unit.id, "placeholder": placeholder, "since": at
    }  # fmt: skip
    known = insert(Address).values(values)
    session.execute(
        known.on_conflict_do_update(
            index_elements=["sor"], set_={"gln": known.excluded.gln, "unit_id": unit.id, "placeholder": placeholder}
        )
    )
    session.flush()
    session.expire_all()
    return session.scalars(select(Address).where(Address.sor == sor)).one()


def ours(session: Session, receiver: Party, *, at: datetime) -> Ours | None:
    """The unit of one of our municipalities that a message is for; None when it is for somebody else."""
    number = receiver.sor or receiver.gln
    if number is None:
        return None
    found = db.driver(session).execute(_BY_SOR if receiver.sor else _BY_GLN, {"number": number}).fetchone()
    if found is None and (met := _of_register(session, receiver.sor, at=at)) is not None:
        found = (met.unit_id, met.unit.organisation_id, met.unit.organisation.kind)
    return Ours(found[0], found[1]) if found is not None and found[2] == OrganisationKind.MUNICIPALITY else None


def of_unit(session: Session, unit: Unit, *, at: datetime) -> Address | None:
    """Where to write to a unit; None when neither messages nor the register say."""
    known = session.scalars(select(Address).where(Address.unit_id == unit.id).order_by(Address.id)).first()
    return known or _of_register(session, unit.sor, at=at)


def _of_register(session: Session, sor: str | None, *, at: datetime, kind: UnitKind | None = None) -> Address | None:
    """Of a unit that came with the register of organisations: entered when it is first met, if nobody has said more."""
    said = session.scalar(select(Address).where(Address.sor == sor, ~Address.placeholder).options(_WITH_UNIT))
    if said is not None:
        return said
    of_kind = Unit.kind == kind if kind is not None else true()
    unit = session.scalar(select(Unit).where(Unit.sor == sor, of_kind)) if sor is not None else None
    if unit is None or sor is None:
        return None
    return register(session, parties.standing(session, unit), sor, gln=unit.gln, at=at)


def placeholders(session: Session) -> list[Address]:
    """What came with messages and nobody has looked at, the oldest first."""
    return list(session.scalars(select(Address).where(Address.placeholder).options(_WITH_UNIT).order_by(Address.id)))


def ward_of(session: Session, provider: Party, sender: Party, *, at: datetime) -> Address:
    """The ward that a message comes from: the service provider, under the sender's hospital.

    One that is not in the register as a ward gets a placeholder: nothing is ever nobody's, nor that of an office.
    """
    named = provider if provider.sor or provider.gln else sender
    known = _known(session, named, at=at, kind=UnitKind.WARD)
    if known is not None and known.unit.kind == UnitKind.WARD:
        return known
    beside = _known(session, sender, at=at)
    hospital_id = beside.unit.organisation_id if beside is not None else _hospital(session, sender).id
    return _new_ward(session, named, hospital_id, at=at)


def _known(session: Session, party: Party, *, at: datetime, kind: UnitKind | None = None) -> Address | None:
    if party.sor is None and party.gln is None:
        return None
    named = or_(Address.sor == party.sor, (Address.gln == party.gln) & (Address.gln.is_not(None)))
    best_first = (Address.sor != party.sor, Address.id)
    found = session.scalars(select(Address).where(named).options(_WITH_UNIT).order_by(*best_first)).first()
    if found is not None and not found.placeholder:
        return found
    return _of_register(session, party.sor, at=at, kind=kind) or found


def _hospital(session: Session, sender: Party) -> Organisation:
    of_register = select(Organisation).where(
        Organisation.sor == sender.sor, Organisation.kind == OrganisationKind.HOSPITAL
    )
    known = session.scalar(of_register) if sender.sor is not None else None
    if known is not None:
        return known
    hospital = Organisation(name=_name(sender), kind=OrganisationKind.HOSPITAL)
    session.add(hospital)
    session.flush()
    return hospital


def _new_ward(session: Session, party: Party, hospital_id: int, *, at: datetime) -> Address:
    key = party.sor or party.gln or ""
    taken = select(Unit.id).where(Unit.organisation_id == hospital_id, Unit.name == _name(party))
    name = _name(party) if session.scalar(taken) is None else f"{_name(party)} (SOR {key})"
    ward = Unit(organisation_id=hospital_id, name=name, kind=UnitKind.WARD)
    session.add(ward)
    session.flush()
    address = session.scalar(select(Address).where(Address.sor == key))
    if address is None:
        address = Address(sor=key, gln=party.gln, name=party.name, since=at)
        session.add(address)
    address.unit, address.placeholder = ward, True
    session.flush()
    return address


def _name(party: Party) -> str:
    return texts.cut(party.name or f"SOR {party.sor or party.gln or '?'}")
