"""Many episodes at once, by SQL: discharged to Tryghedshotellet or home, the call owed or made long ago."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum

import psycopg
from psycopg.sql import SQL, Identifier

from bench.server import Database
from tests.world import World
from workflow.cpr import Cpr

AT = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)  # the moment that the filled databases are looked at


class Calls(Enum):
    """Where the open follow-up calls stand at AT: the next rung of the ladder, and when the call itself is due.

    In SQL, by the number of the episode. The ladder is that of rule R12: 6 h before, 2 h before, when due.
    """

    NOT_DUE = ("0", "interval '10 hours'")
    # All at one moment: four in ten a first reminder, three in ten a second, three in ten a miss.
    ONE_RUNG_DUE = (
        "case when mod(n, 10) < 4 then 0 when mod(n, 10) < 7 then 1 else 2 end",
        "case when mod(n, 10) < 4 then interval '6 hours' when mod(n, 10) < 7 then interval '2 hours'"
        " else interval '0' end",
    )
    # As after a night without a worker: nothing has been raised, all three rungs are past.
    WHOLE_LADDER_DUE = ("0", "interval '0'")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Between whom an episode passes, by number. Without a facility it goes home, to the district."""

    region: int
    hospital: int
    municipality: int
    ward: int
    facility: int | None
    district: int
    nurse: int | None  # of the receiver: has claimed every other call


def ground_of(world: World) -> Ground:
    """The ground of the tests: one ward, and Tryghedshotellet."""
    return Ground(
        region=world.region.id, hospital=world.hospital.id, municipality=world.municipality.id, ward=world.ward.id,
        facility=world.facility.id, district=world.district.id, nurse=world.facility_nurse.person_id,
    )  # fmt: skip


# Row numbers are worked out from the number of the episode (n), so that the tables need not be read back. What is
# closed was so for up to two years. Everybody was discharged 24 hours before the call is due.
_GROUND = """
create temporary table ground as
select row_number() over () - 1 as place, count(*) over () as places, ground.*,
       coalesce(facility, district) as receiver, case when facility is null then 'home' else 'tryghedshotel' end as key
from unnest(%(region)s::bigint[], %(hospital)s::bigint[], %(municipality)s::bigint[], %(ward)s::bigint[],
            %(facility)s::bigint[], %(district)s::bigint[], %(nurse)s::bigint[])
     ground (region, hospital, municipality, ward, facility, district, nurse)
"""
_NUMBER = "create temporary table number as select %(encrypted)s as encrypted"  # everybody's: only its hash must differ
_PLAN = """
create temporary table plan as
select n::bigint, open, ({rung})::smallint as rung, discharged, discharged + interval '24 hours' as due, hash, ground.*
from (select %(count)s as count, %(closed)s as closed, %(at)s as at) filled, generate_series(1, count) n,
     lateral (select n > closed as open, decode(md5(n::text) || md5((-n)::text), 'hex') as hash) one,
     lateral (select at - interval '24 hours' + case when open then {due}
                     else ((n - closed) * 700 / closed - 2) * interval '1 day' end as discharged) discharge,
     ground
where ground.place = mod(n, ground.places)
"""
_FILLED = (
    "citizens", "episodes", "history", "handovers", "handover_versions", "tasks", "deadlines", "reminders", "outbox",
)  # fmt: skip

