"""Another wording of what an organisation's units are told: who may give it, and the way back to Overgang's own."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.staff import administrators
from workflow.tables import Organisation, Unit, Wording
from workflow.telling.texts import Text
from workflow.vocabulary import Language, UnitKind


def organisations(session: Session, *, by: Actor) -> Sequence[Organisation]:
    """Whose texts this administrator may word: those that they administer and that have somebody to tell, by name."""
    told = select(Unit.organisation_id).where(Unit.kind != UnitKind.ADMINISTRATION)
    return session.scalars(
        select(Organisation)
        .where(Organisation.id.in_(administrators.administered(session, by=by)), Organisation.id.in_(told))
        .order_by(Organisation.name, Organisation.id)
    ).all()


def somebody_told(session: Session, organisation: Organisation) -> Unit:
    """A unit of one of those organisations, for an example."""
    return session.scalars(
        select(Unit)
        .where(Unit.organisation_id == organisation.id, Unit.kind != UnitKind.ADMINISTRATION)
        .order_by(Unit.name, Unit.id)
        .limit(1)
    ).one()


def write(
    session: Session, organisation: Organisation, text: Text, language: Language, typed: str, *, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Let a text say this to the units of the organisation, in what is told from `at` on. Raises Invalid, NotAllowed.

    What Overgang says anyway is no wording of their own.
    """
    administrators.require_administrator_in(session, organisation.id, by=by)
    wording = text.checked(typed, language)
    _say(session, organisation, text, language, None if wording == text.shipped(language) else wording, by=by, at=at)


def go_back(
    session: Session, organisation: Organisation, text: Text, language: Language, *, by: Actor, at: datetime
) -> None:  # fmt: skip
    """Let it say what Overgang came with again. Raises NotAllowed."""
    administrators.require_administrator_in(session, organisation.id, by=by)
    _say(session, organisation, text, language, None, by=by, at=at)


def _say(
    session: Session, organisation: Organisation, text: Text, language: Language, wording: str | None, *, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """What is said already is not written again: a form that is sent twice changes once."""
    newest = session.scalar(
        select(Wording)
        .where(
            Wording.organisation_id == organisation.id, Wording.code == text.code, Wording.language == language
        )
        .order_by(Wording.id.desc())
        .limit(1)
    )  # fmt: skip
    if wording != (newest.text if newest is not None else None):
        session.add(
            Wording(
                organisation_id=organisation.id, code=text.code, language=language, text=wording, written_at=at,
                written_by=by.name,
            )
        )  # fmt: skip
        session.flush()
