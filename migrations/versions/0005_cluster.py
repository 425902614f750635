"""The cluster in numbers: one door through row-level security, in which no row leaves; and what it reads by."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Whoever answers for a unit of the organisation may ask about its cluster (seeing.sight sets it); nobody else is
# answered.
AUDITS = "(select nullif(current_setting('overgang.audits', true), '')::bigint[])::bigint[]"
# In a lateral that asks for the newest: `exists` would be planned as a scan of the whole year.
SHARED = "e.opened_at > at - interval '1 year' and e.opened_at <= at"
RAN_OUT = "{0}.due_at > at - interval '30 days' and {0}.due_at <= at"

CLUSTER_FIGURES = f"""
create function cluster_figures(organisation bigint, at timestamptz)
returns table (unit_id bigint, owned bigint, unanswered bigint, late bigint, calls_in_time bigint, calls_missed bigint,
               misses jsonb)
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    with own as (
        select organisation as id where exists (
            select from public.units u where u.organisation_id = organisation and u.id = any ({AUDITS})
        )
    ), cluster as (
        select id from own
        union all
        select o.id from own cross join public.organisations o cross join lateral (
            select from public.episodes e where e.hospital_id = own.id and e.municipality_id = o.id and {SHARED}
            order by e.opened_at desc limit 1
        ) shared where o.kind = 'municipality'
        union all
        select o.id from own cross join public.organisations o cross join lateral (
            select from public.episodes e where e.hospital_id = o.id and e.municipality_id = own.id and {SHARED}
            order by e.opened_at desc limit 1
        ) shared where o.kind = 'hospital'
    )
    select u.id, owning.count, answering.count, owing.count, calling.in_time, calling.missed, missing.by_code
    from cluster join public.units u on u.organisation_id = cluster.id
    cross join lateral (
        select count(*) from public.episodes e
        where e.closed_at is null and e.related @> array[u.id] and e.owner_unit_id = u.id
    ) owning
    cross join lateral (
        select count(*) from public.handovers h
        where h.to_unit_id = u.id and h.state in ('sent', 'read') and h.passed_at is null
    ) answering
    cross join lateral (
        select count(*) from public.tasks t where t.unit_id = u.id and t.state = 'open' and t.due_at <= at
    ) owing
    cross join lateral (
        select count(*) filter (where t.done_at <= t.due_at) as in_time,
               count(*) filter (where not t.heard_late and (t.state = 'open' or t.done_at > t.due_at)) as missed
        from public.tasks t where t.unit_id = u.id and t.kind = 'follow_up_call' and {RAN_OUT.format("t")}
    ) calling
    cross join lateral (
        select coalesce(jsonb_object_agg(code, number), '{{}}') as by_code from (
            select m.code, count(*) as number from public.misses m
            left join lateral (
                select v.verdict from public.miss_verdicts v where v.miss_id = m.id order by v.number desc limit 1
            ) last on true
            where m.owing_unit_id = u.id and {RAN_OUT.format("m")} and coalesce(last.verdict, 'stands') = 'stands'
            group by m.code
        ) standing
    ) missing;
end
"""


def upgrade() -> None:
    op.create_index("ix_episodes_hospital_id", "episodes", ["hospital_id", "municipality_id", "opened_at"])
    op.create_index("ix_tasks_calls", "tasks", ["unit_id", "due_at"], postgresql_where="kind = 'follow_up_call'")
    op.execute(CLUSTER_FIGURES)


def downgrade() -> None:
    op.execute("drop function cluster_figures")
    op.drop_index("ix_tasks_calls", table_name="tasks", postgresql_where="kind = 'follow_up_call'")
    op.drop_index("ix_episodes_hospital_id", table_name="episodes")
