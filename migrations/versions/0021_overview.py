"""What the overview of a manager reads by: calls by who waits for them, handovers by when they were sent.

A call that both sides agreed is not relevant was counted as one in time among the figures of the cluster: it was none.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CALLS = "kind = 'follow_up_call'"
SENT = "first_sent_at is not null"

AUDITS = "(select nullif(current_setting('overgang.audits', true), '')::bigint[])::bigint[]"
SHARED = "e.opened_at > at - interval '1 year' and e.opened_at <= at"
RAN_OUT = "{0}.due_at > at - interval '30 days' and {0}.due_at <= at"
RELEVANT = " and not (t.state = 'done' and t.last_outcome is not distinct from 'not_relevant')"


def cluster_figures(of_calls: str) -> str:
    return f"""
create or replace function cluster_figures(organisation bigint, at timestamptz)
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
        from public.tasks t where t.unit_id = u.id and t.kind = 'follow_up_call' and {RAN_OUT.format("t")}{of_calls}
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
    op.execute(cluster_figures(RELEVANT))
    op.create_index("ix_tasks_calls_with", "tasks", ["counterpart_unit_id", "due_at"], postgresql_where=CALLS)
    op.create_index("ix_handovers_to_sent", "handovers", ["to_unit_id", "first_sent_at"], postgresql_where=SENT)
    op.create_index("ix_handovers_from_sent", "handovers", ["from_unit_id", "first_sent_at"], postgresql_where=SENT)


def downgrade() -> None:
    op.execute(cluster_figures(""))
    op.drop_index("ix_handovers_from_sent", table_name="handovers", postgresql_where=SENT)
    op.drop_index("ix_handovers_to_sent", table_name="handovers", postgresql_where=SENT)
    op.drop_index("ix_tasks_calls_with", table_name="tasks", postgresql_where=CALLS)
