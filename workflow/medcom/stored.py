"""The messages about a citizen's stays as they are kept: what they say, and the entries that they have led to."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session

from workflow import db, keys
from workflow.medcom import journey, stays
from workflow.medcom.journey import Journey
from workflow.medcom.notification import Notification
from workflow.tables import Citizen, Message


@dataclass
class Stored:
    """A message that is in order; `row` is its number here. It is linked when it has led to an entry of an episode."""

    row: int
    says: Notification
    episode_id: int | None
    entry_number: int | None
    changed: bool = False

    def link(self, episode_id: int | None, entry_number: int | None) -> None:
        """It has led to this entry; or, of neither, to none any more."""
        self.changed = self.changed or (episode_id, entry_number) != (self.episode_id, self.entry_number)
        self.episode_id, self.entry_number = episode_id, entry_number


_OF_CITIZEN = """
    select id, facts, episode_id, entry_number from messages
    where citizen_id = %(citizen)s and kind = 'hospital-notification-message' and facts is not null order by id
"""
_LINK = "update messages set episode_id = %(episode)s, entry_number = %(entry)s where id = %(row)s"


def of_citizen(session: Session, citizen_id: int) -> list[Stored]:
    """Every message about the citizen's stays, as they came."""
    with db.driver(session).cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(_OF_CITIZEN, {"citizen": citizen_id}).fetchall()
    return [Stored(r.id, Notification.from_json(r.facts), r.episode_id, r.entry_number) for r in rows]


def write_links(session: Session, messages: list[Stored]) -> None:
    """Write which entries they have led to, where that is new."""
    for message in messages:
        if message.changed:
            link = {"episode": message.episode_id, "entry": message.entry_number, "row": message.row}
            db.driver(session).execute(_LINK, link)


def journey_of(session: Session, citizen: Citizen) -> Journey:
    """Where the citizen has come to, by what the hospitals have told."""
    return journey.travel(stays.fold([message.says for message in of_citizen(session, citizen.id)]))


def raw_of(message: Message) -> bytes | None:
    """The message as it came, where it was kept. Raises keys.Unreadable."""
    return keys.ring().decrypt(message.raw).encode() if message.raw is not None else None
