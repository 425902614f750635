"""The citizen's objection stops what is sent, unless the law says otherwise and somebody says why."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.steps import ADMITTED, hours
from tests.world import ISBAR, World
from workflow.errors import Invalid, NotPossible
from workflow.handing import handovers
from workflow.seeing import objections
from workflow.tables import Episode, HistoryEntry
from workflow.vocabulary import EntryKind, LegalBasis

AT = ADMITTED + hours(2)


def test_an_objection_stops_the_sending_until_it_is_withdrawn(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    citizen = to_tryghedshotel.citizen_id
    objections.register(session, citizen, "Intet til kommunen", by=world.ward_nurse, at=AT)
    with pytest.raises(NotPossible) as refusal:
        handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT)
    assert refusal.value.code == "citizen_objects"
    withdrawn = objections.withdraw(session, citizen, by=world.ward_nurse, at=AT)
    assert (withdrawn.withdrawn_at, withdrawn.withdrawn_by) == (AT, "Anders Demo")
    handovers.send(session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT)


@pytest.mark.parametrize(
    ("basis", "reason"), [(None, "Det hastede"), (LegalBasis.ESSENTIAL_REGARD, None), (LegalBasis.CONSENT, "  ")]
)
def test_basis_and_reason_are_both_asked_for(
    session: Session, world: World, to_tryghedshotel: Episode, basis: LegalBasis | None, reason: str | None
) -> None:
    objections.register(session, to_tryghedshotel.citizen_id, "Intet", by=world.ward_nurse, at=AT)
    with pytest.raises(NotPossible):
        handovers.send(
            session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT, legal_basis=basis, basis_reason=reason
        )


def test_what_is_sent_against_it_says_so_in_the_history(
    session: Session, world: World, to_tryghedshotel: Episode
) -> None:
    objection = objections.register(session, to_tryghedshotel.citizen_id, "Intet", by=world.ward_nurse, at=AT)
    handovers.send(
        session, to_tryghedshotel.uuid, ISBAR, by=world.ward_nurse, at=AT,
        legal_basis=LegalBasis.OWN_INTEREST_UNABLE, basis_reason="Kan ikke drikke selv",
    )  # fmt: skip
    entry = session.scalars(select(HistoryEntry).where(HistoryEntry.kind == EntryKind.HANDOVER_SENT)).one()
    assert entry.reason == "Kan ikke drikke selv"
    assert entry.facts["legal_basis"] == "own_interest_unable"
    assert entry.facts["objection"] == str(objection.uuid)


def test_one_stands_at_a_time(session: Session, world: World, admitted: Episode) -> None:
    with pytest.raises(Invalid):
        objections.register(session, admitted.citizen_id, " ", by=world.ward_nurse, at=AT)
    with pytest.raises(NotPossible):
        objections.withdraw(session, admitted.citizen_id, by=world.ward_nurse, at=AT)
    objections.register(session, admitted.citizen_id, "Intet", by=world.ward_nurse, at=AT)
    with pytest.raises(NotPossible):
        objections.register(session, admitted.citizen_id, "Intet", by=world.ward_nurse, at=AT)