_ROWS = (
    """
    insert into citizens (id, cpr_encrypted, cpr_fingerprint, name, municipality_id) overriding system value
    select n, encrypted, hash, 'Agnes Demo ' || n, municipality from plan, number
    """,
    """
    insert into episodes (id, citizen_id, pathway_key, pathway_version, state, region_id, hospital_id, municipality_id,
        ward_id, facility_id, district_id, related, owner_unit_id, responsible_unit_id, opened_at, closed_at, needs,
        history_number, history_hash) overriding system value
    select n, n, key, 1, case when open then 'discharged' else 'closed' end, region, hospital,
        municipality, ward, facility, district, array_remove(array[ward, facility, district], null),
        case when open then receiver end, case when open then receiver end, discharged - interval '3 days',
        case when not open then discharged + interval '30 hours' end, '{}', case when open then 5 else 6 end, hash
    from plan order by n
    """,
    """
    insert into history (id, episode_id, number, kind, trigger, source, dest, pathway_key, pathway_version,
        responsible_unit_id, effective_at, recorded_at, origin, actor, unit_id, facts, hash) overriding system value
    select (n - 1) * 6 + number, n, number, kind, trigger, source, dest, key, 1, ward,
        discharged + after, discharged + after, 'person', 'Karen Demo', ward,
        case kind when 'rerouted' then jsonb_build_object('to', key) else '{}' end, hash
    from plan, (values
        (1, 'opened', 'patient_admitted', null, 'admitted', interval '-3 days'),
        (2, 'rerouted', null, null, 'admitted', interval '-2 days'),
        (3, 'handover_sent', null, null, 'admitted', interval '-2 hours'),
        (4, 'event', 'patient_discharged', 'admitted', 'discharged', interval '0'),
        (5, 'handover_accepted', null, null, 'discharged', interval '1 hour'),
        (6, 'event', 'patient_readmitted', 'discharged', 'closed', interval '30 hours')
    ) entry (number, kind, trigger, source, dest, after)
    where not (open and number = 6)
    """,
    """
    insert into handovers (id, episode_id, trigger, from_unit_id, to_unit_id, state, opened_number, event_number,
        version, first_sent_at, sent_at, answered_at, answered_by, passed_at, documented_at, communicated_at)
        overriding system value
    select n, n, 'patient_discharged', ward, receiver, 'accepted', 3, 4, 1, sent, sent, answered, 'Tove Demo',
        answered, sent, answered
    from plan,
         lateral (select discharged - interval '2 hours' as sent, discharged + interval '1 hour' as answered) times
    """,
    """
    insert into handover_versions (id, handover_id, version, content, changed, signed_by, missing, sent_at, sent_by,
        asked_for) overriding system value
    select n, n, 1, '{"S.reason": "Faldt i hjemmet, indlagt til observation", "A.function": "Går med rollator"}', '{}',
        '{nursing}', '{}', discharged - interval '2 hours', 'Anders Demo', '{}'
    from plan
    """,
    """
    insert into tasks (id, episode_id, rule, kind, done_by, mandatory, miss, occurrence, anchor_number, unit_id,
        counterpart_unit_id, state, opened_at, due_at, heard_late, claimed_by_id, claimed_at, done_at, done_by_name,
        spoken_with, attempts, last_outcome) overriding system value
    select n, n, 'R12', 'follow_up_call', 'contact', true, 'M5', 1, 4, receiver, ward,
        case when open then 'open' else 'done' end, discharged, due, false, case when n % 2 = 0 then nurse end,
        case when n % 2 = 0 then discharged end, case when not open then due - interval '3 hours' end,
        case when not open then 'Tove Demo' end, case when not open then 'Anders Demo' end,
        case when open then 0 else 1 end, case when not open then 'completed' end
    from plan
    """,
    """
    insert into deadlines (id, episode_id, concerns, task_id, unit_id, other_unit_id, opened_at, due_at, miss, rung_at,
        rung_to, rung, next_at, ended_at, ended) overriding system value
    select n * 3 - 2, n, 'task', n, receiver, ward, discharged, due, 'M5', ladder, '{claimant,unit,managers}',
        rung, case when open then ladder[rung + 1] end, case when not open then due - interval '3 hours' end,
        case when not open then 'met' end
    from plan, lateral (select array[due - interval '6 hours', due - interval '2 hours', due] as ladder) rungs
    """,
    """
    insert into deadlines (id, episode_id, concerns, unit_id, opened_at, due_at, rung_at, rung_to, rung, next_at,
        ended_at, ended) overriding system value
    select n * 3 - 1, n, 'state', receiver, discharged, left_by, array[left_by, left_by + interval '24 hours'],
        '{unit,managers}', 1, case when open then left_by + interval '24 hours' end,
        case when not open then discharged + interval '30 hours' end, case when not open then 'met_late' end
    from plan, lateral (select discharged + interval '4 hours' as left_by) state
    """,
    """
    insert into deadlines (id, episode_id, concerns, handover_id, unit_id, other_unit_id, opened_at, due_at, miss,
        rung_at, rung_to, rung, ended_at, ended) overriding system value
    select n * 3, n, 'handover_answer', n, receiver, ward, sent, sent + interval '4 hours', 'M3',
        array[sent + interval '3 hours', sent + interval '4 hours'], '{unit,managers}', 0,
        sent + interval '3 hours', 'met'
    from plan, lateral (select discharged - interval '2 hours' as sent) times
    """,
    """
    insert into reminders (id, deadline_id, rung, "to", planned_at, raised_at) overriding system value
    select n, n * 3 - 1, 0, 'unit', discharged + interval '4 hours', discharged + interval '4 hours' from plan
    """,
    """
    insert into outbox (id, episode_id, kind, topic, unit_id, audience, reminder_id, written_at, routed_at)
        overriding system value
    select n * 2 - 1, n, 'notice', 'patient_discharged', receiver, 'unit', null::bigint, discharged, discharged
    from plan
    union all
    select n * 2, n, 'reminder', 'state', receiver, 'unit', n, left_by, left_by
    from plan, lateral (select discharged + interval '4 hours' as left_by) state
    """,
)


def fill(database: Database, grounds: Sequence[Ground], count: int, *, closed: int, calls: Calls) -> None:
    """Put `count` episodes into a database that has none, on these grounds in turn: the `closed` oldest are closed."""
    ground = {name: [asdict(one)[name] for one in grounds] for name in Ground.__dataclass_fields__}
    filled = {"count": count, "closed": closed, "at": AT}
    rung, due = calls.value
    with psycopg.connect(database.admin_url, cursor_factory=psycopg.ClientCursor) as admin:
        # The rows are right by construction: their foreign keys need not be looked up one by one.
        admin.execute("set session_replication_role = replica")
        admin.execute("set synchronous_commit = off")
        admin.execute(_GROUND, ground)
        admin.execute(_NUMBER, {"encrypted": Cpr.parse("0113400001").encrypted()})
        admin.execute(SQL(_PLAN).format(rung=SQL(rung), due=SQL(due)), filled)
        for rows in _ROWS:
            admin.execute(rows)
        for table in _FILLED:
            admin.execute(
                SQL("select setval(pg_get_serial_sequence({}, 'id'), (select max(id) from {}))").format(
                    table, Identifier(table)
                )
            )
    database.settle_down()
