"""A unit closes when its day comes; and what hangs on it is counted for who sees no citizen."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# It answers with numbers, and nothing else.
UNIT_USES = """
create function unit_uses(
    unit bigint, out episodes bigint, out handovers bigint, out tasks bigint, out places bigint,
    out stays bigint, out requests bigint, out drafts bigint
)
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    select
        (select count(*) from public.episodes e
         where e.closed_at is null and e.related && array[unit]
           and (unit in (e.ward_id, e.facility_id, e.district_id, e.practice_id)
                or unit in (e.owner_unit_id, e.responsible_unit_id))),
        (select count(*) from public.handovers h
         where h.passed_at is null and h.state <> 'withdrawn' and (h.from_unit_id = unit or h.to_unit_id = unit)),
        (select count(*) from public.tasks t where t.state = 'open' and t.unit_id = unit),
        (select count(*) from public.places p where p.unit_id = unit),
        (select count(*) from public.place_stays s join public.places p on p.id = s.place_id
         where p.unit_id = unit and s.state in ('reserved', 'taken')),
        (select count(*) from public.place_requests r where r.unit_id = unit and r.ended_at is null),
        (select count(*) from public.handover_drafts d where d.unit_id = unit and d.content is not null);
end
"""


def upgrade() -> None:
    op.add_column("units", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("units", sa.Column("closed_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_units_closed_by_somebody"), "units", "(closed_on is null) = (closed_by is null)"
    )
    op.create_check_constraint(
        op.f("ck_units_closed_on_its_day"), "units", "closed_at is null or closed_on is not null"
    )
    op.execute(UNIT_USES)


def downgrade() -> None:
    op.execute("drop function unit_uses")
    op.drop_column("units", "closed_by")
    op.drop_column("units", "closed_at")
