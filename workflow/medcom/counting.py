"""Each message has one row, and each sending of it another: by them it counts once, however often it comes."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from workflow import db, keys
from workflow.medcom.receipt import Coming
from workflow.vocabulary import Fate

Values = dict[str, Any]  # of a row, by column
# What is said of a message besides who sent it when; whoever says something says it of all of them.
SAID = ("fate", "code", "why", "answer", "problems", "citizen_id", "raw", "facts")


@dataclass(frozen=True)
class Counted:
    """The row of a message. `before`: what was said of it when it came first, if this is not the first time."""

    row: int
    before: Values | None
    bundle_taken: bool  # its Bundle.id has been another message's


_NOTE = """
    insert into transmissions (message_id, sender, bundle_id, received_at, raw_hash)
    select id, %(sender)s, %(bundle_id)s, %(received_at)s, %(raw_hash)s from counted where %(bundle_id)s <> ''
    on conflict (sender, bundle_id) do nothing
    returning id
"""
_FIRST = f"""
    with counted as (
        insert into messages (sender, number, kind, received_at, received_from, {", ".join(SAID)})
        values (%(sender)s, %(number)s, %(kind)s, %(received_at)s, %(received_from)s,
                {", ".join(f"%({name})s" for name in SAID)})
        on conflict (sender, number) do nothing
        returning id
    ), noted as ({_NOTE})
    select (select id from counted), exists (select from noted)
"""
_BEFORE = f"""
    select id, {", ".join(SAID)} from messages
    where sender = %(sender)s and number = %(number)s for no key update
"""
_AGAIN = f"with counted as (select %(row)s::bigint as id) {_NOTE}"
_OWNER = "select message_id from transmissions where sender = %(sender)s and bundle_id = %(bundle_id)s"


def count(session: Session, coming: Coming, said: Values) -> Counted:
    """Write down this sending, and the message if it comes for the first time: another that writes it is waited for."""
    outside, driver = coming.outside, db.driver(session)
    values = {
        **_plain(said), "sender": outside.sender_key, "number": outside.header_id, "kind": outside.kind,
        "received_at": coming.at, "received_from": coming.received_from, "bundle_id": outside.bundle_id,
        "raw_hash": keys.ring().fingerprint("message", coming.raw),
    }  # fmt: skip
    first: Any = driver.execute(_FIRST, values).fetchone()
    (row, noted), before = first, None
    if row is None:
        with driver.cursor(row_factory=dict_row) as cursor:
            found: Any = cursor.execute(_BEFORE, values).fetchone()
        row, before = found.pop("id"), {**found, "fate": Fate(found["fate"])}
        noted = driver.execute(_AGAIN, {**values, "row": row}).fetchone() is not None
    if noted or not outside.bundle_id:  # the rules refuse one without a number
        return Counted(row, before, bundle_taken=False)
    owner: Any = driver.execute(_OWNER, values).fetchone()
    return Counted(row, before, bundle_taken=owner[0] != row)


def change(session: Session, row: int, said: Values) -> None:
    """Say something else of a message."""
    if said:
        changes = ", ".join(f"{name} = %({name})s" for name in said)
        db.driver(session).execute(f"update messages set {changes} where id = %(row)s", {**_plain(said), "row": row})


def _plain(said: Values) -> Values:
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in said.items()}
