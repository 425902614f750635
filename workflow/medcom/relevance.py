"""Whether we may know of a stay (R.BR1): the municipality serves the citizen, or has an episode of theirs going on."""

from datetime import datetime

from sqlalchemy.orm import Session

from workflow import calendar, db
from workflow.cpr import Cpr

_RELEVANT = """
    select c.id, pg_advisory_xact_lock(hashtext('stays'), (c.id %% 2147483648)::int) from citizens c
    where c.cpr_fingerprint = %(fingerprint)s and (
        exists (
            select from municipal_services s
            where s.citizen_id = c.id and s.municipality_id = %(municipality)s
              and s.from_on <= %(on)s and coalesce(s.until_on, %(on)s) >= %(on)s
        ) or exists (
            select from episodes e
            where e.citizen_id = c.id and e.municipality_id = %(municipality)s and e.closed_at is null
        )
    )
"""


def citizen_of(session: Session, cpr: Cpr, municipality_id: int, *, at: datetime) -> int | None:
    """The row number of the citizen with a relevant case at that moment, None where there is none.

    Messages about one citizen are taken in one at a time from here to the end of the transaction.
    """
    asked = {"fingerprint": cpr.fingerprint(), "municipality": municipality_id, "on": calendar.local(at).date()}
    found = db.driver(session).execute(_RELEVANT, asked).fetchone()
    return found[0] if found is not None else None
