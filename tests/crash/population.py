"""Many citizens discharged and not called: some were walked there by the engine, the rest copied in sets."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table, insert, select, text
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.world import ISBAR, World
from workflow import amendments, clock, episodes, history, tasks
from workflow.clock import DEMO_START
from workflow.cpr import Cpr
from workflow.db import Base, plain
from workflow.handing import handovers
from workflow.tables import Citizen, Episode, HistoryEntry, Task
from workflow.vocabulary import Outcome

WALKED = 60
BEGINS = DEMO_START + timedelta(hours=8)  # everybody is discharged, and no rung has fallen due
ENDS = DEMO_START + timedelta(hours=54)  # every call is missed; the last rungs of some states are still to come


def settle_in(session: Session, how_many: int) -> None:
    """Walk the first through the engine, copy the others from them, and set the demo clock to `BEGINS`."""
    world = worlds.build(session)
    for number in range(WALKED):
        _walk(session, world, number)
    session.flush()
    _copy(session.connection(), world.municipality.id, how_many - WALKED)
    clock.start_demo(session, BEGINS)


def _walk(session: Session, world: World, number: int) -> None:
    """Admitted, then discharged half a minute after the one before, in one of four ways; the call is owed."""
    discharged = DEMO_START + timedelta(hours=5, seconds=30 * number)
    to_facility, answered = number % 2 == 0, number % 4 < 2
    receiver = world.facility_nurse if to_facility else world.nurse
    episode = worlds.admit(session, world, DEMO_START)
    if to_facility:
        way = {"facility": world.facility, "by": world.coordinator, "at": DEMO_START}
        amendments.reroute(session, episode.uuid, "tryghedshotel", **way)  # type: ignore[arg-type]
    handover = handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=discharged)
    episodes.record_event(session, episode.uuid, "patient_discharged", by=world.coordinator, at=discharged)
    if answered:
        steps.receive(session, handover.uuid, by=receiver, at=discharged)
    session.flush()
    call = session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == "follow_up_call")).one()
    if number % 3:
        tasks.claim(session, call.uuid, by=receiver, at=discharged)
    if number % 5 == 0:
        tasks.record_attempt(session, call.uuid, Outcome.NO_ANSWER, by=receiver, at=discharged)


# ---- the copies: row for row what the engine wrote, with numbers, keys and hashes of their own ----

_PAIRS = """
create temporary table episode_pairs on commit drop as
    select c.model, e.id as copy from copies c join episodes e on e.uuid = c.uuid;
"""
_TASK_PAIRS = """
create temporary table task_pairs on commit drop as
    select m.id as model, t.id as copy, m.uuid as model_uuid, t.uuid as copy_uuid, t.episode_id
    from episode_pairs p join tasks m on m.episode_id = p.model join tasks t on t.episode_id = p.copy
    and (t.rule, t.anchor_number, t.occurrence) = (m.rule, m.anchor_number, m.occurrence);
"""
_HANDOVER_PAIRS = """
create temporary table handover_pairs on commit drop as
    select m.id as model, h.id as copy, m.uuid as model_uuid, h.uuid as copy_uuid, h.episode_id
    from episode_pairs p join handovers m on m.episode_id = p.model join handovers h on h.episode_id = p.copy
    and h.opened_number = m.opened_number;
