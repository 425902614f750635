"""The last change of the registry of organisations and units, taken back while nobody uses what it made."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.actor import Actor
from workflow.errors import NotPossible
from workflow.staff.administrators import require_administrator, require_administrator_in
from workflow.staff.registry import plain
from workflow.staff.uses import uses
from workflow.tables import Organisation, RegistryImport, Unit

SHOWN = 20


def latest(session: Session) -> Sequence[RegistryImport]:
    """What was read or typed, the newest first."""
    return session.scalars(select(RegistryImport).order_by(RegistryImport.id.desc()).limit(SHOWN)).all()


def last(session: Session) -> RegistryImport | None:
    """What `undo` would take back; None where there is nothing."""
    return session.scalar(
        select(RegistryImport).where(RegistryImport.undone_at.is_(None)).order_by(RegistryImport.id.desc()).limit(1)
    )


def undo(session: Session, *, by: Actor, at: datetime) -> RegistryImport:
    """Take the last change back. `at` is real time.

    Raises NotAllowed, and NotPossible when there is none, or when something that it wrote was used or changed since.
    """
    require_administrator(by)
    found = last(session)
    if found is None:
        raise NotPossible("nothing_to_undo")
    for change in reversed(found.changes):
        _undo(session, change, by)
    found.undone_at, found.undone_by = at, by.name
    session.flush()
    return found


def _undo(session: Session, change: dict[str, Any], by: Actor) -> None:
    row: Organisation | Unit | None = session.get(Unit, change["id"])
    if change["table"] == "organisations":
        row = session.get(Organisation, change["id"])
    if row is None or plain(row) != change["after"]:
        raise NotPossible("used_since_the_import", name=change["name"])
    if isinstance(row, Unit):
        before = change["before"] or change["after"]
        turned = (before["kind"], before["organisation_id"]) != (row.kind, row.organisation_id)
        if row.closed_on is not None or (turned and uses(session, row)):
            raise NotPossible("used_since_the_import", name=change["name"])
    require_administrator_in(session, row.organisation_id if isinstance(row, Unit) else row.id, by=by)
    try:
        if change["before"] is None:
            session.execute(select(func.take_back(change["table"], row.id)))
            session.expunge(row)
        else:
            for name, value in change["before"].items():
                setattr(row, name, time.fromisoformat(value) if value and name.startswith("reads_") else value)
        session.flush()
    except IntegrityError as error:  # a foreign key: somebody works there, or an episode has been there
        raise NotPossible("used_since_the_import", name=change["name"]) from error
