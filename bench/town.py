"""The cluster of the demonstration with a great many episodes in every state: what pages are measured on."""

import psycopg
from sqlalchemy import update

from bench import engine
from bench.filling import AT, Calls, Ground, fill
from bench.server import Database
from ops.demo import cluster
from workflow import clock, db
from workflow.tables import Person

OPEN_SHARE = 0.1

# Of the open ones of each ward and receiver, in turns: on the way with a call owed; in hospital, the handover sent;
# arrived, with a call owed; arrived, and called today. What was told about them is not read. One closed one in twenty
# has a miss.
_VARIED = (
    """
    create temporary table varied as
    select id as n, mod(id / %(grounds)s, 4) as turn, ward_id as ward, coalesce(facility_id, district_id) as receiver,
           %(at)s + (mod(id, 1440) - 200) * interval '1 minute' as due
    from episodes where closed_at is null
    """,
    """
    update episodes set state = case turn when 1 then 'admitted' else case when facility_id is null then 'at_home'
                                     else 'at_tryghedshotel' end end,
        owner_unit_id = case turn when 1 then ward else receiver end,
        responsible_unit_id = case turn when 1 then ward else receiver end,
        expected_discharge_at = case turn when 1 then due end, history_number = case turn when 1 then 3 else 6 end
    from varied where id = n and turn > 0
    """,
    "delete from history using varied where turn = 1 and episode_id = n and number > 3",
    """
    insert into history (id, episode_id, number, kind, trigger, source, dest, pathway_key, pathway_version,
        responsible_unit_id, effective_at, recorded_at, origin, actor, unit_id, facts, hash) overriding system value
    select h.id + 1, h.episode_id, 6, 'event', case e.state when 'at_home' then 'patient_arrived_home'
                                               else 'patient_arrived' end,
        'discharged', e.state, h.pathway_key, 1, v.receiver, h.effective_at + interval '2 hours',
        h.effective_at + interval '2 hours', 'person', 'Tove Demo', v.receiver, '{}', h.hash
    from varied v join episodes e on e.id = n join history h on h.episode_id = n and number = 5 where v.turn > 1
    """,
    """
    update handovers set state = 'sent', answered_at = null, answered_by = null, passed_at = null, event_number = null
    from varied where turn = 1 and episode_id = n
    """,
    "delete from deadlines using varied where turn = 1 and episode_id = n and concerns <> 'handover_answer'",
    "delete from tasks using varied where turn = 1 and episode_id = n",
    """
    update deadlines set ended_at = null, ended = null, due_at = due, rung_at = array[due - interval '1 hour', due],
        next_at = due
    from varied where turn = 1 and episode_id = n
    """,
    """
    update deadlines set due_at = due + interval '1 day', rung = 0, next_at = due + interval '1 day',
        rung_at = array[due + interval '1 day', due + interval '2 days']
    from varied where turn > 1 and episode_id = n and concerns = 'state'
    """,
    """
    update tasks set due_at = due, state = case turn when 3 then 'done' else 'open' end,
        done_at = case turn when 3 then %(at)s - mod(id, 540) * interval '1 minute' end,
        done_by_name = case turn when 3 then 'Tove Demo' end, attempts = case turn when 3 then 1 else 0 end,
        last_outcome = case turn when 3 then 'completed' end
    from varied where turn <> 1 and episode_id = n
    """,
    """
    update deadlines set due_at = due, next_at = case turn when 3 then null else due end,
        ended_at = case turn when 3 then %(at)s end, ended = case turn when 3 then 'met' end
    from varied where turn <> 1 and episode_id = n and concerns = 'task'
    """,
    """
    insert into contact_attempts (task_id, number, made_at, recorded_at, made_by, unit_id, outcome, spoken_with, agreed)
    select id, 1, done_at, done_at, 'Tove Demo', unit_id, 'completed', 'Anders Demo', '[]' from tasks
    where attempts > 0
    """,
    """
    insert into inbox (notice_id, unit_id, received_at)
    select o.id, o.unit_id, written_at from outbox o join varied on episode_id = n
    """,
    """
    insert into misses (episode_id, task_id, code, due_at, recorded_at, owing_unit_id, responsible_unit_id, reminders,
        attempts)
    select t.episode_id, t.id, 'M5', t.due_at, t.due_at, t.unit_id, t.unit_id, 3, 0
    from tasks t join episodes e on e.id = t.episode_id
    where e.closed_at is not null and mod(t.id / %(grounds)s, 20) = 0
    """,
)


def fill_town(database: Database, count: int) -> None:
    """The cluster of the demonstration with `count` episodes, of which a tenth is open, in every unit alike."""
    with engine.connected(database), db.Session.begin() as session:
        cluster.build(session)
        clock.start_demo(session, AT)
        session.execute(update(Person).values(toured=True))
        grounds = _grounds(cluster.read(session))
    fill(database, grounds, count, closed=round(count * (1 - OPEN_SHARE)), calls=Calls.NOT_DUE)
    with psycopg.connect(database.admin_url, cursor_factory=psycopg.ClientCursor) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("set synchronous_commit = off")
        for statement in _VARIED:
            admin.execute(statement, {"at": AT, "grounds": len(grounds)})
    database.settle_down()


def _grounds(found: cluster.Cluster) -> list[Ground]:
    """From each ward to each district, and from each ward to Tryghedshotellet."""
    home = [(one, None, district) for one in found.municipalities for district in found.districts(one)]
    by_hotel = (found.municipalities[0], found.units[cluster.HOTEL], found.districts(found.municipalities[0])[0])
    return [
        Ground(
            region=ward.organisation.parent_id or 0, hospital=ward.organisation_id, municipality=municipality.id,
            ward=ward.id, facility=facility.id if facility is not None else None, district=district.id,
            nurse=found.staff[(facility or district).name][0].person_id,
        )
        for municipality, facility, district in (*home, by_hotel)
        for ward in found.wards()
    ]  # fmt: skip