"""
_LINKED = """
join episode_pairs p on p.model = m.episode_id
left join task_pairs t on t.model = m.task_id and t.episode_id = p.copy
left join handover_pairs h on h.model = m.handover_id and h.episode_id = p.copy
"""
_OF_TASK = "join task_pairs p on p.model = m.task_id"
_OF_HANDOVER = "join handover_pairs p on p.model = m.handover_id"


def _copy(connection: Connection, municipality_id: int, copies: int) -> None:
    _copy_episodes(connection, municipality_id, copies)
    _insert(connection, "tasks", episode_id="p.copy")
    connection.execute(text(_TASK_PAIRS))
    _insert(connection, "handovers", episode_id="p.copy")
    connection.execute(text(_HANDOVER_PAIRS))
    _insert(connection, "contact_attempts", of=_OF_TASK, task_id="p.copy")
    _insert(connection, "handover_versions", of=_OF_HANDOVER, handover_id="p.copy")
    _insert(connection, "deadlines", of=_LINKED, episode_id="p.copy", task_id="t.copy", handover_id="h.copy")
    _insert(connection, "outbox", episode_id="p.copy")
    _copy_history(connection)


def _copy_episodes(connection: Connection, municipality_id: int, copies: int) -> None:
    models = connection.execute(select(Episode.id).order_by(Episode.id)).scalars().all()
    numbers = [Cpr(f"02{13 + n // 10_000:02d}40{n % 10_000:04d}") for n in range(copies)]
    invented = [
        {"cpr_encrypted": cpr.encrypted(), "cpr_fingerprint": cpr.fingerprint(), "name": "Agnes Demo",
         "municipality_id": municipality_id}
        for cpr in numbers
    ]  # fmt: skip
    citizens = connection.execute(insert(plain(Citizen)).returning(plain(Citizen).c.id), invented).scalars().all()
    connection.execute(text("create temporary table copies (model bigint, citizen bigint, uuid uuid) on commit drop"))
    connection.execute(
        text("insert into copies values (:model, :citizen, uuidv7())"),
        [{"model": models[n % len(models)], "citizen": citizen} for n, citizen in enumerate(citizens)],
    )
    _insert(
        connection, "episodes", of="join copies p on p.model = m.id", uuid="p.uuid", citizen_id="p.citizen",
        order="p.uuid",
    )  # fmt: skip
    connection.execute(text(_PAIRS))


def _insert(
    connection: Connection,
    name: str,
    *,
    of: str = "join episode_pairs p on p.model = m.episode_id",
    order: str = "p.copy",
    **instead: str,
) -> None:
    """Copy the rows of a table for every copy, in their order, with these columns as said."""
    table = Base.metadata.tables[name]
    columns = [column.name for column in table.columns if column.name != "id" and column.name not in instead]
    if "uuid" in columns:
        columns.remove("uuid")
    values = [f"m.{column}" for column in _quoted(columns)] + list(instead.values())
    connection.execute(
        text(
            f"insert into {name} ({', '.join(_quoted([*columns, *instead]))})"
            f" select {', '.join(values)} from {name} m {of} order by {order}, m.id"
        )
    )


def _quoted(columns: list[str]) -> list[str]:
    return [f'"{column}"' for column in columns]


def _copy_history(connection: Connection) -> None:
    """The same entries about other tasks and handovers, chained anew."""
    told = _by(connection, plain(HistoryEntry), "episode_id")
    renamed: dict[int, dict[str, str]] = {}
    for row in connection.execute(
        text(
            "select episode_id, model_uuid, copy_uuid from task_pairs"
            " union all select episode_id, model_uuid, copy_uuid from handover_pairs"
        )
    ):
        renamed.setdefault(row.episode_id, {})[str(row.model_uuid)] = str(row.copy_uuid)
    pairs = connection.execute(
        text("select p.model, p.copy, e.uuid from episode_pairs p join episodes e on e.id = p.copy")
    ).all()
    entries = [
        entry for pair in pairs for entry in _chained(told[pair.model], pair.copy, pair.uuid, renamed[pair.copy])
    ]
    connection.execute(insert(plain(HistoryEntry)), entries)
    connection.execute(
        text(
            "update episodes e set history_hash = h.hash from history h"
            " where h.episode_id = e.id and h.number = e.history_number and e.history_hash <> h.hash"
        )
    )


def _by(connection: Connection, table: Table, column: str) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(select(table).order_by(table.c.id)):
        found.setdefault(getattr(row, column), []).append(row)
    return found


def _chained(told: list[Row[Any]], episode_id: int, uuid: UUID, renamed: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    link = b""
    for row in told:
        facts = json.dumps(row.facts)
        for model, copy in renamed.items():
            facts = facts.replace(model, copy)
        values = {**row._mapping, "episode_id": episode_id, "facts": json.loads(facts)}
        del values["id"]
        link = values["hash"] = history._link(link, str(uuid), values)
        yield values
